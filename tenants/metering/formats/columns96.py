"""One day a row: a supply point, a date, and 24, 48, 96 or 288 values side by side, with an English or Chinese header.

There is no standard for such files, so the header says what is what (docs/algorithms/readings.md, Columns). A
column stamped with a clock time is the interval that ends then, unless the first column is stamped 00:00.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator

from tenants.metering.formats import (
    base,
    column_blocks,
    column_cells,
    column_headers,
    column_rows,
    column_words,
    mapping,
    numbers,
    opening,
)

CODE = "columns96"
_HEADER_WITHIN = 20
_DELIMITERS = ",;\t|"
_MAPPED_ROLES = frozenset({"register", "serial", "unit", "quality"})


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
        yield from column_rows.take(table, *first)
    yield from _rest(table, rows)


def read_mapped(opened: opening.Opened, options: base.ReadOptions, said: mapping.Mapping) -> base.Items:
    """Yield each day or refusal of a file whose columns a person has told."""
    if "identifier" not in said.columns and not options.identifier:
        raise base.refuse_file("no_identifier")
    first = said.columns["value"]
    readings = tuple(range(first, first + said.count))
    width = max(readings[-1], *said.columns.values()) + 1
    roles = {role: at for role, at in said.columns.items() if role in _MAPPED_ROLES}
    roles["day"] = said.columns.get("date", said.columns.get("stamp", 0))
    identifiers = (said.columns["identifier"],) if "identifier" in said.columns else ()
    labels = tuple(str(place + 1) for place in range(said.count))
    layout = column_headers.Layout(width, identifiers, roles, readings, said.minutes, None, labels)
    comma = said.decimal == ","
    table = column_rows.Table(layout, said.delimiter, options.unit or said.unit, options, comma, mark=said.decimal)
    table.said = said
    yield from _rest(table, ((row, line) for row, line in opening.lines(opened) if row > said.header_rows))


def _rest(table: column_rows.Table, rows: Iterator[tuple[int, str]]) -> base.Items:
    reader = _quick_reader(table) if table.options.blocks else None
    if reader is not None:
        yield from column_blocks.read(reader, rows)
        return
    for row, line in rows:
        yield from column_rows.take(table, row, line)


def _quick_reader(table: column_rows.Table) -> column_blocks.Reader | None:
    """The quick way for rows that end with their readings and bring no sum that would have to be checked."""
    layout = table.layout
    lead = layout.columns[0]
    day_at = layout.roles["day"]
    numeric = table.said is not None and any(numbers.exact(mark) is not None for mark in table.said.missing)
    if layout.columns != tuple(range(lead, layout.width)) or "total" in layout.roles or day_at >= lead or numeric:
        return None
    return column_blocks.Reader(
        delimiter=table.delimiter,
        lead=lead,
        day_at=day_at,
        count=len(layout.columns),
        head_of=functools.partial(column_rows.head_of, table),
        day_of=lambda text: column_rows.date_of(table, column_cells.unwrapped(text.strip())),
        slots_of=lambda day, head: column_rows.slots(day, base.zone_named(head.form.zone), layout.minutes),
        slow=functools.partial(column_rows.take, table),
        plain=functools.partial(_plain, table),
    )


def _plain(table: column_rows.Table, tail: str) -> str | None:
    """The readings with points as decimal marks, where the file's mark is known; None where it has to be asked."""
    if not table.decimal_comma:
        return tail
    if table.mark == ".":
        return None if "," in tail else tail
    return tail.replace(",", ".") if table.mark == "," and "." not in tail else None


def _header(
    rows: Iterator[tuple[int, str]], options: base.ReadOptions
) -> tuple[column_rows.Table, tuple[int, str] | None]:
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
) -> column_rows.Table:
    if not layout.identifiers and options.identifier is None:
        raise base.refuse_file("no_identifier", row=row)
    unit = options.unit or _unit_of_file(layout, titles, row)
    if column_words.known_unit(unit, volumes=options.volumes) is None:
        raise base.refuse_file("unit", unit=unit[:20])
    return column_rows.Table(layout, delimiter, unit, options, decimal_comma=delimiter != ",")


def _unit_of_file(layout: column_headers.Layout, titles: list[str], row: int) -> str:
    """The unit the header or else a title names; energy where none does, unless power is spoken of."""
    found = layout.units or tuple(sorted(column_words.units_in(" ".join(titles))))
    if len(found) > 1 and "unit" not in layout.roles:
        raise base.refuse_file("unit", row=row, unit=", ".join(found)[:40])
    unit = found[0] if len(found) == 1 else "kWh"
    power = column_words.power_in(" ".join(titles)) or layout.power
    if power and "unit" not in layout.roles and not column_words.is_power(unit):
        raise base.refuse_file("columns_power", row=row, text=power[:30], unit=unit)
    return unit


def _bare_layout(cells: list[str], delimiter: str) -> column_headers.Layout | None:
    """A file without a header: supply point, date, a register if the third cell is no number, then the values."""
    if len(cells) < 26 or column_cells.date_year_first(cells[1]) is None:
        return None
    point = delimiter != ","
    lead = 2 if numbers.exact(cells[2].replace(",", ".") if point else cells[2]) is not None or not cells[2] else 3
    columns = tuple(range(lead, len(cells)))
    minutes = column_headers.COUNTS.get(len(columns))
    if minutes is None:
        return None
    roles = {"day": 1, **({"register": 2} if lead == 3 else {})}
    labels = tuple(str(place + 1) for place in range(len(columns)))
    return column_headers.Layout(len(cells), (0,), roles, columns, minutes, None, labels)
