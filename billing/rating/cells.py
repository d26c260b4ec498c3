"""The first step: ``aggregate`` turns the intervals of a block of accounts into the aggregates of every cell."""

from __future__ import annotations

import decimal
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

from billing.rating import aggregates, blocks, slicing
from billing.rating.aggregates import Outcome
from billing.rating.blocks import Block
from billing.rating.errors import RatingError
from billing.rating.formulas import nodes
from billing.rating.inputs import AccountInputs
from billing.rating.scopes import AmountOf, CellScope
from billing.rating.tariffs import Charge, Tariff
from kernel import money
from kernel.errors import gettext_noop

Key: TypeAlias = tuple[str, int | None, str | None, str | None]
"""Aggregate, slice (None: the whole period), calendar and label."""


@dataclass(slots=True, eq=False)
class Cells:
    """Aggregates per cell and account, and the slices in which each charge is rated."""

    tariff: Tariff
    block: Block
    cuts: Sequence[slicing.Cuts]
    found: dict[Key, list[Outcome]] = field(default_factory=dict)
    days: int = 0
    prices: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    """Prices that follow from parameters alone: evaluated once for all accounts that share them."""

    def scope(
        self, seat: int, at: int | None, calendar: str | None, label: str | None, amount_of: AmountOf | None = None
    ) -> CellScope:
        """This will return what names stand for in one cell of one account; amounts are not known in this step."""
        account, block = self.block.accounts[seat], self.block
        part = block.whole if at is None else block.slices[at]
        days = account.period_days or self.days
        amounts = amount_of or _no_amounts
        return CellScope(
            self.tariff, account, part, seat, seat, at, days, calendar, label, self.value, amounts, self.prices
        )

    def value(self, scope: CellScope, node: nodes.Aggregate) -> Decimal:
        """This will return an aggregate of the scope's cell; raises RatingError or NotReady."""
        found = self.found.get((node.key, scope.at, scope.calendar, scope.label))
        if found is None:
            if node.key in self.tariff.late:
                return aggregates.value_alone(scope, node)
            found = self.outcomes(node, scope.at, scope.calendar, scope.label)
        outcome = found[scope.seat]
        return outcome if isinstance(outcome, Decimal) else aggregates.unwrapped(outcome)

    def outcomes(self, node: nodes.Aggregate, at: int | None, calendar: str | None, label: str | None) -> list[Outcome]:
        key = (node.key, at, calendar, label)
        if key not in self.found:
            scopes = [self.scope(seat, at, calendar, label) for seat in range(len(self.block.accounts))]
            self.found[key] = aggregates.compute(node, self.block.part(at), scopes)
        return self.found[key]


def aggregate(tariff: Tariff, accounts: Sequence[AccountInputs]) -> Cells:
    """This will return the cells of accounts of one shape (see ``blocks.grouped``), with all that needs no amounts."""
    with decimal.localcontext(money.EXACT):
        return _aggregated(tariff, accounts)


def _aggregated(tariff: Tariff, accounts: Sequence[AccountInputs]) -> Cells:
    block = blocks.build(tariff, accounts)
    cells = Cells(tariff, block, [slicing.cuts(tariff, account) for account in accounts], days=block.whole.days)
    for charge in tariff.charges:
        stretches = {at for cuts in cells.cuts for at in cuts.stretches(charge)}
        for at in sorted(stretches, key=lambda at: -1 if at is None else at):
            _fill(cells, charge, at)
    return cells


def _fill(cells: Cells, charge: Charge, at: int | None) -> None:
    for node in charge.uses.aggregates:
        if node.key not in cells.tariff.late:
            for label in charge.by or (None,):
                cells.outcomes(node, at, charge.calendar, label)


def _no_amounts(scope: CellScope, reference: nodes.Reference) -> Decimal:
    raise RatingError(gettext_noop("The amount of “{code}” is not known yet."), code=str(reference))
