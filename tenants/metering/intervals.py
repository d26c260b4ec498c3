"""Lay packed days of any zone and interval onto one grid of instants; pure.

A day's slots start at the instant its zone's midnight is, so days of 23 and 25 hours and days of market time (UTC+10)
fall on the right instants. Energy of finer intervals is summed, power is averaged (half up); a quality is the worst of
its parts, and a sum with a missing part is missing.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from kernel import market_time
from kernel.errors import GridhallError, gettext_noop
from tenants.metering.formats.base import ACCEPTED_MINUTES, Quality

Int64s = npt.NDArray[np.int64]


class TooFine(GridhallError):
    """Readings cannot be split into shorter intervals."""

    code = "interval_too_fine"
    template = gettext_noop("Readings of {recorded} minutes cannot be shown in intervals of {wanted} minutes.")


class OffGrid(GridhallError):
    """The days' slots do not fall on the grid that was asked for."""

    code = "interval_off_grid"
    template = gettext_noop("Readings of {zone} do not fall on intervals of {wanted} minutes from {start}.")


@dataclass(frozen=True, slots=True)
class PackedDay:
    """A stored day; ``place`` is the row of the block it belongs to."""

    place: int
    day: dt.date
    zone: str
    is_power: bool
    values: bytes
    quality: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """Rows × slots: int64 values, uint8 qualities, and which slots are missing."""

    values: Int64s
    quality: npt.NDArray[np.uint8]
    missing: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Grid:
    start: int
    slots: int
    seconds: int


def lay(*, days: Iterable[PackedDay], rows: int, start: dt.datetime, end: dt.datetime, minutes: int) -> Laid:
    """Put ``days`` on the slots of ``minutes`` from ``start`` up to ``end``; slots without a reading are missing.

    Raises TooFine for days recorded in longer intervals, OffGrid for days whose slots cross the grid's.
    """
    grid = _Grid(int(start.timestamp()), market_time.slot_starts(start, end, minutes).size, minutes * 60)
    values = np.zeros((rows, grid.slots), dtype=np.int64)
    quality = np.full((rows, grid.slots), Quality.MISSING, dtype=np.uint8)
    for alike in _grouped(days).values():
        _lay_alike(grid, alike, values, quality)
    missing = quality == Quality.MISSING
    values[missing] = 0
    return Laid(values, quality, missing)


def touches(*, day: dt.date, zone: str, start: dt.datetime, end: dt.datetime) -> bool:
    """Tell whether a day of ``zone`` shares an instant with [start, end)."""
    opens, closes = _bounds(day, zone)
    return opens < end and closes > start


def coarsest(days: Iterable[PackedDay]) -> int:
    """Return the longest interval of the days, in minutes; 60 when there are none."""
    lengths = {_length(day) for day in days}
    return max(lengths) // 60 if lengths else 60


def minutes_of(*, slots: int) -> int:
    """Return the interval of a day of ``slots``, which may have 23, 24 or 25 hours."""
    return next(minutes for minutes in ACCEPTED_MINUTES if 23 * 60 <= slots * minutes <= 25 * 60)


@functools.lru_cache(maxsize=65536)
def _bounds(day: dt.date, zone: str) -> tuple[dt.datetime, dt.datetime]:
    return market_time.day_bounds(day, ZoneInfo(zone))


def _length(day: PackedDay) -> int:
    opens, closes = _bounds(day.day, day.zone)
    return int((closes - opens).total_seconds()) // (len(day.values) // 4)


def _grouped(days: Iterable[PackedDay]) -> dict[tuple[str, bool, int], list[PackedDay]]:
    groups: dict[tuple[str, bool, int], list[PackedDay]] = {}
    for day in days:
        groups.setdefault((day.zone, day.is_power, len(day.values) // 4), []).append(day)
    return groups


def _lay_alike(grid: _Grid, alike: Sequence[PackedDay], values: Int64s, quality: npt.NDArray[np.uint8]) -> None:
    """Lay days of one zone, one kind of unit and one number of slots, all at once."""
    zone, slots = ZoneInfo(alike[0].zone), len(alike[0].values) // 4
    starts, length = _starts(zone, alike, slots)
    parts = _parts(grid, zone, starts, length)
    shape = (len(alike), slots // parts, parts)
    packed = np.frombuffer(b"".join(day.values for day in alike), dtype="<i4").astype(np.int64).reshape(shape)
    summed = packed.sum(axis=2)
    if alike[0].is_power:
        summed = (2 * summed + parts) // (2 * parts)
    spread = (day.quality if len(day.quality) == slots else day.quality * slots for day in alike)
    worst = np.frombuffer(b"".join(spread), dtype=np.uint8).reshape(shape).max(axis=2)
    at = (starts - grid.start)[:, None] // grid.seconds + np.arange(shape[1])
    inside = (at >= 0) & (at < grid.slots)
    rows = np.broadcast_to(np.array([day.place for day in alike])[:, None], at.shape)
    values[rows[inside], at[inside]] = summed[inside]
    quality[rows[inside], at[inside]] = worst[inside]


def _starts(zone: ZoneInfo, days: Sequence[PackedDay], slots: int) -> tuple[Int64s, int]:
    """The instants at which the days start, in seconds, and how long one of their slots is."""
    bounds = {day: _bounds(day, zone.key) for day in {packed.day for packed in days}}
    seconds = {
        day: (int(start.timestamp()), int((end - start).total_seconds())) for day, (start, end) in bounds.items()
    }
    lengths = {length // slots for _, length in seconds.values()}
    if len(lengths) != 1 or any(length % slots for _, length in seconds.values()):
        raise ValueError(f"Days of {slots} slots in {zone.key} have no common interval.")
    return np.array([seconds[packed.day][0] for packed in days], dtype=np.int64), lengths.pop()


def _parts(grid: _Grid, zone: ZoneInfo, starts: Int64s, length: int) -> int:
    if length > grid.seconds:
        raise TooFine(recorded=length // 60, wanted=grid.seconds // 60)
    if grid.seconds % length or ((starts - grid.start) % grid.seconds).any():
        start = dt.datetime.fromtimestamp(grid.start, dt.UTC).isoformat()
        raise OffGrid(zone=zone.key, wanted=grid.seconds // 60, start=start)
    return grid.seconds // length
