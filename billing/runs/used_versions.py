"""Whether what a draft was rated from still stands: occupancy, agreements, versions, readings, indices, the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from billing.runs import gathering, readings
from billing.runs.models import BillRunItem
from kernel.errors import GridhallError
from tenants.customers import date_ranges


def changed(*, items: Sequence[BillRunItem], versions: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """This will return the items whose draft no longer says what would be rated today.

    ``versions`` holds what each draft used, by draft. The plan is made again without reading a single interval.
    """
    if not items:
        return set()
    period = date_ranges.to_period(items[0].period)
    made = gathering.plan(items=items, period=period)
    channels = readings.versions_of(points=gathering.supply_points(made), period=period)
    stale: set[int] = set()
    for item in items:
        before = versions.get(item.draft_id or 0, {}).get("parts")
        if item.pk in made.refusals or before is None or _now(item, made, channels, before) != before:
            stale.add(item.pk)
    return stale


def _now(
    item: BillRunItem, made: gathering.Plan, channels: Mapping[int, Mapping[int, str]], before: Sequence[Any]
) -> list[dict[str, Any]]:
    ordered = sorted(
        (section for section in made.sections if section.item_id == item.pk),
        key=lambda each: (each.supply_point.identifier, each.place),
    )
    now: list[dict[str, Any]] = []
    try:
        for section, stored in zip(ordered, before, strict=False):
            part = gathering.used(section=section, made=made, channels=channels.get(section.supply_point.pk, {}))
            if section.place:
                # What the first section of the same bill used is part of the draft itself.
                part |= {name: stored.get(name) for name in ("already", "carried")}
            now.append(part)
    except GridhallError:
        return []
    return now if len(ordered) == len(before) else []
