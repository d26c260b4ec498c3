"""The staging table of one delivery: filled by COPY, then judged against what stands, set by set."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db import connection

from tenants.metering import merging, packing
from tenants.metering.formats.base import Note, Qualities, Quality, Values
from tenants.metering.operations import row_bytes

_COLUMNS = {
    "channel_id": "int8",
    "day": "date",
    '"values"': "bytea",
    "quality": "bytea",
    "total": "int8",
    "missing": "int2",
    "stamped_at": "timestamptz",
    "row": "int4",
    "given": "bool",
}
_FURTHER = "slot_stamps bytea, outcome text DEFAULT 'accepted'"
_PAGE = 5000
_WORTH_SENDING = 1 << 18
_names = itertools.count(1)


@dataclass(frozen=True, slots=True, eq=False)
class DayReadings:
    """A day of a channel to be stored; ``quality`` may be one for all slots.

    Readings without ``stamped_at`` rank by when they are given: the last given stands.
    """

    channel_id: int
    day: dt.date
    values: Values
    quality: Qualities | Quality = Quality.ACTUAL
    stamped_at: dt.datetime | None = None
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """How many days were new, changed what stood there, said the same, or came too late."""

    accepted: int = 0
    corrected: int = 0
    unchanged: int = 0
    outdated: int = 0


@contextmanager
def staged() -> Iterator[Stage]:
    """Open a staging table that only this connection sees and drop it afterwards."""
    stage = Stage(f"metering_stage_{next(_names)}")
    with connection.cursor() as cursor:
        columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
        cursor.execute(f"CREATE TEMPORARY TABLE {stage.table} ({columns}, {_FURTHER})")
    try:
        yield stage
    except BaseException:
        if not connection.in_atomic_block:
            stage.drop()
        raise
    else:
        stage.drop()


@dataclass(slots=True)
class Stage:
    """The days of one delivery, on their way.

    ``names`` tells, by channel, what the delivery calls it: (supply point, register).
    """

    table: str
    names: dict[int, tuple[str, str]] = field(default_factory=dict)
    has_notes: bool = False

    def copy(self, days: Iterable[DayReadings], *, at: dt.datetime) -> None:
        """Append ``days``; those without a stamp rank by ``at``."""
        self._send(row_bytes.day(_plain(day, at), given=day.stamped_at is None) for day in days)

    def copy_notes(self, notes: Iterable[tuple[int, dt.date, int, dt.datetime, Note]]) -> None:
        """Append what the source says of days: channel, day, how many slots it has, its stamp, and the note."""
        found = list(notes)
        if not found:
            return
        if not self.has_notes:
            self._execute(f"CREATE TEMPORARY TABLE {self.table}_notes ({_NOTE_COLUMNS})")
            self.has_notes = True
        with connection.cursor() as cursor, cursor.copy(f"COPY {self.table}_notes FROM STDIN") as copy:
            for channel_id, day, slots, stamp, note in found:
                place = (channel_id, day, note.first, note.end, slots, stamp)
                copy.write_row((*place, note.letter, note.method, note.reason, note.words))

    def copy_rows(self, chunks: Iterable[bytes]) -> None:
        """Append rows that stand in PostgreSQL's binary form already (``row_bytes``)."""
        self._send(chunks)

    def _send(self, chunks: Iterable[bytes]) -> None:
        with connection.cursor() as cursor:
            command = f"COPY {self.table} ({', '.join(_COLUMNS)}) FROM STDIN (FORMAT BINARY)"
            with cursor.copy(command) as copy:
                copy.write(row_bytes.header())
                for some in _gathered(chunks):
                    copy.write(some)
                copy.write(row_bytes.TRAILER)

    def rename_channels(self, *, ids: Mapping[int, int]) -> None:
        """Put the ids of channels that were made meanwhile in the place of their provisional numbers."""
        if not ids:
            return
        for table in (self.table, f"{self.table}_notes") if self.has_notes else (self.table,):
            self._execute(
                f"UPDATE {table} s SET channel_id = made.id"
                " FROM unnest(%s::bigint[], %s::bigint[]) made(provisional, id) WHERE s.channel_id = made.provisional",
                [list(ids), list(ids.values())],
            )
        self.names = {ids.get(number, number): name for number, name in self.names.items()}

    def duplicates(self, *, limit: int) -> list[tuple[int, int]]:
        """Return (row, earlier row) of days that stand there twice."""
        return self._rows(
            f"""SELECT s.row, found.first FROM {self.table} s JOIN (
                SELECT channel_id, day, min(row) AS first FROM {self.table}
                GROUP BY channel_id, day HAVING count(*) > 1) found USING (channel_id, day)
            WHERE s.row > found.first ORDER BY s.row LIMIT %s""",
            [limit],
        )

    def lock_channels(self) -> None:
        """Hold the channels of this delivery, in the order of their ids, until the transaction ends."""
        self._execute(
            "SELECT id FROM metering_channel"
            f" WHERE id IN (SELECT channel_id FROM {self.table}) ORDER BY id FOR NO KEY UPDATE"
        )

    def compare(self) -> None:
        """Merge with what is stored and give every staged day its outcome; until now each was a new one."""
        self._execute(f"ANALYZE {self.table} (channel_id, day)")
        first, last = self._rows(f"SELECT min(day), max(day) FROM {self.table}")[0]
        if first is None:
            return
        self._execute(f"DROP TABLE IF EXISTS {self.table}_met")
        self._execute(_MEET.format(stage=self.table), [first, last])
        self._execute(_BUMP.format(stage=self.table))
        self._execute(_JUDGE.format(stage=self.table))
        self._merge_slots()

    def outcomes(self) -> Stored:
        """Count the compared days by outcome."""
        return Stored(**dict(self._rows(f"SELECT outcome, count(*) FROM {self.table} GROUP BY outcome")))

    def drop(self) -> None:
        """Forget everything."""
        beside = ", ".join(f"{self.table}_{name}" for name in ("met", "merged", "names", "notes"))
        self._execute(f"DROP TABLE IF EXISTS {self.table}, {beside}")

    def write_names(self) -> str:
        """Put the names of the channels into a table beside the stage; return its name."""
        table = f"{self.table}_names"
        self._execute(f"DROP TABLE IF EXISTS {table}")
        self._execute(f"CREATE TEMPORARY TABLE {table} (channel_id int8, identifier text, register_code text)")
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for channel_id, (identifier, register) in self.names.items():
                copy.write_row((channel_id, identifier, register))
        return table

    def _merge_slots(self) -> None:
        """Lay readings over readings, slot by slot, where one day cannot simply replace the other; page by page."""
        after: tuple[int, dt.date] = (-(2**62), dt.date.min)
        while pairs := self._rows(_PAIRS.format(stage=self.table, page=_PAGE), [*after]):
            self._write_merged([_merged(pair) for pair in pairs])
            after = (pairs[-1][0], pairs[-1][1])

    def _write_merged(self, rows: Sequence[tuple]) -> None:
        table = f"{self.table}_merged"
        self._execute(f"DROP TABLE IF EXISTS {table}")
        self._execute(f"CREATE TEMPORARY TABLE {table} ({_MERGED_COLUMNS})")
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types([column.rsplit(" ", 1)[1] for column in _MERGED_COLUMNS.split(", ")])
            for row in rows:
                copy.write_row(row)
        self._execute(_TAKE_MERGED.format(stage=self.table))

    def _execute(self, statement: str, parameters: Sequence[Any] | None = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)

    def _rows(self, statement: str, parameters: Sequence[Any] | None = None) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())


def _gathered(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Join small chunks to some that are worth sending."""
    waiting, size = [], 0
    for chunk in chunks:
        waiting.append(chunk)
        size += len(chunk)
        if size >= _WORTH_SENDING:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


def _plain(day: DayReadings, at: dt.datetime) -> row_bytes.Day:
    quality = day.quality
    if isinstance(quality, Quality):
        packed, missing = bytes([quality]), day.values.size if quality is Quality.MISSING else 0
    else:
        packed, missing = packing.pack_quality(quality), int(np.count_nonzero(quality == Quality.MISSING))
    return row_bytes.Day(
        day.channel_id,
        day.day,
        packing.pack_values(day.values),
        packed,
        int(day.values.sum(dtype=np.int64)),
        missing,
        day.stamped_at or at,
        day.row,
    )


def _merged(pair: tuple) -> tuple:
    """The row to be stored for a staged day and the one that stands, and its outcome."""
    channel_id, day, values, quality, stamped_at, old_values, old_quality, old_stamped_at, old_stamps = pair
    given = _slots(values, quality, stamped_at, None)
    standing = _slots(old_values, old_quality, old_stamped_at, old_stamps)
    found = merging.merged(standing=standing, given=given)
    outcome = "corrected"
    if found.says_the_same(standing):
        outcome = "unchanged" if given.is_said_by(standing) else "outdated"
    latest = merging.instant_of(found.latest) if found.latest != merging.NEVER else max(stamped_at, old_stamped_at)
    missing = int(np.count_nonzero(found.quality == Quality.MISSING))
    packed = packing.pack_values(found.values), packing.pack_quality(found.quality)
    total = int(found.values.sum(dtype=np.int64))
    return (channel_id, day, *packed, total, missing, latest, merging.packed_stamps(found), outcome)


def _slots(values: bytes, quality: bytes, stamped_at: dt.datetime, stamps: bytes | None) -> merging.Slots:
    found = packing.unpack_values(values)
    qualities = packing.unpack_quality(quality, slots=found.size)
    return merging.unpacked_slots(values=found, quality=qualities, stamped_at=stamped_at, stamps=stamps)


_NOTE_COLUMNS = (
    "channel_id int8, day date, first int4, behind int4, day_slots int2, stamped_at timestamptz, letter text, "
    "method text, reason text, words text"
)

_MERGED_COLUMNS = (
    'channel_id int8, day date, "values" bytea, quality bytea, total int8, missing int2, stamped_at timestamptz, '
    "slot_stamps bytea, outcome text"
)

_MEET = """
CREATE TEMPORARY TABLE {stage}_met AS
SELECT s.ctid AS place, s.channel_id, s.day, coalesce(d.stamped_at, d.recorded_at) AS stamped_at,
    d."values" = s."values" AND d.quality = s.quality AS same,
    d.slot_stamps IS NULL AND octet_length(d."values") = octet_length(s."values")
        AND (d.missing = 0 AND s.missing = 0 OR d."values" = s."values" AND d.quality = s.quality) AS simple
FROM {stage} s JOIN metering_intervalday d ON d.channel_id = s.channel_id AND d.day = s.day
WHERE d.day BETWEEN %s AND %s
"""

_BUMP = """
UPDATE {stage} s SET stamped_at = m.stamped_at + interval '1 microsecond'
FROM {stage}_met m WHERE s.ctid = m.place AND s.given AND NOT m.same
    AND m.stamped_at >= s.stamped_at AND m.stamped_at < s.stamped_at + interval '1 millisecond'
"""

_JUDGE = """
UPDATE {stage} s SET outcome = CASE WHEN NOT m.simple THEN NULL WHEN m.same THEN 'unchanged'
    WHEN s.stamped_at < m.stamped_at THEN 'outdated' WHEN s.stamped_at > m.stamped_at THEN 'corrected' END
FROM {stage}_met m WHERE s.channel_id = m.channel_id AND s.day = m.day
"""

_PAIRS = """
SELECT s.channel_id, s.day, s."values", s.quality, s.stamped_at, d."values", d.quality,
    coalesce(d.stamped_at, d.recorded_at), d.slot_stamps
FROM {stage} s
JOIN {stage}_met m ON m.channel_id = s.channel_id AND m.day = s.day
JOIN metering_intervalday d ON d.channel_id = s.channel_id AND d.day = s.day
WHERE s.outcome IS NULL AND (s.channel_id, s.day) > (%s, %s)
ORDER BY s.channel_id, s.day LIMIT {page}
"""

_TAKE_MERGED = """
UPDATE {stage} s SET "values" = m."values", quality = m.quality, total = m.total, missing = m.missing,
    stamped_at = m.stamped_at, slot_stamps = m.slot_stamps, outcome = m.outcome
FROM {stage}_merged m WHERE s.channel_id = m.channel_id AND s.day = m.day
"""
