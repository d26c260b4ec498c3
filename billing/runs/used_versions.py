"""Whether what a draft was rated from still stands: agreements, readings, indices, facts, charges, the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from billing.charges import queries as charge_queries
from billing.runs import gathering, readings
from billing.runs.models import BillRunItem
from billing.runs.sections import Section
from kernel.errors import GridhallError
from kernel.periods import Period
from tenants.customers import date_ranges

Versions = Mapping[int, Mapping[str, Any]]
"""What each draft used, by draft."""


def changed(*, items: Sequence[BillRunItem], versions: Versions, steps: Sequence[Period] = ()) -> set[int]:
    """This will return the items whose draft no longer says what would be rated today.

    The plan is made again without reading a single interval. The charges that the drafts carry are locked.
    """
    stale: set[int] = set()
    for period, alike in by_period(items).items():
        stale |= _changed(alike, versions, period, steps)
    return stale


def by_period(items: Iterable[BillRunItem]) -> dict[Period, list[BillRunItem]]:
    """This will group items by the days they bill: a final bill has fewer than its run."""
    grouped: dict[Period, list[BillRunItem]] = {}
    for item in items:
        grouped.setdefault(date_ranges.to_period(item.period), []).append(item)
    return grouped


def _changed(items: Sequence[BillRunItem], versions: Versions, period: Period, steps: Sequence[Period]) -> set[int]:
    made = gathering.plan(items=items, period=period, steps=steps)
    channels = readings.versions_of(points=gathering.supply_points(made), period=period)
    pending = charge_queries.pending(account_ids=[item.account_id for item in items], until=period.end, lock=True)
    by_item = sections_of(made)
    stale: set[int] = set()
    for item in items:
        before = versions.get(item.draft_id or 0, {})
        charges = [charge.pk for charge in pending.get(item.account_id, ())]
        same = item.pk not in made.refusals and charges == before.get("charges", [])
        parts = before.get("parts", ())
        if not same or now(made, by_item.get(item.pk, ()), channels, parts) != before.get("parts"):
            stale.add(item.pk)
    return stale


def sections_of(made: gathering.Plan) -> dict[int, list[Section]]:
    """This will return the plan's sections by item, in the order in which a draft has its parts."""
    found: dict[int, list[Section]] = {}
    for section in sorted(made.sections, key=lambda each: (each.supply_point.identifier, each.place)):
        found.setdefault(section.item_id, []).append(section)
    return found


def now(
    made: gathering.Plan,
    ordered: Sequence[Section],
    channels: Mapping[int, Mapping[int, str]],
    before: Sequence[Any],
) -> list[dict[str, Any]]:
    """This will say what the sections of an item would be rated from; nothing where that differs too much."""
    found: list[dict[str, Any]] = []
    try:
        for section, stored in zip(ordered, before, strict=False):
            part = gathering.used(section=section, made=made, channels=channels.get(section.supply_point.pk, {}))
            if section.place:
                # What the first section of the same bill used is part of the draft itself.
                part |= {name: stored.get(name) for name in ("already", "carried")}
            found.append(part)
    except GridhallError:
        return []
    return found if len(ordered) == len(before) else []
