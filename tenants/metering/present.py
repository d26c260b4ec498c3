"""What cannot have been measured yet: intervals that end, and days that begin, after the moment readings are given.

Clocks of meters and senders drift; ``tolerance`` is how far a clock may be ahead (the market's, check V2). A slot
without a reading says nothing and may lie ahead: so the day that is running may be given as far as it has come.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from kernel import market_time
from kernel.errors import Invalid
from tenants.metering.formats import reasons
from tenants.metering.formats.base import Qualities, Quality, Refusal


class NotMeasuredYet(Invalid):
    """A reading is of the past."""

    code = "reading_in_future"
    template = reasons.SENTENCES[code]


class ReadNotTakenYet(Invalid):
    """A register is read on a day that has begun."""

    code = "read_in_future"
    template = reasons.SENTENCES[code]


@dataclass(frozen=True, slots=True)
class Present:
    """The moment at which readings are given, and how far clocks may be ahead of it."""

    at: dt.datetime
    tolerance: dt.timedelta
    _days: dict[str, dt.date] = field(default_factory=dict)

    @property
    def until(self) -> dt.datetime:
        """The latest moment that a reading may tell of."""
        return self.at + self.tolerance

    def running_day(self, *, zone: str) -> dt.date:
        """This will return the day that is running in ``zone``; every earlier one is over."""
        if zone not in self._days:
            self._days[zone] = self.until.astimezone(ZoneInfo(zone)).date()
        return self._days[zone]

    def slots_over(self, *, day: dt.date, zone: str, slots: int) -> int:
        """This will count the slots, of ``slots`` that a day has, that have ended."""
        running = self.running_day(zone=zone)
        if day != running:
            return slots if day < running else 0
        opens, closes = _bounds(day, zone)
        passed = int((self.until - opens).total_seconds())
        return min(slots, max(0, passed * slots // int((closes - opens).total_seconds())))

    def first_ahead(self, *, day: dt.date, zone: str, quality: Qualities) -> int | None:
        """This will return the first slot with a reading that has not ended; 0 for a day that has not begun."""
        running = self.running_day(zone=zone)
        if day < running:
            return None
        if day > running:
            return 0
        over = self.slots_over(day=day, zone=zone, slots=quality.size)
        ahead = np.flatnonzero(quality[over:] != Quality.MISSING)
        return over + int(ahead[0]) if ahead.size else None

    def told(self, *, day: dt.date, zone: str, slots: int, slot: int) -> dict[str, str]:
        """This will return the words of a refusal: the interval and the moment, on the clock of ``zone``."""
        opens, closes = _bounds(day, zone)
        length = (closes - opens) / slots
        return self.words(start=opens + length * slot, end=opens + length * (slot + 1), zone=zone)

    def words(self, *, start: dt.datetime, end: dt.datetime, zone: str) -> dict[str, str]:
        """This will return the words of a refusal for an interval between two instants."""
        local = ZoneInfo(zone)
        return {
            "start": _minute(start, local),
            "end": _minute(end, local),
            "given": _minute(self.at, local),
            "zone": zone,
        }

    def refusal(
        self, *, day: dt.date, zone: str, quality: Qualities, row: int | None, columns: Sequence[int] = ()
    ) -> Refusal | None:
        """This will return why a day cannot be taken, with the place in its row where ``columns`` tell it, or None."""
        slot = self.first_ahead(day=day, zone=zone, quality=quality)
        if slot is None:
            return None
        words = self.told(day=day, zone=zone, slots=quality.size, slot=slot)
        return Refusal(NotMeasuredYet.code, row, columns[slot] if columns else None, dict(words))

    def require(self, *, day: dt.date, zone: str, quality: Qualities, where: str | None = None) -> None:
        """This will raise NotMeasuredYet for a day with a reading that lies ahead."""
        slot = self.first_ahead(day=day, zone=zone, quality=quality)
        if slot is not None:
            raise NotMeasuredYet(where=where, **self.told(day=day, zone=zone, slots=quality.size, slot=slot))

    def require_read(self, *, day: dt.date, zone: str, read_at: dt.datetime | None = None) -> None:
        """This will raise ReadNotTakenYet for a read of a day that has not begun, or of a time that has not come."""
        if day > self.running_day(zone=zone):
            shown = day.isoformat()
        elif read_at is not None and read_at > self.until:
            shown = _minute(read_at, ZoneInfo(zone))
        else:
            return
        raise ReadNotTakenYet(day=shown, given=_minute(self.at, ZoneInfo(zone)), zone=zone, where="day")


def _minute(moment: dt.datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


@lru_cache(maxsize=4096)
def _bounds(day: dt.date, zone: str) -> tuple[dt.datetime, dt.datetime]:
    start, end = market_time.day_bounds(day, ZoneInfo(zone))
    return start.astimezone(dt.UTC), end.astimezone(dt.UTC)
