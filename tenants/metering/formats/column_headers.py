"""Understand the header of a day-per-row file: which column names the supply point, the day, and each interval."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tenants.metering.formats import base

COUNTS = {24: 60, 25: 60, 48: 30, 50: 30, 96: 15, 100: 15, 288: 5, 300: 5}
"""Interval columns and the minutes of one; the larger number of a pair leaves room for the 25-hour day."""


def _words(text: str) -> list[str]:
    return text.split()


_IDENTIFIERS = _words(
    "nmi mpan esiid supplypoint supplypointid meterpoint meteringpoint servicepoint servicepointid usagepoint point "
    "pointid identifier 计量点编号 计量点号 计量点 供电点编号 供电点 户号 用电户号 用户编号 用户号 客户编号 总户号 "
    "营销户号 account accountnumber customer customernumber site siteid id"
)
"""Names of the supply point, the most particular first; where a file has several, all are tried in this order."""

_NAMES: dict[str, list[str]] = {
    "serial": _words(
        "meter meterid meterserial meternumber meterno serial serialnumber "
        "表号 电表 电表号 电表编号 电能表编号 电能表资产号 资产编号 资产号 表计编号"
    ),
    "day": _words("date day readingdate intervaldate usagedate 日期 数据日期 抄表日期 用电日期 数据时间 运行日期"),
    "register": _words(
        "register registercode channel suffix nmisuffix kind type datatype direction measure quantity obis "
        "类型 数据类型 方向 电能方向 数据项 数据项名称 示数类型 测量项 曲线类型"
    ),
    "unit": _words("unit uom units 单位 计量单位"),
    "quality": _words("quality status qualityflag 质量 数据质量 状态 数据状态"),
    "total": _words("total sum daytotal 合计 总计 日电量 总电量 日合计 日用电量"),
    "multiplier": _words("multiplier factor 倍率 综合倍率 互感倍率"),
}
_ROLE_OF = {name: role for role, names in _NAMES.items() for name in names}

_CLOCK = re.compile(r"[^0-9:：]{0,8}?([0-9]{1,2})[:：时.hH]([0-9]{2})(?:[:：]00|分)?", re.ASCII)
_RANGE = re.compile(r"([0-9]{1,2})[:：]([0-9]{2})\s*[-–~～至]\s*([0-9]{1,2})[:：]([0-9]{2})", re.ASCII)
_COMPACT = re.compile(r"[^0-9]{0,12}?([0-2][0-9])([0-5][0-9])", re.ASCII)
_ORDINAL = re.compile(r"([^0-9]{0,16}?)0*([0-9]{1,3})[^0-9]{0,10}", re.ASCII)
_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
_UNIT_NOTE = re.compile(
    r"(?<![a-z])(mwh|kwh|wh|mw|kw|kvarh|kvar|varh)(?![a-z])|(千瓦时|兆瓦时|千瓦|兆瓦)", re.IGNORECASE
)
_CHINESE_UNITS = {"千瓦时": "kWh", "兆瓦时": "MWh", "千瓦": "kW", "兆瓦": "MW"}


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands in a row.

    ``starts`` are the interval starts in minutes of the clock, or None where the columns are only counted.
    """

    width: int
    identifiers: tuple[int, ...]
    roles: dict[str, int]
    columns: tuple[int, ...]
    minutes: int
    starts: tuple[int, ...] | None
    labels: tuple[str, ...]
    unit: str | None


def layout_of(cells: Sequence[str], *, row: int) -> Layout | None:
    """Return the layout when ``cells`` are a header, None when they are not; refuses one that contradicts itself."""
    roles: dict[str, int] = {}
    named: dict[str, int] = {}
    rest: list[int] = []
    for index, cell in enumerate(cells):
        name = _plain(cell)
        known = named if name in _IDENTIFIERS else roles
        role = name if known is named else _ROLE_OF.get(name)
        if role is not None and role in known:
            raise base.refuse_file("columns_twice", row=row, column=index + 1, label=cell[:30])
        if role is not None:
            known[role] = index
        elif cell:
            rest.append(index)
    if "day" not in roles or not rest:
        return None
    identifiers = tuple(named[name] for name in sorted(named, key=_IDENTIFIERS.index))
    if not identifiers and "serial" in roles:
        identifiers = (roles.pop("serial"),)
    columns, starts, minutes = _intervals(cells, rest, row)
    labels = tuple(cells[index] for index in columns)
    unit = unit_note(" ".join(labels)) or unit_note(" ".join(cells))
    return Layout(len(cells), identifiers, roles, columns, minutes, starts, labels, unit)


def unit_note(text: str) -> str | None:
    """Return the unit that a title or header mentions, None when it mentions none or several."""
    found = {_CHINESE_UNITS.get(match[0], match[0]).lower() for match in _UNIT_NOTE.finditer(text)}
    return found.pop() if len(found) == 1 else None


def _plain(cell: str) -> str:
    return re.sub(r"[\s_\-./]", "", _BRACKETS.sub("", cell)).lower()


def _intervals(cells: Sequence[str], rest: list[int], row: int) -> tuple[tuple[int, ...], tuple[int, ...] | None, int]:
    clocked = [(index, ends) for index in rest if (ends := _clock(cells[index])) is not None]
    if len(clocked) >= min(COUNTS):
        return _by_clock(cells, clocked, row)
    compact = [(index, (_minute(match), None)) for index in rest if (match := _COMPACT.fullmatch(cells[index]))]
    if len(compact) in COUNTS and len({minute for _, (minute, _) in compact}) > len(compact) - 2:
        return _by_clock(cells, compact, row)
    return _by_count(cells, rest, row)


def _clock(cell: str) -> tuple[int, int | None] | None:
    """A clock time, or a range of two, in minutes of the day."""
    text = _BRACKETS.sub("", cell).strip()
    if match := _RANGE.fullmatch(text):
        hour, minute, end_hour, end_minute = (int(part) for part in match.groups())
        return hour * 60 + minute, end_hour * 60 + end_minute
    match = _CLOCK.fullmatch(text)
    return (_minute(match), None) if match else None


def _minute(match: re.Match[str]) -> int:
    return int(match[1]) * 60 + int(match[2])


def _by_clock(
    cells: Sequence[str], found: Sequence[tuple[int, tuple[int, int | None]]], row: int
) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Columns with times: the first label tells whether they stamp the start (00:00) or the end (00:15)."""
    minutes = COUNTS.get(len(found))
    if minutes is None or len(found) * minutes != base.MINUTES_PER_DAY:
        raise base.refuse_file("columns_count", row=row, count=len(found))
    first = found[0][1]
    shift = 0 if first[0] == 0 or first[1] is not None else minutes
    previous = ""
    for place, (index, (minute, end)) in enumerate(found):
        start, following = place * minutes, (place + 1) * minutes
        fits = (minute - shift) % base.MINUTES_PER_DAY == start
        if not fits or (end is not None and end % base.MINUTES_PER_DAY != following % base.MINUTES_PER_DAY):
            raise base.refuse_file("columns_order", row=row, column=index + 1, label=cells[index], previous=previous)
        previous = cells[index]
    return tuple(index for index, _ in found), tuple(place * minutes for place in range(len(found))), minutes


def _by_count(cells: Sequence[str], rest: list[int], row: int) -> tuple[tuple[int, ...], None, int]:
    """Columns that are numbered: P1 … P96, 第1点 …, 1 … 96 or 0 … 95."""
    groups: dict[str, list[tuple[int, int]]] = {}
    for index in rest:
        if match := _ORDINAL.fullmatch(_BRACKETS.sub("", cells[index]).strip()):
            groups.setdefault(match[1].strip().lower(), []).append((index, int(match[2])))
    numbered = max(groups.values(), key=len, default=[])
    minutes = COUNTS.get(len(numbered))
    if minutes is None:
        raise base.refuse_file("columns_count", row=row, count=len(numbered))
    first = numbered[0][1]
    previous = ""
    for place, (index, number) in enumerate(numbered):
        if number != first + place or first > 1:
            raise base.refuse_file("columns_order", row=row, column=index + 1, label=cells[index], previous=previous)
        previous = cells[index]
    return tuple(index for index, _ in numbered), None, minutes
