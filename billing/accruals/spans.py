"""Which days of an account are supplied and not yet billed; pure but for the rows it is given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from billing.runs import readings
from billing.runs.readings import Readings
from billing.runs.sections import Section
from kernel.periods import Period
from tenants.customers import date_ranges


@dataclass(frozen=True, slots=True)
class Held:
    """An occupancy cut to the days that are rated, as sections read it."""

    account_id: int
    supply_point: Any
    period: Any

    @property
    def supply_point_id(self) -> int:
        return int(self.supply_point.pk)


@dataclass(frozen=True, slots=True)
class Open:
    """The days of an account that no invoice covers, by supply point; ``until`` is the first day not looked at."""

    account_id: int
    held: tuple[Held, ...]
    until: dt.date

    @property
    def since(self) -> dt.date:
        return min((each.period.lower for each in self.held), default=self.until)


def of_account(*, account_id: int, occupancies: Iterable[Any], billed: Mapping[int, dt.date], until: dt.date) -> Open:
    """This will cut occupancies to what follows the days billed (until when, by supply point), up to ``until``."""
    held = []
    for each in occupancies:
        end = until if each.period.upper is None else min(each.period.upper, until)
        start = max(each.period.lower, billed.get(each.supply_point_id, each.period.lower))
        if start < end:
            held.append(Held(account_id, each.supply_point, date_ranges.to_range(start, end)))
    return Open(account_id, tuple(held), until)


def up_to(held: Iterable[Held], ends: Mapping[int, dt.date]) -> tuple[Held, ...]:
    """This will cut what is held to the days that have readings; what has none is left out."""
    cut = []
    for each in held:
        end = min(each.period.upper, ends.get(each.supply_point_id, each.period.upper))
        if each.period.lower < end:
            cut.append(Held(each.account_id, each.supply_point, date_ranges.to_range(each.period.lower, end)))
    return tuple(cut)


def readings_end(*, section: Section, found: Readings | None) -> dt.date:
    """This will return the first local day of a section that lacks a reading its tariff needs, or its end."""
    needed = section.tariff.required_channels & set(readings.KINDS)
    if not needed:
        return section.period.end
    if found is None or any(kind not in found.missing for kind in needed):
        return section.period.start
    at = found.grid.slots_of(section.period)
    gaps = np.logical_or.reduce([found.missing[kind][at] for kind in sorted(needed)])
    first = np.flatnonzero(gaps)
    if not first.size:
        return section.period.end
    return found.grid.period.start + dt.timedelta(days=int(found.grid.day_of_slot[at][first[0]]))


def months(*, since: dt.date, until: dt.date) -> list[Period]:
    """This will list the calendar months that have a day in [since, until)."""
    found = []
    month = Period.of_month(since.year, since.month)
    while month.start < until:
        found.append(month)
        month = Period.of_month(month.end.year, month.end.month)
    return found
