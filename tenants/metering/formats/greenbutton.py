"""Green Button, the usage file of North American utilities (NAESB REQ.21, ESPI): Atom XML with epoch seconds.

Readings come in blocks of any order; they are put on the days of the supply point's own zone. Slots without a
reading are missing, days without any reading are not there. Rows are lines of the XML.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from kernel import market_time
from tenants.metering.formats import base, espi, espi_time, numbers, opening
from tenants.metering.formats.base import Kind, Quality, Refusal, Unit

_UNITS = {
    "72": Unit.WATT_HOUR,
    "73": Unit.VAR_HOUR,
    "71": Unit.VOLT_AMPERE_HOUR,
    "38": Unit.WATT,
    "63": Unit.VAR,
    "61": Unit.VOLT_AMPERE,
}
_POWER = (Unit.WATT, Unit.VAR, Unit.VOLT_AMPERE)
_LETTERS = {
    Unit.WATT_HOUR: ("E", Kind.CONSUMPTION, "B", Kind.FEED_IN),
    Unit.VAR_HOUR: ("Q", Kind.REACTIVE, "K", Kind.REACTIVE),
    Unit.VOLT_AMPERE_HOUR: ("T", Kind.APPARENT, "S", Kind.APPARENT),
}
_DEMAND_LETTERS = ("D", Kind.DEMAND, "A", Kind.DEMAND)
_NUMBERS = {Unit.VAR: 2, Unit.VOLT_AMPERE: 3}
_ELECTRICITY = {"", "0", "1", "2"}
_DELTAS = {"", "0", "4", "6", "12"}
_OPENS, _ENDS = (
    int(dt.datetime(year, 1, 1, tzinfo=dt.UTC).timestamp()) for year in (base.YEARS.start, base.YEARS.stop)
)
_DELIVERED, _RECEIVED = {"", "0", "1"}, {"19"}

Seconds = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Channel:
    """What the readings of one MeterReading are."""

    identifier: str
    aliases: tuple[str, ...]
    register_code: str
    kind: Kind
    unit: Unit
    factor: Fraction
    minutes: int
    default_quality: int
    local: espi_time.LocalTime | None
    row: int

    @property
    def key(self) -> tuple[str, str, Unit, Fraction, int]:
        """Meter readings with the same key are one register, told in parts."""
        return self.identifier, self.register_code, self.unit, self.factor, self.minutes


@dataclass(frozen=True, slots=True)
class _Series:
    """All readings of a channel by rising start; ``rows`` are lines, ``stamps`` when the source changed them."""

    starts: Seconds
    values: Seconds
    qualities: Seconds
    rows: Seconds
    stamps: Seconds

    @property
    def columns(self) -> tuple[Seconds, Seconds, Seconds, Seconds, Seconds]:
        return self.starts, self.values, self.qualities, self.rows, self.stamps


class _Bad(Exception):
    def __init__(self, code: str, row: int, **params: object) -> None:
        super().__init__(code)
        self.refusal = Refusal(code, row, None, dict(params))


def recognises(head: str) -> bool:
    """Tell whether the text is XML; whether it holds usage data is seen when it is read."""
    return head.lstrip("\ufeff \t\r\n").startswith("<")


def read(opened: opening.Opened, options: base.ReadOptions) -> base.Items:
    """Yield the days of every channel in the feed, channel by channel, days rising."""
    found = espi.resources(opened.content)
    if not found:
        raise base.refuse_file("xml_not_green_button")
    feed = _Feed(found)
    if options.identifier and len(feed.of("UsagePoint")) > 1:
        raise base.refuse_file("many_usage_points", count=len(feed.of("UsagePoint")))
    seen: dict[tuple[str, str, dt.date], int] = {}
    merged: dict[tuple[object, ...], tuple[_Channel, list[espi.Resource]]] = {}
    yield from _merge(feed, options, merged)
    for channel, blocks in merged.values():
        try:
            series = _series(channel, blocks)
            days = _days(channel, series, _zone(channel, series, options))
            yield from (_once(item, seen) for item in days)
        except _Bad as bad:
            yield bad.refusal


def _merge(
    feed: _Feed, options: base.ReadOptions, merged: dict[tuple[object, ...], tuple[_Channel, list[espi.Resource]]]
) -> Iterator[Refusal]:
    """Fill ``merged`` with the channels of the feed and the blocks of each; yield what is no channel."""
    groups = feed.blocks_by_reading()
    if not groups:
        raise base.refuse_file("no_readings")
    for reading, blocks in groups:
        try:
            channel = _channel(feed, reading, blocks, options)
        except _Bad as bad:
            yield bad.refusal
        else:
            merged.setdefault(channel.key, (channel, []))[1].extend(blocks)


def _once(item: base.Item, seen: dict[tuple[str, str, dt.date], int]) -> base.Item:
    """Refuse a day that another meter reading has told already, in other intervals or another scale."""
    if not isinstance(item, base.ChannelDay):
        return item
    first = seen.setdefault((item.identifier, item.register_code, item.day), item.row)
    return item if first == item.row else Refusal("day_twice", item.row, None, {"other": first})


class _Feed:
    """The resources of a file and how they hang together: by links, by addresses, or because there is only one."""

    def __init__(self, found: list[espi.Resource]) -> None:
        self._found = found

    def of(self, name: str) -> list[espi.Resource]:
        return [resource for resource in self._found if resource.name == name]

    def blocks_by_reading(self) -> list[tuple[espi.Resource | None, list[espi.Resource]]]:
        """Each MeterReading with its blocks; blocks that belong to none come last."""
        readings = self.of("MeterReading")
        groups: dict[int, tuple[espi.Resource | None, list[espi.Resource]]] = {}
        for block in self.of("IntervalBlock"):
            reading = self._owner(block, readings)
            groups.setdefault(id(reading), (reading, []))[1].append(block)
        return [
            group for group in groups.values() if any(block.readings and block.readings.starts for block in group[1])
        ]

    def type_of(self, reading: espi.Resource | None) -> espi.Resource | None:
        types = self.of("ReadingType")
        if reading is not None:
            linked = [kind for kind in types if kind.own and kind.own in reading.related]
            if linked:
                return linked[0]
        return types[0] if len(types) == 1 else None

    def usage_point_of(self, reading: espi.Resource | None) -> espi.Resource | None:
        points = self.of("UsagePoint")
        return points[0] if len(points) == 1 else self._owner(reading, points) if reading is not None else None

    def _owner(self, inner: espi.Resource, outer: list[espi.Resource]) -> espi.Resource | None:
        addresses = [address for address in (inner.own, inner.up) if address]
        for candidate in outer:
            below = f"{candidate.own}/"
            if candidate.own and any(address.startswith(below) for address in addresses):
                return candidate
        for candidate in outer:
            if any(address in candidate.related for address in addresses):
                return candidate
        return outer[0] if len(outer) == 1 else None


def _channel(
    feed: _Feed, reading: espi.Resource | None, blocks: list[espi.Resource], options: base.ReadOptions
) -> _Channel:
    row = blocks[0].row
    point, kind_of_reading = feed.usage_point_of(reading), feed.type_of(reading)
    if kind_of_reading is None:
        raise _Bad("no_reading_type", row)
    names = _names(point)
    if options.identifier:
        names = (options.identifier,)
    if not names:
        raise _Bad("no_usage_point", row)
    if point is not None and point.fields.get("kind", "0") not in {"", "0"}:
        raise _Bad("commodity", point.row, commodity=point.fields["kind"])
    unit, letter, kind, factor = _measure(kind_of_reading)
    minutes = _minutes(kind_of_reading, blocks)
    default = espi.quality(kind_of_reading.fields.get("defaultQuality") or "0")
    return _Channel(names[0], names[1:], letter, kind, unit, factor, minutes, default, _local_time(feed, point), row)


def _names(point: espi.Resource | None) -> tuple[str, ...]:
    """How a usage point can be called: the last part of its address, the point's own name."""
    if point is None:
        return ()
    names = (point.own.rsplit("/", 1)[-1], point.fields.get("mRID", ""), point.fields.get("name", ""))
    return tuple(dict.fromkeys(name for name in names if name))


def _measure(kind: espi.Resource) -> tuple[Unit, str, Kind, Fraction]:
    fields, row = kind.fields, kind.row
    if fields.get("commodity", "") not in _ELECTRICITY:
        raise _Bad("commodity", row, commodity=fields["commodity"][:20])
    if fields.get("accumulationBehaviour", "") not in _DELTAS:
        raise _Bad("accumulation", row, behaviour=fields["accumulationBehaviour"][:20])
    unit = _UNITS.get(fields.get("uom", ""))
    if unit is None:
        raise _Bad("uom", row, uom=fields.get("uom", "")[:20])
    direction = fields.get("flowDirection", "")
    if direction not in _DELIVERED | _RECEIVED:
        raise _Bad("flow_direction", row, direction=direction[:20])
    power = espi.whole(fields.get("powerOfTenMultiplier") or "0", element="powerOfTenMultiplier", row=row)
    if not -12 <= power <= 12:
        raise _Bad("multiplier", row, multiplier=power)
    out, out_kind, back, back_kind = _LETTERS.get(unit, _DEMAND_LETTERS)
    letter, measured = (out, out_kind) if direction in _DELIVERED else (back, back_kind)
    return unit, f"{letter}{_NUMBERS.get(unit, 1)}", measured, Fraction(10) ** power


def _minutes(kind: espi.Resource, blocks: list[espi.Resource]) -> int:
    text = kind.fields.get("intervalLength", "")
    seconds = espi.whole(text, element="intervalLength", row=kind.row) if text else 0
    if not seconds:
        seconds = next((d for block in blocks if block.readings for d in block.readings.durations if d > 0), 0)
    if seconds % 60 or seconds // 60 not in base.ACCEPTED_MINUTES:
        raise _Bad("interval_seconds", kind.row, seconds=seconds)
    return seconds // 60


def _series(channel: _Channel, blocks: list[espi.Resource]) -> _Series:
    columns: tuple[list[int], list[int], list[int], list[int], list[int]] = ([], [], [], [], [])
    for block in blocks:
        readings = block.readings or espi.Readings()
        columns[0].extend(_starts(channel, block, readings))
        columns[1].extend(readings.values)
        columns[2].extend(channel.default_quality if each == espi.ABSENT else each for each in readings.qualities)
        columns[3].extend(readings.rows)
        columns[4].extend([_instant(block.updated)] * len(readings.rows))
    unsorted = [np.asarray(column, dtype=np.int64) for column in columns]
    order = np.lexsort((unsorted[4], unsorted[0]))
    sorted_ = _Series(*(column[order] for column in unsorted))
    again = sorted_.starts[1:] == sorted_.starts[:-1]
    differing = np.flatnonzero(again & (sorted_.values[1:] != sorted_.values[:-1])) + 1
    if differing.size:
        at, values = int(differing[0]), sorted_.values
        first, second = int(values[at - 1]), int(values[at])
        start = _shown(sorted_.starts[at])
        raise _Bad("reading_twice", int(sorted_.rows[at]), start=start, first=first, second=second)
    last = np.append(~again, True)
    return _Series(*(column[last] for column in sorted_.columns))


def _starts(channel: _Channel, block: espi.Resource, readings: espi.Readings) -> Iterator[int]:
    """The start of each reading of a block, checked; readings without a period follow one another."""
    length = channel.minutes * 60
    opens, lasts = (_whole_field(block, name) for name in ("start", "duration"))
    for place, written in enumerate(readings.starts):
        row = readings.rows[place]
        if written == espi.ABSENT and opens is None:
            raise _Bad("element_missing", row, element="start")
        start = (opens or 0) + place * length if written == espi.ABSENT else written
        if readings.durations[place] not in (espi.ABSENT, length):
            raise _Bad("interval_differs", row, found=readings.durations[place], expected=length)
        if readings.values[place] == espi.ABSENT:
            raise _Bad("element_missing", row, element="value")
        if readings.values[place] < 0:
            raise _Bad("negative", row, text=str(readings.values[place]))
        if opens is not None and lasts and not opens <= start <= opens + lasts - length:
            raise _Bad("outside_block", row)
        if not _OPENS <= start < _ENDS:
            raise _Bad("not_an_instant", row, text=str(start))
        yield start


def _whole_field(block: espi.Resource, name: str) -> int | None:
    text = block.fields.get(name)
    return espi.whole(text, element=name, row=block.row) if text else None


def _zone(channel: _Channel, series: _Series, options: base.ReadOptions) -> ZoneInfo:
    """The zone that was given, else that of the known supply point, else one that keeps the file's local time."""
    year = dt.datetime.fromtimestamp(int(series.starts[0]), dt.UTC).year
    local = channel.local
    try:
        name = options.zone or options.zone_of((channel.identifier, *channel.aliases))
    except base.UnknownSupplyPoint as unknown:
        raise _Bad("unknown_supply_point", channel.row, identifier=channel.identifier[:40]) from unknown
    if name is not None:
        zone = base.zone_named(name)
        if local is not None and options.zone is None and not espi_time.fits(local=local, zone=zone, year=year):
            raise _Bad("zone_differs", channel.row, zone=name)
        return zone
    found = espi_time.zone_of(local=local, year=year) if local is not None else None
    if found is None:
        raise _Bad("zone_unknown", channel.row)
    return found


def _local_time(feed: _Feed, point: espi.Resource | None) -> espi_time.LocalTime | None:
    """The local time the usage point relates to, else the only one the file knows."""
    found = feed.of("LocalTimeParameters")
    linked = [each for each in found if point is not None and each.own and each.own in point.related]
    times = {_clock(each) for each in linked or found}
    return times.pop() if len(times) == 1 else None


def _clock(resource: espi.Resource) -> espi_time.LocalTime:
    fields = resource.fields
    offset, saving = (
        espi.whole(fields.get(name) or "0", element=name, row=resource.row) for name in ("tzOffset", "dstOffset")
    )
    return espi_time.LocalTime(offset, saving, fields.get("dstStartRule", ""), fields.get("dstEndRule", ""))


def _days(channel: _Channel, series: _Series, zone: ZoneInfo) -> base.Items:
    at, count = 0, series.starts.size
    while at < count:
        day = dt.datetime.fromtimestamp(int(series.starts[at]), zone).date()
        start, end = (int(bound.timestamp()) for bound in market_time.day_bounds(day, zone))
        upto = int(np.searchsorted(series.starts, end))
        part = _Series(*(column[at:upto] for column in series.columns))
        try:
            values, quality = _slots(channel, part, start, end)
            yield base.ChannelDay(
                identifier=channel.identifier,
                register_code=channel.register_code,
                kind=channel.kind,
                unit=channel.unit,
                minutes=channel.minutes,
                day=day,
                zone=zone.key,
                values=values,
                quality=quality,
                row=int(part.rows[0]),
                aliases=channel.aliases,
                stamped_at=_stamp(part),
            )
        except _Bad as bad:
            yield bad.refusal
        at = upto


def _slots(channel: _Channel, part: _Series, start: int, end: int) -> tuple[base.Values, base.Qualities]:
    """Put the readings of one day on its slots; the day may have 23, 24 or 25 hours."""
    length = channel.minutes * 60
    slots, offset = np.divmod(part.starts - start, length)
    if offset.any():
        wrong = int(np.flatnonzero(offset)[0])
        raise _Bad("off_grid", int(part.rows[wrong]), start=_shown(part.starts[wrong]))
    written = [""] * ((end - start) // length)
    for slot, value in zip(slots.tolist(), part.values.tolist(), strict=True):
        written[slot] = str(value)
    found = numbers.convert(cells=written, factor=channel.factor, cumulate=channel.unit not in _POWER)
    if found.bad:
        row = int(part.rows[int(np.searchsorted(slots, found.bad[0].index))])
        raise _Bad(found.bad[0].code, row, text=found.bad[0].text)
    quality = np.full(found.values.size, Quality.MISSING, dtype=np.uint8)
    quality[slots] = part.qualities.astype(np.uint8)
    return found.values, quality


def _stamp(part: _Series) -> dt.datetime | None:
    """When the source last changed a reading of the day, where it says so of every one."""
    if int(part.stamps.min()) == espi.ABSENT:
        return None
    return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=int(part.stamps.max()))


def _instant(text: str) -> int:
    """Microseconds since 1970, or ABSENT."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return espi.ABSENT
    if moment.year not in base.YEARS:
        return espi.ABSENT
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
    return (moment - dt.datetime.fromtimestamp(0, dt.UTC)) // dt.timedelta(microseconds=1)


def _shown(seconds: np.int64) -> str:
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC).strftime("%Y-%m-%d %H:%M:%SZ")
