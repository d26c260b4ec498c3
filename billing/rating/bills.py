"""A rated bill: its lines, their cells, and how each price came about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from kernel.money import EXACT

ZERO = Decimal(0)
_EXPONENT = "E"


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    """This will add with 34 digits, whatever the caller's decimal context."""
    total = ZERO
    for value in values:
        total = EXACT.add(total, value)
    return total


class Cell(NamedTuple):
    """One (slice, label, band): amount = round(quantity × price) + flat."""

    slice: int | None
    """Position of the slice; None where the charge is rated over the whole period."""
    label: str | None
    band: int | None
    """Position of the band, from 1."""
    quantity: Decimal
    unit: str
    price: Decimal
    flat: Decimal
    amount: Decimal
    how: str
    """How the price came about: the formula with its values."""
    how_much: str
    """How the quantity came about."""


class Line(NamedTuple):
    """A charge of the bill. ``amount`` is its exact value, ``posted`` what is due in the minor unit."""

    code: str
    title: Mapping[str, str]
    payee: str | None
    post: bool
    amount: Decimal
    posted: Decimal
    cells: tuple[Cell, ...]
    channel: str | None
    """The channel whose intervals make up the quantity, if there is one."""
    calendar: str | None
    """The calendar whose labels cut it."""
    price_formula: str
    quantity_formula: str

    @property
    def rounding(self) -> Decimal:
        """What rounding added to the sum of the cells: below one minor unit, shown as a cell of its own."""
        return EXACT.subtract(self.posted if self.post else self.amount, exact_sum(cell.amount for cell in self.cells))

    def of_label(self, label: str) -> Decimal:
        """This will return the amount of the label's cells."""
        return exact_sum(cell.amount for cell in self.cells if cell.label == label)

    def mean_price(self, *, slice: int, label: str | None) -> Decimal:
        """This will return what a unit of quantity costs in a cell, as the mean of its bands; 0 where there is no cell.

        Cells that are not cut by slice or label hold for all. A cell without quantity has the price of its band.
        """
        cells = [cell for cell in self.cells if cell.slice in (None, slice) and cell.label in (None, label)]
        quantity = exact_sum(cell.quantity for cell in cells)
        if quantity == 0:
            return cells[-1].price if cells else ZERO
        return EXACT.divide(exact_sum(cell.amount for cell in cells), quantity)


@dataclass(frozen=True, slots=True)
class Bill:
    """Everything that was rated for one account; ``lines`` in the tariff's order, also those that are not posted."""

    tariff: str
    currency: str
    lines: tuple[Line, ...]
    total: Decimal
    carried_next: Mapping[str, Decimal] = field(default_factory=dict)
    """What is stored for the next bill, by name."""
    used: Mapping[str, Mapping[str, tuple[Decimal, ...]]] = field(default_factory=dict)
    """Quantity now used in each band of the window, by charge and label ("" without one): the next ``already``."""

    @property
    def posted(self) -> tuple[Line, ...]:
        """The lines that stand on the bill."""
        return tuple(line for line in self.lines if line.post)

    def line(self, code: str) -> Line:
        """This will return the line of a charge; raises KeyError."""
        for line in self.lines:
            if line.code == code:
                return line
        raise KeyError(code)

    def interval_price(self, *, channel: str, label: str | None = None, slice: int = 0) -> Decimal:
        """This will return what a unit of ``channel`` costs in an interval of that label, all posted lines together."""
        lines = [line for line in self.posted if line.channel == channel]
        return exact_sum(line.mean_price(slice=slice, label=label) for line in lines)

    def as_json(self) -> str:
        """This will write the bill; the same bill gives the same bytes."""
        return json.dumps(self.as_document(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def as_document(self) -> dict[str, Any]:
        """This will return the bill as plain data, numbers as text."""
        return {
            "tariff": self.tariff,
            "currency": self.currency,
            "total": written(self.total),
            "lines": [_line_document(line) for line in self.lines],
            "carried_next": {name: written(value) for name, value in self.carried_next.items()},
            "used": {
                code: {label: [written(band) for band in bands] for label, bands in by.items()}
                for code, by in self.used.items()
            },
        }

    @classmethod
    def from_json(cls, text: str) -> Bill:
        """This will read what ``as_json`` wrote."""
        return cls.from_document(json.loads(text))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Bill:
        """This will read what ``as_document`` returned."""
        return cls(
            document["tariff"],
            document["currency"],
            tuple(_line(part) for part in document["lines"]),
            Decimal(document["total"]),
            {name: Decimal(value) for name, value in document["carried_next"].items()},
            {
                code: {label: tuple(map(Decimal, bands)) for label, bands in by.items()}
                for code, by in document["used"].items()
            },
        )


def written(value: Decimal) -> str:
    """This will write a number without exponent, sign of zero or idle zeros beyond its own."""
    text = str(value) if value else str(abs(value))
    return text if _EXPONENT not in text else format(value if value else abs(value), "f")


def _used_document(by_label: Mapping[str, tuple[Decimal, ...]]) -> dict[str, list[str]]:
    return {label: [written(band) for band in bands] for label, bands in by_label.items()}


_LINE_TEXTS = ("code", "payee", "post", "channel", "calendar", "price_formula", "quantity_formula")
_CELL_TEXTS = ("slice", "label", "band", "unit", "how", "how_much")
_CELL_NUMBERS = ("quantity", "price", "flat", "amount")


def _line_document(line: Line) -> dict[str, Any]:
    return {
        "code": line.code,
        "payee": line.payee,
        "post": line.post,
        "channel": line.channel,
        "calendar": line.calendar,
        "price_formula": line.price_formula,
        "quantity_formula": line.quantity_formula,
        "title": dict(line.title),
        "amount": written(line.amount),
        "posted": written(line.posted),
        "cells": [_cell_document(cell) for cell in line.cells],
    }


def _cell_document(cell: Cell) -> dict[str, Any]:
    return {
        "quantity": written(cell.quantity),
        "price": written(cell.price),
        "flat": written(cell.flat),
        "amount": written(cell.amount),
        "slice": cell.slice,
        "label": cell.label,
        "band": cell.band,
        "unit": cell.unit,
        "how": cell.how,
        "how_much": cell.how_much,
    }


def _line(document: Mapping[str, Any]) -> Line:
    return Line(
        title=document["title"],
        amount=Decimal(document["amount"]),
        posted=Decimal(document["posted"]),
        cells=tuple(_cell(part) for part in document["cells"]),
        **{name: document[name] for name in _LINE_TEXTS},
    )


def _cell(document: Mapping[str, Any]) -> Cell:
    given: dict[str, Any] = {name: Decimal(document[name]) for name in _CELL_NUMBERS}
    return Cell(**given, **{name: document[name] for name in _CELL_TEXTS})
