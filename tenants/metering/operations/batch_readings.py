"""Single readings of a batch, put together to the days they belong to, and what became of each of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from kernel import market_time
from tenants.metering import packing, present
from tenants.metering.formats import base
from tenants.metering.formats.base import LARGEST, Qualities, Quality, Values
from tenants.metering.models import Channel, IntervalDay, ReadingImportRow
from tenants.metering.operations import storing

SECONDS_PER_MINUTE = 60
Key = tuple[int, dt.date]
Standing = dict[Key, tuple[Values, Qualities]]


@dataclass(frozen=True, slots=True)
class BatchReading:
    """The reading of one register in the interval that starts at an instant: a whole number in the register's unit."""

    supply_point: str
    register: str
    start: dt.datetime
    value: int
    quality: str = "actual"
    changed_at: dt.datetime | None = None


@dataclass(slots=True, eq=False)
class _Open:
    """A day that readings of the batch fall on; ``rows`` are their numbers by slot."""

    channel: Channel
    values: Values
    quality: Qualities
    row: int
    changed_at: dt.datetime | None = None
    rows: dict[int, int] = field(default_factory=dict)


class Readings:
    """The single readings of one batch; the channels must be held by the transaction."""

    def __init__(self, given: Sequence[tuple[BatchReading, Channel]], now: present.Present) -> None:
        self._now = now
        self._open: dict[Key, _Open] = {}
        self._before = _standing({(channel.pk, _day_of(reading, channel)) for reading, channel in given})

    def take(self, number: int, reading: BatchReading, channel: Channel) -> base.Refusal | None:
        """Put a reading into its day; return why it cannot be."""
        if not 0 <= reading.value <= LARGEST:
            code = "negative" if reading.value < 0 else "too_big"
            return base.Refusal(code, number, None, {"text": str(reading.value)})
        day = _day_of(reading, channel)
        found = self._open.get((channel.pk, day)) or self._opened(channel, day, number)
        opens, closes = market_time.day_bounds(day, ZoneInfo(channel.recording_zone))
        minutes = int((closes - opens).total_seconds()) // SECONDS_PER_MINUTE // found.values.size
        slot, rest = divmod((reading.start - opens).total_seconds(), minutes * SECONDS_PER_MINUTE)
        if rest:
            return base.Refusal("off_grid", number, None, {"start": reading.start.isoformat()})
        ends = reading.start + dt.timedelta(minutes=minutes)
        if ends > self._now.until:
            words = self._now.words(start=reading.start, end=ends, zone=channel.recording_zone)
            return base.Refusal("reading_in_future", number, None, dict(words))
        if int(slot) in found.rows:
            return base.Refusal("long_twice", number, None, {"other": found.rows[int(slot)]})
        self._open[channel.pk, day] = found
        found.rows[int(slot)] = number
        found.values[int(slot)], found.quality[int(slot)] = reading.value, Quality[reading.quality.upper()]
        if reading.changed_at is not None:
            found.changed_at = max(reading.changed_at, found.changed_at or reading.changed_at)
        return None

    def days(self) -> Iterator[storing.DayReadings]:
        """Yield the days the readings fall on; what was not given is missing there, and hides nothing."""
        for (channel_id, day), found in self._open.items():
            yield storing.DayReadings(channel_id, day, found.values, found.quality, found.changed_at, found.row)

    def has_day(self, channel_id: int, day: dt.date) -> int | None:
        """Return the first row of the readings that fall on a day."""
        found = self._open.get((channel_id, day))
        return found.row if found is not None else None

    def report(self, import_id: int) -> None:
        """Write a row for each reading; the row of its day stays in the report without a number."""
        after = _standing(set(self._open))
        firsts = [found.row for found in self._open.values()]
        ReadingImportRow.objects.filter(reading_import_id=import_id, row__in=firsts).update(row=None)
        ReadingImportRow.objects.bulk_create(
            ReadingImportRow(
                reading_import_id=import_id,
                outcome=_outcome(found, slot, self._before.get(key), after[key]),
                row=number,
                identifier=found.channel.supply_point.identifier[:64],
                register_code=found.channel.register_code,
                day=key[1],
                total=int(found.values[slot]),
                missing=0,
            )
            for key, found in self._open.items()
            for slot, number in found.rows.items()
        )

    def _opened(self, channel: Channel, day: dt.date, number: int) -> _Open:
        standing = self._before.get((channel.pk, day))
        zone = ZoneInfo(channel.recording_zone)
        count = standing[0].size if standing else market_time.slots_of_day(day, zone, channel.interval_minutes)
        return _Open(channel, np.zeros(count, dtype=np.int32), np.full(count, Quality.MISSING, dtype=np.uint8), number)


def _outcome(found: _Open, slot: int, before: tuple | None, after: tuple) -> str:
    """What became of the reading: by what stood in its slot before and what stands there now."""
    mine = int(found.values[slot]), int(found.quality[slot])
    stood = (int(before[0][slot]), int(before[1][slot])) if before is not None else (0, int(Quality.MISSING))
    stands = int(after[0][slot]), int(after[1][slot])
    if stood == mine:
        return "unchanged"
    if stands != mine:
        return "outdated"
    return "accepted" if stood[1] == Quality.MISSING else "corrected"


def _day_of(reading: BatchReading, channel: Channel) -> dt.date:
    return reading.start.astimezone(ZoneInfo(channel.recording_zone)).date()


def _standing(keys: set[Key]) -> Standing:
    if not keys:
        return {}
    ids, days = {key[0] for key in keys}, [key[1] for key in keys]
    rows = IntervalDay.objects.filter(channel_id__in=ids, day__gte=min(days), day__lte=max(days)).values_list(
        "channel_id", "day", "values", "quality"
    )
    found: Standing = {}
    for channel_id, day, values, quality in rows:
        if (channel_id, day) in keys:
            unpacked = packing.unpack_values(bytes(values))
            found[channel_id, day] = unpacked, packing.unpack_quality(bytes(quality), slots=unpacked.size)
    return found
