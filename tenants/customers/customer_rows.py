"""One row of a customer file: who, which account, which supply point, from when; pure.

Columns: ``customer_number, name, account_number, supply_point, address, move_in`` are needed; ``kind, segment, email,
phone, language, billing_address, region, time_zone`` may be left out or empty, and any ``attribute.<name>`` column
becomes an attribute of the supply point. ``customer_heads`` tells how else the columns may be headed.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.errors import GridhallError, Invalid, gettext_noop
from tenants.customers import values

REQUIRED = ("customer_number", "name", "account_number", "supply_point", "address", "move_in")
OPTIONAL = ("kind", "segment", "email", "phone", "language", "billing_address", "region", "time_zone")
ATTRIBUTE = "attribute."
FIRST_ROW = 2
KINDS = {
    "household": ("居民", "住宅", "residential", "home"),
    "business": ("企业", "单位", "工商业", "非居民", "company"),
}
"""What files call the kinds of customers."""
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]0?0:00(?::00)?)?")


class DateMalformed(Invalid):
    """Not a day of the calendar."""

    code = "date_malformed"
    template = gettext_noop("“{value}” is not a date such as 2026-09-01.")


class UnknownColumn(Invalid):
    """A column nobody knows is not silently dropped."""

    code = "column_unknown"
    template = gettext_noop("The column “{value}” is not known.")


class MissingColumn(Invalid):
    """A column one cannot do without."""

    code = "column_missing"
    template = gettext_noop("The column “{value}” is missing.")


class ContradictsRow(Invalid):
    """The same number stands for two different things in one file."""

    code = "contradicts_row"
    template = gettext_noop("“{number}” stands in row {other} with another value.")


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in one cell: the row as a spreadsheet counts it, the column and the refusal."""

    row: int
    column: str
    error: GridhallError


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A row whose every value can be used."""

    row: int
    customer_number: str
    name: str
    kind: str
    segment: str
    email: str
    phone: str
    language: str
    account_number: str
    billing_address: str
    supply_point: str
    address: str
    region: str
    time_zone: str
    move_in: dt.date
    attributes: dict[str, Any] = field(default_factory=dict)


def parse(rows: Iterable[Mapping[str, str | None]], *, time_zone: str) -> tuple[list[CustomerRow], list[RowError]]:
    """This will read the rows of a file; row 2 is the first below the heading. ``time_zone`` is used where none is."""
    read: list[CustomerRow] = []
    errors: list[RowError] = []
    for number, row in enumerate(rows, FIRST_ROW):
        if number == FIRST_ROW and (wrong := _wrong_columns(row)):
            return [], wrong
        found, wrong = _parse_row(number, row, time_zone)
        errors.extend(wrong)
        if found is not None:
            read.append(found)
    return read, errors + _contradictions(read)


def _wrong_columns(row: Mapping[str, str | None]) -> list[RowError]:
    known = {*REQUIRED, *OPTIONAL}
    unknown = [name for name in row if name not in known and not str(name).startswith(ATTRIBUTE)]
    errors = [RowError(1, str(name), UnknownColumn(value=str(name), where=str(name))) for name in unknown]
    missing = [name for name in REQUIRED if name not in row]
    return errors + [RowError(1, name, MissingColumn(value=name, where=name)) for name in missing]


def _parse_row(number: int, row: Mapping[str, str | None], time_zone: str) -> tuple[CustomerRow | None, list[RowError]]:
    errors: list[RowError] = []
    cells: dict[str, Any] = {}
    for column in (*REQUIRED, *OPTIONAL):
        try:
            cells[column] = _READERS.get(column, _text)(row.get(column) or "", where=column)
        except GridhallError as error:
            errors.append(RowError(number, column, error))
    if errors:
        return None, errors
    cells["time_zone"] = cells["time_zone"] or time_zone
    return CustomerRow(row=number, attributes=_attributes(row), **cells), []


def _text(value: str, *, where: str) -> str:
    return value.strip()


def _kind(value: str, *, where: str) -> str:
    text = value.strip() or "household"
    meant = next((kind for kind, words in KINDS.items() if text.casefold() in (kind, *words)), text)
    return values.kind(meant, where=where)


def _time_zone(value: str, *, where: str) -> str:
    return values.time_zone(value.strip(), where=where) if value.strip() else ""


def date(value: str, *, where: str) -> dt.date:
    """This will read a day written year first, as spreadsheets do it too: 2026-09-01, 2026/9/1, 2026年9月1日."""
    text = values.required(value, where=where)
    found = _DAY.fullmatch(text)
    try:
        return dt.date(*(int(part) for part in found.groups())) if found else dt.date.fromisoformat(text)
    except ValueError:
        raise DateMalformed(value=text, where=where) from None


_READERS: dict[str, Callable[..., Any]] = {
    "customer_number": values.number,
    "account_number": values.number,
    "supply_point": values.number,
    "name": values.required,
    "address": values.required,
    "move_in": date,
    "kind": _kind,
    "email": values.email,
    "phone": values.phone,
    "time_zone": _time_zone,
}


def _attributes(row: Mapping[str, str | None]) -> dict[str, Any]:
    given = {
        name.removeprefix(ATTRIBUTE): (text or "").strip() for name, text in row.items() if name.startswith(ATTRIBUTE)
    }
    return {name: int(text) if text.isascii() and text.isdigit() else text for name, text in given.items() if text}


def _contradictions(rows: list[CustomerRow]) -> list[RowError]:
    """The same customer must have one name, the same account one customer, a supply point one row."""
    errors: list[RowError] = []
    rules = (
        ("customer_number", "name", lambda row: row.name),
        ("account_number", "account_number", lambda row: row.customer_number),
        ("supply_point", "supply_point", lambda row: row.row),
    )
    for key, column, said in rules:
        first: dict[str, CustomerRow] = {}
        for row in rows:
            other = first.setdefault(getattr(row, key), row)
            if said(other) != said(row):
                wrong = ContradictsRow(number=getattr(row, key), other=other.row, where=column)
                errors.append(RowError(row.row, column, wrong))
    return errors
