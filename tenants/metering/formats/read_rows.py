"""Register reads as a table: one read a row, columns known by their names in English or Chinese.

supply_point,meter,register,day,read,quality
4103035915,M100,1,2026-02-01,10512.5,actual
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal

from tenants.metering.formats import base, opening
from tenants.metering.formats.register_reading import RegisterReading
from tenants.metering.registers import units

COLUMNS = {
    "supply_point": ("supply_point", "supply point", "nmi", "户号", "计量点", "计量点编号"),
    "meter": ("meter", "serial", "meter_serial", "表号", "电表号", "电能表编号", "资产编号"),
    "register": ("register", "register_code", "示数类型", "寄存器"),
    "day": ("day", "date", "read_date", "抄表日期", "示数日期", "日期"),
    "read": ("read", "register_read", "meter_read", "示数", "抄表示数", "表码"),
    "quality": ("quality", "质量", "抄表方式"),
    "kind": ("kind", "measures", "计量项目"),
    "unit": ("unit", "单位"),
}
NEEDED = ("register", "day", "read")
QUALITIES = {
    "": "actual", "actual": "actual", "实抄": "actual", "customer": "customer", "自报": "customer",
    "estimated": "estimated", "估抄": "estimated", "估算": "estimated", "substituted": "substituted",
    "替代": "substituted",
}  # fmt: skip
KINDS = ("consumption", "feed_in", "generation", "reactive", "apparent", "demand", "check")
LONGEST = {"supply_point": 64, "meter": 40, "register": 16}
USUAL_UNITS = {"reactive": "kvarh", "apparent": "kVAh", "demand": "kW"}

_NAMES = {name: column for column, names in COLUMNS.items() for name in names}
_READ = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)
_DAY = re.compile(r"([0-9]{4})[-/]?([0-9]{1,2})[-/]?([0-9]{1,2})", re.ASCII)


def recognises(head: str) -> bool:
    """Tell whether the first row names a register, a day and what the register showed."""
    return _header(head) is not None


def read(opened: opening.Opened, options: base.ReadOptions) -> base.Items:
    """Yield each read or refusal of the table."""
    found = _header(opened.head())
    delimiter, places = found or (",", {})
    first, width = True, 0
    for row, line in opening.lines(opened):
        if first:
            first = False
            width = len(opening.cells(line, row=row, delimiter=delimiter))
            _refuse_twice(opening.cells(line, row=row, delimiter=delimiter), row)
            continue
        fields = opening.cells(line, row=row, delimiter=delimiter)
        while len(fields) > width and not fields[-1]:
            fields.pop()
        if len(fields) > width:
            yield base.Refusal("columns_long", row, width + 1, {"found": len(fields), "expected": width})
            continue
        if delimiter != "," and "read" in places and places["read"] < len(fields):
            fields[places["read"]] = _pointed(fields[places["read"]])
        yield _taken(fields, places, row, options.identifier)


def _pointed(text: str) -> str:
    """A decimal comma as a point, where commas do not divide the cells."""
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text


def _refuse_twice(cells: list[str], row: int) -> None:
    """A column that is named twice may mean either."""
    seen: set[str] = set()
    for place, cell in enumerate(cells):
        column = _NAMES.get(cell.strip("\"' \t\ufeff").lower())
        if column is not None and column in seen:
            raise base.refuse_file("columns_twice", row=row, column=place + 1, label=cell[:20])
        seen |= {column} if column is not None else set()


def _taken(fields: list[str], places: dict[str, int], row: int, given: str | None) -> base.Item:
    cell = {name: fields[place] if place < len(fields) else "" for name, place in places.items()}
    refusal = next(_wrong(cell, places, row, given), None)
    day = _day(cell["day"])
    if refusal is not None or day is None:
        return refusal or base.Refusal("not_a_date", row, places["day"] + 1, {"text": cell["day"][:20]})
    kind = cell.get("kind", "").lower() or KINDS[0]
    return RegisterReading(
        identifier=_identifier(cell, given),
        register_code=cell["register"],
        day=day,
        value=Decimal(cell["read"]),
        quality=QUALITIES[cell.get("quality", "").lower()],
        row=row,
        kind=kind,
        unit=_unit(cell.get("unit", "")) or USUAL_UNITS.get(kind, "kWh"),
        meter_serial=cell.get("meter", ""),
        tells_unit=bool(cell.get("unit")),
        tells_kind=bool(cell.get("kind")),
    )


def _identifier(cell: dict[str, str], given: str | None) -> str:
    return given or cell.get("supply_point") or cell.get("meter", "")


def _wrong(cell: dict[str, str], places: dict[str, int], row: int, given: str | None) -> Iterator[base.Refusal]:
    """Everything that is wrong with a row, what matters most first."""
    yield from _wrong_names(cell, places, row, given)
    if _day(cell["day"]) is None:
        yield base.Refusal("not_a_date", row, places["day"] + 1, {"text": cell["day"][:20]})
    if not _READ.fullmatch(cell["read"]):
        yield base.Refusal("not_a_number", row, places["read"] + 1, {"text": cell["read"][:20]})
    if cell.get("quality", "").lower() not in QUALITIES:
        yield base.Refusal("quality", row, places["quality"] + 1, {"quality": cell["quality"][:20]})
    if (cell.get("kind", "").lower() or KINDS[0]) not in KINDS:
        yield base.Refusal("read_kind", row, places["kind"] + 1, {"text": cell["kind"].lower()[:20]})


def _wrong_names(cell: dict[str, str], places: dict[str, int], row: int, given: str | None) -> Iterator[base.Refusal]:
    """Names that are missing, or too long: none is cut, a shortened one could be another's."""
    if not _identifier(cell, given):
        yield base.Refusal("no_identifier", row)
    if not cell["register"]:
        yield base.Refusal("nem13_register", row, places["register"] + 1)
    for name, longest in LONGEST.items():
        if len(cell.get(name, "")) > longest:
            yield base.Refusal("text_long", row, places[name] + 1, {"text": cell[name][:20], "longest": longest})


def _unit(text: str) -> str:
    """A unit as registers know it, however it is written; one that is not known as it stands."""
    plain = text.lower().replace("³", "3").replace("·", "").replace("立方米", "m3").replace("千瓦时", "kwh")
    return next((name for name in units.names() if name.lower() == plain), text[:8])


def _header(head: str) -> tuple[str, dict[str, int]] | None:
    first = next((line for line in head.splitlines() if line.strip()), "")
    for delimiter in (",", ";", "\t"):
        cells = [cell.strip("\"' \t\ufeff").lower() for cell in first.split(delimiter)]
        places = {_NAMES[name]: place for place, name in enumerate(cells) if name in _NAMES}
        if all(name in places for name in NEEDED) and ("supply_point" in places or "meter" in places):
            return delimiter, places
    return None


def _day(text: str) -> dt.date | None:
    found = _DAY.fullmatch(text)
    try:
        day = dt.date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None
    return day if day is not None and day.year in base.YEARS else None
