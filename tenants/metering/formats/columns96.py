"""One day a row: a supply point, a date, and 24, 48, 96 or 288 values side by side, with an English or Chinese header.

There is no standard for such files, so the header says what is what (docs/algorithms/readings.md, Columns). A
column stamped with a clock time is the interval that ends then, unless the first column is stamped 00:00.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from kernel import market_time
from tenants.metering.formats import base, column_headers, column_words, numbers, opening
from tenants.metering.formats.base import Kind, Quality, Refusal, Unit

_HEADER_WITHIN = 20
_DELIMITERS = ",;\t|"
_MISSING = {"", "-", "--", "—", "——", "na", "n/a", "nan", "null", "none", "1e8", "1e+8", "1e+08", "1.0e+08", "1.0e8"}
_PADDING = re.compile(r"100000000(?:\.0*)?", re.ASCII)
"""Exports pad what was not read with 1e8."""

_YEAR_FIRST = re.compile(
    r"([0-9]{4})([-/.年]?)([0-9]{1,2})[-/.月]?([0-9]{1,2})日?(?:[ T]0{1,2}:00(?::00(?:\.0+)?)?)?", re.ASCII
)
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", re.ASCII)
_SLASHED = re.compile(r"[0-9]{1,2}[/-][0-9]{1,2}[/-][0-9]{2,4}", re.ASCII)
_DAMAGED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]{1,2}", re.ASCII)
_WRAPPED = re.compile(r"=?\"*'?(.*?)\"*", re.DOTALL)


class _BadRow(Exception):
    """A row is refused for one or more cells; reading goes on after it."""

    def __init__(self, *refusals: tuple[str, int | None, dict[str, object]]) -> None:
        super().__init__(refusals)
        self.refusals = refusals


def _bad(code: str, column: int | None = None, **params: object) -> _BadRow:
    return _BadRow((code, column, params))


@dataclass(slots=True)
class _Table:
    """What is known after the header."""

    layout: column_headers.Layout
    delimiter: str
    unit: str
    options: base.ReadOptions
    decimal_comma: bool
    zones: dict[tuple[str, ...], ZoneInfo] = field(default_factory=dict)
    seen: dict[tuple[str, ...], dict[int, int]] = field(default_factory=dict)

    def text(self, cells: list[str], role: str) -> str:
        at = self.layout.roles.get(role)
        return "" if at is None else cells[at]

    @property
    def identifier_column(self) -> int | None:
        return self.layout.identifiers[0] + 1 if self.layout.identifiers else None

    def column(self, role: str) -> int | None:
        at = self.layout.roles.get(role)
        return None if at is None else at + 1


def recognises(head: str) -> bool:
    """Tell whether the text is cut into columns at all."""
    return any(
        sum(line.count(mark) for mark in _DELIMITERS) >= min(column_headers.COUNTS) for line in head.splitlines()
    )


def read(opened: opening.Opened, options: base.ReadOptions) -> base.Items:
    """Yield each day or refusal of a day-per-row file; without a header that can be understood it is refused whole."""
    rows = opening.lines(opened)
    table, first = _header(rows, options)
    if first is not None:
        yield from _take(table, *first)
    for row, line in rows:
        yield from _take(table, row, line)


def _header(rows: Iterator[tuple[int, str]], options: base.ReadOptions) -> tuple[_Table, tuple[int, str] | None]:
    titles: list[str] = []
    for row, line in rows:
        delimiter = max(_DELIMITERS, key=line.count)
        cells = opening.cells(line, row=row, delimiter=delimiter)
        if len(cells) > min(column_headers.COUNTS):
            layout = column_headers.layout_of(cells, row=row)
            bare = layout is None and len(titles) == 0
            layout = layout or (_bare_layout(cells, delimiter) if bare else None)
            if layout is not None:
                return _table(layout, delimiter, titles, options, row), ((row, line) if bare else None)
        titles.append(line)
        if len(titles) >= _HEADER_WITHIN:
            break
    raise base.refuse_file("columns_header", row=1)


def _table(
    layout: column_headers.Layout, delimiter: str, titles: list[str], options: base.ReadOptions, row: int
) -> _Table:
    if not layout.identifiers and options.identifier is None:
        raise base.refuse_file("no_identifier", row=row)
    unit = options.unit or layout.unit or column_headers.unit_note(" ".join(titles)) or "kWh"
    if unit.lower() not in column_words.UNITS:
        raise base.refuse_file("unit", unit=unit[:20])
    return _Table(layout, delimiter, unit, options, decimal_comma=delimiter != ",")


def _bare_layout(cells: list[str], delimiter: str) -> column_headers.Layout | None:
    """A file without a header: supply point, date, a register if the third cell is no number, then the values."""
    if len(cells) < 26 or _year_first(cells[1]) is None:
        return None
    point = delimiter != ","
    lead = 2 if numbers.exact(cells[2].replace(",", ".") if point else cells[2]) is not None or not cells[2] else 3
    columns = tuple(range(lead, len(cells)))
    minutes = column_headers.COUNTS.get(len(columns))
    if minutes is None:
        return None
    roles = {"day": 1, **({"register": 2} if lead == 3 else {})}
    labels = tuple(str(place + 1) for place in range(len(columns)))
    return column_headers.Layout(len(cells), (0,), roles, columns, minutes, None, labels, None)


def _take(table: _Table, row: int, line: str) -> Iterator[base.Item]:
    cells = opening.cells(line, row=row, delimiter=table.delimiter)
    try:
        yield _day(table, row, cells)
    except _BadRow as bad:
        for code, column, params in bad.refusals:
            yield Refusal(code, row, column, dict(params))


def _day(table: _Table, row: int, cells: list[str]) -> base.ChannelDay:
    layout = table.layout
    _pad(layout, cells)
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
    readings, columns = _readings(table, cells, day, zone)
    found = numbers.convert(cells=readings, factor=factor, cumulate=True, is_missing=_is_missing)
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
        meter_serial=_unwrapped(table.text(cells, "serial")),
        aliases=aliases,
    )


def _spread(quality: Quality, missing: npt.NDArray[np.bool_]) -> base.Qualities:
    spread = np.full(missing.size, quality, dtype=np.uint8)
    spread[missing] = Quality.MISSING
    return spread


def _pad(layout: column_headers.Layout, cells: list[str]) -> None:
    """Let go of empty cells behind the header's last; put those back that a clock-change day leaves off."""
    while len(cells) > layout.width and not cells[-1]:
        cells.pop()
    short = layout.width - len(cells)
    if short < 0:
        raise _bad("columns_long", layout.width + 1, found=len(cells), expected=layout.width)
    if short and (layout.columns[-1] != layout.width - 1 or short not in _allowed_gaps(layout)):
        raise _bad("columns_short", len(cells), found=len(cells), expected=layout.width)
    cells.extend([""] * short)


def _allowed_gaps(layout: column_headers.Layout) -> tuple[int, ...]:
    hour = 60 // layout.minutes
    spare = len(layout.columns) * layout.minutes > base.MINUTES_PER_DAY
    return (hour, 2 * hour) if spare else (hour,)


def _identifier(table: _Table, cells: list[str]) -> tuple[str, tuple[str, ...]]:
    """The name of the supply point and, where a row names it twice (metering point and account), the other names."""
    if table.options.identifier:
        return table.options.identifier, ()
    found = [(_unwrapped(cells[index]), index) for index in table.layout.identifiers]
    for text, index in found:
        if _DAMAGED.fullmatch(text):
            raise _bad("identifier_damaged", index + 1, text=text[:30])
    names = [text for text, _ in found if text]
    if not names:
        raise _bad("no_identifier", table.layout.identifiers[0] + 1)
    return names[0], tuple(names[1:])


def _unwrapped(text: str) -> str:
    """Take off what spreadsheets wrap long numbers in: ="…", a leading apostrophe, a tab."""
    if text.isalnum() or not text:
        return text
    match = _WRAPPED.fullmatch(text.strip())
    return match[1].strip() if match else text


def _date(table: _Table, cells: list[str]) -> dt.date:
    text = _unwrapped(table.text(cells, "day"))
    day = _year_first(text)
    if day is not None:
        return day
    match = _DAY_FIRST.fullmatch(text)
    day = _made(match[3], match[2], match[1]) if match else None
    if day is None:
        code = "ambiguous_date" if _SLASHED.fullmatch(text) else "not_a_date"
        raise _bad(code, table.column("day"), text=text[:30])
    return day


def _year_first(text: str) -> dt.date | None:
    match = _YEAR_FIRST.fullmatch(_unwrapped(text))
    if match is None or (not match[2] and len(match[3] + match[4]) != 4):
        return None
    return _made(match[1], match[3], match[4])


def _made(year: str, month: str, day: str) -> dt.date | None:
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def _register(table: _Table, cells: list[str]) -> tuple[str, Kind]:
    text = _unwrapped(table.text(cells, "register"))
    if not text:
        unit, _ = column_words.UNITS.get((table.text(cells, "unit") or table.unit).lower(), (None, 0))
        reactive = unit in (Unit.VAR_HOUR, Unit.VAR)
        return ("Q1", Kind.REACTIVE) if reactive else ("E1", Kind.CONSUMPTION)
    if known := column_words.REGISTERS.get(re.sub(r"[\s_]", "", text.lower())):
        return known
    code = text.upper()
    if column_words.CODE.fullmatch(code) and code[0] in column_words.KIND_OF_LETTER:
        return code, column_words.KIND_OF_LETTER[code[0]]
    raise _bad("columns_register", table.column("register"), text=text[:30])


def _unit(table: _Table, cells: list[str], kind: Kind) -> tuple[Unit, Fraction]:
    """Energy as it is; a mean power becomes the energy of its interval. Reactive registers may be headed kWh."""
    text = table.text(cells, "unit") or table.unit
    if text.lower() not in column_words.UNITS:
        raise _bad("unit", table.column("unit"), unit=text[:20])
    unit, scale = column_words.UNITS[text.lower()]
    factor = Fraction(scale)
    if unit in column_words.ENERGY_OF_POWER:
        unit, factor = column_words.ENERGY_OF_POWER[unit], factor * table.layout.minutes / 60
    reactive = kind is Kind.REACTIVE
    if unit is Unit.VAR_HOUR and not reactive:
        raise _bad("unit", table.column("unit"), unit=text[:20])
    return (Unit.VAR_HOUR if reactive else unit), factor


def _row_quality(table: _Table, cells: list[str]) -> Quality:
    text = _unwrapped(table.text(cells, "quality")).lower()
    if text not in column_words.QUALITIES:
        raise _bad("columns_quality", table.column("quality"), text=text[:30])
    return column_words.QUALITIES[text]


def _check_multiplier(table: _Table, cells: list[str]) -> None:
    text = _unwrapped(table.text(cells, "multiplier"))
    if text and numbers.exact(text) != 1:
        raise _bad("columns_multiplier", table.column("multiplier"), text=text[:20])


def _zone(table: _Table, names: tuple[str, ...]) -> ZoneInfo:
    zone = table.zones.get(names)
    if zone is None:
        try:
            name = table.options.zone or table.options.zone_of(names)
        except base.UnknownSupplyPoint as unknown:
            raise _bad("unknown_supply_point", table.identifier_column, identifier=names[0][:40]) from unknown
        if name is None:
            raise _bad("zone_unknown")
        zone = table.zones[names] = base.zone_named(name)
    return zone


def _readings(table: _Table, cells: list[str], day: dt.date, zone: ZoneInfo) -> tuple[list[str], Sequence[int]]:
    """The cells of the intervals this day really has, 23, 24 or 25 hours of them, and their columns."""
    layout = table.layout
    if table.decimal_comma:
        for index in layout.columns:
            cells[index] = _pointed(cells[index], index)
    expected = _slots(day, zone, layout.minutes)
    columns: Sequence[int] = layout.columns
    if len(columns) < expected:
        raise _bad("columns_clock_back", None, expected=expected, found=len(columns))
    if len(columns) > expected and layout.starts is not None:
        columns = _clocked(layout, layout.starts, cells, day, zone)
    elif len(columns) > expected:
        columns = _counted(layout, cells, expected)
    return [cells[index] for index in columns], columns


@functools.lru_cache(maxsize=8192)
def _slots(day: dt.date, zone: ZoneInfo, minutes: int) -> int:
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
        elif not _is_missing(cells[index]) and numbers.exact(cells[index]) != 0:
            raise _bad("columns_clock_forward", index + 1, label=layout.labels[layout.columns.index(index)])
    return kept


def _pointed(text: str, index: int) -> str:
    if "," not in text:
        return text
    if "." in text or text.count(",") > 1:
        raise _bad("ambiguous_number", index + 1, text=text[:30])
    return text.replace(",", ".")


def _is_missing(text: str) -> bool:
    return text.lower() in _MISSING or _PADDING.fullmatch(text) is not None


def _bad_cell(bad: numbers.BadCell, columns: Sequence[int]) -> tuple[str, int | None, dict[str, object]]:
    code = "ambiguous_number" if "," in bad.text else bad.code
    return code, columns[bad.index] + 1, {"text": bad.text[:30]}


def _check_total(table: _Table, cells: list[str], found: numbers.Cells, factor: Fraction) -> None:
    """A row that brings its own sum must agree with it, within what rounding of every cell can make."""
    text = _unwrapped(table.text(cells, "total"))
    if table.decimal_comma:
        text = text.replace(",", ".")
    if not text or column_words.UNITS[table.unit.lower()][0] in column_words.ENERGY_OF_POWER:
        return
    written = numbers.exact(text)
    if written is None:
        raise _bad("not_a_number", table.column("total"), text=text[:30])
    energy = Fraction(written) * _scale_of_total(table)
    steps = [_half_step(cells[index]) for index in table.layout.columns if cells[index]]
    tolerance = sum(steps, Fraction(0)) * factor + _half_step(text) * _scale_of_total(table) + 1
    total = int(found.values.sum(dtype=np.int64))
    if abs(energy - total) > tolerance:
        shown = Decimal(total) / Decimal(_scale_of_total(table))
        raise _bad("columns_total", table.column("total"), found=str(shown), expected=text[:30])


def _scale_of_total(table: _Table) -> int:
    return column_words.UNITS[table.unit.lower()][1]


def _half_step(text: str) -> Fraction:
    number = numbers.exact(text.replace(",", "."))
    exponent = number.as_tuple().exponent if number is not None else 0
    return Fraction(10) ** int(exponent) / 2 if isinstance(exponent, int) else Fraction(0)
