"""Keep the sum over all channels of each day up to date: days whose readings changed are summed anew.

A day's sum is made from what stands, never from differences: worked on twice, or in any order, it is the same. Notes of
changed days are written with the change (``Touched``) and taken out with the sum, so that none is lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from kernel import market_time
from tenants.metering.formats.base import Quality
from tenants.metering.models import Channel, LoadDay, Touched
from tenants.metering.packing import VALUE_BYTES

SUMMED_UNITS = (Channel.Unit.WATT_HOUR, Channel.Unit.LITRE)
SUMMED_KINDS = (Channel.Kind.CONSUMPTION, Channel.Kind.FEED_IN, Channel.Kind.GENERATION)
DAYS_AT_ONCE = 7
ROWS_A_BATCH = 4096
"""Days that are unpacked together: at 15 minutes a batch is 3 MB of integers."""
Int64s = npt.NDArray[np.int64]
_GUESSED = (Quality.SUBSTITUTED, Quality.ESTIMATED, Quality.QUESTIONABLE, Quality.EDITED)


@dataclass(frozen=True, slots=True)
class _Key:
    day: dt.date
    carrier: str
    kind: str
    zone: str
    unit: str
    minutes: int


@dataclass(slots=True)
class _Sum:
    """What the channels of a key add up to so far."""

    energy: Int64s
    estimated: Int64s
    known: Int64s
    guessed: Int64s
    channels: int = 0

    @classmethod
    def of(cls, slots: int) -> _Sum:
        """Begin with nothing."""
        energy, estimated, known, guessed = (np.zeros(slots, dtype=np.int64) for _ in range(4))
        return cls(energy, estimated, known, guessed)

    def add(self, values: npt.NDArray[np.int32], quality: npt.NDArray[np.uint8]) -> None:
        """Add rows × slots; ``quality`` may have one column for all slots."""
        there = quality != Quality.MISSING
        poor = np.isin(quality, _GUESSED)
        self.channels += len(values)
        self.energy += np.where(there, values, 0).sum(axis=0, dtype=np.int64)
        if poor.any():
            self.estimated += np.where(poor, values, 0).sum(axis=0, dtype=np.int64)
        self.known += there.sum(axis=0)
        self.guessed += poor.sum(axis=0)


def sum_touched(*, at: dt.datetime, most: int = DAYS_AT_ONCE) -> int:
    """This will sum up to ``most`` days anew whose readings changed, the latest first, and return how many.

    In one transaction with the notes it takes out; two workers never take the same note.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE, [most])
        days = sorted({day for (day,) in cursor.fetchall()})
        if days:
            sum_days(days=days, at=at)
    return len(days)


@transaction.atomic
def sum_days(*, days: Sequence[dt.date], at: dt.datetime) -> int:
    """This will sum recording days from scratch and replace what stood there; return how many rows stand now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.metering_loadday'))")
    sums: dict[_Key, _Sum] = {}
    for day in days:
        for row in _packed(day):
            _add(sums, day, row)
    LoadDay.objects.filter(day__in=days).delete()
    made = LoadDay.objects.bulk_create(_row(key, found, at) for key, found in sums.items())
    return len(made)


def _packed(day: dt.date) -> Iterable[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_PACKED, [day, list(SUMMED_KINDS), list(SUMMED_UNITS), day, ROWS_A_BATCH])
        return list(cursor.fetchall())


def _add(sums: dict[_Key, _Sum], day: dt.date, row: tuple[Any, ...]) -> None:
    carrier, kind, zone, unit, size, quality_size, packed_values, packed_quality = row
    slots = size // VALUE_BYTES
    key = _Key(day, carrier, kind, zone, unit, _minutes(day, zone) // slots)
    values = np.frombuffer(bytes(packed_values), dtype="<i4").reshape(-1, slots)
    quality = np.frombuffer(bytes(packed_quality), dtype=np.uint8).reshape(-1, quality_size)
    if key not in sums:
        sums[key] = _Sum.of(slots)
    sums[key].add(values, np.broadcast_to(quality, values.shape))


@lru_cache(maxsize=4096)
def _minutes(day: dt.date, zone: str) -> int:
    start, end = market_time.day_bounds(day, ZoneInfo(zone))
    return int((end - start).total_seconds()) // market_time.SECONDS_PER_MINUTE


def _row(key: _Key, found: _Sum, at: dt.datetime) -> LoadDay:
    return LoadDay(
        day=key.day,
        carrier=key.carrier,
        kind=key.kind,
        zone=key.zone,
        unit=key.unit,
        minutes=key.minutes,
        channels=found.channels,
        energy=_bytes(found.energy),
        estimated=_bytes(found.estimated),
        known=_bytes(found.known),
        guessed=_bytes(found.guessed),
        summed_at=at,
    )


def _bytes(values: Int64s) -> bytes:
    return values.astype("<i8", copy=False).tobytes()


_TAKE = f"""
WITH wanted AS (
    SELECT day FROM metering_touched WHERE work = '{Touched.Work.LOAD}' GROUP BY day ORDER BY day DESC LIMIT %s),
taken AS (
    SELECT t.id, t.day FROM metering_touched t JOIN wanted USING (day)
    WHERE t.work = '{Touched.Work.LOAD}' FOR UPDATE OF t SKIP LOCKED)
DELETE FROM metering_touched t USING taken WHERE t.id = taken.id RETURNING t.day
"""

_PACKED = """
SELECT carrier, kind, zone, unit, size, quality_size, string_agg("values", ''::bytea), string_agg(quality, ''::bytea)
FROM (
    SELECT c.energy AS carrier, c.kind, c.recording_zone AS zone, c.unit, octet_length(d."values") AS size,
        octet_length(d.quality) AS quality_size, d."values", d.quality,
        row_number() OVER () AS place
    FROM metering_channel c JOIN metering_intervalday d ON d.channel_id = c.id AND d.day = %s
    WHERE c.kind = ANY(%s) AND c.unit = ANY(%s) AND d.day = %s) each
GROUP BY carrier, kind, zone, unit, size, quality_size, place / %s
"""
