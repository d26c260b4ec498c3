"""Gather what may fill the gaps of a day: its neighbours, flags, other registers, like days, averages, a profile."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db.models import Avg, Sum

from billing.rating.calendar_days import CalendarEnds
from kernel import market_time
from markets import packs, profiles
from tenancy import context
from tenants.metering import merging, packing
from tenants.metering.formats.base import Quality
from tenants.metering.models import Channel, Determination, IntervalDay, MeterFlag, ReadingException
from tenants.metering.operations import staged_days
from tenants.metering.validation import comparing, ladder, like_days, states
from tenants.metering.validation.codes import Check
from tenants.metering.validation.limits import MINUTES_PER_HOUR, EstimationLimits

Int64s = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
ONE_DAY = dt.timedelta(days=1)
DAYS_OF_A_YEAR = 365
PROFILE_ATTRIBUTE, YEAR_ATTRIBUTE = "load_profile", "annual_kwh"


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """A day of a channel as it stands; ``version`` 0 and all slots missing where there is none."""

    day: dt.date
    values: Int64s
    quality: npt.NDArray[np.uint8]
    version: int
    minutes: int
    stamps: npt.NDArray[np.int64]
    stamped_at: dt.datetime | None

    @property
    def total(self) -> int:
        return int(self.values.sum())


def channel_of(*, channel_id: int) -> Channel | None:
    """This will return the channel with its supply point and premises."""
    return Channel.objects.select_related("supply_point__premises").filter(pk=channel_id).first()


def day_of(*, channel: Channel, day: dt.date) -> Day:
    """This will return a day as it stands, or one whose slots are all missing."""
    row = IntervalDay.objects.filter(channel=channel, day=day).first()
    return _unpacked(channel, row) if row is not None else _empty(channel, day)


def situation_of(
    *, channel: Channel, day: Day, fill: Mask, limits: EstimationLimits
) -> tuple[ladder.Situation, tuple[dt.date, ...]]:
    """This will gather what may fill the slots ``fill`` of ``day``; also returns the like days that were chosen."""
    rows = _rows_around(channel, day.day, limits)
    before, after = (_beside(channel, rows.get(day.day + step), day.minutes) for step in (-ONE_DAY, ONE_DAY))
    flagged = _flagged(channel, day)
    parts = [(before, ~states.good(before.quality)) if before else None, (day, fill)]
    parts.append((after, ~states.good(after.quality)) if after else None)
    there = [part for part in parts if part is not None]
    first = before.values.size if before else 0
    unfit = np.concatenate([~states.good(each.quality) for each, _ in there])
    unfit[first : first + day.values.size] |= flagged
    references = _references(channel, day, fill, rows, limits)
    situation = ladder.Situation(
        values=np.concatenate([each.values for each, _ in there]),
        good=~np.concatenate([gaps for _, gaps in there]),
        unfit=unfit,
        first=first,
        end=first + day.values.size,
        minutes=day.minutes,
        second=_second_meter(channel, day),
        companion=_companion(channel, day),
        references=references,
        weights=_weights(channel, day, limits),
        daily_average=_daily_average(channel, rows, day.day),
        month_average=_month_average(channel, day.day),
    )
    return situation, tuple(each.day for each in references)


def own_estimates(*, channel: Channel, day: Day) -> Mask:
    """This will tell which slots stand there by an estimate of ours, which a better one may replace."""
    mask = np.zeros(day.values.size, dtype=np.bool_)
    standing = Determination.objects.filter(channel=channel, day=day.day, replaced_at=None).exclude(
        method=states.Method.MANUAL
    )
    for first, end in standing.values_list("slots__startswith", "slots__endswith"):
        mask[first:end] = True
    return mask


def class_of(*, channel: Channel) -> like_days.ClassOf:
    """This will return how the market classes days at the channel's place."""
    region = channel.supply_point.premises.region or None
    return partial(_class_of, context.current_retailer().market, region)


@lru_cache(maxsize=65536)
def _class_of(market: str, region: str | None, day: dt.date) -> like_days.DayClass:
    pack = packs.pack(market)
    try:
        days = pack.day_kinds(region if region in pack.regions else None)
        if days.is_working_day(day):
            return like_days.DayClass.WORKING
        return like_days.DayClass.HOLIDAY if days.holidays_of(day) else like_days.DayClass.WEEKEND
    except CalendarEnds:
        return like_days.by_weekday(day)


def _unpacked(channel: Channel, row: IntervalDay) -> Day:
    values = packing.unpack_values(row.values)
    quality = packing.unpack_quality(row.quality, slots=values.size)
    stamped = row.stamped_at or row.recorded_at
    stamps = None if row.slot_stamps is None else bytes(row.slot_stamps)
    slots = merging.unpacked_slots(values=values, quality=quality, stamped_at=stamped, stamps=stamps)
    lasting = staged_days.day_minutes(row.day, channel.recording_zone)
    minutes = staged_days.minutes_of(slots=values.size, lasting=lasting)
    return Day(row.day, values.astype(np.int64), quality, row.version, minutes, slots.stamps, stamped)


def _empty(channel: Channel, day: dt.date) -> Day:
    minutes = channel.interval_minutes
    slots = market_time.slots_of_day(day, ZoneInfo(channel.recording_zone), minutes)
    missing = np.full(slots, Quality.MISSING, dtype=np.uint8)
    return Day(day, np.zeros(slots, np.int64), missing, 0, minutes, np.full(slots, merging.NEVER, np.int64), None)


def _rows_around(channel: Channel, day: dt.date, limits: EstimationLimits) -> dict[dt.date, IntervalDay]:
    first = day - dt.timedelta(days=limits.reference_window_days)
    rows = IntervalDay.objects.filter(channel=channel, day__gte=first, day__lte=day + ONE_DAY).exclude(day=day)
    return {row.day: row for row in rows}


def _beside(channel: Channel, row: IntervalDay | None, minutes: int) -> Day | None:
    if row is None:
        return None
    found = _unpacked(channel, row)
    return found if found.minutes == minutes else None


def _flagged(channel: Channel, day: Day) -> Mask:
    mask = np.zeros(day.values.size, dtype=np.bool_)
    for first, end in MeterFlag.objects.filter(channel=channel, day=day.day).values_list(
        "slots__startswith", "slots__endswith"
    ):
        mask[first:end] = True
    return mask


def _clock(channel: Channel, day: dt.date, slots: int) -> list[int]:
    """The minute of the local clock at which each slot starts."""
    zone = ZoneInfo(channel.recording_zone)
    start, end = market_time.day_bounds(day, zone)
    length = (end - start) / slots
    local = [(start + length * slot).astimezone(zone) for slot in range(slots)]
    return [each.hour * MINUTES_PER_HOUR + each.minute for each in local]


def _aligned(channel: Channel, target: Day, other: Day) -> tuple[Int64s, Mask]:
    """A day on the clock of another: an hour that comes twice is taken twice, one that is not there is not good."""
    good = states.good(other.quality)
    if other.values.size == target.values.size:
        return other.values, good
    at: dict[int, int] = {}
    for slot, minute in enumerate(_clock(channel, other.day, other.values.size)):
        at.setdefault(minute, slot)
    places = [at.get(minute, -1) for minute in _clock(channel, target.day, target.values.size)]
    there = np.array([place >= 0 for place in places])
    taken = np.array([max(place, 0) for place in places])
    return other.values[taken], good[taken] & there


def _references(
    channel: Channel, day: Day, fill: Mask, rows: Mapping[dt.date, IntervalDay], limits: EstimationLimits
) -> tuple[ladder.Reference, ...]:
    known: dict[dt.date, ladder.Reference] = {}
    for row in rows.values():
        if row.day >= day.day:
            continue
        other = _unpacked(channel, row)
        if other.minutes == day.minutes:
            values, good = _aligned(channel, day, other)
            if good[fill].all():
                known[row.day] = ladder.Reference(row.day, values, good)
    believed = known.keys() - _doubted(channel, day.day, limits)
    wanted = believed or known.keys()
    chosen = like_days.reference_days(day=day.day, known=wanted, class_of=class_of(channel=channel), limits=limits)
    return tuple(known[each] for each in chosen)


def _doubted(channel: Channel, day: dt.date, limits: EstimationLimits) -> set[dt.date]:
    """Days of the window whose readings are there but not believed: a spike is nothing to estimate from."""
    first = day - dt.timedelta(days=limits.reference_window_days)
    found = ReadingException.objects.filter(channel=channel, state="open", day__gte=first, day__lt=day)
    gaps = (Check.MISSING, Check.ABSENT, Check.FLAG, Check.CLOCK, Check.FINAL, Check.DUPLICATE)
    return set(found.exclude(code__in=[str(each) for each in gaps]).values_list("day", flat=True))


def _second_meter(channel: Channel, day: Day) -> ladder.Reference | None:
    """The check register of the same flow, on the same slots."""
    if channel.kind == Channel.Kind.CHECK:
        return None
    here = list(Channel.objects.filter(supply_point_id=channel.supply_point_id, unit=channel.unit).order_by("pk"))
    mains = [each.register_code for each in here if each.kind != Channel.Kind.CHECK]
    for check in here:
        if check.kind != Channel.Kind.CHECK:
            continue
        if comparing.main_register(check_code=check.register_code, mains=mains) == channel.register_code:
            row = IntervalDay.objects.filter(channel=check, day=day.day).first()
            found = (
                _unpacked(check, row) if row is not None and check.recording_zone == channel.recording_zone else None
            )
            if found is not None and found.values.size == day.values.size:
                return ladder.Reference(day.day, found.values, states.good(found.quality))
    return None


def _companion(channel: Channel, day: Day) -> ladder.Companion | None:
    """Demand from energy by its definition; reactive from active energy by the power factor of the days before."""
    if channel.kind not in {Channel.Kind.DEMAND, Channel.Kind.REACTIVE}:
        return None
    active = list(
        Channel.objects.filter(
            supply_point_id=channel.supply_point_id, kind=Channel.Kind.CONSUMPTION, unit=Channel.Unit.WATT_HOUR
        )
    )
    if len(active) != 1 or active[0].recording_zone != channel.recording_zone:
        return None
    row = IntervalDay.objects.filter(channel=active[0], day=day.day).first()
    found = _unpacked(active[0], row) if row is not None else None
    if found is None or found.values.size != day.values.size:
        return None
    ratio = _ratio(channel, active[0], day)
    return None if ratio is None else ladder.Companion(found.values, states.good(found.quality), ratio)


def _ratio(channel: Channel, active: Channel, day: Day) -> Fraction | None:
    if channel.unit == Channel.Unit.WATT:
        return Fraction(MINUTES_PER_HOUR, day.minutes)
    if channel.unit != Channel.Unit.VAR_HOUR:
        return None
    first, end = _month_before(day.day)
    whole = IntervalDay.objects.filter(missing=0, day__gte=first, day__lt=end)
    both = whole.filter(channel=active, day__in=whole.filter(channel=channel).values("day"))
    days = list(both.values_list("day", flat=True))
    sums = [
        whole.filter(channel=each, day__in=days).aggregate(total=Sum("total"))["total"] for each in (channel, active)
    ]
    return Fraction(sums[0], sums[1]) if days and sums[1] else None


def _month_before(day: dt.date) -> tuple[dt.date, dt.date]:
    end = day.replace(day=1)
    return (end - ONE_DAY).replace(day=1), end


def _daily_average(channel: Channel, rows: Mapping[dt.date, IntervalDay], day: dt.date) -> int | None:
    """The mean of the whole days of the window, else a day's share of what the point is said to use in a year."""
    totals = [row.total for row in rows.values() if row.day < day and row.missing == 0]
    if totals:
        return sum(totals) // len(totals)
    attributes: Mapping[str, Any] = channel.supply_point.attributes
    if channel.kind != Channel.Kind.CONSUMPTION or channel.unit != Channel.Unit.WATT_HOUR:
        return None
    try:
        return int(Fraction(str(attributes[YEAR_ATTRIBUTE])) * 1000 / DAYS_OF_A_YEAR)
    except (KeyError, ValueError, ZeroDivisionError):
        return None


def _month_average(channel: Channel, day: dt.date) -> int | None:
    first, end = _month_before(day)
    whole = IntervalDay.objects.filter(channel=channel, missing=0, day__gte=first, day__lt=end)
    found = whole.aggregate(mean=Avg("total"))["mean"]
    return None if found is None else int(found)


def _weights(channel: Channel, day: Day, limits: EstimationLimits) -> Int64s | None:
    """The profile of the point, else of the market, on the day's slots; a profile's day is laid on the local clock."""
    name = str(channel.supply_point.attributes.get(PROFILE_ATTRIBUTE) or limits.profile)
    rest_day = class_of(channel=channel)(day.day) is like_days.DayClass.HOLIDAY
    market = context.current_retailer().market
    weights = profiles.shape(market=market, profile=name, day=day.day, rest_day=rest_day)
    if weights is None:
        return None
    clock = _clock(channel, day.day, day.values.size)
    lasting = 24 * MINUTES_PER_HOUR
    shape = np.array(weights, dtype=np.int64)
    return np.array([int(shape[minute * shape.size // lasting]) for minute in clock], dtype=np.int64)
