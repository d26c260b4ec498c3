"""From a rated bill to invoice lines: one line per posted charge, with the cells that explain it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from billing.invoices import taxes
from billing.invoices.taxes import Taxed
from kernel.periods import Period

RETAILER = "retailer"
UNTAXED = "none"


class Line(NamedTuple):
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
    return [line for part in parts for line in _lines_of(part)]


def posted_total(bills: Sequence[Mapping[str, Any]]) -> Decimal:
    """This will sum what the lines of bills post, as ``lines_of_parts`` would read it."""
    return sum((Decimal(line["posted"]) for bill in bills for line in bill["lines"] if line["post"]), Decimal(0))


def mirrored(line: Line) -> Line:
    """This will return the line that takes ``line`` back: quantity and amounts negative, the price as it was."""
    return line._replace(
        quantity=None if line.quantity is None else -line.quantity,
        amount=-line.amount,
        cells=[_mirrored_cell(cell) for cell in line.cells],
        taxed=None if line.taxed is None else -line.taxed,
    )


def period_of(part: Mapping[str, Any]) -> Period:
    """This will return the period of a stored part."""
    return Period(dt.date.fromisoformat(part["from"]), dt.date.fromisoformat(part["to"]))


def _lines_of(part: Mapping[str, Any]) -> list[Line]:
    period, slices, titles = period_of(part), part.get("slices") or [], part.get("label_titles") or {}
    return [
        _line(part, period, line, [_cell(cell, slices, titles) for cell in line["cells"]])
        for line in part["bill"]["lines"]
        if line["post"]
    ]


def _line(part: Mapping[str, Any], period: Period, line: Mapping[str, Any], cells: Sequence[Mapping[str, Any]]) -> Line:
    units = {cell["unit"] for cell in cells}
    one = len(units) == 1
    return Line(
        line["code"],
        line["title"],
        part["supply_point_id"],
        part["identifier"],
        period,
        part["product_version_id"],
        _quantity(cells) if one else None,
        units.pop() if one else "",
        _price(cells),
        line["payee"] or RETAILER,
        Decimal(line["posted"]),
        cells,
        untaxed=line.get("tax") == UNTAXED,
        ledger=line.get("ledger", ""),
        tax_class=line.get("tax") or taxes.STANDARD,
    )


def _cell(cell: Mapping[str, Any], slices: Sequence[Any], titles: Mapping[str, Any]) -> dict[str, Any]:
    """The cell with what it needs to be read without the bill: its days, and its label in words."""
    at, label = cell["slice"], cell["label"]
    days = slices[at] if at is not None and at < len(slices) else None
    return {**cell, "days": days, "label_titles": titles.get(label) if label else None}


def _quantity(cells: Sequence[Mapping[str, Any]]) -> Decimal:
    return sum([Decimal(cell["quantity"]) for cell in cells], Decimal(0))


def _price(cells: Sequence[Mapping[str, Any]]) -> Decimal | None:
    """The price of all cells, where they have one."""
    texts = {cell["price"] for cell in cells}
    values = texts if len(texts) == 1 else {Decimal(text) for text in texts}
    return Decimal(values.pop()) if len(values) == 1 else None


def _mirrored_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {**cell, **{name: negated(cell[name]) for name in ("quantity", "flat", "amount")}}


def negated(text: str) -> str:
    """This will return a decimal text with the other sign."""
    value = -Decimal(text)
    return format(value or abs(value), "f")
