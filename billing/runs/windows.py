"""The stretches of time over which tiers count their quantity; pure (tariff-language, Tiers)."""

from __future__ import annotations

import calendar
import datetime as dt

from kernel.periods import Period

MONTHS = {"month": 1, "two_months": 2, "quarter": 3, "year": 12}
CONTRACT = "contract"


def start_of(*, window: str, day: dt.date, contract_start: dt.date) -> dt.date:
    """This will return the first day of the window that contains ``day``.

    Months, pairs of months, quarters and years are those of the calendar; ``contract`` counts years from the
    agreement's first day; ``bill`` and ``day`` reach no earlier bill and start with ``day`` itself.
    """
    if window == CONTRACT:
        return _anniversary_before(contract_start, day)
    if window not in MONTHS:
        return day
    months = MONTHS[window]
    return dt.date(day.year, (day.month - 1) // months * months + 1, 1)


def starts_in(*, window: str, period: Period, contract_start: dt.date) -> list[dt.date]:
    """This will return the days inside ``period``, after its first, on which a new window starts."""
    if window != CONTRACT and window not in MONTHS:
        return []
    starts: list[dt.date] = []
    start = start_of(window=window, day=period.start, contract_start=contract_start)
    while (start := _next(window, start, contract_start)) < period.end:
        starts.append(start)
    return starts


def _next(window: str, start: dt.date, contract_start: dt.date) -> dt.date:
    if window == CONTRACT:
        return _on_same_day(contract_start, start.year + 1)
    months = start.month - 1 + MONTHS[window]
    return dt.date(start.year + months // 12, months % 12 + 1, 1)


def _anniversary_before(first: dt.date, day: dt.date) -> dt.date:
    this_year = _on_same_day(first, day.year)
    return this_year if this_year <= day else _on_same_day(first, day.year - 1)


def _on_same_day(first: dt.date, year: int) -> dt.date:
    if (first.month, first.day) == (2, 29) and not calendar.isleap(year):
        return dt.date(year, 3, 1)
    return first.replace(year=year)
