"""A row per reading: a supply point, a time and a value, read by a mapping that was given or the header suggests."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from zoneinfo import ZoneInfo

from tenants.metering.formats import (
    base,
    column_cells,
    column_words,
    long_days,
    long_quick,
    long_stamps,
    mapping,
    numbers,
    opening,
)
from tenants.metering.formats.base import Kind, Quality, Refusal, Unit

_PLAIN = re.compile(r"([0-9]{1,9})(?:\.([0-9]{0,9}))?", re.ASCII)
_CACHED = 200_000


class _Bad(Exception):
    """A row is refused."""

    def __init__(self, code: str, column: int | None = None, **params: object) -> None:
        super().__init__(code)
        self.code, self.column, self.params = code, column, params


@dataclass(slots=True)
class _Table:
    """What is known while a file is read."""

    mapping: mapping.Mapping
    options: base.ReadOptions
    missing: frozenset[str]
    days: long_days.Days = field(default_factory=long_days.Days)
    forms: dict[tuple[str, ...], tuple[base.Form, Fraction]] = field(default_factory=dict)
    places: dict[tuple[str, str, str], Sequence[long_days.Place]] = field(default_factory=dict)
    stamp: str = ""
    """The last time that the clock jumps over."""

    def text(self, cells: list[str], role: str) -> str:
        at = self.mapping.columns.get(role)
        return "" if at is None or at >= len(cells) else cells[at]

    def column(self, role: str) -> int | None:
        at = self.mapping.columns.get(role)
        return None if at is None else at + 1


def read(opened: opening.Opened, options: base.ReadOptions, said: mapping.Mapping) -> base.Items:
    """Yield the days that the readings make, whole ones as soon as they are, and the rows that are refused."""
    marks = frozenset(mark.strip().lower() for mark in said.missing)
    table = _Table(said, options, marks)
    if "identifier" not in said.columns and not options.identifier:
        raise base.refuse_file("no_identifier")
    quick = _quick(table)
    for row, line in opening.lines(opened):
        if row <= said.header_rows:
            continue
        taken = quick.take(row, line) if quick is not None else False
        if taken is False:
            yield from _row(table, row, opening.cells(line, row=row, delimiter=said.delimiter))
        elif taken is not True:
            yield from table.days.whole(day=taken)
    yield from table.days.rest()


def _quick(table: _Table) -> long_quick.Reader | None:
    """The quick way for tables with one value a row and no word on its quality or time of change."""
    said = table.mapping
    if not long_quick.fits(frozenset(said.columns)) or said.further:
        return None
    keys = tuple(at for role, at in said.columns.items() if role not in {"stamp", "value"})
    return long_quick.Reader(
        delimiter=said.delimiter,
        keys=keys or (said.columns["stamp"],),
        stamp=said.columns["stamp"],
        value=said.columns["value"],
        days=table.days,
        form_of=functools.partial(_form_or_none, table),
        place_of=functools.partial(_place_or_none, table),
        value_of=functools.partial(_value_or_none, table),
    )


def _form_or_none(table: _Table, cells: list[str]) -> tuple[base.Form, Fraction] | None:
    try:
        return _form(table, cells, "", "")
    except _Bad:
        return None


def _place_or_none(table: _Table, cells: list[str], form: base.Form) -> long_days.Place | None:
    """The only place a time may mean, if it is over."""
    try:
        places = _places(table, cells, form)
    except _Bad:
        return None
    return places[0] if len(places) == 1 and not places[0].ahead else None


def _value_or_none(table: _Table, text: str) -> int | None:
    try:
        return _value(table, text, table.mapping.columns["value"])
    except _Bad:
        return None


def _row(table: _Table, row: int, cells: list[str]) -> Iterator[base.Item]:
    said = table.mapping
    try:
        quality = _quality(table, cells)
        changed = _changed(table, cells)
        for column, register, unit in ((said.columns["value"], "", ""), *said.further):
            if column >= len(cells):
                raise _Bad("columns_short", len(cells), found=len(cells), expected=column + 1)
            form, factor = _form(table, cells, register, unit)
            places = _places(table, cells, form)
            value = _value(table, cells[column], column)
            if not places and not value:
                continue
            if value is not None and places and places[0].ahead:
                raise _ahead(table, places[0], form)
            day, slot = _slot(table, form, factor, places, row)
            yield from table.days.put(day=day, slot=slot, value=value, quality=quality, changed=changed)
    except _Bad as bad:
        yield Refusal(bad.code, row, bad.column, dict(bad.params))


def _slot(
    table: _Table, form: base.Form, factor: Fraction, places: Sequence[long_days.Place], row: int
) -> tuple[long_days._Open, int]:
    """The first of the possible slots that is free: where the clock shows a time twice, the earlier comes first."""
    refusal = Refusal("long_clock_forward", row, None, {"text": table.stamp})
    for place in places:
        found = table.days.opened(form=form, factor=factor, place=place, row=row)
        if isinstance(found, Refusal):
            refusal = found
        elif table.days.is_free(found, place.slot):
            return found, place.slot
        else:
            refusal = Refusal("long_twice", row, None, {"other": found.row})
    raise _Bad(refusal.code, table.column("stamp") or table.column("date"), **refusal.params)


def _form(table: _Table, cells: list[str], register: str, unit: str) -> tuple[base.Form, Fraction]:
    said = table.mapping
    key = (
        table.text(cells, "identifier"), table.text(cells, "serial"), register or table.text(cells, "register"),
        unit or table.text(cells, "unit"),
    )  # fmt: skip
    found = table.forms.get(key)
    if found is None:
        identifier = table.options.identifier or column_cells.unwrapped(key[0])
        if not identifier:
            raise _Bad("no_identifier", table.column("identifier"))
        if column_cells.is_shortened(identifier):
            raise _Bad("identifier_damaged", table.column("identifier"), text=identifier[:30])
        code, kind = _register(table, register or key[2])
        measured, factor = _unit(table, key[3] or said.unit, kind)
        serial = column_cells.unwrapped(key[1])
        zone = _zone(table, identifier)
        form = base.Form(identifier, (), code, kind, measured, said.minutes, zone, serial)
        found = table.forms[key] = (form, factor)
    return found


def _register(table: _Table, text: str) -> tuple[str, Kind]:
    said = table.mapping
    code = said.registers.get(text, said.register if not text else "")
    if not code:
        known = column_words.register_of(text)
        if known is None:
            raise _Bad("columns_register", table.column("register"), text=text[:30])
        return known
    return code, column_words.KIND_OF_LETTER[code[0]]


def _unit(table: _Table, text: str, kind: Kind) -> tuple[Unit, Fraction]:
    known = column_words.known_unit(text, volumes=table.options.volumes)
    if known is None:
        raise _Bad("unit", table.column("unit"), unit=text[:20])
    unit, scale = known
    factor = Fraction(scale)
    if unit in column_words.ENERGY_OF_POWER:
        unit, factor = column_words.ENERGY_OF_POWER[unit], factor * table.mapping.minutes / 60
    if unit is Unit.VAR_HOUR and kind is not Kind.REACTIVE:
        raise _Bad("unit", table.column("unit"), unit=text[:20])
    return (Unit.VAR_HOUR if kind is Kind.REACTIVE else unit), factor


def _zone(table: _Table, identifier: str) -> str:
    try:
        name = table.options.zone or table.mapping.zone or table.options.zone_of((identifier,))
    except base.UnknownSupplyPoint as unknown:
        raise _Bad("unknown_supply_point", table.column("identifier"), identifier=identifier[:40]) from unknown
    if name is None:
        raise _Bad("zone_unknown")
    return base.zone_named(name).key


def _places(table: _Table, cells: list[str], form: base.Form) -> Sequence[long_days.Place]:
    """The slots that the time of a row may mean; none where the clock jumps over it. Most rows share their times."""
    stamp, date, time = (table.text(cells, role) for role in ("stamp", "date", "time"))
    key = (stamp or date, time, form.zone)
    found = table.places.get(key)
    if found is None:
        found = tuple(_placed(table, start, form) for start in _starts(table, (stamp, date, time), form.zone))
        if len(table.places) < _CACHED:
            table.places[key] = found
    if not found:
        table.stamp = (stamp or f"{date} {time}")[:40]
    return found


def _placed(table: _Table, start: dt.datetime, form: base.Form) -> long_days.Place:
    zone = _zone_info(form.zone)
    place = long_days.place_of(start=start, zone=zone, minutes=form.minutes)
    local = start.astimezone(zone).date()
    if not base.fits_day(local, zone, form.minutes):
        where = table.column("stamp") or table.column("date")
        raise _Bad("interval_day", where, day=local.isoformat(), zone=zone.key, minutes=form.minutes)
    if place is None:
        where = table.column("stamp") or table.column("date")
        raise _Bad("off_grid", where, start=start.astimezone(zone).isoformat())
    ends = start + dt.timedelta(minutes=form.minutes)
    ahead = table.options.until is not None and ends > table.options.until
    return dataclasses.replace(place, ahead=True) if ahead else place


def _ahead(table: _Table, place: long_days.Place, form: base.Form) -> _Bad:
    """The refusal of a reading whose interval has not ended, on the clock of its day."""
    opens, _closes = long_stamps.day_of(day=dt.date.fromordinal(place.ordinal), zone=_zone_info(form.zone))
    start = opens + dt.timedelta(minutes=form.minutes * place.slot)
    spans = {"start": start, "end": start + dt.timedelta(minutes=form.minutes), "given": table.options.at}
    words = {name: f"{at.astimezone(_zone_info(form.zone)):%Y-%m-%d %H:%M}" for name, at in spans.items() if at}
    return _Bad("reading_in_future", table.column("stamp") or table.column("date"), **words, zone=form.zone)


def _starts(table: _Table, words: tuple[str, str, str], zone: str) -> Sequence[dt.datetime]:
    said = table.mapping
    stamp, date, time = words
    where = table.column("stamp") or table.column("date")
    date, time = long_stamps.parts_of(stamp) if stamp else (date, time or "00:00")
    if said.order == "ymd" and re.fullmatch(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2,4}", date.strip()):
        raise _Bad("ambiguous_date", where, text=date[:30])
    moment = long_stamps.local_of(date=date, time=time, order=said.order)
    if moment is None:
        raise _Bad("not_an_instant", where, text=(stamp or f"{date} {time}")[:40])
    ends = said.stamps == mapping.END
    return long_stamps.starts_of(moment=moment, zone=_zone_info(zone), minutes=said.minutes, ends=ends)


@functools.lru_cache(maxsize=512)
def _zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _value(table: _Table, text: str, column: int) -> int | None:
    """The cell in billionths of its unit; None where nothing was read."""
    if table.mapping.decimal == "," and text:
        if "." in text:
            raise _Bad("ambiguous_number", column + 1, text=text[:30])
        text = text.replace(",", ".")
    if match := _PLAIN.fullmatch(text):
        whole, decimals = match[1], match[2] or ""
        found = int(whole + decimals.ljust(long_days.DECIMALS, "0"))
        if found != column_cells.PADDING * 10**long_days.DECIMALS:
            return found
    if column_cells.is_missing(text) or text.lower() in table.missing:
        return None
    return _odd_value(text, column)


def _odd_value(text: str, column: int) -> int:
    """A number that is written in an unusual way, or the reason why it is none."""
    number = numbers.exact(text)
    if number is None:
        raise _Bad("ambiguous_number" if "," in text else "not_a_number", column + 1, text=text[:30])
    if number < 0:
        raise _Bad("negative", column + 1, text=text[:30])
    if number > base.LARGEST:
        raise _Bad("too_big", column + 1, text=text[:30])
    return numbers.half_up(Fraction(number) * 10**long_days.DECIMALS)


def _quality(table: _Table, cells: list[str]) -> Quality:
    if "quality" not in table.mapping.columns:
        return Quality.ACTUAL
    text = column_cells.unwrapped(table.text(cells, "quality")).lower()
    if text not in column_words.QUALITIES:
        raise _Bad("columns_quality", table.column("quality"), text=text[:30])
    return column_words.QUALITIES[text]


def _changed(table: _Table, cells: list[str]) -> dt.datetime | None:
    """When the source changed the reading, where a column says so; a time without an offset is one of UTC."""
    text = table.text(cells, "changed")
    if not text:
        return None
    date, time = long_stamps.parts_of(text)
    moment = long_stamps.local_of(date=date, time=time[:5], order=table.mapping.order)
    if moment is None:
        raise _Bad("not_an_instant", table.column("changed"), text=text[:40])
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
