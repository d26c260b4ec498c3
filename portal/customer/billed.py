"""What bills say about a period of a place: the cost of every interval, and the energy lines they make up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.invoices import queries as invoice_queries
from billing.invoices.costs import IntervalCosts
from kernel.errors import NotFound
from kernel.periods import Period
from portal.customer.places import Place
from portal.customer.readings import Slots
from tenants.customers import date_ranges

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, eq=False)
class BilledPart:
    """A stretch of a place on one bill, with the cost of its intervals."""

    invoice: Any
    costs: IntervalCosts

    def lines(self, kind: str) -> list[Any]:
        """Return the energy lines of a channel kind, each with its cost by slot."""
        return [line for line in self.costs.lines if line.channel == kind]

    def slot_costs(self, kind: str) -> dict[dt.datetime, Decimal]:
        """Return the cost of each slot under its start."""
        lines = self.lines(kind)
        rows = zip(*(line.costs for line in lines), strict=True)
        return dict(zip(self.costs.starts.tolist(), (sum(row, ZERO) for row in rows), strict=True)) if lines else {}

    def day_costs(self, kind: str) -> dict[dt.date, Decimal]:
        """Return the cost of each day in minor units; they sum to the energy lines."""
        codes = [line.code for line in self.lines(kind)]
        if not codes:
            return {}
        return {day.start: sum((day.by_line[code] for code in codes), ZERO) for day in self.costs.by_day()}

    def amount(self, kind: str) -> Decimal:
        """Return what the energy lines of a kind come to on the bill."""
        return sum((line.amount for line in self.lines(kind)), ZERO)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The costs shown for the intervals of a period set against the energy lines of the bill they belong to."""

    invoice: Any
    lines: Sequence[tuple[Mapping[str, str], Decimal]]
    amount: Decimal
    shown: Decimal
    is_whole: bool
    """Whether every interval of the bill is on the page, so that both sums are the same."""


def bill_of(customer: Any, number: str, place: Place) -> tuple[Any, Period]:
    """Return a bill of the customer and the days it covers at the place; raises NotFound when it has none there."""
    detail = invoice_queries.invoice(number=number, customer=customer)
    held = [line.supply_period for line in detail.lines if line.identifier == place.identifier]
    if not held:
        raise NotFound(what="invoice", name=number)
    return detail.invoice, Period(min(days.lower for days in held), max(days.upper for days in held))


def parts_over(customer: Any, place: Place, period: Period) -> list[BilledPart]:
    """Return what bills in force say about the place in ``period``, in order of time."""
    found = []
    bills: Iterable[Any] = invoice_queries.invoices_of_customer(customer=customer)
    for invoice in bills:
        if invoice.kind != "invoice" or invoice.is_credited:
            continue
        if date_ranges.within(invoice.supply_period, period) is not None:
            found += [BilledPart(invoice, part) for part in _costs(invoice, place) if part.period.overlaps(period)]
    return sorted(found, key=lambda part: part.costs.period)


def costs_by_slot(parts: Iterable[BilledPart], slots: Slots) -> list[Decimal | None]:
    """Return the cost of each slot; None where nothing is billed yet."""
    known: dict[Any, Decimal] = {}
    for part in parts:
        known |= part.slot_costs(slots.kind)
    return [known.get(start) for start in slots.starts.tolist()]


def costs_by_day(parts: Iterable[BilledPart], slots: Slots) -> list[Decimal | None]:
    """Return the cost of each day; None where nothing is billed yet."""
    known: dict[dt.date, Decimal] = {}
    for part in parts:
        for day, cost in part.day_costs(slots.kind).items():
            known[day] = known.get(day, ZERO) + cost
    return [known.get(day) for day in slots.days]


def reckonings(parts: Sequence[BilledPart], slots: Slots, *, by_day: bool) -> list[Reckoning]:
    """Return one reckoning for each bill: its energy lines at the place, and what of them the page shows."""
    grouped: dict[int, list[BilledPart]] = {}
    for part in parts:
        if part.lines(slots.kind):
            grouped.setdefault(part.invoice.pk, []).append(part)
    return [_reckoning(group, slots, by_day=by_day) for group in grouped.values()]


def _reckoning(parts: Sequence[BilledPart], slots: Slots, *, by_day: bool) -> Reckoning:
    lines = [(line.titles, line.amount) for part in parts for line in part.lines(slots.kind)]
    costs = costs_by_day(parts, slots) if by_day else costs_by_slot(parts, slots)
    first, last = slots.days[0], slots.days[-1]
    whole = all(
        part.costs.period.start >= first and part.costs.period.end <= last + dt.timedelta(days=1) for part in parts
    )
    return Reckoning(
        invoice=parts[0].invoice,
        lines=lines,
        amount=sum((amount for _, amount in lines), ZERO),
        shown=sum((cost for cost in costs if cost is not None), ZERO),
        is_whole=whole,
    )


def _costs(invoice: Any, place: Place) -> list[IntervalCosts]:
    try:
        return invoice_queries.interval_costs(invoice=invoice, identifier=place.identifier)
    except NotFound:
        return []
