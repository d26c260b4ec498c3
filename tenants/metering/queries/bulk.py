"""Days of very many channels at once, as they are stored: what a portfolio, a forecast or an export works on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
from django.db import OperationalError, connection
from psycopg.pq import ExecStatus

from kernel.periods import Period
from tenants.metering import packing

_HEADER_BYTES = 19
_TRAILER_BYTES = 2
_UNTIL_THERE = 0
"""Have the call wait for the next row."""

_BEFORE_VALUES = 2 + 4 + 8 + 4 + 4
_DATE_EPOCH_ORDINAL = 730_120
"""2000-01-01, from which PostgreSQL counts days."""


@dataclass(frozen=True, slots=True, eq=False)
class DayMatrix:
    """Days with equally many slots: row i is channel ``channel_ids[i]`` on the day with ordinal ``days[i]``.

    ``values`` int32 rows × slots in the channel's unit, 0 where missing; ``quality`` uint8 (``formats.base.Quality``),
    rows × slots, or rows × 1 where each day has one quality. Both are views into what was read.
    """

    channel_ids: npt.NDArray[np.int64]
    days: npt.NDArray[np.int64]
    values: npt.NDArray[np.int32]
    quality: npt.NDArray[np.uint8]


def recorded_days(*, channel_ids: Collection[int], period: Period) -> list[DayMatrix]:
    """This will read the recording days of ``period``, a matrix for each number of slots and kind of quality.

    They are in no order. Nothing passes through an object of Python's for each day: usually all days have the same form
    and are read in one go.
    """
    wanted: list[Any] = [list(channel_ids), period.start, period.end]
    content = _copied(_ALL, wanted)
    if len(content) <= _HEADER_BYTES + _TRAILER_BYTES:
        return []
    values, quality = _first_form(content)
    found = _matrix(content, values, quality)
    if found is not None:
        return [found]
    with connection.cursor() as cursor:
        cursor.execute(_FORMS, wanted)
        forms = cursor.fetchall()
    parts = [_matrix(_copied(_ALL + _OF_FORM, [*wanted, *form]), *form) for form in forms]
    return [part for part in parts if part is not None]


@dataclass(frozen=True, slots=True, eq=False)
class VersionedDays:
    """What ``DayMatrix`` holds, days as dates, with the version of each row."""

    channel_ids: npt.NDArray[np.int64]
    days: list[dt.date]
    versions: list[int]
    values: npt.NDArray[np.int32]
    quality: npt.NDArray[np.uint8]


def versioned_days(*, channel_ids: Collection[int], first: dt.date, last: dt.date) -> VersionedDays | None:
    """This will read the days from ``first`` to ``last`` in one go; None where they do not all have one form."""
    content = _copied(_VERSIONED, [list(channel_ids), first, last])
    if len(content) <= _HEADER_BYTES + _TRAILER_BYTES:
        return None
    values, quality = _first_form(content)
    table = _table(content, _row_type(values, quality, versioned=True))
    if table is None or (table["values_length"] != values).any() or (table["quality_length"] != quality).any():
        return None
    ordinals = table["day"].astype(np.int64) + _DATE_EPOCH_ORDINAL
    dates = {ordinal: dt.date.fromordinal(ordinal) for ordinal in np.unique(ordinals).tolist()}
    return VersionedDays(
        channel_ids=table["channel"].astype(np.int64),
        days=[dates[ordinal] for ordinal in ordinals.tolist()],
        versions=table["version"].tolist(),
        values=table["values"],
        quality=table["quality"],
    )


def _copied(query: str, parameters: Sequence[Any]) -> bytearray:
    """Take the rows as they come from the socket: an object for each of them would cost most of the time."""
    content = bytearray()
    with connection.cursor() as cursor, cursor.copy(_written(query, parameters)):
        socket = connection.connection.pgconn
        size, row = socket.get_copy_data(_UNTIL_THERE)
        while size > 0:
            content += row
            size, row = socket.get_copy_data(_UNTIL_THERE)
        _end(socket)
    return content


def _written(query: str, parameters: Sequence[Any]) -> str:
    """The statement with its values in it: what counts queries in tests takes none beside it."""
    parts = [psycopg.sql.SQL(part) for part in f"COPY ({query}) TO STDOUT (FORMAT BINARY)".split("%s")]  # type: ignore[arg-type]
    values = [psycopg.sql.Literal(value) for value in parameters]
    mixed = [each for pair in zip(parts, [*values, psycopg.sql.SQL("")], strict=True) for each in pair]
    return psycopg.sql.Composed(mixed).as_string(connection.connection)


def _end(socket: psycopg.pq.abc.PGconn) -> None:
    """Take what the server says behind the last row, all of it, and raise what went wrong."""
    failed = b""
    while (said := socket.get_result()) is not None:
        if said.status != ExecStatus.COMMAND_OK:
            failed = said.error_message or b"the copy ended early"
    if failed:
        raise OperationalError(failed.decode(errors="replace"))


def _first_form(content: bytearray) -> tuple[int, int]:
    """The bytes of values and of quality of the first row."""
    values_at = _HEADER_BYTES + _BEFORE_VALUES
    values = int.from_bytes(content[values_at : values_at + 4], "big")
    quality_at = values_at + 4 + values
    return values, int.from_bytes(content[quality_at : quality_at + 4], "big")


def _matrix(content: bytearray, values: int, quality: int) -> DayMatrix | None:
    """The rows as a matrix; None where not all of them have this form."""
    table = _table(content, _row_type(values, quality))
    if table is None:
        return None
    if (table["values_length"] != values).any() or (table["quality_length"] != quality).any():
        return None
    return DayMatrix(
        channel_ids=table["channel"].astype(np.int64),
        days=table["day"].astype(np.int64) + _DATE_EPOCH_ORDINAL,
        values=table["values"],
        quality=table["quality"],
    )


def _row_type(values: int, quality: int, *, versioned: bool = False) -> np.dtype[Any]:
    """A row as COPY writes it in binary: a count of fields, then each with its length before it."""
    fields: list[tuple[Any, ...]] = [
        ("fields", ">i2"),
        ("channel_length", ">i4"),
        ("channel", ">i8"),
        ("day_length", ">i4"),
        ("day", ">i4"),
        ("values_length", ">i4"),
        ("values", "<i4", (values // packing.VALUE_BYTES,)),
        ("quality_length", ">i4"),
        ("quality", "u1", (quality,)),
    ]
    return np.dtype(fields + ([("version_length", ">i4"), ("version", ">i4")] if versioned else []))


def _table(content: bytes | bytearray, row: np.dtype[Any]) -> npt.NDArray[Any] | None:
    """The rows of such a type; None where they do not fill the content."""
    count, rest = divmod(len(content) - _HEADER_BYTES - _TRAILER_BYTES, row.itemsize)
    return None if rest else np.frombuffer(content, dtype=row, offset=_HEADER_BYTES, count=count)


_ALL = """
SELECT channel_id, day, "values", quality FROM metering_intervalday
WHERE channel_id = ANY(%s) AND day >= %s AND day < %s
"""

_VERSIONED = """
SELECT channel_id, day, "values", quality, version FROM metering_intervalday
WHERE channel_id = ANY(%s) AND day >= %s AND day <= %s
"""

_OF_FORM = 'AND octet_length("values") = %s AND octet_length(quality) = %s'

_FORMS = """
SELECT DISTINCT octet_length("values"), octet_length(quality) FROM metering_intervalday
WHERE channel_id = ANY(%s) AND day >= %s AND day < %s
"""
