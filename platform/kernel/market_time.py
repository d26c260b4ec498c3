"""Local days and their slots: 23, 24 or 25 hours, counted through instants."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from kernel import periods

Instants = npt.NDArray[np.datetime64]
SECONDS_PER_MINUTE = 60


def day_bounds(day: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Return the UTC instants at which ``day`` starts and ends in ``zone``."""
    return periods.midnight(day, zone), periods.midnight(day + dt.timedelta(days=1), zone)


def slots_of_day(day: dt.date, zone: ZoneInfo, minutes: int) -> int:
    """Count the slots of ``minutes`` in a local day: at 15 minutes 92, 96 or 100."""
    start, end = day_bounds(day, zone)
    return int((end - start).total_seconds()) // (minutes * SECONDS_PER_MINUTE)


def slot_starts(start: dt.datetime, end: dt.datetime, minutes: int) -> Instants:
    """Return the UTC start of each slot in [start, end) as datetime64[s]."""
    first, last = (np.datetime64(_naive_utc(t), "s") for t in (start, end))
    return np.arange(first, last, np.timedelta64(minutes, "m"))


def _naive_utc(instant: dt.datetime) -> dt.datetime:
    if instant.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return instant.astimezone(dt.UTC).replace(tzinfo=None)
