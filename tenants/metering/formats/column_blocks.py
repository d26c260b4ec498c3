"""Rows of a day-per-row file, thousands at a time: what is plain goes the quick way, the rest row by row."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from tenants.metering.formats import base, number_blocks

ROWS = 2000
Row = tuple[int, str]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What the cells before the readings say, once understood, and the days of it that were seen: ordinal → row."""

    form: base.Form
    factor: Fraction
    quality: base.Quality
    seen: dict[int, int]


@dataclass(frozen=True, slots=True)
class Reader:
    """How the quick way asks the format: each callable answers None where the slow way has to look.

    ``lead`` cells stand before the readings, ``day_at`` is the date's, ``count`` are the readings of a row.
    """

    delimiter: str
    lead: int
    day_at: int
    count: int
    head_of: Callable[[tuple[str, ...]], Head | None]
    day_of: Callable[[str], dt.date | None]
    slots_of: Callable[[dt.date, Head], int]
    slow: Callable[[int, str], Iterator[base.Item]]
    plain: Callable[[str], str | None]
    heads: dict[tuple[str, ...], Head | None] = field(default_factory=dict)
    days: dict[str, dt.date | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Quick:
    rows: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    tails: list[str] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    days: list[int] = field(default_factory=list)


def read(reader: Reader, rows: Iterator[Row]) -> base.Items:
    """Yield blocks of days, and what the slow way says of the other rows."""
    while chunk := list(itertools.islice(rows, ROWS)):
        yield from _chunk(reader, chunk)


def _chunk(reader: Reader, chunk: list[Row]) -> base.Items:
    quick = _Quick()
    left: list[Row] = []
    for row, line in chunk:
        if not _collected(reader, quick, row, line):
            left.append((row, line))
    block, unread = _block(reader, quick)
    for row, line in sorted(left + unread):
        yield from reader.slow(row, line)
    if block is not None:
        yield block


def _collected(reader: Reader, quick: _Quick, row: int, line: str) -> bool:
    """Take the row along when its head is understood and its day is an ordinary one that was not seen before."""
    parts = line.split(reader.delimiter, reader.lead)
    if len(parts) <= reader.lead or '"' in line:
        return False
    tail = reader.plain(parts.pop())
    day = _day(reader, parts[reader.day_at])
    parts[reader.day_at] = ""
    head = _head(reader, tuple(parts))
    if tail is None or day is None or head is None or reader.slots_of(day, head) != reader.count:
        return False
    ordinal = day.toordinal()
    if head.seen.setdefault(ordinal, row) != row:
        return False
    quick.rows.append(row)
    quick.lines.append(line)
    quick.tails.append(tail)
    quick.heads.append(head)
    quick.days.append(ordinal)
    return True


def _day(reader: Reader, text: str) -> dt.date | None:
    if text not in reader.days:
        reader.days[text] = reader.day_of(text)
    return reader.days[text]


def _head(reader: Reader, cells: tuple[str, ...]) -> Head | None:
    if cells not in reader.heads:
        reader.heads[cells] = reader.head_of(cells)
    return reader.heads[cells]


def _block(reader: Reader, quick: _Quick) -> tuple[base.DayBlock | None, list[Row]]:
    """The days of the rows whose numbers are plain, and the rows that are left."""
    if not quick.rows:
        return None, []
    read = number_blocks.millionths(rows=quick.tails, cells=reader.count, delimiter=reader.delimiter)
    readable = read.readable
    values = np.zeros(read.values.shape, dtype=np.int32)
    factors = {head.factor for head in quick.heads}
    for factor in factors:
        chosen = readable & np.array([head.factor == factor for head in quick.heads]) if len(factors) > 1 else readable
        found = number_blocks.units(read=read.values[chosen], factor=factor)
        if found is None:
            readable = readable & ~chosen
        else:
            values[chosen] = found
    unread = [at for at, fine in enumerate(readable.tolist()) if not fine]
    for at in unread:
        del quick.heads[at].seen[quick.days[at]]
    left = [(quick.rows[at], quick.lines[at]) for at in unread]
    return (_days(quick, values, readable, reader.lead) if readable.any() else None), left


def _days(quick: _Quick, values: base.Values, readable: number_blocks.Flags, lead: int) -> base.DayBlock:
    heads = [head for head, fine in zip(quick.heads, readable.tolist(), strict=True) if fine]
    places: dict[int, int] = {}
    forms: list[base.Form] = []
    for head in heads:
        if id(head) not in places:
            places[id(head)] = len(forms)
            forms.append(head.form)
    quality = np.array([head.quality for head in heads], dtype=np.uint8)
    return base.DayBlock(
        forms=forms,
        form_of=np.array([places[id(head)] for head in heads], dtype=np.int64),
        days=np.array(quick.days, dtype=np.int64)[readable],
        values=values[readable],
        quality=np.repeat(quality[:, None], values.shape[1], axis=1),
        rows=np.array(quick.rows, dtype=np.int64)[readable],
        lead=lead,
    )
