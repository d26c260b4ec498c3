"""From a rated bill to invoice lines: one line per posted charge, with the cells that explain it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from billing.invoices import taxes
from billing.invoices.taxes import Taxed
from kernel.periods import Period

RETAILER = "retailer"
UNTAXED = "none"


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is frozen: ``amount`` in minor units as rated, ``cells`` as the rating explains them.

    ``untaxed`` lines bear no tax whoever earns them; ``ledger`` names the account that earns it, else its payee's.
    ``credits`` is the position of the line that a credit note's line takes back.
    """

    code: str
    titles: Mapping[str, str]
    supply_point_id: int | None
    identifier: str
    period: Period
    product_version_id: int | None
    quantity: Decimal | None
    unit: str
    price: Decimal | None
    payee: str
    amount: Decimal
    cells: Sequence[Mapping[str, Any]]
    taxed: Taxed | None = None
    untaxed: bool = False
    ledger: str = ""
    tax_class: str = taxes.STANDARD
    credits: int | None = None


def lines_of_parts(parts: Sequence[Mapping[str, Any]]) -> list[Line]:
    """This will return the lines of a draft's parts, in their order and in the order of the bills' charges."""
    return [_line(part, line) for part in parts for line in part["bill"]["lines"] if line["post"]]


def posted_total(bills: Sequence[Mapping[str, Any]]) -> Decimal:
    """This will sum what the lines of bills post, as ``lines_of_parts`` would read it."""
    return sum((Decimal(line["posted"]) for bill in bills for line in bill["lines"] if line["post"]), Decimal(0))


def mirrored(line: Line) -> Line:
    """This will return the line that takes ``line`` back: quantity and amounts negative, the price as it was."""
    return replace(
        line,
        quantity=None if line.quantity is None else -line.quantity,
        amount=-line.amount,
        cells=[_mirrored_cell(cell) for cell in line.cells],
        taxed=None if line.taxed is None else -line.taxed,
    )


def period_of(part: Mapping[str, Any]) -> Period:
    """This will return the period of a stored part."""
    return Period(dt.date.fromisoformat(part["from"]), dt.date.fromisoformat(part["to"]))


def _line(part: Mapping[str, Any], line: Mapping[str, Any]) -> Line:
    cells = [_cell(part, cell) for cell in line["cells"]]
    units = {cell["unit"] for cell in cells}
    return Line(
        code=line["code"],
        titles=line["title"],
        supply_point_id=part["supply_point_id"],
        identifier=part["identifier"],
        period=period_of(part),
        product_version_id=part["product_version_id"],
        quantity=_sum(cells, "quantity") if len(units) == 1 else None,
        unit=units.pop() if len(units) == 1 else "",
        price=_only(cells, "price"),
        payee=line["payee"] or RETAILER,
        amount=Decimal(line["posted"]),
        cells=cells,
        untaxed=line.get("tax") == UNTAXED,
        ledger=line.get("ledger", ""),
        tax_class=line.get("tax") or taxes.STANDARD,
    )


def _cell(part: Mapping[str, Any], cell: Mapping[str, Any]) -> dict[str, Any]:
    """The cell with what it needs to be read without the bill: its days, and its label in words."""
    slices, label = part.get("slices") or [], cell["label"]
    days = slices[cell["slice"]] if cell["slice"] is not None and cell["slice"] < len(slices) else None
    titles = (part.get("label_titles") or {}).get(label) if label else None
    return {**cell, "days": days, "label_titles": titles}


def _sum(cells: Sequence[Mapping[str, Any]], name: str) -> Decimal | None:
    return sum((Decimal(cell[name]) for cell in cells), Decimal(0)) if cells else None


def _only(cells: Sequence[Mapping[str, Any]], name: str) -> Decimal | None:
    values = {Decimal(cell[name]) for cell in cells}
    return values.pop() if len(values) == 1 else None


def _mirrored_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {**cell, **{name: negated(cell[name]) for name in ("quantity", "flat", "amount")}}


def negated(text: str) -> str:
    """This will return a decimal text with the other sign."""
    value = -Decimal(text)
    return format(value or abs(value), "f")
