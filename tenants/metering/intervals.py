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
class DayTable:
    """Stored days of one zone, kind of unit and number of slots: row i is of the day ``days[i]``, at ``places[i]``.

    ``quality`` has a column for each slot, or one for all.
    """

    zone: str
    is_power: bool
    places: Int64s
    days: Sequence[dt.date]
    values: npt.NDArray[np.int32]
    quality: npt.NDArray[np.uint8]


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


def lay(
    *,
    days: Iterable[PackedDay] = (),
    tables: Iterable[DayTable] = (),
    rows: int,
    start: dt.datetime,
    end: dt.datetime,
    minutes: int,
) -> Laid:
    """Put days on the slots of ``minutes`` from ``start`` up to ``end``; slots without a reading are missing.

    Raises TooFine for days recorded in longer intervals, OffGrid for days whose slots cross the grid's.
    """
    grid = _Grid(int(start.timestamp()), market_time.slot_starts(start, end, minutes).size, minutes * 60)
    values = np.zeros((rows, grid.slots), dtype=np.int64)
    quality = np.full((rows, grid.slots), Quality.MISSING, dtype=np.uint8)
    for table in [*tables, *(_table(alike) for alike in _grouped(days).values())]:
        _lay_table(grid, table, values, quality)
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


def _table(alike: Sequence[PackedDay]) -> DayTable:
    slots = len(alike[0].values) // 4
    spread = b"".join(day.quality if len(day.quality) == slots else day.quality * slots for day in alike)
    return DayTable(
        zone=alike[0].zone,
        is_power=alike[0].is_power,
        places=np.array([day.place for day in alike], dtype=np.int64),
        days=[day.day for day in alike],
        values=np.frombuffer(b"".join(day.values for day in alike), dtype="<i4").reshape(-1, slots),
        quality=np.frombuffer(spread, dtype=np.uint8).reshape(-1, slots),
    )


def _lay_table(grid: _Grid, table: DayTable, values: Int64s, quality: npt.NDArray[np.uint8]) -> None:
    """Lay the days of a table all at once."""
    zone, (rows, slots) = ZoneInfo(table.zone), table.values.shape
    starts, length = _starts(zone, table.days, slots)
    parts = _parts(grid, zone, starts, length)
    summed = table.values.astype(np.int64)
    worst = np.broadcast_to(table.quality, (rows, slots))
    if parts > 1:
        summed = summed.reshape(rows, slots // parts, parts).sum(axis=2)
        worst = worst.reshape(rows, slots // parts, parts).max(axis=2)
    if table.is_power and parts > 1:
        summed = (2 * summed + parts) // (2 * parts)
    first = (starts - grid.start) // grid.seconds
    whole = (first >= 0) & (first + summed.shape[1] <= grid.slots)
    inner, outer = np.flatnonzero(whole), np.flatnonzero(~whole)
    for at in np.unique(first[inner]).tolist():
        same = inner[first[inner] == at]
        values[table.places[same], at : at + summed.shape[1]] = summed[same]
        quality[table.places[same], at : at + summed.shape[1]] = worst[same]
    if outer.size:
        slot = first[outer, None] + np.arange(summed.shape[1])
        inside = (slot >= 0) & (slot < grid.slots)
        places = np.broadcast_to(table.places[outer, None], slot.shape)
        values[places[inside], slot[inside]] = summed[outer][inside]
        quality[places[inside], slot[inside]] = worst[outer][inside]


def _starts(zone: ZoneInfo, days: Sequence[dt.date], slots: int) -> tuple[Int64s, int]:
    """The instants at which the days start, in seconds, and how long one of their slots is."""
    bounds = {day: _bounds(day, zone.key) for day in set(days)}
    seconds = {
        day: (int(start.timestamp()), int((end - start).total_seconds())) for day, (start, end) in bounds.items()
    }
    lengths = {length // slots for _, length in seconds.values()}
    if len(lengths) != 1 or any(length % slots for _, length in seconds.values()):
        raise ValueError(f"Days of {slots} slots in {zone.key} have no common interval.")
    return np.array([seconds[day][0] for day in days], dtype=np.int64), lengths.pop()


def _parts(grid: _Grid, zone: ZoneInfo, starts: Int64s, length: int) -> int:
    if length > grid.seconds:
        raise TooFine(recorded=length // 60, wanted=grid.seconds // 60)
    if grid.seconds % length or ((starts - grid.start) % grid.seconds).any():
        start = dt.datetime.fromtimestamp(grid.start, dt.UTC).isoformat()
        raise OffGrid(zone=zone.key, wanted=grid.seconds // 60, start=start)
    return grid.seconds // length
