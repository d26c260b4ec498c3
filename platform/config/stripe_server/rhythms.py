"""When a subscription's periods begin and end."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any

from config.stripe_server.state import Thing

DAY = 86_400
_SECONDS = {"day": DAY, "week": 7 * DAY}


def period(found: Thing) -> tuple[int, int]:
    """Return start and end of the present period."""
    item = found["_items"][0] if found["_items"] else found["_last"]
    return item["current_period_start"], item["current_period_end"]


def set_period(found: Thing, start: int, end: int) -> None:
    """Put all items into a period."""
    for item in found["_items"]:
        item.update(current_period_start=start, current_period_end=end)
    found["_last"] = {"current_period_start": start, "current_period_end": end}


def interval(found: Thing) -> tuple[Any, ...]:
    """Return the length of a period."""
    return tuple(found["_rhythm"])


def following(found: Thing, now: int, anchor: int) -> int:
    """Return the end of the period that begins at ``now``: on the anchor's day of the month."""
    unit, count = found["_rhythm"]
    if unit in _SECONDS:
        return now + _SECONDS[unit] * count
    months = count * (12 if unit == "year" else 1)
    step = 1
    while shifted(anchor, months * step) <= now:
        step += 1
    return shifted(anchor, months * step)


def shifted(moment: int, months: int) -> int:
    """Return a moment some months later, on the last day where the month is shorter."""
    start = dt.datetime.fromtimestamp(moment, dt.UTC)
    month = start.month - 1 + months
    year, month = start.year + month // 12, month % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp())
