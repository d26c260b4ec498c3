"""NEM13, the file of accumulation meters of the Australian market (AEMO, Meter Data File Format Specification).

A 250 row holds the previous and the current read of one register. Times are market time, UTC+10 without clock change;
a read counts on the day that is written there. Direction E is energy to the customer, I energy from him.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tenants.metering.formats import base, nem12, nmi_check_digit, numbers, opening
from tenants.metering.formats.register_reading import RegisterReading

FIELDS = range(21, 24)
DIRECTIONS = {"E": "consumption", "I": "feed_in"}
QUALITIES = {"A": "actual", "E": "estimated", "F": "substituted", "S": "substituted"}
UNITS = {
    "WH": "Wh", "KWH": "kWh", "MWH": "MWh", "VARH": "varh", "KVARH": "kvarh", "MVARH": "Mvarh", "VAH": "VAh",
    "KVAH": "kVAh",
}  # fmt: skip
LONGEST_REGISTER, LONGEST_SERIAL = 16, 40
REACTIVE, APPARENT = ("varh", "kvarh", "Mvarh"), ("VAh", "kVAh")

_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_READ = re.compile(r"[0-9]{1,15}(\.[0-9]{0,6})?", re.ASCII)
_QUALITY = re.compile(r"([AEFS])([0-9]{2})?", re.ASCII)
_NMI = re.compile(r"[0-9A-Za-z]{1,11}", re.ASCII)


class _BadRow(Exception):
    def __init__(self, code: str, column: int | None = None, **params: object) -> None:
        super().__init__(code)
        self.code, self.column, self.params = code, column, params


def recognises(head: str) -> bool:
    """Tell whether the text starts with the header of a NEM13 file."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    cells = [cell.strip("\"' \t\ufeff").upper() for cell in first.split(",")]
    return cells[0] == "100" and len(cells) > 1 and cells[1] == "NEM13"


def read(opened: opening.Opened, options: base.ReadOptions) -> base.Items:
    """Yield each read or refusal of a NEM13 file; one without header or end is refused as a whole."""
    zone = base.zone_named(options.zone or nem12.MARKET_ZONE)
    inside, row = False, 0
    for row, line in opening.lines(opened):
        fields = opening.cells(line, row=row)
        if not inside:
            _open_block(fields, row)
            inside = True
        elif fields[0] == "250":
            yield from _reads(fields, row, zone, options.identifier)
        elif fields[0] == "900":
            inside = False
        elif fields[0] == "100":
            raise base.refuse_file("nem_end_missing", row=row)
        elif fields[0] != "550":
            yield base.Refusal("nem_indicator", row, 1, {"indicator": fields[0][:20]})
    if inside:
        raise base.refuse_file("nem_end_missing", row=row)


def _open_block(fields: list[str], row: int) -> None:
    if fields[0] != "100":
        raise base.refuse_file("nem_header_missing", row=row)
    version = fields[1].upper() if len(fields) > 1 else ""
    if version != "NEM13":
        raise base.refuse_file("nem_version", row=row, column=2, version=version[:20])
    if len(fields) < 3 or _instant(fields[2], ZoneInfo(nem12.MARKET_ZONE)) is None:
        raise base.refuse_file("nem_header", row=row)


def _reads(fields: list[str], row: int, zone: ZoneInfo, given: str | None) -> Iterator[base.Item]:
    try:
        yield from _both(fields, row, zone, given)
    except _BadRow as bad:
        yield base.Refusal(bad.code, row, bad.column, dict(bad.params))


def _both(fields: list[str], row: int, zone: ZoneInfo, given: str | None) -> list[RegisterReading]:
    """The previous and the current read of a 250 row; the quantity between them stands with the current one."""
    if len(fields) not in FIELDS:
        raise _BadRow("nem_fields", indicator="250", expected="21–23", found=len(fields))
    nmi, aliases = _nmi(fields[1])
    unit = UNITS.get(fields[19].upper())
    if unit is None:
        raise _BadRow("unit", 20, unit=fields[19][:20])
    if fields[7].upper() not in DIRECTIONS:
        raise _BadRow("nem13_direction", 8, text=fields[7][:20])
    if not fields[3]:
        raise _BadRow("nem13_register", 4)
    _refuse_long(fields)
    kind = "reactive" if unit in REACTIVE else "apparent" if unit in APPARENT else DIRECTIONS[fields[7].upper()]
    alike: dict[str, Any] = {
        "identifier": given or nmi,
        "aliases": () if given else aliases,
        "register_code": fields[3],
        "meter_serial": fields[6],
        "tells_unit": True,
        "tells_kind": True,
        "kind": kind,
        "unit": unit,
        "row": row,
    }
    previous, current = _read(fields, 9, zone), _read(fields, 14, zone)
    if previous["day"] >= current["day"]:
        raise _BadRow("nem13_order", 15, text=fields[14][:20])
    said = numbers.exact(fields[18]) if fields[18] else None
    if fields[18] and said is None:
        raise _BadRow("not_a_number", 19, text=fields[18][:20])
    return [
        RegisterReading(**alike, **previous),
        RegisterReading(**alike, **current, since=previous["day"], said=None if said is None else abs(said)),
    ]


def _refuse_long(fields: list[str]) -> None:
    """Names are not cut: one that is shortened could be another's."""
    for column, longest in ((4, LONGEST_REGISTER), (7, LONGEST_SERIAL)):
        if len(fields[column - 1]) > longest:
            raise _BadRow("text_long", column, text=fields[column - 1][:20], longest=longest)


def _read(fields: list[str], column: int, zone: ZoneInfo) -> dict[str, Any]:
    """Five fields from ``column`` on: register read, time, quality and method, reason, its words."""
    value, when, quality, code, words = fields[column - 1 : column + 4]
    if not _READ.fullmatch(value):
        raise _BadRow("not_a_number", column, text=value[:20])
    read_at = _instant(when, zone)
    if read_at is None:
        raise _BadRow("not_an_instant", column + 1, text=when[:20])
    told = _QUALITY.fullmatch(quality.upper())
    if told is None:
        raise _BadRow("quality", column + 2, quality=quality[:20])
    note = " ".join(part for part in (quality, code, words) if part)
    return {
        "value": Decimal(value),
        "digits": len(value.split(".")[0]) if value.startswith("0") and len(value) > 1 else None,
        "day": dt.date(int(when[:4]), int(when[4:6]), int(when[6:8])),
        "read_at": read_at,
        "quality": QUALITIES[told[1]],
        "note": note[:200],
    }


def _nmi(text: str) -> tuple[str, tuple[str, ...]]:
    if not _NMI.fullmatch(text):
        raise _BadRow("nmi", 2, nmi=text[:20])
    if len(text) < 11:
        return text, ()
    expected = nmi_check_digit.check_digit(text[:10])
    if text[10] != str(expected):
        raise _BadRow("nmi_check_digit", 2, nmi=text, expected=expected)
    return text[:10], (text,)


def _instant(text: str, zone: ZoneInfo) -> dt.datetime | None:
    if len(text) not in (12, 14) or not _DIGITS.fullmatch(text) or int(text[:4]) not in base.YEARS:
        return None
    try:
        parts = [int(text[:4]), *(int(text[at : at + 2]) for at in range(4, len(text), 2))]
        return dt.datetime(*parts, tzinfo=zone).astimezone(dt.UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
