"""The times of readings as tables write them, and the slot of the day each belongs to."""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from kernel import market_time
from tenants.metering.formats import base

_MARK = r"[-/.年月日\s]"
_DATE = re.compile(rf"(?P<one>[0-9]{{1,4}}){_MARK}{{1,2}}(?P<two>[0-9]{{1,2}}){_MARK}{{1,2}}(?P<three>[0-9]{{1,4}})日?")
_COMPACT = re.compile(r"(?P<one>[0-9]{4})(?P<two>[0-9]{2})(?P<three>[0-9]{2})")
_TIME = re.compile(
    r"(?P<hour>[0-9]{1,2})[:：时.hH](?P<minute>[0-9]{2})(?:[:：分.](?P<second>[0-9]{2})(?:\.0+)?)?分?秒?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
    r"\s*(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_COMPACT_TIME = re.compile(r"(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?(?P<half>)(?P<zone>)")
_FARTHEST = dt.timedelta(hours=14)


def local_of(*, date: str, time: str, order: str) -> dt.datetime | None:
    """Return the moment a date and a time name: with its offset where one is written; None when none is named.

    24:00 is the next day's start. ``order`` tells whether the year, the day or the month comes first.
    """
    day = date_of(text=date, order=order)
    match = _TIME.fullmatch(time.strip()) or _COMPACT_TIME.fullmatch(time.strip())
    if day is None or match is None:
        return None
    minutes = _minutes(match)
    if minutes is None:
        return None
    if day == dt.date.max or day.year not in base.YEARS:
        return None
    moment = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minutes)
    if not match["zone"]:
        return moment
    offset = _offset(match["zone"])
    return None if offset is None else moment.replace(tzinfo=offset)


def parts_of(stamp: str) -> tuple[str, str]:
    """Divide date and time: at the T or the first blank before a clock time; a compact one after its eighth digit."""
    text = stamp.strip()
    if text[:8].isdigit() and len(text) in (12, 14) and text.isdigit():
        return text[:8], text[8:]
    match = re.search(r"(?<=[0-9日])[T\s]+(?=[0-9]{1,2}[:：时hH.][0-9]{2})|(?<=[0-9]{4}-[0-9]{2}-[0-9]{2})T", text)
    return (text[: match.start()], text[match.end() :]) if match else (text, "00:00")


def date_of(*, text: str, order: str) -> dt.date | None:
    """Return the date; a year of four digits in front is always the year."""
    match = _DATE.fullmatch(text.strip()) or _COMPACT.fullmatch(text.strip())
    if match is None:
        return None
    one, two, three = match["one"], match["two"], match["three"]
    if len(one) == 4:
        year, month, day = one, two, three
    elif len(three) == 4 and order != "ymd":
        year, month, day = (three, two, one) if order == "dmy" else (three, one, two)
    else:
        return None
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def starts_of(*, moment: dt.datetime, zone: ZoneInfo, minutes: int, ends: bool) -> Sequence[dt.datetime]:
    """Return the instants (UTC) at which the interval may start that a local ``moment`` stamps, the earlier first.

    Two where the clock shows that time twice, none where it never does; a moment with an offset is one.
    """
    shift = dt.timedelta(minutes=minutes) if ends else dt.timedelta()
    if moment.tzinfo is not None:
        return (moment.astimezone(dt.UTC) - shift,)
    first, second = (moment.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    if first == second:
        return (first - shift,)
    if first < second:
        return (first - shift, second - shift)
    # A time that the clock jumps over; only as the end of the last interval before the jump it has a sense.
    before = (moment - dt.timedelta(minutes=1)).replace(tzinfo=zone)
    exists = before.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) == before.replace(tzinfo=None)
    return (first - shift,) if ends and exists else ()


@functools.lru_cache(maxsize=65536)
def day_of(*, day: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Return the bounds of a day as instants."""
    start, end = market_time.day_bounds(day, zone)
    return start.astimezone(dt.UTC), end.astimezone(dt.UTC)


def _minutes(match: re.Match[str]) -> int | None:
    """Minutes after midnight, at most 24:00; seconds must be none."""
    hour, minute = int(match["hour"]), int(match["minute"])
    if int(match["second"] or 0) or minute > 59:
        return None
    half = (match["half"] or "").lower().replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    total = hour * 60 + minute
    return total if total <= base.MINUTES_PER_DAY else None


def _offset(text: str) -> dt.tzinfo | None:
    """The offset; None for one that no clock on earth has."""
    if text == "Z":
        return dt.UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    delta = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-delta if text[0] == "-" else delta) if delta <= _FARTHEST and minutes < 60 else None
