"""Register reads as a table: one read a row, columns known by their names in English or Chinese.

supply_point,meter,register,day,read,quality
4103035915,M100,1,2026-02-01,10512.5,actual
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from tenants.metering.formats import base, opening
from tenants.metering.formats.register_reading import RegisterReading

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
    first = True
    for row, line in opening.lines(opened):
        if first:
            first = False
            continue
        fields = opening.cells(line, row=row, delimiter=delimiter)
        yield _taken(fields, places, row, options.identifier)


def _taken(fields: list[str], places: dict[str, int], row: int, given: str | None) -> base.Item:
    cell = {name: fields[place] if place < len(fields) else "" for name, place in places.items()}
    identifier = given or cell.get("supply_point") or cell.get("meter", "")
    if not identifier:
        return base.Refusal("no_identifier", row)
    day = _day(cell["day"])
    if day is None:
        return base.Refusal("not_a_date", row, places["day"] + 1, {"text": cell["day"][:20]})
    if not _READ.fullmatch(cell["read"]):
        return base.Refusal("not_a_number", row, places["read"] + 1, {"text": cell["read"][:20]})
    quality = QUALITIES.get(cell.get("quality", "").lower())
    if quality is None:
        return base.Refusal("quality", row, places["quality"] + 1, {"quality": cell["quality"][:20]})
    kind = cell.get("kind", "").lower() or KINDS[0]
    if kind not in KINDS:
        return base.Refusal("read_kind", row, places["kind"] + 1, {"text": kind[:20]})
    return RegisterReading(
        identifier=identifier[:64],
        register_code=cell["register"][:16],
        day=day,
        value=Decimal(cell["read"]),
        quality=quality,
        row=row,
        kind=kind,
        unit=cell.get("unit") or USUAL_UNITS.get(kind, "kWh"),
        meter_serial=cell.get("meter", "")[:40],
    )


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
