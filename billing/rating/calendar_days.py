"""What a calendar has to know of a day: whether people work on it, and which holidays fall on it.

The answers are data of a market and are handed in; nothing here guesses them. A table that ends says so.
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from kernel.errors import GridhallError, gettext_noop

SATURDAY = 5


class CalendarEnds(GridhallError):
    """The market's table of working days and holidays does not reach this day."""

    code = "calendar_ends"
    template = gettext_noop(
        "The working-day table of {table} covers {first} to {last}; {day} lies outside. Extend the table first."
    )


class DayKinds(Protocol):
    """The working-day calendar of one market or region; raises CalendarEnds outside its table."""

    @property
    def holiday_names(self) -> frozenset[str]:
        """Every name that `holidays_of` may return: a rule that uses another one is refused."""

    def is_working_day(self, day: dt.date) -> bool:
        """Return whether people work on ``day``; in some countries a Sunday can be a working day."""

    def holidays_of(self, day: dt.date) -> frozenset[str]:
        """Return the names of the holidays on ``day``, often none."""


class PlainWeek:
    """Working days from Monday to Friday and no holidays: for calendars that need no market."""

    holiday_names: frozenset[str] = frozenset()

    def is_working_day(self, day: dt.date) -> bool:
        return day.weekday() < SATURDAY

    def holidays_of(self, day: dt.date) -> frozenset[str]:
        return frozenset()
