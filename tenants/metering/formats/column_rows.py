"""One row of a day-per-row file: its cells understood and checked, into a day or the reasons why it is refused."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from kernel import market_time
from tenants.metering.formats import (
    base,
    column_blocks,
    column_cells,
    column_headers,
    column_words,
    long_stamps,
    mapping,
    numbers,
    opening,
)
from tenants.metering.formats.base import Kind, Quality, Refusal, Unit


class _BadRow(Exception):
    """A row is refused for one or more cells; reading goes on after it."""

    def __init__(self, *refusals: tuple[str, int | None, dict[str, object]]) -> None:
        super().__init__(refusals)
        self.refusals = refusals


def _bad(code: str, column: int | None = None, **params: object) -> _BadRow:
    return _BadRow((code, column, params))


@dataclass(slots=True)
class Table:
    """What is known after the header."""

    layout: column_headers.Layout
    delimiter: str
    unit: str
    options: base.ReadOptions
    decimal_comma: bool
    zones: dict[tuple[str, ...], ZoneInfo] = field(default_factory=dict)
    seen: dict[tuple[str, ...], dict[int, int]] = field(default_factory=dict)
    mark: str = ""
    """The decimal mark that was seen first, where both are possible."""
    named: tuple[str, ...] | None = None
    """What the first row is called, where the supply point was given."""
    said: mapping.Mapping | None = None
    """What a person said of the columns, instead of a header that says it."""

    def is_missing(self, text: str) -> bool:
        """Tell whether the cell says that nothing was read."""
        return column_cells.is_missing(text) or (self.said is not None and text.lower() in self.said.missing)

    def row_unit(self, cells: list[str]) -> str:
        return self.text(cells, "unit") or self.unit

    def text(self, cells: list[str], role: str) -> str:
        at = self.layout.roles.get(role)
        return "" if at is None else cells[at]

    @property
    def identifier_column(self) -> int | None:
        return self.layout.identifiers[0] + 1 if self.layout.identifiers else None

    def column(self, role: str) -> int | None:
        at = self.layout.roles.get(role)
        return None if at is None else at + 1


def head_of(table: Table, head: tuple[str, ...]) -> column_blocks.Head | None:
    """What a row's first cells say; None where something is wrong with them, which the slow way will tell."""
    cells = [*(cell.strip() for cell in head), *([""] * len(table.layout.columns))]
    try:
        identifier, aliases = _identifier(table, cells)
        register, kind = _register(table, cells)
        unit, factor = _unit(table, cells, kind)
        quality = _row_quality(table, cells)
        _check_multiplier(table, cells)
        zone = _zone(table, (identifier, *aliases))
    except _BadRow:
        return None
    serial = column_cells.unwrapped(table.text(cells, "serial"))
    form = base.Form(identifier, aliases, register, kind, unit, table.layout.minutes, zone.key, serial)
    seen = table.seen.setdefault((identifier, *aliases, register), {})
    return column_blocks.Head(form, factor, quality, seen)


def take(table: Table, row: int, line: str) -> Iterator[base.Item]:
    cells = opening.cells(line, row=row, delimiter=table.delimiter)
    try:
        yield _day(table, row, cells)
    except _BadRow as bad:
        for code, column, params in bad.refusals:
            yield Refusal(code, row, column, dict(params))


def _day(table: Table, row: int, cells: list[str]) -> base.ChannelDay:
    layout = table.layout
    short = _pad(layout, cells)
    identifier, aliases = _identifier(table, cells)
    day = _date(table, cells)
    register, kind = _register(table, cells)
    unit, factor = _unit(table, cells, kind)
    quality = _row_quality(table, cells)
    _check_multiplier(table, cells)
    seen = table.seen.setdefault((identifier, *aliases, register), {})
    if day.toordinal() in seen:
        raise _bad("day_twice", table.column("day"), other=seen[day.toordinal()])
    zone = _zone(table, (identifier, *aliases))
    if not base.fits_day(day, zone, layout.minutes):
        raise _bad("interval_day", table.column("day"), day=day.isoformat(), zone=zone.key, minutes=layout.minutes)
    if short and slots(day, zone, layout.minutes) + short != len(layout.columns):
        raise _bad("columns_short", layout.width - short, found=layout.width - short, expected=layout.width)
    readings, columns = _readings(table, cells, day, zone)
    found = numbers.convert(cells=readings, factor=factor, cumulate=True, is_missing=table.is_missing)
    if found.bad:
        raise _BadRow(*(_bad_cell(bad, columns) for bad in found.bad))
    _check_total(table, cells, found, factor)
    seen[day.toordinal()] = row
    return base.ChannelDay(
        identifier=identifier,
        register_code=register,
        kind=kind,
        unit=unit,
        minutes=layout.minutes,
        day=day,
        zone=zone.key,
        values=found.values,
        quality=_spread(quality, found.missing),
        row=row,
        meter_serial=column_cells.unwrapped(table.text(cells, "serial")),
        aliases=aliases,
        columns=[column + 1 for column in columns],
    )


def _spread(quality: Quality, missing: npt.NDArray[np.bool_]) -> base.Qualities:
    spread = np.full(missing.size, quality, dtype=np.uint8)
    spread[missing] = Quality.MISSING
    return spread


def _pad(layout: column_headers.Layout, cells: list[str]) -> int:
    """Let go of empty cells behind the header's last; put back, and count, those that a short day leaves off."""
    while len(cells) > layout.width and not cells[-1]:
        cells.pop()
    short = layout.width - len(cells)
    if short < 0:
        raise _bad("columns_long", layout.width + 1, found=len(cells), expected=layout.width)
    if short and (layout.columns[-1] != layout.width - 1 or short not in _allowed_gaps(layout)):
        raise _bad("columns_short", len(cells), found=len(cells), expected=layout.width)
    cells.extend([""] * short)
    return short


def _allowed_gaps(layout: column_headers.Layout) -> tuple[int, ...]:
    hour = 60 // layout.minutes
    spare = len(layout.columns) * layout.minutes > base.MINUTES_PER_DAY
    return (hour, 2 * hour) if spare else (hour,)


def _identifier(table: Table, cells: list[str]) -> tuple[str, tuple[str, ...]]:
    """The name of the supply point and, where a row names it twice (metering point and account), the other names."""
    if table.options.identifier:
        return _given(table, table.options.identifier, cells), ()
    found = [(column_cells.unwrapped(cells[index]), index) for index in table.layout.identifiers]
    for text, index in found:
        if column_cells.is_shortened(text):
            raise _bad("identifier_damaged", index + 1, text=text[:30])
    names = [text for text, _ in found if text]
    if not names:
        raise _bad("no_identifier", table.layout.identifiers[0] + 1)
    return names[0], tuple(names[1:])


def _given(table: Table, identifier: str, cells: list[str]) -> str:
    """The name that was given, for a file whose rows all belong to one supply point."""
    names = tuple(cells[index] for index in table.layout.identifiers if cells[index])
    table.named = table.named or names
    if names and names != table.named:
        raise _bad("one_supply_point", table.identifier_column, text=names[0][:30], other=table.named[0][:30])
    return identifier


def _date(table: Table, cells: list[str]) -> dt.date:
    text = column_cells.unwrapped(table.text(cells, "day"))
    day = date_of(table, text)
    if day is None:
        raise _bad(column_cells.why_no_date(text), table.column("day"), text=text[:30])
    return day


def date_of(table: Table, text: str) -> dt.date | None:
    """Return the date, in the order that was said if one was."""
    if table.said is None or table.said.order == "ymd":
        return column_cells.date_of(text)
    return long_stamps.date_of(text=text, order=table.said.order)


def _register(table: Table, cells: list[str]) -> tuple[str, Kind]:
    text = column_cells.unwrapped(table.text(cells, "register"))
    if table.said is not None and (code := table.said.registers.get(text, "" if text else table.said.register)):
        return code, column_words.KIND_OF_LETTER[code[0]]
    if not text:
        unit, _ = column_words.unit_of(table.row_unit(cells)) or (None, 0)
        reactive = unit in (Unit.VAR_HOUR, Unit.VAR)
        return ("Q1", Kind.REACTIVE) if reactive else ("E1", Kind.CONSUMPTION)
    if column_words.power_in(text) and not column_words.is_power(table.row_unit(cells)):
        raise _bad("columns_power", table.column("register"), text=text[:30], unit=table.row_unit(cells)[:20])
    known = column_words.register_of(text)
    if known is None:
        raise _bad("columns_register", table.column("register"), text=text[:30])
    return known


def _unit(table: Table, cells: list[str], kind: Kind) -> tuple[Unit, Fraction]:
    """Energy as it is; a mean power becomes the energy of its interval. Reactive registers may be headed kWh."""
    text = table.row_unit(cells)
    known = column_words.known_unit(text, volumes=table.options.volumes)
    if known is None:
        raise _bad("unit", table.column("unit"), unit=text[:20])
    unit, scale = known
    factor = Fraction(scale)
    if unit in column_words.ENERGY_OF_POWER:
        unit, factor = column_words.ENERGY_OF_POWER[unit], factor * table.layout.minutes / 60
    reactive = kind is Kind.REACTIVE
    if unit is Unit.VAR_HOUR and not reactive:
        raise _bad("unit", table.column("unit"), unit=text[:20])
    return (Unit.VAR_HOUR if reactive else unit), factor


def _row_quality(table: Table, cells: list[str]) -> Quality:
    text = column_cells.unwrapped(table.text(cells, "quality")).lower()
    if text not in column_words.QUALITIES:
        raise _bad("columns_quality", table.column("quality"), text=text[:30])
    return column_words.QUALITIES[text]


def _check_multiplier(table: Table, cells: list[str]) -> None:
    text = column_cells.unwrapped(table.text(cells, "multiplier"))
    if text and numbers.exact(text) != 1:
        raise _bad("columns_multiplier", table.column("multiplier"), text=text[:20])


def _zone(table: Table, names: tuple[str, ...]) -> ZoneInfo:
    zone = table.zones.get(names)
    if zone is None:
        try:
            said = table.said.zone if table.said is not None else ""
            name = table.options.zone or said or table.options.zone_of(names)
        except base.UnknownSupplyPoint as unknown:
            raise _bad("unknown_supply_point", table.identifier_column, identifier=names[0][:40]) from unknown
        if name is None:
            raise _bad("zone_unknown")
        zone = table.zones[names] = base.zone_named(name)
    return zone


def _readings(table: Table, cells: list[str], day: dt.date, zone: ZoneInfo) -> tuple[list[str], Sequence[int]]:
    """The cells of the intervals this day really has, 23, 24 or 25 hours of them, and their columns."""
    layout = table.layout
    if table.decimal_comma:
        _point(table, cells)
    expected = slots(day, zone, layout.minutes)
    columns: Sequence[int] = layout.columns
    if len(columns) < expected:
        raise _bad("columns_clock_back", None, expected=expected, found=len(columns))
    if len(columns) > expected and layout.starts is not None:
        columns = _clocked(layout, layout.starts, cells, day, zone)
    elif len(columns) > expected:
        columns = _counted(layout, cells, expected)
    return [cells[index] for index in columns], columns


@functools.lru_cache(maxsize=8192)
def slots(day: dt.date, zone: ZoneInfo, minutes: int) -> int:
    """How many intervals a day has; none where they do not fit."""
    if not base.fits_day(day, zone, minutes):
        return 0
    return market_time.slots_of_day(day, zone, minutes)


def _counted(layout: column_headers.Layout, cells: list[str], expected: int) -> Sequence[int]:
    for index in layout.columns[expected:]:
        if cells[index]:
            raise _bad("columns_left_over", index + 1, expected=expected)
    return layout.columns[:expected]


def _clocked(
    layout: column_headers.Layout, starts: tuple[int, ...], cells: list[str], day: dt.date, zone: ZoneInfo
) -> Sequence[int]:
    """Leave out the columns whose clock time does not exist on this day; they must be empty or zero."""
    kept: list[int] = []
    for index, start in zip(layout.columns, starts, strict=True):
        moment = dt.datetime.combine(day, dt.time(*divmod(start, 60)), tzinfo=zone)
        if moment.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) == moment.replace(tzinfo=None):
            kept.append(index)
        elif not column_cells.is_missing(cells[index]) and numbers.exact(cells[index]) != 0:
            raise _bad("columns_clock_forward", index + 1, label=layout.labels[layout.columns.index(index)])
    return kept


def _point(table: Table, cells: list[str]) -> None:
    """Write decimal commas as points; a file uses one of them, so that 1.234 is no other number than it seems."""
    if table.mark == "." and not any("," in cells[index] for index in table.layout.columns):
        return
    for index in table.layout.columns:
        text = cells[index]
        mark = "," if "," in text else "." if "." in text else ""
        if not mark or column_cells.is_missing(text):
            continue
        if text.count(",") > 1 or ("." in text and "," in text):
            raise _bad("ambiguous_number", index + 1, text=text[:30])
        table.mark = table.mark or mark
        if mark != table.mark:
            raise _bad("decimal_marks", index + 1, text=text[:30])
        cells[index] = text.replace(",", ".")


def _bad_cell(bad: numbers.BadCell, columns: Sequence[int]) -> tuple[str, int | None, dict[str, object]]:
    code = "ambiguous_number" if "," in bad.text else bad.code
    return code, columns[bad.index] + 1, {"text": bad.text[:30]}


def _check_total(table: Table, cells: list[str], found: numbers.Cells, factor: Fraction) -> None:
    """A row that brings its own sum must agree with it, within what rounding of every cell can make.

    Where readings are missing the sum may be larger: it comes from elsewhere.
    """
    text = column_cells.unwrapped(table.text(cells, "total"))
    if table.decimal_comma:
        text = text.replace(",", ".")
    unit, scale = column_words.unit_of(table.layout.total_unit or table.row_unit(cells)) or (Unit.WATT_HOUR, 1)
    if column_cells.is_missing(text) or unit in column_words.ENERGY_OF_POWER:
        return
    written = numbers.exact(text)
    if written is None:
        raise _bad("not_a_number", table.column("total"), text=text[:30])
    read = [cells[index] for index in table.layout.columns if not column_cells.is_missing(cells[index])]
    rounding = sum((column_cells.half_step(cell) for cell in read), Fraction(0))
    tolerance = rounding * factor + column_cells.half_step(text) * scale + 1
    total = int(found.values.sum(dtype=np.int64))
    above = Fraction(written) * scale - total
    if above < -tolerance or (above > tolerance and not found.missing.any()):
        raise _bad("columns_total", table.column("total"), found=str(Decimal(total) / scale), expected=text[:30])
