"""Understand the header of a day-per-row file: which column names the supply point, the day, and each interval."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tenants.metering.formats import base, column_words

COUNTS = {24: 60, 25: 60, 48: 30, 50: 30, 96: 15, 100: 15, 288: 5, 300: 5}
"""Interval columns and the minutes of one; the larger number of a pair leaves room for the 25-hour day."""


def _words(text: str) -> list[str]:
    return text.split()


_IDENTIFIERS = _words(
    "nmi mpan mpancore icp esi esiid supplypoint supplypointid meterpoint meteringpoint servicepoint servicepointid "
    "usagepoint point pointid identifier 计量点编号 计量点号 计量点 供电点编号 供电点 户号 用电户号 用户编号 用户号 "
    "客户编号 总户号 营销户号 account accountnumber customer customernumber site siteid id"
)
"""Names of the supply point, the most particular first; where a file has several, all are tried in this order."""

_NAMES: dict[str, list[str]] = {
    "serial": _words(
        "meter meterid meterserial meternumber meterno serial serialnumber "
        "表号 电表 电表号 电表编号 电能表编号 电能表资产 电能表资产号 资产编号 资产号 表计编号"
    ),
    "day": _words(
        "date day readingdate readdate intervaldate usagedate settlementdate tradingdate localdate "
        "日期 数据日期 抄表日期 用电日期 数据时间 运行日期"
    ),
    "register": _words(
        "register registercode channel suffix nmisuffix kind type datatype direction measure quantity obis "
        "类型 数据类型 方向 电能方向 数据项 数据项名称 示数类型 测量项 曲线类型"
    ),
    "unit": _words("unit uom units 单位 计量单位"),
    "quality": _words("quality status qualityflag 质量 数据质量 状态 数据状态"),
    "total": _words(
        "total sum daytotal dailytotal totalkwh totalwh totalenergy dailyenergy dailyusage "
        "合计 总计 小计 日电量 总电量 日合计 日用电量 当日电量 日总电量 合计电量 电量合计"
    ),
    "multiplier": _words("multiplier factor 倍率 综合倍率 互感倍率"),
}
_ROLE_OF = {name: role for role, names in _NAMES.items() for name in names}

_NUMBERED = re.compile(r"(?:id|no|num|number|code|identifier|编号|编码|号码)$")
_CLOCK = re.compile(r"[^0-9:：]{0,8}?([0-9]{1,2})[:：时.hH]([0-9]{2})(?:[:：]00|分)?", re.ASCII)
_RANGE = re.compile(r"([0-9]{1,2})[:：]([0-9]{2})\s*[-–~～至]\s*([0-9]{1,2})[:：]([0-9]{2})", re.ASCII)
_COMPACT = re.compile(r"[^0-9]{0,12}?([0-2][0-9])([0-5][0-9])", re.ASCII)
_ORDINAL = re.compile(r"([^0-9]{0,16}?)0*([0-9]{1,3})[^0-9]{0,10}", re.ASCII)
_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
_OTHER_UNITS = set(
    _words("v kv a ka va kva mva vah kvah mvah pf cosφ hz j kj mj gj m3 m³ ft3 therm btu % °c ℃ 伏 安 元 cny usd aud")
)
_ATTRIBUTE = re.compile(r"容量|需量|需求|额定|装机|限|最大|最小|平均|capacity|demand|rated|limit|max|min|average|peak")
"""A column that tells something of the customer or the day, not what the intervals are."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands in a row.

    ``starts`` are the interval starts in minutes of the clock, or None where the columns are only counted.
    ``units`` are those the header names, ``total_unit`` that of the column with the sum, ``power`` a word for power.
    """

    width: int
    identifiers: tuple[int, ...]
    roles: dict[str, int]
    columns: tuple[int, ...]
    minutes: int
    starts: tuple[int, ...] | None
    labels: tuple[str, ...]
    units: tuple[str, ...] = ()
    total_unit: str | None = None
    power: str = ""


def layout_of(cells: Sequence[str], *, row: int) -> Layout | None:
    """Return the layout when ``cells`` are a header, None when they are not; refuses one that contradicts itself."""
    roles: dict[str, int] = {}
    named: dict[str, int] = {}
    rest: list[int] = []
    plain = {_plain(cell) for cell in cells}
    for index, cell in enumerate(cells):
        name = _name(cell, plain)
        known = named if name in _IDENTIFIERS else roles
        role = name if known is named else _ROLE_OF.get(name)
        if role == "serial" and role in known:  # the number the maker gave beside the owner's
            continue
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
    beside = [cells[index] for index in rest if index not in columns and not _ATTRIBUTE.search(cells[index].lower())]
    units = _units_of_labels(labels, row) or column_words.units_in(" ".join(beside))
    total = column_words.units_in(cells[roles["total"]]) if "total" in roles else set()
    return Layout(
        len(cells),
        identifiers,
        roles,
        columns,
        minutes,
        starts,
        labels,
        tuple(sorted(units)),
        total.pop() if len(total) == 1 else None,
        column_words.power_in(" ".join([*labels, *beside])),
    )


def role_of(cell: str) -> str | None:
    """Return what a column of that name is: identifier, day, register …; None when the name is not known."""
    name = _name(cell, set())
    return "identifier" if name in _IDENTIFIERS else _ROLE_OF.get(name)


def _units_of_labels(labels: tuple[str, ...], row: int) -> set[str]:
    """The units in the names of the interval columns; a note of one that is not known is refused."""
    notes = {note.strip("()（）[]【】 ") for label in labels for note in _BRACKETS.findall(label)}
    units = column_words.units_in(" ".join(labels))
    strange = [note for note in notes if note.lower() in _OTHER_UNITS]
    if strange:
        raise base.refuse_file("unit", row=row, unit=strange[0])
    return units


def _name(cell: str, others: set[str]) -> str:
    """The name of a column as the lists have it, without a “number” behind it unless another is called just that."""
    name = _plain(cell)
    bare = _NUMBERED.sub("", name)
    return name if name in _ROLE_OF or name in _IDENTIFIERS or bare in others else bare


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
    whole = [group for group in groups.values() if len(group) in COUNTS]
    if len(whole) != 1:
        count = sum(map(len, whole)) or max(map(len, groups.values()), default=0)
        raise base.refuse_file("columns_count", row=row, count=count)
    numbered = whole[0]
    minutes = COUNTS[len(numbered)]
    first = numbered[0][1]
    previous = ""
    for place, (index, number) in enumerate(numbered):
        if number != first + place or first > 1:
            raise base.refuse_file("columns_order", row=row, column=index + 1, label=cells[index], previous=previous)
        previous = cells[index]
    return tuple(index for index, _ in numbered), None, minutes
