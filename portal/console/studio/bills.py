"""A sample's bill for people: its lines beside those of the published version, and how every charge came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import get_language

from billing.rating.bills import Bill, Cell, Line
from billing.rating.tariffs import Tariff
from kernel import texts
from portal.console import bands
from portal.console.studio import words

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Row:
    """One line now and before; None where it is not on that bill."""

    code: str
    title: str
    now: Decimal | None
    before: Decimal | None

    @property
    def difference(self) -> Decimal:
        return (self.now or ZERO) - (self.before or ZERO)


@dataclass(frozen=True, slots=True)
class Compared:
    """A bill beside another one."""

    currency: str
    rows: list[Row]
    total: Decimal
    before: Decimal | None

    @property
    def difference(self) -> Decimal:
        return self.total - (self.before or ZERO)


@dataclass(frozen=True, slots=True)
class Part:
    """One cell of a charge, in words."""

    title: str
    tone: str
    quantity: Decimal
    unit: str
    price: Decimal
    how: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Why:
    """A charge explained: what is counted, how the price comes about, and its cells in the sample."""

    code: str
    quantity: str
    price: str
    parts: list[Part]
    amount: Decimal | None
    currency: str
    unit: str


def compared(now: Bill, before: Bill | None) -> Compared:
    """This will put the posted lines of two bills beside each other, those that fell away at the end."""
    language = get_language() or "en"
    lines = {line.code: line for line in now.posted}
    former = {} if before is None else {line.code: line for line in before.posted}
    rows = [
        Row(
            code,
            _title(lines.get(code) or former[code], language),
            lines[code].posted if code in lines else None,
            former[code].posted if code in former else None,
        )
        for code in dict.fromkeys([*lines, *former])
    ]
    return Compared(now.currency, rows, now.total, None if before is None else before.total)


def explained(tariff: Tariff, bill: Bill | None, labels: Mapping[str, Mapping[str, str]]) -> list[Why]:
    """This will explain every charge in the document's order; without a bill only in words."""
    language = get_language() or "en"
    titles = words.titles_of(tariff, language)
    lines = {} if bill is None else {line.code: line for line in bill.lines}
    return [
        Why(
            code=charge.code,
            quantity=words.quantity(charge, titles),
            price=words.price(charge, titles),
            parts=_parts(lines.get(charge.code), labels.get(charge.calendar or "", {})),
            amount=lines[charge.code].amount if charge.code in lines else None,
            currency=tariff.currency or "",
            unit=charge.unit,
        )
        for charge in tariff.charges
    ]


def _parts(line: Line | None, labels: Mapping[str, str]) -> list[Part]:
    if line is None:
        return []
    tone_of = bands.tones(labels)
    return [_part(cell, labels, tone_of) for cell in line.cells]


def _part(cell: Cell, labels: Mapping[str, str], tone_of: Mapping[str, str]) -> Part:
    label = cell.label or ""
    title = labels.get(label, label)
    if cell.band is not None:
        title = f"{title} · {cell.band}" if title else str(cell.band)
    how = cell.how if "=" in cell.how or "≈" in cell.how else ""
    return Part(title, tone_of.get(label, ""), _short(cell.quantity), cell.unit, _short(cell.price), how, cell.amount)


def _short(value: Decimal) -> Decimal:
    plain = value.normalize()
    return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain


def _title(line: Line, language: str) -> str:
    return texts.pick(line.title, language) or line.code
