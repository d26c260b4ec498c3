"""Rates the sections of a plan, all accounts on one tariff version at once, and checks that no reading is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from billing.rating import evaluate
from billing.rating.bills import Bill
from billing.rating.inputs import AccountInputs
from billing.runs import gathering, readings
from billing.runs import history as bill_history
from billing.runs.gathering import LabelCache, Plan
from billing.runs.history import Past
from billing.runs.readings import Readings
from billing.runs.register_readings import ByDay
from billing.runs.sections import Section
from kernel.errors import GridhallError, gettext_noop


class ReadingsMissing(GridhallError):
    """The meter has gaps in the period, or no register of that kind."""

    code = "readings_missing"
    template = gettext_noop("{identifier} has no {kind} readings for {slots} intervals, the first on {date}.")


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """A section with its bill and what later sections need to know of it."""

    section: Section
    bill: Bill
    past: Past


@dataclass(frozen=True, slots=True, eq=False)
class RatedPart:
    """A rated section with what is kept of it."""

    section: Section
    bill: Bill
    used: Mapping[str, Any]
    past: Past
    usage: Mapping[str, Any]
    feed_in_wh: int
    metered: bool
    slots: int = 0
    estimated_slots: int = 0
    estimated_days: int = 0


def rate(*, made: Plan, read: Mapping[int, Readings]) -> list[RatedPart]:
    """This will rate the plan's sections in their order; an item that cannot be rated is refused in the plan.

    The second section of a supply point is rated after the first, whose quantities its tiers count on.
    """
    labels = LabelCache(made.facts)
    return [
        _part(each, made, read.get(each.section.supply_point.pk), labels)
        for each in evaluated(made=made, read=read, labels=labels)
    ]


def evaluated(*, made: Plan, read: Mapping[int, Readings], labels: LabelCache) -> list[Evaluated]:
    """This will do the same, and keep no more of each section than its bill and what later ones need to know."""
    found: list[Evaluated] = []
    for place in sorted({section.place for section in made.sections}):
        versions: dict[int, list[tuple[Section, AccountInputs]]] = {}
        for section in made.of_place(place):
            _prepare(section, made, read.get(section.supply_point.pk), labels, versions)
        for prepared in versions.values():
            found += _evaluate_alike(prepared, made, read)
    return [each for each in found if each.section.item_id not in made.refusals]


def _prepare(
    section: Section,
    made: Plan,
    found: Readings | None,
    labels: LabelCache,
    versions: dict[int, list[tuple[Section, AccountInputs]]],
) -> None:
    try:
        _require_readings(section, found)
        prepared = gathering.account_inputs(section=section, made=made, read=found, labels=labels)
    except GridhallError as refusal:
        made.refuse(section.item_id, refusal)
    else:
        versions.setdefault(section.version.pk, []).append((section, prepared))


def _require_readings(section: Section, found: Readings | None) -> None:
    for kind in sorted(section.tariff.required_channels & set(readings.KINDS)):
        missing = None if found is None else found.missing.get(kind)
        if found is not None and kind in found.troubles and (missing is None or missing.any()):
            raise found.troubles[kind]
        if found is None or missing is None:
            raise ReadingsMissing(
                identifier=section.supply_point.identifier, kind=kind, slots="–", date=section.period.start.isoformat()
            )
        gaps = np.flatnonzero(missing[found.grid.slots_of(section.period)])
        if gaps.size:
            at = found.grid.slots_of(section.period).start + int(gaps[0])
            raise ReadingsMissing(
                identifier=section.supply_point.identifier,
                kind=kind,
                slots=str(gaps.size),
                date=_local_day(found, at),
            )


def _local_day(found: Readings, at: int) -> str:
    days = list(found.grid.period)
    return days[int(found.grid.day_of_slot[at])].isoformat()


def _evaluate_alike(
    prepared: Sequence[tuple[Section, AccountInputs]], made: Plan, read: Mapping[int, Readings]
) -> list[Evaluated]:
    outcomes = evaluate.rate_batch(prepared[0][0].tariff, [account for _section, account in prepared])
    found: list[Evaluated] = []
    for (section, _account), outcome in zip(prepared, outcomes, strict=True):
        if isinstance(outcome, Bill):
            past = _past(section, outcome, made, read.get(section.supply_point.pk))
            made.history.add(section, past)
            found.append(Evaluated(section, outcome, past))
        else:
            made.refuse(section.item_id, outcome)
    return found


def _past(section: Section, bill: Bill, made: Plan, found: Readings | None) -> Past:
    already = made.history.already(section)
    return Past(
        start=section.period.start,
        end=section.period.end,
        used=bill_history.own_quantities(section=section, used=bill.used, already=already),
        carried=dict(bill.carried_next),
        energy_wh=_energy(section, found, readings.CONSUMPTION),
    )


def _part(each: Evaluated, made: Plan, found: Readings | None, labels: LabelCache) -> RatedPart:
    section = each.section
    versions = found.versions if found is not None else {}
    return RatedPart(
        section=section,
        bill=each.bill,
        used=gathering.used(section=section, made=made, channels=versions),
        past=each.past,
        usage=_usage(section, found, labels),
        feed_in_wh=_energy(section, found, readings.FEED_IN),
        metered=readings.CONSUMPTION in section.tariff.required_channels,
        **_estimated(section, found),
    )


def _estimated(section: Section, found: Readings | None) -> dict[str, int]:
    """The slots of the section, and how many of them, on how many days, were not measured."""
    if found is None:
        return {}
    at = found.grid.slots_of(section.period)
    if not found.estimated:
        return {"slots": at.stop - at.start}
    kinds = [mask for kind, mask in found.estimated.items() if kind in section.tariff.required_channels]
    guessed = np.logical_or.reduce(kinds, axis=0)[at] if kinds else np.zeros(at.stop - at.start, dtype=np.bool_)
    days = np.unique(found.grid.day_of_slot[at][guessed])
    return {"slots": at.stop - at.start, "estimated_slots": int(guessed.sum()), "estimated_days": int(days.size)}


def _energy(section: Section, found: Readings | None, kind: str) -> int:
    if found is None or kind not in found.values:
        return 0
    return int(found.values[kind][found.grid.slots_of(section.period)].sum())


def _usage(section: Section, found: Readings | None, labels: LabelCache) -> dict[str, Any]:
    if found is None or readings.CONSUMPTION not in found.values:
        return {}
    by_day = found.by_day.get(readings.CONSUMPTION)
    if by_day is not None and by_day.labelled and section.tariff.calendar is not None:
        return _usage_by_day(section, found, by_day, labels)
    chart = labels.chart(section.tariff.calendar, found.grid, tuple(part.period for part in section.slices))
    return chart.of_values(found.values[readings.CONSUMPTION][found.grid.slots_of(section.period)])


def _usage_by_day(section: Section, found: Readings, by_day: ByDay, labels: LabelCache) -> dict[str, Any]:
    """The days of registers by time of use, as they were counted."""
    start = found.grid.period.start
    days = slice((section.period.start - start).days, (section.period.end - start).days)
    names, wh = by_day.part(days)
    known = labels.calendar(section.tariff.calendar or "").label_titles
    return {
        "titles": [dict(known.get(name) or {"en": name}) for name in names],
        "first": section.period.start.isoformat(),
        "days": wh.T.tolist(),
    }
