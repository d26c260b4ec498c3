"""Local time in Green Button files: the clock-change rules of LocalTimeParameters (NAESB REQ.21, DstRuleType)."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from tenants.metering.formats import base

_RULE = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)
_NO_RULE = {"", "00000000", "FFFFFFFF"}
_CANDIDATES = """
America/New_York America/Chicago America/Denver America/Los_Angeles America/Anchorage Pacific/Honolulu
America/Phoenix America/Halifax America/St_Johns America/Regina America/Puerto_Rico Europe/London Europe/Berlin
Europe/Athens Asia/Shanghai Asia/Tokyo Australia/Brisbane Australia/Sydney Australia/Adelaide Australia/Perth
Australia/Darwin Pacific/Auckland America/Sao_Paulo UTC
"""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Offsets in seconds east of UTC, and the two rules of the year as eight hexadecimal digits, or none."""

    offset: int
    saving: int
    start_rule: str
    end_rule: str

    @property
    def changes(self) -> bool:
        return self.saving != 0 and self.start_rule not in _NO_RULE and self.end_rule not in _NO_RULE


def fits(*, local: LocalTime, zone: ZoneInfo, year: int) -> bool:
    """Tell whether the clock of ``zone`` is that of ``local`` in ``year``, in each month and around both changes."""
    moments = [dt.datetime(year, month, 15, 12) for month in range(1, 13)]  # noqa: DTZ001 - wall time
    if local.changes:
        for rule in (local.start_rule, local.end_rule):
            change = change_of(rule, year)
            if change is None:
                return False
            moments += [change - dt.timedelta(hours=3), change + dt.timedelta(hours=3)]
    return all(_offset(zone, moment) == _ruled_offset(local, moment) for moment in moments)


def zone_of(*, local: LocalTime, year: int) -> ZoneInfo | None:
    """Return a well-known zone that keeps this local time in ``year``, or None."""
    for name in _CANDIDATES.split():
        zone = base.zone_named(name)
        if fits(local=local, zone=zone, year=year):
            return zone
    if not local.changes and local.offset % 3600 == 0 and abs(local.offset) <= 12 * 3600:
        return base.zone_named(f"Etc/GMT{-local.offset // 3600:+d}")
    return None


def change_of(rule: str, year: int) -> dt.datetime | None:
    """Decode a rule into the local wall time of the clock change in ``year``.

    Bits from the lowest: 12 seconds, 5 hours, 3 day of week (1 Monday … 7 Sunday), 5 day of month, 3 operator, 4 month.
    Operators: 0 the day of the month; 1 that weekday on or after it; 2 … 6 the first … fifth weekday; 7 the last.
    """
    if not _RULE.fullmatch(rule):
        return None
    bits = int(rule, 16)
    seconds, hours, weekday = bits & 0xFFF, bits >> 12 & 0x1F, bits >> 17 & 0x7
    day, operator, month = bits >> 20 & 0x1F, bits >> 25 & 0x7, bits >> 28 & 0xF
    if not 1 <= month <= 12 or hours > 24 or (operator and weekday == 0):
        return None
    last = calendar.monthrange(year, month)[1]
    if operator == 0:
        found = day
    elif operator == 7:
        found = last - (dt.date(year, month, last).isoweekday() - weekday) % 7
    else:
        first = max(day, 1) if operator == 1 else 1 + 7 * (operator - 2)
        if first > last:
            return None
        found = first + (weekday - dt.date(year, month, first).isoweekday()) % 7
    if not 1 <= found <= last:
        return None
    return dt.datetime(year, month, found) + dt.timedelta(hours=hours, seconds=seconds)  # noqa: DTZ001 - wall time


def _offset(zone: ZoneInfo, moment: dt.datetime) -> int:
    found = moment.replace(tzinfo=zone).utcoffset()
    return 0 if found is None else int(found.total_seconds())


def _ruled_offset(local: LocalTime, moment: dt.datetime) -> int:
    if not local.changes:
        return local.offset
    start, end = change_of(local.start_rule, moment.year), change_of(local.end_rule, moment.year)
    if start is None or end is None:
        return local.offset
    inside = start <= moment < end if start < end else not end <= moment < start
    return local.offset + (local.saving if inside else 0)
