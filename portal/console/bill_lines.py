"""A bill line by line, every line with the cells it is made of: for drafts and invoices alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language

from billing.invoices import explanations
from billing.invoices.explanations import ExplainedCell
from kernel import texts
from kernel.periods import Period
from portal.console import bands, tariff_tables


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell with the band of its label."""

    cell: ExplainedCell
    tone: str


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line with its cells; ``how`` is quantity × price where there is one of each."""

    title: str
    code: str
    quantity: Decimal | None
    unit: str
    price: Decimal | None
    amount: Decimal
    payee: str
    cells: list[ShownCell]

    @property
    def negative(self) -> bool:
        """Whether the line is in the customer's favour."""
        return self.amount < 0


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one supply point in one period."""

    identifier: str
    period: Period
    lines: list[ShownLine]
    amount: Decimal


def groups(*, lines: Sequence[Any], currency: str) -> list[Group]:
    """This will put the lines of each supply point and period together, in their order."""
    language = get_language() or "en"
    payees = tariff_tables.payees()
    found: dict[tuple[str, Any, Any], list[Any]] = {}
    for line in lines:
        start, end = _period(line)
        found.setdefault((line.identifier, start, end), []).append(line)
    return [
        Group(
            identifier=identifier,
            period=Period(start, end),
            lines=[_line(line, currency, language, payees) for line in mine],
            amount=sum((line.amount for line in mine), Decimal(0)),
        )
        for (identifier, start, end), mine in found.items()
    ]


def _line(line: Any, currency: str, language: str, payees: dict[str, str]) -> ShownLine:
    cells = explanations.cells_of(line=line, currency=currency, language=language)
    tone_of = bands.tones(dict.fromkeys(cell.label for cell in cells if cell.label))
    return ShownLine(
        title=texts.pick(line.titles, language),
        code=line.code,
        quantity=_plain(line.quantity),
        unit=line.unit,
        price=_plain(line.price),
        amount=line.amount,
        payee=payees.get(line.payee, line.payee),
        cells=[ShownCell(cell, tone_of.get(cell.label or "", "")) for cell in cells],
    )


def _period(line: Any) -> tuple[Any, Any]:
    period = getattr(line, "supply_period", None)
    return (period.lower, period.upper) if period is not None else (line.period.start, line.period.end)


def _plain(value: Decimal | None) -> Decimal | None:
    """Leave out idle zeros that the column of the database adds."""
    if value is None:
        return None
    plain = value.normalize()
    return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain
