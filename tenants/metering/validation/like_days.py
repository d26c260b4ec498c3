"""Which earlier days are like a day: the same weekday of the weeks before, or the nearest of its class; pure."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Collection

from tenants.metering.validation.limits import SAME_WEEKDAY, EstimationLimits

DAYS_OF_A_WEEK = 7
SATURDAY = 5


class DayClass(enum.StrEnum):
    """What kind of day it is to people: they work, it is the weekend, or a holiday."""

    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


ClassOf = Callable[[dt.date], DayClass]


def by_weekday(day: dt.date) -> DayClass:
    """Return the class of a day of which no calendar knows more than its weekday."""
    return DayClass.WEEKEND if day.weekday() >= SATURDAY else DayClass.WORKING


def reference_days(
    *, day: dt.date, known: Collection[dt.date], class_of: ClassOf, limits: EstimationLimits
) -> tuple[dt.date, ...]:
    """This will return the days to lean on, the nearest first: at most ``reference_days`` of those ``known``.

    By the rule ``same_weekday`` they are the same weekday of the weeks before, of the same class; by ``same_class`` the
    nearest days before of the same class. A holiday without holidays before it takes weekend days, and a weekend day
    holidays. Fewer than wanted are used where there are no more.
    """
    window = [day - dt.timedelta(days=back) for back in range(1, limits.reference_window_days + 1)]
    there = [each for each in window if each in known]
    mine = class_of(day)
    if limits.reference_rule == SAME_WEEKDAY and mine is not DayClass.HOLIDAY:
        there = [each for each in there if (day - each).days % DAYS_OF_A_WEEK == 0]
    for classes in _CLOSE[mine]:
        found = [each for each in there if class_of(each) in classes]
        if found:
            return tuple(found[: limits.reference_days])
    return ()


_CLOSE = {
    DayClass.WORKING: ({DayClass.WORKING},),
    DayClass.WEEKEND: ({DayClass.WEEKEND}, {DayClass.WEEKEND, DayClass.HOLIDAY}),
    DayClass.HOLIDAY: ({DayClass.HOLIDAY}, {DayClass.WEEKEND}),
}
