"""Find the supply point and channel a day of a file belongs to; make channels and meters that are seen first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
from django.db.backends.postgresql.psycopg_any import DateRange

from kernel import market_time
from tenants.customers import queries as customer_queries
from tenants.metering.formats import base
from tenants.metering.models import Channel, IntervalDay, Meter
from tenants.metering.operations import register_rows

_ONE_BY_ONE = 20
_NO_VALUES = np.zeros(0, dtype=np.int32)
_NO_QUALITY = np.zeros(0, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class Point:
    """A supply point as an import needs it."""

    id: int
    zone: str


@dataclass(slots=True)
class Wanted:
    """A channel that does not stand yet, and the first day and interval it was seen with."""

    point: Point
    register_code: str
    kind: str
    unit: str
    zone: str
    minutes: int


@dataclass(slots=True)
class Seen:
    """What a delivery says of a channel beside its readings."""

    minutes: int
    last_day: dt.date
    serials: dict[str, dt.date] = field(default_factory=dict)


class Directory:
    """Answers names with channels: a few questions one by one, many after reading all supply points at once.

    A channel that does not exist has a provisional, negative number until ``make_channels``.
    """

    def __init__(self) -> None:
        self._points: dict[str, Point | None] = {}
        self._asked = 0
        self._all_known = False
        self._channels: dict[tuple[int, str], Channel] = {}
        self._zones: dict[int, str] = {}
        self._loaded: set[int] = set()
        self._wanted: dict[tuple[int, str], int] = {}
        self._news: list[Wanted] = []
        self._seen: dict[int, Seen] = {}
        self.reads = register_rows.Rows()

    def zone_of(self, names: tuple[str, ...]) -> str:
        """Return the zone of the supply point that has one of ``names``; raises UnknownSupplyPoint."""
        point = self.point_of(names)
        if point is None:
            raise base.UnknownSupplyPoint(names[0])
        return point.zone

    def point_of(self, names: Iterable[str]) -> Point | None:
        """Return the supply point with the first of ``names`` that is known: as identifier, then as meter serial."""
        for name in names:
            point = self._lookup(name)
            if point is not None:
                return point
        return None

    def channel_of(self, day: base.ChannelDay) -> int | base.Refusal:
        """Return the number of the channel ``day`` belongs to, or why it belongs to none."""
        names = (day.identifier, *day.aliases)
        point = self.point_of(names)
        if point is None:
            return base.Refusal("unknown_supply_point", day.row, None, {"identifier": day.identifier[:40]})
        self._load_channels(point.id)
        key = (point.id, day.register_code)
        channel = self._channels.get(key)
        refusal = _differing(channel, day) if channel is not None else self._differing_news(key, day)
        if channel is None and day.unit == Channel.Unit.LITRE:
            params = {"register": day.register_code, "identifier": day.identifier[:40]}
            refusal = base.Refusal("volume_register", day.row, None, params)
        if refusal is not None:
            return refusal
        number = channel.pk if channel is not None else self._want(key, point, day)
        self._note(number, day)
        return number

    def channels_of_block(self, block: base.DayBlock) -> list[int] | None:
        """Return the number of the channel of each form, or None where a form needs to be asked day by day."""
        numbers: list[int] = []
        ordinals = block.days
        for place, form in enumerate(block.forms):
            held = ordinals[block.form_of == place] if len(block.forms) > 1 else ordinals
            found = self.channel_of(_sighting(form, int(held.max())))
            if isinstance(found, base.Refusal) or not self._keeps_days(found, form.zone):
                return None
            self._note(found, _sighting(form, int(held.min())))
            numbers.append(found)
        return numbers

    def _keeps_days(self, number: int, zone: str) -> bool:
        known = self._news[-number - 1].zone if number < 0 else self._zones.get(number)
        return known == zone

    def make_channels(self) -> dict[int, int]:
        """Create the channels and meters that were seen first; return provisional numbers with their ids."""
        made = Channel.objects.bulk_create(
            Channel(
                supply_point_id=news.point.id,
                register_code=news.register_code,
                kind=news.kind,
                unit=news.unit,
                interval_minutes=news.minutes,
                recording_zone=news.zone,
            )
            for news in self._news
        )
        ids = {-(place + 1): channel.pk for place, channel in enumerate(made)}
        known = {channel.pk: channel for channel in [*self._channels.values(), *made]}
        for number, seen in self._seen.items():
            _update_channel(known[ids.get(number, number)], seen)
        return ids

    def _lookup(self, name: str) -> Point | None:
        if name not in self._points:
            self._asked += 1
            if self._asked == _ONE_BY_ONE and not self._all_known:
                self._read_all()
            if name not in self._points:
                self._points[name] = self._ask(name)
        return self._points[name]

    def _ask(self, name: str) -> Point | None:
        if not self._all_known:
            found = customer_queries.supply_points_by_identifier(identifiers=[name]).get(name)
            if found is not None:
                return Point(found.pk, found.premises.time_zone)
        places = list(
            Meter.objects.filter(serial=name)
            .values_list("supply_point_id", "supply_point__premises__time_zone")
            .distinct()[:2]
        )
        return Point(*places[0]) if len(places) == 1 else None

    def _read_all(self) -> None:
        rows = customer_queries.supply_points().values_list("identifier", "pk", "premises__time_zone")
        for identifier, pk, zone in rows.iterator():
            self._points[identifier] = Point(pk, zone)
        self._all_known = True

    def _load_channels(self, point_id: int) -> None:
        if point_id in self._loaded:
            return
        wanted = {point.id for point in self._points.values() if point} - self._loaded if not self._all_known else None
        found = Channel.objects.select_related("meter")
        found = found.filter(supply_point_id__in=wanted) if wanted is not None else found.all()
        for channel in found:
            self._channels[channel.supply_point_id, channel.register_code] = channel
            self._zones[channel.pk] = channel.recording_zone
        self._loaded |= wanted if wanted is not None else {point.id for point in self._points.values() if point}

    def _want(self, key: tuple[int, str], point: Point, day: base.ChannelDay) -> int:
        if key not in self._wanted:
            self._news.append(Wanted(point, day.register_code, day.kind, day.unit, day.zone, day.minutes))
            self._wanted[key] = -len(self._news)
        return self._wanted[key]

    def _differing_news(self, key: tuple[int, str], day: base.ChannelDay) -> base.Refusal | None:
        number = self._wanted.get(key)
        if number is None:
            return None
        news = self._news[-number - 1]
        return _refusal_of_form(day, news.unit, news.zone)

    def _note(self, number: int, day: base.ChannelDay) -> None:
        seen = self._seen.get(number)
        if seen is None:
            seen = self._seen[number] = Seen(day.minutes, day.day)
        if day.day >= seen.last_day:
            seen.minutes, seen.last_day = day.minutes, day.day
        if day.meter_serial:
            serial = day.meter_serial[:40]
            seen.serials[serial] = min(day.day, seen.serials.get(serial, day.day))


def _sighting(form: base.Form, ordinal: int) -> base.ChannelDay:
    """A day without readings, to ask with."""
    return base.ChannelDay(
        identifier=form.identifier,
        register_code=form.register_code,
        kind=form.kind,
        unit=form.unit,
        minutes=form.minutes,
        day=dt.date.fromordinal(ordinal),
        zone=form.zone,
        values=_NO_VALUES,
        quality=_NO_QUALITY,
        row=0,
        meter_serial=form.meter_serial,
        aliases=form.aliases,
    )


def _differing(channel: Channel, day: base.ChannelDay) -> base.Refusal | None:
    return _refusal_of_form(day, channel.unit, channel.recording_zone)


def _refusal_of_form(day: base.ChannelDay, unit: str, zone: str) -> base.Refusal | None:
    """A register keeps its unit, and its days keep their borders."""
    same_days = day.zone == zone or _bounds(day.day, day.zone) == _bounds(day.day, zone)
    if day.unit == unit and same_days:
        return None
    params = {
        "register": day.register_code,
        "identifier": day.identifier[:40],
        "kept": f"{unit}, {zone}",
        "found": f"{day.unit}, {day.zone}",
    }
    return base.Refusal("channel_differs", day.row, None, params)


def _bounds(day: dt.date, zone: str) -> tuple[dt.datetime, dt.datetime]:
    return market_time.day_bounds(day, ZoneInfo(zone))


def _update_channel(channel: Channel, seen: Seen) -> None:
    """Hang new meters at the supply point and let the channel follow the one that came last."""
    before = channel.meter_id, channel.interval_minutes
    for serial, first_day in sorted(seen.serials.items(), key=lambda item: item[1]):
        meter = _meter(channel.supply_point_id, serial, first_day)
        if channel.meter is None or channel.meter.period.lower < meter.period.lower:
            channel.meter = meter
    if channel.interval_minutes != seen.minutes and not _has_later_days(channel, seen.last_day):
        channel.interval_minutes = seen.minutes
    if before != (channel.meter_id, channel.interval_minutes):
        channel.save(update_fields=["meter", "interval_minutes"])


def _has_later_days(channel: Channel, day: dt.date) -> bool:
    """Tell whether a later day stands here: an older delivery does not say what intervals the channel has now."""
    return IntervalDay.objects.filter(channel=channel, day__gt=day).exists()


def _meter(point_id: int, serial: str, first_day: dt.date) -> Meter:
    meter = Meter.objects.filter(supply_point_id=point_id, serial=serial).order_by("period").first()
    if meter is None:
        return Meter.objects.create(supply_point_id=point_id, serial=serial, period=DateRange(first_day, None))
    if first_day < meter.period.lower and meter.position == meter.serial:
        meter.period = DateRange(first_day, meter.period.upper)
        meter.save(update_fields=["period"])
    return meter
