"""Reads of channels, readings and their versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db.models import Func, IntegerField, Max, Min, OuterRef, QuerySet, Subquery

from kernel import market_time
from kernel.periods import Period
from tenants.metering import intervals
from tenants.metering.models import Channel, IntervalDay, IntervalDayRevision, Meter
from tenants.metering.queries import bulk, channel_energy

DayKey = tuple[int, dt.date]
Versions = dict[DayKey, int]

_POWER = {Channel.Unit.WATT, Channel.Unit.VAR, Channel.Unit.VOLT_AMPERE}
_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class IntervalBlock:
    """Readings of channels on one grid: row i is ``channel_ids[i]``, column j starts at ``starts[j]`` (UTC).

    ``values`` int64 in the channel's unit (of litres: Wh), 0 where ``missing``; ``quality`` uint8
    (``formats.base.Quality``);
    ``versions`` of every interval day that shares an instant with the block.
    """

    channel_ids: tuple[int, ...]
    starts: market_time.Instants
    minutes: int
    values: npt.NDArray[np.int64]
    quality: npt.NDArray[np.uint8]
    missing: npt.NDArray[np.bool_]
    versions: Versions


def channels_of(*, supply_point_ids: Collection[int], kinds: Collection[str] | None = None) -> QuerySet[Channel]:
    """This will list the channels of supply points with their supply points, in order of point and register."""
    found = Channel.objects.filter(supply_point_id__in=supply_point_ids).select_related("supply_point", "meter")
    found = found.filter(kind__in=kinds) if kinds is not None else found
    return found.order_by("supply_point_id", "register_code")


def meters_of(*, supply_point_ids: Collection[int]) -> QuerySet[Meter]:
    """This will list the meters that hang or hung at supply points, the latest first."""
    return Meter.objects.filter(supply_point_id__in=supply_point_ids).order_by("supply_point_id", "-period")


def interval_block(
    *, channel_ids: Sequence[int], start: dt.datetime, end: dt.datetime, minutes: int, as_recorded: bool = False
) -> IntervalBlock:
    """This will read [start, end) of the channels on slots of ``minutes``, in one query (two with channels of litres).

    Litres become Wh by the factors of their day, and are missing on days without; ``as_recorded`` leaves them litres.

    Days are placed by instants, whatever zone they are recorded in. Shorter intervals are summed exactly; longer
    ones raise ``intervals.TooFine``. A channel without any reading is a row of missing slots.
    """
    ids = tuple(channel_ids)
    laid, versions = _laid(ids, (start, end), minutes, as_recorded)
    starts = market_time.slot_starts(start, end, minutes)
    return IntervalBlock(ids, starts, minutes, laid.values, laid.quality, laid.missing, versions)


def day_totals(*, channel_ids: Sequence[int], period: Period, zone: str) -> dict[DayKey, int]:
    """This will sum each day of ``zone``; days without any reading are absent, missing slots count as nothing.

    A channel recorded in the same zone is read from its stored totals, another is laid on the zone's days.
    """
    totals: dict[DayKey, int] = {}
    elsewhere: list[int] = []
    rows = Channel.objects.filter(pk__in=channel_ids).values_list("pk", "recording_zone", "unit")
    for channel_id, recorded, unit in rows:
        if recorded != zone or unit == Channel.Unit.LITRE:
            elsewhere.append(channel_id)
    here = set(channel_ids) - set(elsewhere)
    stored = IntervalDay.objects.filter(channel_id__in=here, day__gte=period.start, day__lt=period.end)
    for channel_id, day, total in stored.values_list("channel_id", "day", "total"):
        totals[channel_id, day] = total
    if elsewhere:
        totals |= _laid_totals(elsewhere, period, ZoneInfo(zone))
    return totals


def month_totals(*, channel_ids: Sequence[int], period: Period, zone: str) -> dict[DayKey, int]:
    """This will sum each month of ``zone`` in ``period``, under its first day."""
    months: dict[DayKey, int] = {}
    for (channel_id, day), total in day_totals(channel_ids=channel_ids, period=period, zone=zone).items():
        key = (channel_id, day.replace(day=1))
        months[key] = months.get(key, 0) + total
    return months


def missing_days(*, channel_ids: Sequence[int], period: Period) -> dict[int, list[dt.date]]:
    """This will list, by channel, the recording days of ``period`` that are absent or have missing slots."""
    whole = IntervalDay.objects.filter(
        channel_id__in=channel_ids, day__gte=period.start, day__lt=period.end, missing=0
    ).values_list("channel_id", "day")
    there: dict[int, set[dt.date]] = {channel_id: set() for channel_id in channel_ids}
    for channel_id, day in whole:
        there[channel_id].add(day)
    return {channel_id: [day for day in period if day not in days] for channel_id, days in there.items()}


def recorded_minutes(*, channel_ids: Collection[int], period: Period) -> dict[int, int]:
    """This will return, by channel, the longest interval of its days in and beside ``period``.

    The days beside it count because a day of the recording zone reaches over a local one. A channel without any
    has that of its latest day.
    """
    found = dict(Channel.objects.filter(pk__in=channel_ids).values_list("pk", "interval_minutes"))
    fewest = (
        IntervalDay.objects.filter(channel_id__in=channel_ids, day__gte=period.start - _ONE_DAY, day__lte=period.end)
        .annotate(size=Func("values", function="octet_length", output_field=IntegerField()))
        .values_list("channel_id")
        .annotate(least=Min("size"))
    )
    return found | {channel_id: intervals.minutes_of(slots=size // 4) for channel_id, size in fewest}


def span_of(*, channel_ids: Collection[int]) -> Period | None:
    """This will return the days from the first to the last reading of the channels, or None."""
    found = IntervalDay.objects.filter(channel_id__in=channel_ids).aggregate(first=Min("day"), last=Max("day"))
    return Period(found["first"], found["last"] + _ONE_DAY) if found["first"] is not None else None


def channel_count() -> int:
    """This will count the channels of the company."""
    return Channel.objects.count()


def readings_until() -> dt.date | None:
    """This will return the last day that any channel has readings of: one look at the index for each channel."""
    last = IntervalDay.objects.filter(channel_id=OuterRef("pk")).order_by("-day").values("day")[:1]
    found: dict[str, dt.date | None] = Channel.objects.annotate(last_day=Subquery(last)).aggregate(last=Max("last_day"))
    return found["last"]


def versions_of(*, channel_ids: Collection[int], start: dt.datetime, end: dt.datetime) -> Versions:
    """This will return the version of each day that ``interval_block`` would read."""
    names = ("channel_id", "day", "channel__recording_zone", "version", "channel__unit")
    rows = list(_days_near(channel_ids, start, end).values_list(*names))
    energy = channel_energy.of_litres({row[0] for row in rows if row[4] == Channel.Unit.LITRE})
    inside: dict[tuple[dt.date, str], bool] = {}
    found: Versions = {}
    for channel_id, day, zone, version, _unit in rows:
        if (day, zone) not in inside:
            inside[day, zone] = intervals.touches(day=day, zone=zone, start=start, end=end)
        if inside[day, zone]:
            found[channel_id, day] = energy.version(channel_id, day, version)
    return found


def readings_changed_since(
    *,
    versions: Mapping[DayKey, int],
    channel_ids: Collection[int] | None = None,
    start: dt.datetime | None = None,
    end: dt.datetime | None = None,
) -> list[DayKey]:
    """This will list the days whose version is not that of ``versions`` any more; with a window also new days."""
    if channel_ids is not None and start is not None and end is not None:
        now = versions_of(channel_ids=channel_ids, start=start, end=end)
    else:
        now = _versions_at(versions)
    return sorted(key for key in {*versions, *now} if versions.get(key) != now.get(key))


def former_versions(*, channel_id: int, day: dt.date) -> QuerySet[IntervalDayRevision]:
    """This will list what stood there before, the oldest first."""
    return IntervalDayRevision.objects.filter(channel_id=channel_id, day=day).order_by("version")


def _laid(
    ids: tuple[int, ...], window: tuple[dt.datetime, dt.datetime], minutes: int, as_recorded: bool
) -> tuple[intervals.Laid, Versions]:
    """Days that all have one form, as nearly always, are laid as they come, without an object for each."""
    start, end = window
    first, last = _dates_near(start, end)
    found = bulk.versioned_days(channel_ids=ids, first=first, last=last)
    rows = list(Channel.objects.filter(pk__in=ids).values_list("pk", "recording_zone", "unit")) if found else []
    if found is None or any(unit == Channel.Unit.LITRE for *_names, unit in rows):
        days, versions = _packed_days(ids, start, end, as_recorded=as_recorded)
        return intervals.lay(days=days, rows=len(ids), start=start, end=end, minutes=minutes), versions
    tables, versions = _tables(rows, ids, found, (start, end))
    return intervals.lay(tables=tables, rows=len(ids), start=start, end=end, minutes=minutes), versions


def _tables(
    rows: Sequence[tuple[int, str, str]],
    ids: tuple[int, ...],
    found: bulk.VersionedDays,
    window: tuple[dt.datetime, dt.datetime],
) -> tuple[list[intervals.DayTable], Versions]:
    start, end = window
    forms = {channel_id: (zone, unit in _POWER) for channel_id, zone, unit in rows}
    places = {channel_id: place for place, channel_id in enumerate(ids)}
    channels = found.channel_ids.tolist()
    seats = np.array([places[channel_id] for channel_id in channels], dtype=np.int64)
    inside = {
        (day, zone): intervals.touches(day=day, zone=zone, start=start, end=end)
        for day in set(found.days)
        for zone in {zone for zone, _power in forms.values()}
    }
    groups: dict[tuple[str, bool], list[int]] = {}
    versions: Versions = {}
    for row, (channel_id, day, version) in enumerate(zip(channels, found.days, found.versions, strict=True)):
        form = forms[channel_id]
        if inside[day, form[0]]:
            groups.setdefault(form, []).append(row)
            versions[channel_id, day] = version
    tables = []
    for (zone, power), kept in groups.items():
        at = np.array(kept)
        days = [found.days[row] for row in kept]
        tables.append(intervals.DayTable(zone, power, seats[at], days, found.values[at], found.quality[at]))
    return tables, versions


def _packed_days(
    channel_ids: tuple[int, ...], start: dt.datetime, end: dt.datetime, *, as_recorded: bool = False
) -> tuple[list[intervals.PackedDay], Versions]:
    places = {channel_id: place for place, channel_id in enumerate(channel_ids)}
    days: list[intervals.PackedDay] = []
    versions: Versions = {}
    rows = list(
        _days_near(channel_ids, start, end).values_list(
            "channel_id", "day", "channel__recording_zone", "channel__unit", "values", "quality", "version"
        )
    )
    energy = channel_energy.of_litres({row[0] for row in rows if row[3] == Channel.Unit.LITRE})
    for channel_id, day, zone, unit, values, quality, version in rows:
        if not intervals.touches(day=day, zone=zone, start=start, end=end):
            continue
        versions[channel_id, day] = energy.version(channel_id, day, version)
        packed = (bytes(values), bytes(quality))
        if unit == Channel.Unit.LITRE and not as_recorded:
            packed = energy.converted(channel_id, day, packed)
        days.append(intervals.PackedDay(places[channel_id], day, zone, unit in _POWER, *packed))
    return days, versions


def _days_near(channel_ids: Collection[int], start: dt.datetime, end: dt.datetime) -> QuerySet[IntervalDay]:
    """Days that in some zone from UTC-12 to UTC+14 share an instant with [start, end)."""
    first, last = _dates_near(start, end)
    return IntervalDay.objects.filter(channel_id__in=channel_ids, day__gte=first, day__lte=last)


def _dates_near(start: dt.datetime, end: dt.datetime) -> tuple[dt.date, dt.date]:
    first = start.astimezone(dt.UTC) - dt.timedelta(hours=12)
    return first.date(), (end.astimezone(dt.UTC) + dt.timedelta(hours=14)).date()


def _laid_totals(channel_ids: list[int], period: Period, zone: ZoneInfo) -> dict[DayKey, int]:
    start, end = period.instants(zone)
    packed, _ = _packed_days(tuple(channel_ids), start, end)
    minutes = intervals.coarsest(packed)
    laid = intervals.lay(days=packed, rows=len(channel_ids), start=start, end=end, minutes=minutes)
    slots = market_time.slot_starts(start, end, minutes).astype(np.int64)
    days = list(period)
    at = np.searchsorted(slots, [int(market_time.day_bounds(day, zone)[0].timestamp()) for day in days])
    sums = np.add.reduceat(laid.values, at, axis=1)
    found = np.logical_or.reduceat(~laid.missing, at, axis=1)
    return {
        (channel_id, day): int(sums[row, column])
        for row, channel_id in enumerate(channel_ids)
        for column, day in enumerate(days)
        if found[row, column]
    }


def _versions_at(keys: Collection[DayKey]) -> Versions:
    if not keys:
        return {}
    channel_ids, days = {key[0] for key in keys}, [key[1] for key in keys]
    found = IntervalDay.objects.filter(channel_id__in=channel_ids, day__gte=min(days), day__lte=max(days))
    rows = list(found.values_list("channel_id", "day", "version", "channel__unit"))
    energy = channel_energy.of_litres({row[0] for row in rows if row[3] == Channel.Unit.LITRE})
    return {
        (channel_id, day): energy.version(channel_id, day, version)
        for channel_id, day, version, _unit in rows
        if (channel_id, day) in keys
    }
