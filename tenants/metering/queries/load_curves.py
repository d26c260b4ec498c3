"""The load curve of a company: what all its channels add up to in each interval (docs/algorithms/load.md).

Taken from the stored sums of days; a filter by customers is summed from the readings themselves.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.models import Max, Min

from kernel import market_time
from kernel.errors import GridhallError, gettext_noop
from kernel.periods import Period
from tenants.customers import queries as customer_queries
from tenants.metering.formats.base import ACCEPTED_MINUTES, Quality
from tenants.metering.intervals import TooFine
from tenants.metering.models import Channel, LoadDay, Touched
from tenants.metering.queries import bulk

Int64s = npt.NDArray[np.int64]
ONE_DAY = dt.timedelta(days=1)
MOST_CHANNEL_DAYS = 1_000_000
"""What a filter may sum on demand: 20,000 channels over a month and more."""
CHANNELS_AT_ONCE = 10_000
GUESSED = (Quality.SUBSTITUTED, Quality.ESTIMATED, Quality.QUESTIONABLE, Quality.EDITED)


class TooManyDays(GridhallError):
    """A filter is summed while one waits."""

    code = "load_filter_too_wide"
    template = gettext_noop(
        "A filter over {days} days of channels would take too long; at most {most} are summed. Choose fewer days."
    )


@dataclass(frozen=True, slots=True)
class Only:
    """Which customers are meant: by kind, segment and region of the premises; empty: all."""

    kind: str = ""
    segment: str = ""
    region: str = ""

    def __bool__(self) -> bool:
        return bool(self.kind or self.segment or self.region)


@dataclass(frozen=True, slots=True, eq=False)
class LoadCurve:
    """Sums on a grid that starts at ``starts`` (UTC), each slot ``minutes`` long, in ``unit``.

    ``energy`` is what is recorded, ``estimated`` the part of it that no meter told. The counts are minutes of channels:
    those with a reading, those of them estimated, and those that should have one.
    """

    unit: str
    minutes: int
    starts: market_time.Instants
    energy: Int64s
    estimated: Int64s
    known_minutes: Int64s
    guessed_minutes: Int64s
    expected_minutes: Int64s

    def shares(self, part: slice = slice(None)) -> tuple[float, float, float] | None:
        """This will return the shares of channels' time that are actual, estimated and missing; None without any."""
        expected = int(self.expected_minutes[part].sum())
        if not expected:
            return None
        known, guessed = int(self.known_minutes[part].sum()), int(self.guessed_minutes[part].sum())
        return (known - guessed) / expected, guessed / expected, (expected - known) / expected

    @property
    def total(self) -> int:
        return int(self.energy.sum())


@dataclass(frozen=True, slots=True)
class LoadKind:
    """A kind of energy that has sums: its unit, its longest interval and its days."""

    carrier: str
    kind: str
    unit: str
    minutes: int
    period: Period


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is summed: recording days of ``near``, laid on slots of ``minutes``."""

    carrier: str
    kind: str
    near: Period
    minutes: int

    def days(self) -> Any:
        """Return the stored sums."""
        return _days(self.carrier, self.kind, self.near)


@dataclass(slots=True)
class _Grid:
    """Where slots go: by the instant they start at, so that every one is counted once."""

    start: int
    seconds: int
    slots: int
    sums: dict[str, Int64s] = field(default_factory=dict)
    counted: dict[tuple[str, dt.date], int] = field(default_factory=dict)
    """Channels with readings, by recording zone and day."""

    def count(self, zone: str, day: dt.date, channels: int) -> None:
        """Note so many channels of a day."""
        self.counted[zone, day] = self.counted.get((zone, day), 0) + channels

    def add(self, name: str, starts: Int64s, values: Int64s) -> None:
        """Add ``values`` to the slots in which ``starts`` (seconds of 1970) lie; what lies outside is left out."""
        at = (starts - self.start) // self.seconds
        inside = (at >= 0) & (at < self.slots)
        np.add.at(self.of(name), at[inside], values[inside])

    def of(self, name: str) -> Int64s:
        """Return one of the sums."""
        return self.sums.setdefault(name, np.zeros(self.slots, dtype=np.int64))


def load_kinds() -> list[LoadKind]:
    """This will list what there are sums of, electricity and consumption first."""
    rows = (
        LoadDay.objects.values_list("carrier", "kind", "unit")
        .annotate(minutes=Max("minutes"), first=Min("day"), last=Max("day"))
        .order_by("carrier", "kind", "unit")
    )
    return [
        LoadKind(carrier, kind, unit, minutes, Period(first, last + ONE_DAY))
        for carrier, kind, unit, minutes, first, last in rows
    ]


def load_days_waiting() -> int:
    """This will count the days whose sums are to be made anew: until then curves show the former ones."""
    return Touched.objects.filter(work=Touched.Work.LOAD).values("day").distinct().count()


def load_minutes(*, carrier: str, kind: str, period: Period) -> int:
    """This will return the shortest interval all readings of the days can be shown in: their longest; 60 for none."""
    found = _days(carrier, kind, period).aggregate(longest=Max("minutes"))["longest"]
    return int(found or max(ACCEPTED_MINUTES))


def load_curve(*, carrier: str, kind: str, period: Period, zone: str, minutes: int, only: Only = Only()) -> LoadCurve:
    """This will sum all channels over the days of ``zone`` in slots of ``minutes``.

    A recorded interval counts where it starts; on a grid that fits the recording zones that is exact, elsewhere no
    energy is lost. Raises TooFine for slots shorter than those recorded, TooManyDays for a filter over too much.
    """
    start, end = period.instants(ZoneInfo(zone))
    starts = market_time.slot_starts(start, end, minutes)
    grid = _Grid(int(start.timestamp()), minutes * 60, starts.size)
    wanted = _Wanted(carrier, kind, Period(period.start - ONE_DAY, period.end + ONE_DAY), minutes)
    unit = _summed(grid, wanted, only) if only else _stored(grid, wanted)
    sums = [grid.of(name) for name in ("energy", "estimated", "known", "guessed", "expected")]
    return LoadCurve(unit, minutes, starts, *sums)


def _days(carrier: str, kind: str, period: Period) -> Any:
    return LoadDay.objects.filter(carrier=carrier, kind=kind, day__gte=period.start, day__lt=period.end)


def _stored(grid: _Grid, wanted: _Wanted) -> str:
    unit = Channel.Unit.WATT_HOUR.value
    for row in wanted.days().iterator(chunk_size=2000):
        starts = _slot_starts(row.day, row.zone, row.minutes)
        _refuse_shorter(grid, starts, row.minutes, wanted)
        unit = row.unit
        grid.count(row.zone, row.day, row.channels)
        grid.add("energy", starts, _unpacked(row.energy))
        grid.add("estimated", starts, _unpacked(row.estimated))
        grid.add("known", starts, _unpacked(row.known) * row.minutes)
        grid.add("guessed", starts, _unpacked(row.guessed) * row.minutes)
    last = max((day for _, day in grid.counted), default=None)
    _expect(grid, wanted, last, None)
    return unit


def _summed(grid: _Grid, wanted: _Wanted, only: Only) -> str:
    """Sum the readings of the customers meant, on the days on which the supply points were theirs."""
    channels, held = _members(wanted, only)
    if len(channels) * wanted.near.days > MOST_CHANNEL_DAYS:
        raise TooManyDays(days=len(channels) * wanted.near.days, most=MOST_CHANNEL_DAYS, where="period")
    for zone in sorted({channel.recording_zone for channel in channels}):
        ids = [channel.pk for channel in channels if channel.recording_zone == zone]
        for place in range(0, len(ids), CHANNELS_AT_ONCE):
            some = ids[place : place + CHANNELS_AT_ONCE]
            for matrix in bulk.recorded_days(channel_ids=some, period=wanted.near):
                _add_matrix(grid, matrix, _held_rows(matrix, held), zone, wanted)
    _expect(grid, wanted, wanted.days().aggregate(last=Max("day"))["last"], held)
    return str(channels[0].unit) if channels else Channel.Unit.WATT_HOUR.value


def _members(wanted: _Wanted, only: Only) -> tuple[list[Any], dict[int, list[Period]]]:
    """The channels at supply points of the customers meant, and the days on which they were theirs."""
    near = wanted.near
    held: dict[int, list[Period]] = {}
    for point, first, end in customer_queries.supplied_days(
        period=near, kind=only.kind, segment=only.segment, region=only.region
    ):
        days = Period(max(first, near.start), near.end if end is None else min(end, near.end))
        held.setdefault(point, []).append(days)
    found = Channel.objects.filter(supply_point_id__in=held, kind=wanted.kind, energy=wanted.carrier).order_by("pk")
    channels = list(found)
    return channels, {channel.pk: held[channel.supply_point_id] for channel in channels}


def _add_matrix(grid: _Grid, matrix: bulk.DayMatrix, ours: npt.NDArray[np.bool_], zone: str, wanted: _Wanted) -> None:
    for ordinal in np.unique(matrix.days[ours]).tolist():
        day = dt.date.fromordinal(ordinal)
        rows = ours & (matrix.days == ordinal)
        values = matrix.values[rows]
        quality = np.broadcast_to(matrix.quality[rows], values.shape)
        opens, closes = market_time.day_bounds(day, ZoneInfo(zone))
        recorded = int((closes - opens).total_seconds()) // (60 * values.shape[1])
        starts = _slot_starts(day, zone, recorded)
        _refuse_shorter(grid, starts, recorded, wanted)
        there, poor = quality != Quality.MISSING, np.isin(quality, GUESSED)
        grid.count(zone, day, len(values))
        grid.add("energy", starts, np.where(there, values, 0).sum(axis=0, dtype=np.int64))
        grid.add("estimated", starts, np.where(poor, values, 0).sum(axis=0, dtype=np.int64))
        grid.add("known", starts, there.sum(axis=0).astype(np.int64) * recorded)
        grid.add("guessed", starts, poor.sum(axis=0).astype(np.int64) * recorded)


def _held_rows(matrix: bulk.DayMatrix, held: Mapping[int, Sequence[Period]]) -> npt.NDArray[np.bool_]:
    """Which rows are of days on which the supply point was the customer's."""
    spans = [(channel, days) for channel in np.unique(matrix.channel_ids).tolist() for days in held[channel]]
    found = np.zeros(matrix.days.size, dtype=np.bool_)
    for turn in range(max((len(days) for days in held.values()), default=0)):
        chosen = {channel: held[channel][turn] for channel, _ in spans if len(held[channel]) > turn}
        ids = np.array(sorted(chosen), dtype=np.int64)
        bounds = np.array([[chosen[each].start.toordinal(), chosen[each].end.toordinal()] for each in ids.tolist()])
        at = np.searchsorted(ids, matrix.channel_ids).clip(max=ids.size - 1)
        known = ids[at] == matrix.channel_ids
        found |= known & (matrix.days >= bounds[at, 0]) & (matrix.days < bounds[at, 1])
    return found


def _hanging(
    carrier: str, kind: str, period: Period, held: Mapping[int, Sequence[Period]] | None
) -> dict[tuple[str, dt.date], int]:
    """Count the channels that should have readings, by recording zone and day.

    From the day of their first reading until their meter is taken away, less the days of pauses; with ``held`` only
    those channels on those days.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HANGING, {"start": period.start, "end": period.end, "kind": kind, "carrier": carrier})
        rows = cursor.fetchall()
    changes: dict[str, Int64s] = {}
    for channel_id, zone, first, until, sign in rows:
        change = changes.setdefault(zone, np.zeros(period.days + 1, dtype=np.int64))
        for start, end in _parts(first, until, None if held is None else held.get(channel_id, ())):
            change[(start - period.start).days] += sign
            change[(end - period.start).days] -= sign
    return {
        (zone, day): int(count)
        for zone, change in changes.items()
        for day, count in zip(period, change.cumsum().tolist(), strict=False)
    }


def _parts(first: dt.date, until: dt.date, held: Iterable[Period] | None) -> Iterable[tuple[dt.date, dt.date]]:
    if held is None:
        return [(first, until)]
    cut = [(max(first, days.start), min(until, days.end)) for days in held]
    return [(start, end) for start, end in cut if start < end]


def _expect(grid: _Grid, wanted: _Wanted, last: dt.date | None, held: Mapping[int, Sequence[Period]] | None) -> None:
    """Lay how many channels should have readings, up to the last day that has any; at least those that have some."""
    if last is None:
        return
    days = Period(wanted.near.start, min(wanted.near.end, last + ONE_DAY))
    hanging = _hanging(wanted.carrier, wanted.kind, days, held)
    finest = min(ACCEPTED_MINUTES)
    for zone, day in {*hanging, *grid.counted}:
        count = max(hanging.get((zone, day), 0), grid.counted.get((zone, day), 0))
        starts = _slot_starts(day, zone, finest)
        grid.add("expected", starts, np.full(starts.size, count * finest, dtype=np.int64))


def _refuse_shorter(grid: _Grid, starts: Int64s, recorded: int, wanted: _Wanted) -> None:
    if recorded > wanted.minutes and _reaches(grid, starts):
        raise TooFine(recorded=recorded, wanted=wanted.minutes)


def _unpacked(packed: Any) -> Int64s:
    return np.frombuffer(bytes(packed), dtype="<i8")


def _slot_starts(day: dt.date, zone: str, minutes: int) -> Int64s:
    opens, closes = market_time.day_bounds(day, ZoneInfo(zone))
    return np.arange(int(opens.timestamp()), int(closes.timestamp()), minutes * 60, dtype=np.int64)


def _reaches(grid: _Grid, starts: Int64s) -> bool:
    return bool(((starts >= grid.start) & (starts < grid.start + grid.seconds * grid.slots)).any())


_HANGING = """
WITH span AS (
    SELECT c.id, c.supply_point_id, c.recording_zone AS zone, coalesce(m.position, '') AS position,
        greatest(%(start)s::date, earliest.first, lower(m.period)) AS first,
        least(%(end)s::date, upper(m.period)) AS until
    FROM metering_channel c
    JOIN LATERAL (SELECT d.day AS first FROM metering_intervalday d WHERE d.channel_id = c.id
                  ORDER BY d.day LIMIT 1) earliest ON true
    LEFT JOIN metering_meter m ON m.id = c.meter_id
    WHERE c.kind = %(kind)s AND c.energy = %(carrier)s)
SELECT id, zone, first, until, 1 FROM span WHERE first < until
UNION ALL
SELECT s.id, s.zone, lower(gone.days), upper(gone.days), -1
FROM span s
JOIN LATERAL (
    SELECT unnest(range_agg(p.period * daterange(s.first, s.until))) AS days FROM metering_meterpause p
    WHERE p.supply_point_id = s.supply_point_id AND p.period && daterange(s.first, s.until)
      AND p.position IN ('', s.position)) gone ON true
WHERE s.first < s.until
"""
