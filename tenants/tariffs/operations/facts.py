"""Dated facts that calendars wait for, such as the hot days of a month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from kernel.errors import Conflict, Invalid, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges, refusals
from tenants.tariffs.models import CalendarFact


class SaidAlready(Conflict):
    """A dated fact is recorded once."""

    code = "fact_said_already"
    template = gettext_noop("“{name}” is already recorded for days between {start} and {end}.")


class DayOutside(Invalid):
    """A day that is not in the period the fact is recorded for."""

    code = "fact_day_outside"
    template = gettext_noop("{day} does not lie in the period.")


def record_calendar_fact(*, name: str, period: Period, days: Iterable[dt.date]) -> CalendarFact:
    """This will record on which days of ``period`` the fact held; no day means it never did.

    Raises DayOutside or SaidAlready.
    """
    held = sorted(set(days))
    for day in held:
        if day not in period:
            raise DayOutside(day=day.isoformat(), where="days")
    fact = CalendarFact(name=name, period=date_ranges.of_period(period), days=held)
    said = SaidAlready(name=name, start=period.start.isoformat(), end=period.last.isoformat(), where="period")
    with refusals.named({"tariffs_calendarfact_said_once": said}):
        fact.save()
    return fact
