"""How the columns of a table without a standard are to be read: what a person said, checked and typed."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import asdict, dataclass, field
from typing import Any

from kernel.errors import Invalid, gettext_noop
from tenants.metering.formats import base, column_words

DELIMITERS = (",", ";", "\t", "|")
LONG, COLUMNS = "long", "columns"
START, END = "start", "end"
MINUTES = base.ACCEPTED_MINUTES
ORDERS = ("ymd", "dmy", "mdy")
MOST_COLUMNS = 1000
_ROLES = ("identifier", "stamp", "date", "time", "register", "serial", "unit", "quality", "changed", "value")


class BadMapping(Invalid):
    """A mapping contradicts itself."""

    code = "bad_mapping"
    template = gettext_noop("The columns cannot be read like that: {reason}")


@dataclass(frozen=True, slots=True)
class Mapping:
    """What each column is (counted from 0) and how its cells are written.

    ``layout`` is ``long`` (a row per reading) or ``columns`` (a row per day, its readings from column ``value`` on,
    ``count`` of them). ``registers`` tells which register a word in the register column means; ``further`` are columns
    with readings of other registers: (column, register, unit).
    """

    layout: str = LONG
    columns: dict[str, int] = field(default_factory=dict)
    header_rows: int = 1
    delimiter: str = ","
    decimal: str = "."
    stamps: str = START
    minutes: int = 15
    count: int = 0
    unit: str = "kWh"
    zone: str = ""
    order: str = "ymd"
    missing: tuple[str, ...] = ()
    register: str = "E1"
    registers: dict[str, str] = field(default_factory=dict)
    further: tuple[tuple[int, str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return asdict(self)


def from_json(stored: MappingType[str, Any]) -> Mapping:
    """This will build a mapping from what is stored or was given, and refuse what cannot be read by it."""
    known = {name: stored[name] for name in Mapping.__dataclass_fields__ if name in stored}
    try:
        known["columns"] = {str(role): int(at) for role, at in dict(known.get("columns", {})).items() if at is not None}
        known["missing"] = tuple(str(mark) for mark in known.get("missing", ()))
        known["registers"] = {str(word): str(code) for word, code in dict(known.get("registers", {})).items()}
        known["further"] = tuple((int(at), str(code), str(unit)) for at, code, unit in known.get("further", ()))
        for name in ("header_rows", "minutes", "count"):
            known[name] = int(known.get(name, Mapping.__dataclass_fields__[name].default))
        found = Mapping(**known)
    except (TypeError, ValueError) as error:
        raise BadMapping(reason=gettext_noop("a part of it is of the wrong kind.")) from error
    _check(found)
    return found


def _check(found: Mapping) -> None:
    for fault, where, reason in (
        (found.layout not in (LONG, COLUMNS), "layout", gettext_noop("a row is a reading or a day.")),
        (found.delimiter not in DELIMITERS, "delimiter", gettext_noop("cells are divided by , ; | or tab.")),
        (found.decimal not in (".", ","), "decimal", gettext_noop("the decimal mark is a point or a comma.")),
        (found.decimal == found.delimiter, "decimal", gettext_noop("one mark cannot divide cells and decimals.")),
        (found.stamps not in (START, END), "stamps", gettext_noop("a time stamps the start or the end.")),
        (
            found.minutes not in base.ACCEPTED_MINUTES,
            "minutes",
            gettext_noop("an interval has 5, 15, 30 or 60 minutes."),
        ),
        (found.order not in ORDERS, "order", gettext_noop("dates are written year, day or month first.")),
        (not 0 <= found.header_rows <= 20, "header_rows", gettext_noop("at most 20 rows stand above the readings.")),
        (column_words.unit_of(found.unit) is None, "unit", gettext_noop("its unit is not known.")),
        (
            any(role not in _ROLES for role in found.columns),
            "columns",
            gettext_noop("a meaning is not known."),
        ),
        (_off(found), "columns", gettext_noop("a column is counted from 0 to 999.")),
        (_twice(found), "columns", gettext_noop("two meanings share a column.")),
        ("value" not in found.columns, "value", gettext_noop("no column has the readings.")),
        (not {"stamp", "date"} & set(found.columns), "date", gettext_noop("no column has the date.")),
        (_bad_registers(found), "registers", gettext_noop("a register is named by a letter and a figure, as E1.")),
        (found.layout == COLUMNS and not _whole_day(found), "count", gettext_noop("a day has 24 hours of intervals.")),
    ):
        if fault:
            raise BadMapping(where=where, reason=reason)
    if found.zone:
        base.zone_named(found.zone)


def _off(found: Mapping) -> bool:
    places = [*found.columns.values(), *(at for at, _, _ in found.further)]
    return any(not 0 <= at < MOST_COLUMNS for at in places)


def _twice(found: Mapping) -> bool:
    places = [*found.columns.values(), *(at for at, _, _ in found.further)]
    return len(places) != len(set(places))


def _bad_registers(found: Mapping) -> bool:
    codes = [found.register, *found.registers.values(), *(code for _, code, _ in found.further)]
    return any(not column_words.CODE.fullmatch(code) or code[0] not in column_words.KIND_OF_LETTER for code in codes)


def _whole_day(found: Mapping) -> bool:
    return found.count * found.minutes in (base.MINUTES_PER_DAY, base.MINUTES_PER_DAY + 60)
