"""The periods of billing cycles, and the day on which a lot is billed; pure but for the market's working days."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import Any

from billing.rating.calendar_days import CalendarEnds
from kernel.periods import Period
from markets import packs
from tenancy import context
from tenants.customers import date_ranges

MONTHS_OF_YEAR = 12
WORKING = "working"


def months_later(day: dt.date, months: int) -> dt.date:
    """This will return the same day of the month ``months`` later (or earlier); for days up to the 28th."""
    at = day.year * MONTHS_OF_YEAR + day.month - 1 + months
    return day.replace(year=at // MONTHS_OF_YEAR, month=at % MONTHS_OF_YEAR + 1)


def periods(*, cycle: Any, since: dt.date) -> Iterator[Period]:
    """This will give the periods of a cycle for ever, from the one that holds ``since`` or comes next."""
    first = cycle.first_month.replace(day=cycle.cut_off_day)
    elapsed = (since.year - first.year) * MONTHS_OF_YEAR + since.month - first.month - 1
    start = months_later(first, max(elapsed // cycle.months, 0) * cycle.months)
    for n in itertools.count():
        found = Period(months_later(start, n * cycle.months), months_later(start, (n + 1) * cycle.months))
        if cycle.ended_on is not None and found.start >= cycle.ended_on:
            return
        if found.end > since:
            yield found


def period_of(*, cycle: Any, day: dt.date) -> Period | None:
    """This will return the period of a cycle that holds ``day``, or None before its first and after its last."""
    found = next(periods(cycle=cycle, since=day), None)
    return found if found is not None and day in found else None


def billing_day(*, lot: Any, period: Period) -> dt.date | None:
    """This will return the day on which a lot's bills of ``period`` are to go out.

    None while the market has not announced the working days of that year.
    """
    if lot.billing_day_kind != WORKING:
        return period.end + dt.timedelta(days=lot.billing_days)
    retailer = context.current_retailer()
    kinds = packs.pack(retailer.market).day_kinds(retailer.region or None)
    day, left = period.end, int(lot.billing_days)
    try:
        while left:
            day += dt.timedelta(days=1)
            left -= kinds.is_working_day(day)
    except CalendarEnds:
        return None
    return day


def steps_of(run: Any) -> tuple[Period, ...]:
    """This will return the months that a run bills together; one that belongs to no cycle is one step."""
    period = date_ranges.to_period(run.period)
    if run.cut_off_day is None:
        return (period,)
    steps = []
    start = period.start
    while start < period.end:
        end = min(_next_cut(start, run.cut_off_day), period.end)
        steps.append(Period(start, end))
        start = end
    return tuple(steps)


def _next_cut(day: dt.date, cut_off_day: int) -> dt.date:
    this_month = day.replace(day=cut_off_day)
    return this_month if this_month > day else months_later(this_month, 1)
