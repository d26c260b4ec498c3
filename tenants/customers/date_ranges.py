"""Dated facts in the database: half-open ranges of days whose end may still be open."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from kernel.periods import Period


def to_range(start: dt.date, end: dt.date | None = None) -> Any:
    """Return the days from ``start`` up to, not including, ``end``; without ``end`` it is still running."""
    if end is not None and end <= start:
        raise ValueError(f"A period must end after it starts: {start} to {end}.")
    return DateRange(start, end)


def of_period(period: Period) -> Any:
    """Return the range that covers ``period``."""
    return DateRange(period.start, period.end)


def to_period(value: Any) -> Period:
    """Return the period of a range that has ended; raises ValueError on an open one."""
    if value.upper is None:
        raise ValueError(f"{value} has no end.")
    return Period(value.lower, value.upper)


def within(value: Any, period: Period) -> Period | None:
    """Return the days of ``value`` inside ``period``, or None when there are none."""
    start = period.start if value.lower is None else max(value.lower, period.start)
    end = period.end if value.upper is None else min(value.upper, period.end)
    return Period(start, end) if start < end else None


def covers(value: Any, start: dt.date, end: dt.date | None) -> bool:
    """Return whether ``value`` contains every day from ``start`` to ``end`` (None: for ever)."""
    if value.lower is not None and value.lower > start:
        return False
    return value.upper is None or (end is not None and end <= value.upper)
