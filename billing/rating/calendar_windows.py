"""Clock windows such as ``"14:00-22:00"`` and days of the year such as ``"06-01..09-30"``."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernel.errors import GridhallError, gettext_noop

Mask = npt.NDArray[np.bool_]

GRAIN_MINUTES = 5
"""The finest step of a calendar: windows start and end on a multiple of it."""
MINUTES_PER_HOUR = 60
MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR
STEPS_PER_DAY = MINUTES_PER_DAY // GRAIN_MINUTES

_WINDOW = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_DAY = re.compile(r"(\d{2})-(\d{2})")
_RANGE_MARK = ".."
_LEAP_YEAR = 2000


class BadWindow(GridhallError):
    """A text is not a window of the clock."""

    code = "calendar_window"
    template = gettext_noop(
        "“{text}” is not a window of the day. Write start and end as in “14:00-22:00”, in steps of five minutes, "
        "at the latest 24:00."
    )


class BadDate(GridhallError):
    """A text is not a day of the year or a range of such days."""

    code = "calendar_date"
    template = gettext_noop(
        "“{text}” is not a day of the year. Write month and day as in “12-24”, or a range as in “06-01..09-30”."
    )


@dataclass(frozen=True, slots=True)
class YearDays:
    """Days from ``first`` to ``last`` of any year, both included; may run over the turn of the year."""

    first: tuple[int, int]
    last: tuple[int, int]

    @property
    def is_single(self) -> bool:
        return self.first == self.last

    def __contains__(self, day: dt.date) -> bool:
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


def window_mask(text: object, *, where: str) -> Mask:
    """This will mark the five-minute steps [288] of a local day that a window covers.

    A window that crosses midnight covers the end and the beginning of the same local day, so that the hours of
    a label are a property of the day. ``00:00`` as an end means 24:00. Raises BadWindow.
    """
    start, end = _window_minutes(text, where=where)
    steps = np.arange(STEPS_PER_DAY) * GRAIN_MINUTES
    inside = (steps >= start) & (steps < end) if start < end else (steps >= start) | (steps < end)
    return np.asarray(inside, dtype=np.bool_)


def year_days(text: object, *, where: str) -> YearDays:
    """This will read ``"12-24"`` or ``"06-01..09-30"``. Raises BadDate."""
    if not isinstance(text, str):
        raise BadDate(text=text, where=where)
    first, mark, last = (part.strip() for part in text.partition(_RANGE_MARK))
    return YearDays(_year_day(first, text, where), _year_day(last if mark else first, text, where))


def clock(minute: int) -> str:
    """Return a minute of the day as people write it: 870 → 14:30, 1440 → 24:00."""
    return f"{minute // MINUTES_PER_HOUR:02d}:{minute % MINUTES_PER_HOUR:02d}"


def _window_minutes(text: object, *, where: str) -> tuple[int, int]:
    found = _WINDOW.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise BadWindow(text=text, where=where)
    numbers = [int(part) for part in found.groups()]
    start, end = (_minute_of(*pair) for pair in (numbers[:2], numbers[2:]))
    if start is None or end is None or start in (end, MINUTES_PER_DAY):
        raise BadWindow(text=text, where=where)
    return start, end or MINUTES_PER_DAY


def _minute_of(hour: int, minute: int) -> int | None:
    total = hour * MINUTES_PER_HOUR + minute
    fits = minute < MINUTES_PER_HOUR and total <= MINUTES_PER_DAY and total % GRAIN_MINUTES == 0
    return total if fits else None


def _year_day(part: str, text: str, where: str) -> tuple[int, int]:
    found = _DAY.fullmatch(part)
    try:
        if found is None:
            raise ValueError(part)
        day = dt.date(_LEAP_YEAR, int(found[1]), int(found[2]))
    except ValueError:
        raise BadDate(text=text, where=where) from None
    return day.month, day.day
