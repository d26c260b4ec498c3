"""The second step: cells become a bill, charge by charge in dependency order, in exact decimals."""

from __future__ import annotations

import decimal
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from billing.rating import aggregates, banding, blocks, cells, day_windows, explain, pricing
from billing.rating.bills import Bill, Cell, Line
from billing.rating.cells import Cells
from billing.rating.errors import RatingError
from billing.rating.formulas import nodes, values
from billing.rating.inputs import AccountInputs
from billing.rating.scopes import CellScope
from billing.rating.tariffs import DAY, Charge, Formula, Tariff, Tiers
from kernel import money

ZERO, ONE = Decimal(0), Decimal(1)
DEFAULT_CURRENCY = "XXX"
NO_LABELS = (None,)
Labels: TypeAlias = tuple[str | None, ...]
Explained: TypeAlias = tuple[Decimal, str]
"""A value and how it came about."""


def rate(tariff: Tariff, account: AccountInputs) -> Bill:
    """This will return the bill of one account; raises NotReady naming what is missing, or RatingError."""
    outcome = rate_batch(tariff, [account])[0]
    if isinstance(outcome, RatingError):
        raise outcome
    return outcome


def rate_batch(tariff: Tariff, accounts: Sequence[AccountInputs]) -> list[Bill | RatingError]:
    """This will return for every account its bill or why there is none; one account's error does not stop the others.

    Accounts with the same slots, labels and published values are aggregated together.
    """
    outcomes: list[Bill | RatingError | None] = [None] * len(accounts)
    with decimal.localcontext(money.EXACT):
        for group in blocks.grouped(accounts):
            found = cells.aggregate(tariff, [accounts[position] for position in group])
            for seat, position in enumerate(group):
                outcomes[position] = outcome(found, seat)
    return [found for found in outcomes if found is not None]


def outcome(found: Cells, seat: int) -> Bill | RatingError:
    """This will return the bill of one account of a block, or why there is none."""
    try:
        return evaluate(found, seat)
    except RatingError as error:
        return error
    except decimal.DecimalException as error:
        return aggregates.impossible(error)


def evaluate(found: Cells, seat: int) -> Bill:
    """This will return the bill of account ``seat``; raises NotReady or RatingError."""
    with decimal.localcontext(money.EXACT):
        return _Account(found, seat).bill()


@dataclass(slots=True)
class _Rated:
    """A charge of this bill: its cells and its amount after ``round: line``."""

    charge: Charge
    cells: list[Cell]
    amount: Decimal
    used: dict[str, tuple[Decimal, ...]]


@dataclass(slots=True, eq=False)
class _Account:
    cells: Cells
    seat: int
    rated: dict[str, _Rated] = field(default_factory=dict)
    scopes: dict[tuple[int | None, str | None, str | None], CellScope] = field(default_factory=dict)
    quantities: dict[tuple[Any, ...], list[Explained]] = field(default_factory=dict)
    """Of each formula, per label: charges that bill the same quantity share them."""

    @property
    def tariff(self) -> Tariff:
        return self.cells.tariff

    def bill(self) -> Bill:
        for at in self.tariff.order:
            charge = self.tariff.charges[at]
            self.rated[charge.code] = self.charge(charge)
        currency = self.tariff.currency or DEFAULT_CURRENCY
        places = money.minor_places(currency)
        lines = tuple([_line(self.rated[charge.code], places) for charge in self.tariff.charges])
        total = sum((line.posted for line in lines if line.post), ZERO)
        used = {code: rated.used for code, rated in self.rated.items() if rated.used}
        return Bill(self.tariff.code, currency, lines, total, self.carried_next(), used)

    def charge(self, charge: Charge) -> _Rated:
        balances = banding.Balances()
        found: list[Cell] = []
        for at in self.cells.cuts[self.seat].stretches(charge):
            if charge.tiers is None:
                found += self.priced(charge, charge.price, at)
            else:
                found += self.banded(charge, charge.tiers, self.scope(at, charge.calendar), balances)
        amount = sum([cell.amount for cell in found], ZERO) if len(found) > 1 else ZERO + found[0].amount
        if charge.round.line is not None:
            amount = values.rounded_to(amount, charge.round.line)
        return _Rated(charge, found, amount, balances.used())

    def priced(self, charge: Charge, price: Formula | None, at: int | None) -> list[Cell]:
        """The cells of a charge with one price, in one slice or in the whole period."""
        assert price is not None
        labels = charge.by or NO_LABELS
        quantities = self.taken(charge, at, labels)
        prices = self.prices(charge, price, at, labels)
        places, unit = charge.round.cell, charge.unit
        found = []
        for label, (quantity, how_much), (value, how) in zip(labels, quantities, prices, strict=True):
            amount = quantity * value
            if places is not None:
                amount = values.rounded_to(amount, places)
            found.append(Cell(at, label, None, quantity, unit, value, ZERO, amount, how, how_much))
        return found

    def prices(self, charge: Charge, price: Formula, at: int | None, labels: Labels) -> list[Explained]:
        """The price per label; what follows from parameters alone is shared by all accounts that have the same."""
        base = self.scope(at, charge.calendar)
        key = base.price_key(price.pointer)
        kept = self.cells.prices.get((labels, key)) if key is not None else None
        if kept is None:
            kept = [pricing.priced(charge, price, self.scope(at, charge.calendar, label)) for label in labels]
            if key is not None:
                self.cells.prices[labels, key] = kept
        return kept

    def taken(self, charge: Charge, at: int | None, labels: Labels) -> list[Explained]:
        """The quantity per label."""
        if charge.quantity is None:
            return [self.share_of_period(self.scope(at, charge.calendar))] * len(labels)
        key = (charge.quantity.text, at, charge.calendar, labels)
        kept = self.quantities.get(key)
        if kept is None:
            kept = self.ready(charge.quantity.tree, at, charge.calendar, labels)
            if kept is None:
                scopes = [self.scope(at, charge.calendar, label) for label in labels]
                kept = [pricing.explained(charge.quantity, scope) for scope in scopes]
            self.quantities[key] = kept
        return kept

    def ready(self, tree: nodes.Node, at: int | None, calendar: str | None, labels: Labels) -> list[Explained] | None:
        """A quantity that is one aggregate, as the first step left it; None where there is more to do or to say."""
        if not isinstance(tree, nodes.Aggregate):
            return None
        kept = []
        for label in labels:
            outcomes = self.cells.found.get((tree.key, at, calendar, label))
            found = None if outcomes is None else outcomes[self.seat]
            if not isinstance(found, Decimal):
                return None
            kept.append((found, explain.number(found)))
        return kept

    def banded(self, charge: Charge, rule: Tiers, scope: CellScope, balances: banding.Balances) -> list[Cell]:
        """The cells of a tiered charge in one slice, or in the whole period."""
        labels = charge.by or NO_LABELS
        taken = dict(zip(labels, self.taken(charge, scope.at, labels), strict=True))
        rounds: list[banding.Quantities] = [{label: quantity for label, (quantity, _) in taken.items()}]
        if rule.window == DAY and charge.quantity is not None:
            rounds = self.daily(charge.quantity, scope, labels)
        return banding.cells(charge, scope, rounds, {label: how for label, (_, how) in taken.items()}, balances)

    def daily(self, quantity: Formula, scope: CellScope, labels: Sequence[str | None]) -> list[banding.Quantities]:
        """The quantities of each local day."""
        days = day_windows.days_of(scope)
        return [{label: pricing.valued(quantity, day.labelled(label)) for label in labels} for day in days]

    def share_of_period(self, scope: CellScope) -> Explained:
        """What an omitted quantity stands for."""
        if scope.at is None and not self.cells.cuts[self.seat].partial:
            return ONE, "1"
        share = Decimal(scope.part.days) / scope.period_days
        return share, f"{scope.part.days} ÷ {scope.period_days}"

    def scope(self, at: int | None, calendar: str | None, label: str | None = None) -> CellScope:
        key = (at, calendar, label)
        if key not in self.scopes:
            self.scopes[key] = self.cells.scope(self.seat, at, calendar, label, self.amount)
            self.scopes[key].arguments = {}
        return self.scopes[key]

    def amount(self, scope: CellScope, reference: nodes.Reference) -> Decimal:
        """The amount of another charge: in a sliced charge that slice's, else the whole."""
        rated, label = self.rated[reference.code], reference.label
        if scope.at is not None and reference.code in self.cells.cuts[self.seat].sliced:
            return _sum_of([cell for cell in rated.cells if cell.slice == scope.at], label)
        whole = rated.amount if label is None else _sum_of(rated.cells, label)
        if scope.at is None:
            return whole
        return whole * scope.part.days / sum(part.days for part in self.cells.block.slices)

    def carried_next(self) -> dict[str, Decimal]:
        if not self.tariff.carried:
            return {}
        scope = self.scope(None, self.tariff.calendar)
        return {name: pricing.valued(rule.next, scope) for name, rule in self.tariff.carried.items()}


def _line(rated: _Rated, places: int) -> Line:
    charge, amount = rated.charge, rated.amount
    return Line(
        charge.code,
        charge.title,
        charge.payee,
        charge.post,
        amount,
        money.round_half_up(amount, places),
        tuple(rated.cells),
        charge.channel,
        charge.calendar,
        "" if charge.price is None else charge.price.text,
        "" if charge.quantity is None else charge.quantity.text,
    )


def _sum_of(found: Sequence[Cell], label: str | None) -> Decimal:
    return sum((cell.amount for cell in found if label is None or cell.label == label), ZERO)
