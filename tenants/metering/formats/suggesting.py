"""What the columns of a table may mean, read off its header and first rows; a person confirms it."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tenants.metering.formats import (
    base,
    column_cells,
    column_headers,
    column_words,
    long_stamps,
    mapping,
    numbers,
    opening,
)

SHOWN_ROWS = 12
_LOOKED_AT = 6000
_WIDEST_SHOWN = 400
_STAMP_NAMES = (
    "timestamp datetime readtime readingtime readingdatetime intervalstart intervalend starttime endtime start end "
    "localtime utctime periodstart periodend startdatetime enddatetime from to 时间 时刻 采集时间 数据时间 抄表时间 "
    "开始时间 结束时间 时间戳 日期时间 起始时间 截止时间"
)
_VALUE_NAMES = (
    "value reading usage consumption energy quantity amount volume load demand power import delivered kwh wh mwh kw "
    "电量 用电量 示值 数值 读数 有功电量 正向有功 正向有功电量 负荷 功率 值"
)
_NAMES = {
    "stamp": _STAMP_NAMES,
    "time": "time clock intervaltime timeofday 时间点 时点 时段",
    "value": _VALUE_NAMES,
    "changed": "updated updatedat changed changedat modified updatetime lastmodified 更新时间 修改时间",
}
_WORDS = {role: frozenset(_words.split()) for role, _words in _NAMES.items()}
_ENDS = re.compile(r"end|to$|until|结束|截止")
_UNIT_BEHIND = re.compile(r"(?<=.)(?:kwh|mwh|wh|kvarh|varh|kw|mw|w)$")
_STARTS = re.compile(r"start|from|begin|开始|起始")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The first rows of a table, what its columns may mean, and the fingerprint of its header.

    ``certain`` tells that nothing had to be guessed.
    """

    rows: list[list[str]]
    mapping: mapping.Mapping
    fingerprint: str
    certain: bool


def suggest(opened: opening.Opened) -> Suggestion | None:
    """This will look at the first rows; None where they are no table. The file may be read on afterwards."""
    lines = _first_lines(opened)
    opened.content.seek(0)
    if not lines:
        return None
    delimiter = max(mapping.DELIMITERS, key=lambda mark: sum(line.count(mark) for _, line in lines[:50]))
    try:
        rows = [(row, opening.cells(line, row=row, delimiter=delimiter)) for row, line in lines]
    except base.FileRefused:
        return None
    width = Counter(len(cells) for _, cells in rows).most_common(1)[0][0]
    if width < 2:
        return None
    at = next((place for place, (_, cells) in enumerate(rows[:20]) if _is_header(cells, width)), None)
    header = rows[at][1] if at is not None else [""] * width
    body = [cells for _, cells in (rows[at + 1 :] if at is not None else rows)]
    skipped = rows[at][0] if at is not None else 0
    found, certain = _meanings(header, body, delimiter)
    found = mapping.Mapping(**{**found.as_json(), "header_rows": min(skipped, 20), "delimiter": delimiter})
    shown = [cells[:_WIDEST_SHOWN] for _, cells in rows[:SHOWN_ROWS]]
    return Suggestion(shown, found, fingerprint_of(header=header, delimiter=delimiter), certain and at is not None)


def fingerprint_of(*, header: Sequence[str], delimiter: str) -> str:
    """Return what files with the same header share; dates in it do not count."""
    plain = [re.sub(r"\d{4,}", "#", _plain(cell)) for cell in header]
    return hashlib.sha256("\x1f".join([delimiter, *plain]).encode()).hexdigest()


def _first_lines(opened: opening.Opened) -> list[tuple[int, str]]:
    """The first lines, without closing what they are read from."""
    text = opened.sample(lines=_LOOKED_AT)
    return [(row, line) for row, line in enumerate(text, start=1) if line.strip()]


def _is_header(cells: list[str], width: int) -> bool:
    filled = [cell for cell in cells if cell]
    return (
        len(cells) == width
        and len(filled) >= max(2, width // 2)
        and not any(numbers.exact(cell) or column_cells.date_year_first(cell) for cell in filled[:4])
        and any(re.search(r"[^\d\W]", cell) for cell in filled)
    )


def _meanings(header: list[str], body: list[list[str]], delimiter: str) -> tuple[mapping.Mapping, bool]:
    columns = _named(header)
    for role, place in _by_cells(body, set(columns.values())).items():
        if not (role in ("date", "stamp") and {"date", "stamp"} & set(columns)):
            columns.setdefault(role, place)
    if "stamp" in columns and "date" in columns:
        columns.pop("date")
    texts = " ".join(header)
    label = header[columns["stamp"]] if "stamp" in columns else header[columns["time"]] if "time" in columns else ""
    ends = bool(_ENDS.search(_plain(label)))
    told = ends or bool(_STARTS.search(_plain(label)))
    order = _order(body, columns)
    minutes = _minutes(body, columns, order)
    units = column_words.units_in(header[columns["value"]] if "value" in columns else "") or column_words.units_in(
        texts
    )
    decimal = "," if delimiter != "," and _has_commas(body, columns) else "."
    certain = told and len(units) == 1 and bool(minutes) and {"identifier", "value"} <= set(columns)
    found = mapping.Mapping(
        columns=columns,
        stamps=mapping.END if ends else mapping.START,
        minutes=minutes or 15,
        unit=units.pop() if len(units) == 1 else "kWh",
        order=order,
        decimal=decimal,
    )
    return found, certain and bool({"stamp", "date"} & set(columns))


def _named(header: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, cell in enumerate(header):
        name = _UNIT_BEHIND.sub("", _plain(cell)) or _plain(cell)
        role = next((role for role, words in _WORDS.items() if name in words), None) or column_headers.role_of(cell)
        if role in ("total", "multiplier"):
            continue
        if role == "day":
            role = "date"
        if role is not None:
            found.setdefault(role, place)
    return found


def _by_cells(body: list[list[str]], taken: set[int]) -> dict[str, int]:
    """What columns without a name that is known look like: moments, dates, and last the numbers."""
    found: dict[str, int] = {}
    sample = body[:40]
    width = max(map(len, sample), default=0)
    for place in range(width):
        cells = [row[place] for row in sample if place < len(row) and row[place]]
        if place in taken or not cells:
            continue
        if all(_moment(cell) for cell in cells):
            found.setdefault("stamp", place)
        elif all(_date(cell) for cell in cells):
            found.setdefault("date", place)
        elif all(re.fullmatch(r"\d{1,2}[:：]\d{2}(:\d{2})?", cell) for cell in cells):
            found.setdefault("time", place)
        elif all(numbers.exact(cell.replace(",", ".")) is not None for cell in cells) and any(
            mark in cell for cell in cells for mark in ".,"
        ):
            found.setdefault("value", place)
        elif all(re.fullmatch(r"[A-Za-z0-9]{6,}", cell) for cell in cells):
            found.setdefault("identifier", place)
    return found


def _moment(cell: str) -> bool:
    date, time = long_stamps.parts_of(cell)
    return date != cell.strip() and any(
        long_stamps.local_of(date=date, time=time, order=order) is not None for order in mapping.ORDERS
    )


def _date(cell: str) -> bool:
    return any(long_stamps.date_of(text=cell, order=order) is not None for order in mapping.ORDERS)


def _order(body: list[list[str]], columns: dict[str, int]) -> str:
    """The order in which all dates can be read; where two can, day first is more common."""
    place = columns.get("stamp", columns.get("date"))
    cells = [row[place] for row in body if place is not None and place < len(row)]
    dates = [long_stamps.parts_of(cell)[0] if "stamp" in columns else cell for cell in cells if cell]
    for order in mapping.ORDERS:
        if dates and all(long_stamps.date_of(text=date, order=order) is not None for date in dates):
            return order
    return "ymd"


def _minutes(body: list[list[str]], columns: dict[str, int], order: str) -> int | None:
    """The shortest distance of two times, where it is one that readings have."""
    moments = set()
    for row in body:
        stamp, date, time = (_cell(row, columns.get(role)) for role in ("stamp", "date", "time"))
        date, time = long_stamps.parts_of(stamp) if stamp else (date, time)
        moment = long_stamps.local_of(date=date, time=time, order=order) if date and time else None
        if moment is not None:
            moments.add(moment.replace(tzinfo=None))
    ordered = sorted(moments)
    steps = [(after - before) // dt.timedelta(minutes=1) for before, after in itertools.pairwise(ordered)]
    return min(steps) if steps and min(steps) in base.ACCEPTED_MINUTES else None


def _cell(row: list[str], place: int | None) -> str:
    return row[place] if place is not None and place < len(row) else ""


def _has_commas(body: list[list[str]], columns: dict[str, int]) -> bool:
    place = columns.get("value")
    return any("," in _cell(row, place) for row in body)


def _plain(cell: str) -> str:
    return re.sub(r"[\s_\-./]|[(（\[【].*?[)）\]】]", "", cell).lower()
