"""Readings of many supply points over one period, as the engine takes them: integers per slot, one row per kind.

Registers of one kind add up (E1 and E2; reactive energy of either direction counts as use). Demand is the meter's own
where it has such a channel, else the mean power of each interval. A supply point without an export register exports
nothing; one without a consumption register has no readings, which is an error. Where registers are read and no
intervals recorded, quantities come from the reads (``register_readings``).
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from billing.runs import register_readings
from billing.runs.register_readings import ByDay
from kernel import market_time
from kernel.errors import GridhallError
from kernel.periods import Period
from tenants.metering import queries as metering_queries
from tenants.metering.formats.base import Quality

CONSUMPTION, FEED_IN, GENERATION, REACTIVE, DEMAND = "consumption", "feed_in", "generation", "reactive", "demand"
KINDS = (CONSUMPTION, FEED_IN, GENERATION, REACTIVE, DEMAND)
ABSENT_IS_ZERO = (FEED_IN, GENERATION)
MINUTES_PER_HOUR = 60
GUESSED = (Quality.SUBSTITUTED, Quality.ESTIMATED)
_DIGEST_LENGTH = 16
Values = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The slots of a period in a place: their UTC starts, and the local day of each, counted from the first."""

    zone: ZoneInfo
    period: Period
    minutes: int
    starts: market_time.Instants
    day_of_slot: npt.NDArray[np.int32]
    _places: dict[Period, slice] = field(default_factory=dict)

    @classmethod
    def over(cls, *, zone: ZoneInfo, period: Period, minutes: int) -> Grid:
        """This will lay the slots of ``minutes`` over ``period`` in ``zone``."""
        start, end = period.instants(zone)
        starts = market_time.slot_starts(start, end, minutes)
        edges = np.array([_naive(day, zone) for day in period], dtype="datetime64[s]")
        days = np.searchsorted(edges, starts, side="right") - 1
        return cls(zone, period, minutes, starts, days.astype(np.int32))

    def slots_of(self, part: Period) -> slice:
        """This will return where the slots of ``part`` stand: looked for once, since most sections ask for the same."""
        if part not in self._places:
            self._places[part] = self._found(part)
        return self._places[part]

    def _found(self, part: Period) -> slice:
        first, last = (part.start - self.period.start).days, (part.end - self.period.start).days
        begin, end = np.searchsorted(self.day_of_slot, [first, last], side="left")
        return slice(int(begin), int(end))


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """One supply point: integers and missing slots per kind, and the version of each channel's readings."""

    grid: Grid
    values: Mapping[str, Values]
    missing: Mapping[str, Mask]
    versions: Mapping[Any, str]
    estimated: Mapping[str, Mask] = field(default_factory=dict)
    """Slots whose value was estimated, by kind; kinds that are all measured are absent."""
    flat: Mapping[str, Mask] = field(default_factory=dict)
    """Days of which no slot is known, only the day's energy, by kind that has such."""
    by_day: Mapping[str, ByDay] = field(default_factory=dict)
    """The times of use of kinds that registers count by them."""
    measured: frozenset[str] = frozenset()
    """The kinds that have channels."""
    troubles: Mapping[str, GridhallError] = field(default_factory=dict)
    """Why registers of a kind could not be counted."""


def of_supply_points(*, points: Iterable[tuple[int, ZoneInfo]], period: Period) -> dict[int, Readings]:
    """This will read all channels of the supply points (id, zone) over ``period``, by supply point.

    One query for the channels, one for their intervals, one for each zone and interval length that occurs, and five
    for registers. A supply point without channels and registers is left out.
    """
    zones = dict(points)
    found = _of_channels(zones, period)
    for point, inputs in metering_queries.register_inputs(supply_point_ids=list(zones), period=period).items():
        found[point] = _with_registers(found.get(point), inputs, zones[point], period)
    return found


def _of_channels(zones: Mapping[int, ZoneInfo], period: Period) -> dict[int, Readings]:
    found: dict[int, Readings] = {}
    channels = _channels(zones)
    groups: dict[tuple[str, int], list[int]] = {}
    recorded = metering_queries.recorded_minutes(
        channel_ids=[channel.pk for held in channels.values() for channel in held], period=period
    )
    for point, held in channels.items():
        minutes = max(recorded[channel.pk] for channel in held)
        groups.setdefault((zones[point].key, minutes), []).append(point)
    for (zone, minutes), members in groups.items():
        grid = Grid.over(zone=ZoneInfo(zone), period=period, minutes=minutes)
        found.update(_read(grid, {point: channels[point] for point in members}))
    return found


def versions_of(*, points: Iterable[tuple[int, ZoneInfo]], period: Period) -> dict[int, dict[Any, str]]:
    """This will return the present version of each channel's readings over ``period``, by supply point.

    Registers, pauses and corrections have texts for keys, channels their ids.
    """
    zones = dict(points)
    channels = _channels(zones)
    found: dict[int, dict[Any, str]] = {
        point: dict(named)
        for point, named in metering_queries.register_versions(supply_point_ids=list(zones), period=period).items()
    }
    for zone in dict.fromkeys(zones.values()):
        start, end = period.instants(zone)
        held = [each for point, some in channels.items() if zones[point] == zone for each in some]
        versions = metering_queries.versions_of(channel_ids=[each.pk for each in held], start=start, end=end)
        digests = _digests(held, versions, start, end)
        for channel in held:
            found.setdefault(channel.supply_point_id, {})[channel.pk] = digests[channel.pk]
    return found


def _channels(zones: Mapping[int, ZoneInfo]) -> dict[int, list[Any]]:
    channels: dict[int, list[Any]] = {}
    for channel in metering_queries.channels_of(supply_point_ids=list(zones), kinds=KINDS).select_related(None):
        channels.setdefault(channel.supply_point_id, []).append(channel)
    return channels


def _read(grid: Grid, channels: Mapping[int, Sequence[Any]]) -> dict[int, Readings]:
    every = [channel for held in channels.values() for channel in held]
    start, end = grid.period.instants(grid.zone)
    block = metering_queries.interval_block(
        channel_ids=[channel.pk for channel in every], start=start, end=end, minutes=grid.minutes
    )
    rows = {channel_id: row for row, channel_id in enumerate(block.channel_ids)}
    digests = _digests(every, block.versions, start, end)
    guessed = np.isin(block.quality, GUESSED)
    return {
        point: _of_point(
            grid,
            (block.values, block.missing, guessed),
            [(channel, rows[channel.pk]) for channel in held],
            {channel.pk: digests[channel.pk] for channel in held},
        )
        for point, held in channels.items()
    }


def _with_registers(found: Readings | None, inputs: Any, zone: ZoneInfo, period: Period) -> Readings:
    """Lay what registers counted over what intervals say, and add what was corrected."""
    if found is None:
        grid = Grid.over(zone=zone, period=period, minutes=register_readings.MINUTES)
        absent = [kind for kind in ABSENT_IS_ZERO if kind not in inputs.uses] if inputs.uses else []
        found = Readings(
            grid,
            {kind: np.zeros(grid.starts.size, dtype=np.int64) for kind in absent},
            {kind: np.zeros(grid.starts.size, dtype=np.bool_) for kind in absent},
            {},
        )
    laid = {kind: _laid(found, kind, inputs.uses.get(kind)) for kind in {*found.values, *inputs.uses} & {*KINDS}}
    for kind in [each for each in laid if each != DEMAND]:
        rates = [each for each in inputs.corrections if each.kind == kind]
        laid[kind] = register_readings.corrected(
            laid=laid[kind], day_of_slot=found.grid.day_of_slot, period=period, corrections=rates
        )
    return Readings(
        found.grid,
        {kind: each.values for kind, each in laid.items()},
        {kind: each.missing for kind, each in laid.items()},
        {**found.versions, **inputs.versions},
        {kind: each.estimated for kind, each in laid.items() if each.estimated.any()},
        {kind: each.flat for kind, each in laid.items() if each.flat.any()},
        {kind: each.by_day for kind, each in laid.items() if each.by_day is not None},
        found.measured,
        register_readings.troubles(inputs.uses),
    )


def _laid(found: Readings, kind: str, use: Any) -> register_readings.Laid:
    slots = found.grid.starts.size
    stands = None
    if kind in found.values:
        stands = register_readings.Laid(
            found.values[kind],
            found.missing[kind],
            found.estimated.get(kind, np.zeros(slots, np.bool_)),
            np.zeros(found.grid.period.days, np.bool_),
        )
    if use is None:
        assert stands is not None
        return stands
    # What stands in for an absent register is no reading.
    recorded = stands is not None and (kind not in ABSENT_IS_ZERO or kind in found.measured)
    return register_readings.merged(day_of_slot=found.grid.day_of_slot, use=use, found=stands if recorded else None)


def _digests(
    channels: Sequence[Any], versions: Mapping[tuple[int, dt.date], int], start: dt.datetime, end: dt.datetime
) -> dict[int, str]:
    """One short text per channel for the versions of the days that share an instant with [start, end)."""
    days: dict[int, list[tuple[dt.date, int]]] = {}
    for (channel_id, day), version in versions.items():
        days.setdefault(channel_id, []).append((day, version))
    bounds = {zone: _recorded_days(ZoneInfo(zone), start, end) for zone in {each.recording_zone for each in channels}}
    digests: dict[int, str] = {}
    for channel in channels:
        first, last = bounds[channel.recording_zone]
        inside = [pair for pair in days.get(channel.pk, ()) if first <= pair[0] <= last]
        digests[channel.pk] = _digest(tuple(sorted(inside)))
    return digests


@functools.lru_cache(maxsize=4096)
def _digest(days: tuple[tuple[dt.date, int], ...]) -> str:
    text = " ".join(f"{day.isoformat()}={version}" for day, version in days)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def _recorded_days(zone: ZoneInfo, start: dt.datetime, end: dt.datetime) -> tuple[dt.date, dt.date]:
    last = end - dt.timedelta(microseconds=1)
    return start.astimezone(zone).date(), last.astimezone(zone).date()


def _of_point(
    grid: Grid, laid: tuple[Values, Mask, Mask], held: Sequence[tuple[Any, int]], versions: Mapping[int, str]
) -> Readings:
    values, missing, guessed = laid
    sums: dict[str, Values] = {}
    gaps: dict[str, Mask] = {}
    estimated: dict[str, Mask] = {}
    for kind in KINDS:
        rows = [row for channel, row in held if channel.kind == kind]
        # A register that recorded nothing at all is not in use, as long as another of its kind is.
        used = rows if len(rows) < 2 else [row for row in rows if not missing[row].all()] or rows
        if len(used) == 1:
            sums[kind], gaps[kind] = values[used[0]], missing[used[0]]
        elif used:
            sums[kind] = values[used].sum(axis=0)
            gaps[kind] = np.logical_or.reduce(missing[used], axis=0)
        if used and guessed[used].any():
            estimated[kind] = np.logical_or.reduce(guessed[used], axis=0)
    if DEMAND not in sums and CONSUMPTION in sums:
        sums[DEMAND] = sums[CONSUMPTION] * (MINUTES_PER_HOUR // grid.minutes)
        gaps[DEMAND] = gaps[CONSUMPTION]
    for kind in ABSENT_IS_ZERO:
        if kind not in sums:
            sums[kind] = np.zeros(grid.starts.size, dtype=np.int64)
            gaps[kind] = np.zeros(grid.starts.size, dtype=np.bool_)
    measured = frozenset(channel.kind for channel, _ in held)
    return Readings(grid, sums, gaps, versions, estimated, measured=measured)


def _naive(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    return Period(day, day + dt.timedelta(days=1)).instants(zone)[0].replace(tzinfo=None)
