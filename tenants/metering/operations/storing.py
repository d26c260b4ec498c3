"""Bring days of readings into their table: staged by COPY, then compared and stored set by set.

A day that is new is stored; one that says the same is left alone; one that differs becomes the next version and the
former one is kept. What the source changed earlier than what stands here is outdated: it only fills missing slots
(docs/algorithms/readings.md, Corrections).
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction

from tenants.metering import packing
from tenants.metering.formats.base import Qualities, Quality, Values

_COLUMNS = {
    "channel_id": "int8",
    "day": "date",
    '"values"': "bytea",
    "quality": "bytea",
    "total": "int8",
    "missing": "int2",
    "stamped_at": "timestamptz",
    "row": "int4",
    "identifier": "text",
    "register_code": "text",
}
_PAGE = 5000
_names = itertools.count(1)


@dataclass(frozen=True, slots=True, eq=False)
class DayReadings:
    """A day of a channel to be stored; ``quality`` may be one for all slots."""

    channel_id: int
    day: dt.date
    values: Values
    quality: Qualities | Quality = Quality.ACTUAL
    stamped_at: dt.datetime | None = None
    row: int | None = None
    identifier: str = ""
    register_code: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """How many days were new, changed what stood there, said the same, or came too late."""

    accepted: int = 0
    corrected: int = 0
    unchanged: int = 0
    outdated: int = 0


def store_interval_days(*, days: Iterable[DayReadings], at: dt.datetime, import_id: int | None = None) -> Stored:
    """This will store all days or none, recorded ``at``; a day that comes twice is refused by the database."""
    with transaction.atomic(), staged() as stage:
        stage.copy(days)
        stage.lock_channels()
        stage.compare()
        return stage.store(at=at, import_id=import_id)


@contextmanager
def staged() -> Iterator[Stage]:
    """Open a staging table that only this connection sees and drop it afterwards."""
    stage = Stage(f"metering_stage_{next(_names)}")
    with connection.cursor() as cursor:
        columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
        cursor.execute(f"CREATE TEMPORARY TABLE {stage.table} ({columns}, outcome text)")
    try:
        yield stage
    except BaseException:
        if not connection.in_atomic_block:
            stage.drop()
        raise
    else:
        stage.drop()


@dataclass(frozen=True, slots=True)
class Stage:
    """The days of one delivery, on their way."""

    table: str

    def copy(self, days: Iterable[DayReadings]) -> None:
        """Append ``days``."""
        with connection.cursor() as cursor:
            command = f"COPY {self.table} ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
            with cursor.copy(command) as copy:
                copy.set_types(list(_COLUMNS.values()))
                for day in days:
                    copy.write_row(_row(day))

    def rename_channels(self, *, ids: dict[int, int]) -> None:
        """Put the ids of channels that were made meanwhile in the place of their provisional numbers."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {self.table} s SET channel_id = made.id"
                " FROM unnest(%s::bigint[], %s::bigint[]) made(provisional, id) WHERE s.channel_id = made.provisional",
                [list(ids), list(ids.values())],
            )

    def duplicates(self, *, limit: int) -> list[tuple[int, int]]:
        """Return (row, earlier row) of days that stand there twice."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT row, first FROM (
                    SELECT row, min(row) OVER same AS first, count(*) OVER same AS times FROM {self.table}
                    WINDOW same AS (PARTITION BY channel_id, day)) found
                WHERE times > 1 AND row > first ORDER BY row LIMIT %s""",
                [limit],
            )
            return cursor.fetchall()

    def compare(self) -> None:
        """Merge with what is stored and give every staged day its outcome."""
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {self.table}")
            cursor.execute(f"SELECT min(day), max(day) FROM {self.table}")
            first, last = cursor.fetchone()
        if first is None:
            return
        self._fill_gaps(first, last)
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {self.table} SET outcome = 'accepted'")
            cursor.execute(
                f"""UPDATE {self.table} s SET outcome = CASE
                    WHEN d."values" = s."values" AND d.quality = s.quality THEN 'unchanged'
                    WHEN s.stamped_at < d.stamped_at THEN 'outdated' ELSE 'corrected' END
                FROM metering_intervalday d
                WHERE d.channel_id = s.channel_id AND d.day = s.day AND d.day BETWEEN %s AND %s""",
                [first, last],
            )

    def store(self, *, at: dt.datetime, import_id: int | None) -> Stored:
        """Store the compared days, recorded ``at``; the channels are locked before comparing."""
        with connection.cursor() as cursor:
            cursor.execute(_KEEP_FORMER.format(stage=self.table), [at])
            cursor.execute(_REPLACE.format(stage=self.table), [at, import_id])
            cursor.execute(_INSERT.format(stage=self.table), [at, import_id])
            cursor.execute(_STAMP.format(stage=self.table))
        return self.outcomes()

    def lock_channels(self) -> None:
        """Hold the channels of this delivery, in the order of their ids, until the transaction ends."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM metering_channel"
                f" WHERE id IN (SELECT channel_id FROM {self.table}) ORDER BY id FOR NO KEY UPDATE"
            )

    def outcomes(self) -> Stored:
        """Count the compared days by outcome."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT outcome, count(*) FROM {self.table} GROUP BY outcome")
            return Stored(**dict(cursor.fetchall()))

    def drop(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {self.table}")

    def _fill_gaps(self, first: dt.date, last: dt.date) -> None:
        """Lay newer over older readings where the newer have gaps, page by page."""
        after: tuple[int, dt.date] = (-(2**62), dt.date.min)
        while pairs := self._pairs_with_gaps(after, first, last):
            merged = [_merged(pair) for pair in pairs]
            with connection.cursor() as cursor:
                cursor.executemany(
                    f'UPDATE {self.table} SET "values" = %s, quality = %s, total = %s, missing = %s, stamped_at = %s'
                    " WHERE channel_id = %s AND day = %s",
                    [row for row in merged if row is not None],
                )
            after = (pairs[-1][0], pairs[-1][1])

    def _pairs_with_gaps(self, after: tuple[int, dt.date], first: dt.date, last: dt.date) -> Sequence[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""SELECT s.channel_id, s.day, s."values", s.quality, s.stamped_at,
                    d."values", d.quality, d.stamped_at, s.stamped_at < d.stamped_at
                FROM {self.table} s
                JOIN metering_intervalday d ON d.channel_id = s.channel_id AND d.day = s.day
                WHERE d.day BETWEEN %s AND %s AND (s.missing > 0 OR (d.missing > 0 AND s.stamped_at < d.stamped_at))
                  AND octet_length(s."values") = octet_length(d."values") AND (s.channel_id, s.day) > (%s, %s)
                ORDER BY s.channel_id, s.day LIMIT {_PAGE}""",
                [first, last, *after],
            )
            return cursor.fetchall()


def _row(day: DayReadings) -> tuple:
    quality = day.quality
    if isinstance(quality, Quality):
        packed, missing = bytes([quality]), day.values.size if quality is Quality.MISSING else 0
    else:
        packed, missing = packing.pack_quality(quality), int(np.count_nonzero(quality == Quality.MISSING))
    return (
        day.channel_id,
        day.day,
        packing.pack_values(day.values),
        packed,
        int(day.values.sum(dtype=np.int64)),
        missing,
        day.stamped_at,
        day.row,
        day.identifier,
        day.register_code,
    )


def _merged(pair: tuple) -> tuple | None:
    channel_id, day, values, quality, stamped_at, old_values, old_quality, old_stamped_at, is_older = pair
    given = _unpacked(values, quality)
    stored = _unpacked(old_values, old_quality)
    newer, older = (stored, given) if is_older else (given, stored)
    laid_values, laid_quality = packing.over(newer=newer, older=older)
    if is_older and np.array_equal(laid_quality, stored[1]):
        return None
    missing = int(np.count_nonzero(laid_quality == Quality.MISSING))
    packed = packing.pack_values(laid_values), packing.pack_quality(laid_quality)
    total = int(laid_values.sum(dtype=np.int64))
    return (*packed, total, missing, old_stamped_at if is_older else stamped_at, channel_id, day)


def _unpacked(values: bytes, quality: bytes) -> tuple[Values, Qualities]:
    found = packing.unpack_values(values)
    return found, packing.unpack_quality(quality, slots=found.size)


_KEEP_FORMER = """
INSERT INTO metering_intervaldayrevision
    (channel_id, day, version, "values", quality, total, missing, stamped_at, recorded_at, import_id, replaced_at)
SELECT d.channel_id, d.day, d.version, d."values", d.quality, d.total, d.missing, d.stamped_at, d.recorded_at,
    d.import_id, %s
FROM {stage} s JOIN metering_intervalday d ON d.channel_id = s.channel_id AND d.day = s.day
WHERE s.outcome = 'corrected'
"""

_REPLACE = """
UPDATE metering_intervalday d SET "values" = s."values", quality = s.quality, total = s.total, missing = s.missing,
    stamped_at = s.stamped_at, version = d.version + 1, recorded_at = %s, import_id = %s
FROM {stage} s WHERE d.channel_id = s.channel_id AND d.day = s.day AND s.outcome = 'corrected'
"""

_STAMP = """
UPDATE metering_intervalday d SET stamped_at = s.stamped_at
FROM {stage} s WHERE d.channel_id = s.channel_id AND d.day = s.day AND s.outcome = 'unchanged'
    AND s.stamped_at > d.stamped_at
"""

_INSERT = """
INSERT INTO metering_intervalday
    (channel_id, day, "values", quality, total, missing, version, stamped_at, recorded_at, import_id)
SELECT s.channel_id, s.day, s."values", s.quality, s.total, s.missing, 1, s.stamped_at, %s, %s
FROM {stage} s WHERE s.outcome = 'accepted'
"""
