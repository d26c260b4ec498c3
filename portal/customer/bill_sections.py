"""A bill as its page shows it: one section for each supply point and period, every line explained."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext

from billing.invoices import explanations
from billing.rating.bills import Bill
from kernel import texts
from kernel.periods import Period
from portal.customer import bands
from portal.shared import formats

ENERGY = "kWh"


@dataclass(frozen=True, slots=True)
class CellView:
    """One step of a line: quantity × price = amount, and how price and quantity came about."""

    tone: str
    title: str
    days: str
    quantity: str
    price: str
    flat: str
    amount: str
    how: str
    how_much: str


@dataclass(frozen=True, slots=True)
class LineView:
    """A line in words; ``channel`` is set where its quantity is the sum of intervals that can be seen."""

    code: str
    title: str
    how: str
    amount: str
    is_credit: bool
    cells: Sequence[CellView]
    channel: str


@dataclass(frozen=True, slots=True)
class Section:
    identifier: str
    title: str
    address: str
    period: Period
    lines: Sequence[LineView]
    amount: Decimal

    @property
    def lead(self) -> str:
        """Where and when."""
        return " · ".join(word for word in (self.identifier, self.address, formats.period(self.period)) if word)


def sections(detail: Any) -> list[Section]:
    """Return the sections of a bill in its order."""
    invoice = detail.invoice
    channels = _channels(invoice)
    supply = {(part["identifier"], part["from"]): part for part in invoice.buyer["supply"]}
    groups = itertools.groupby(detail.lines, key=lambda line: (line.identifier, line.supply_period))
    return [
        _section(supply.get((identifier, days.lower.isoformat()), {}), list(lines), invoice.currency, channels)
        for (identifier, days), lines in groups
    ]


def _section(part: Mapping[str, Any], lines: Sequence[Any], currency: str, channels: Mapping[Any, str]) -> Section:
    language = get_language() or "en"
    days = lines[0].supply_period
    return Section(
        identifier=lines[0].identifier,
        title=texts.pick(part.get("product_titles") or "", language),
        address=part.get("address", ""),
        period=Period(days.lower, days.upper),
        lines=[_line(line, currency, language, channels) for line in lines],
        amount=sum((line.amount for line in lines), Decimal(0)),
    )


def _line(line: Any, currency: str, language: str, channels: Mapping[Any, str]) -> LineView:
    cells = explanations.cells_of(line=line, currency=currency, language=language)
    tone_of = bands.tones(cell.label for cell in cells if cell.label)
    dated = len({cell.days for cell in cells}) > 1
    return LineView(
        code=line.code,
        title=texts.pick(line.titles, language),
        how=_summary(line, len(cells), currency),
        amount=formats.money(line.amount, currency),
        is_credit=line.amount < 0,
        cells=[_cell(cell, currency, tone_of, dated) for cell in cells],
        channel=channels.get((line.identifier, line.supply_period.lower.isoformat(), line.code), ""),
    )


def _summary(line: Any, parts: int, currency: str) -> str:
    amount = formats.quantity(line.quantity, line.unit, currency)
    if line.price is not None and amount:
        return f"{amount} × {formats.unit_price(formats.plain(line.price), currency, line.unit)}"
    if amount and parts > 1:
        return gettext("{quantity} at {count} prices").format(quantity=amount, count=parts)
    return amount


def _cell(cell: explanations.ExplainedCell, currency: str, tone_of: Mapping[str, str], dated: bool) -> CellView:
    how = cell.how if any(sign in cell.how for sign in "=≈") else ""
    how_much = cell.how_much if any(sign in cell.how_much for sign in "=≈") else ""
    return CellView(
        tone=tone_of.get(cell.label or "", ""),
        title=cell.title[:1].upper() + cell.title[1:],
        days=formats.period(cell.days) if dated and cell.days is not None else "",
        quantity=formats.quantity(cell.quantity, cell.unit, currency) or formats.number(formats.plain(cell.quantity)),
        price=formats.unit_price(formats.plain(cell.price), currency, cell.unit),
        flat=formats.money(cell.flat, currency) if cell.flat else "",
        amount=formats.money(cell.amount, currency),
        how=how,
        how_much=how_much,
    )


def _channels(invoice: Any) -> dict[tuple[str, str, str], str]:
    """The channel of every line whose intervals have a cost, by supply point, first day and charge."""
    return {
        (part["identifier"], part["from"], line.code): line.channel
        for part in invoice.billed_parts
        for line in Bill.from_document(part["bill"]).posted
        if line.channel
    }
