"""Days of readings in PostgreSQL's binary form of COPY: single ones, or thousands of like ones at a stroke."""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tenants.metering.formats.base import Qualities, Quality, Values

TRAILER = b"\xff\xff"
FIELDS = 9
_DATE_EPOCH = dt.date(2000, 1, 1)
_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_NULL = b"\xff\xff\xff\xff"


@dataclass(frozen=True, slots=True)
class Day:
    """One row of the stage, packed."""

    channel_id: int
    day: dt.date
    values: bytes
    quality: bytes
    total: int
    missing: int
    stamped_at: dt.datetime
    row: int | None


def header() -> bytes:
    """Return what a binary COPY begins with."""
    return b"PGCOPY\n\xff\r\n\0" + bytes(8)


def day(row: Day, *, given: bool) -> bytes:
    """Return one day as a row."""
    days = (row.day - _DATE_EPOCH).days
    return b"".join(
        (
            struct.pack("!hiqiii", FIELDS, 8, row.channel_id, 4, days, len(row.values)),
            row.values,
            struct.pack("!i", len(row.quality)),
            row.quality,
            struct.pack("!iqihiq", 8, row.total, 2, row.missing, 8, (row.stamped_at - _EPOCH) // _MICROSECOND),
            _NULL if row.row is None else struct.pack("!ii", 4, row.row),
            struct.pack("!i?", 1, given),
        )
    )


def block(
    *,
    channel_ids: npt.NDArray[np.int64],
    days: npt.NDArray[np.int64],
    values: Values,
    quality: Qualities,
    rows: npt.NDArray[np.int64],
    stamped_at: dt.datetime,
    given: bool,
) -> bytes:
    """This will return rows × slots of ``values`` as rows; ``days`` are ordinals, ``quality`` rows × slots.

    Days with one quality and days with several are told apart; their order is not kept.
    """
    alike = (quality == quality[:, :1]).all(axis=1)
    stamp = (stamped_at - _EPOCH) // _MICROSECOND
    parts = []
    for chosen, width in ((alike, 1), (~alike, values.shape[1])):
        if chosen.any():
            picked = slice(None) if chosen.all() else chosen
            table = np.zeros(int(chosen.sum()), dtype=_row_type(values.shape[1], width))
            table["channel"], table["day"] = channel_ids[picked], days[picked] - _DATE_EPOCH.toordinal()
            table["values"], table["quality"] = values[picked], quality[picked][:, :width]
            table["total"] = values[picked].sum(axis=1, dtype=np.int64)
            table["missing"] = np.count_nonzero(quality[picked] == Quality.MISSING, axis=1)
            table["stamp"], table["row"], table["given"] = stamp, rows[picked], given
            _set_lengths(table)
            parts.append(table.tobytes())
    return b"".join(parts)


def _row_type(slots: int, width: int) -> np.dtype:
    return np.dtype(
        [
            ("fields", ">i2"),
            ("channel_length", ">i4"),
            ("channel", ">i8"),
            ("day_length", ">i4"),
            ("day", ">i4"),
            ("values_length", ">i4"),
            ("values", "<i4", (slots,)),
            ("quality_length", ">i4"),
            ("quality", "u1", (width,)),
            ("total_length", ">i4"),
            ("total", ">i8"),
            ("missing_length", ">i4"),
            ("missing", ">i2"),
            ("stamp_length", ">i4"),
            ("stamp", ">i8"),
            ("row_length", ">i4"),
            ("row", ">i4"),
            ("given_length", ">i4"),
            ("given", "u1"),
        ]
    )


def _set_lengths(table: npt.NDArray) -> None:
    table["fields"] = FIELDS
    fields: Mapping[str, Any] = table.dtype.fields or {}
    for name in table.dtype.names or ():
        if name.endswith("_length"):
            table[name] = fields[name.removesuffix("_length")][0].itemsize
