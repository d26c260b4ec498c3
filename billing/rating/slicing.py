"""Decides which charges are rated slice by slice: those for which something they depend on changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from billing.rating.formulas import nodes
from billing.rating.inputs import AccountInputs, Series, SliceInputs
from billing.rating.tariffs import SLAB, Charge, Tariff


@dataclass(frozen=True, slots=True)
class Cuts:
    """For one account: how many slices there are and which charges they cut."""

    count: int
    sliced: frozenset[str]
    partial: bool = False
    """Whether the slices cover only part of the billing period."""

    def stretches(self, charge: Charge) -> Sequence[int | None]:
        """The slices of ``charge``; None is the whole period."""
        return range(self.count) if charge.code in self.sliced else (None,)


def cuts(tariff: Tariff, account: AccountInputs) -> Cuts:
    """This will return the charges of ``account`` that are sliced.

    A charge is sliced when a parameter or published value it reads changes between slices. What a sliced charge adds
    up with ``amount()`` is sliced with it where its quantity adds up over time; other amounts are shared by days.
    """
    slices = account.slices
    partial = account.period_days is not None and sum(part.days for part in slices) != account.period_days
    if len(slices) == 1:
        return Cuts(1, frozenset(), partial)
    sliced = {charge.code for charge in tariff.charges if _changes(charge, slices)}
    for at in reversed(tariff.order):
        charge = tariff.charges[at]
        if charge.code in sliced:
            needed = {reference.code for reference in charge.uses.references}
            sliced |= {code for code in needed if _adds_up(tariff.charge(code))}
    return Cuts(len(slices), frozenset(sliced), partial)


def _changes(charge: Charge, slices: Sequence[SliceInputs]) -> bool:
    first = _read_by(charge, slices[0])
    return any(_read_by(charge, part) != first for part in slices[1:])


def _read_by(charge: Charge, part: SliceInputs) -> list[Any]:
    """What the charge reads that holds for a whole slice."""
    parameters = [part.parameters.get(name) for name in sorted(charge.uses.scalars)]
    indices = [part.indices.get(name) for name in sorted(charge.uses.indices)]
    return [*parameters, *("series" if isinstance(value, Series) else value for value in indices)]


def _adds_up(charge: Charge) -> bool:
    """Whether the quantities of two stretches add up to that of both: sums and days, not peaks and steps."""
    if charge.tiers is not None and charge.tiers.mode == SLAB:
        return False
    return charge.quantity is None or _linear(charge.quantity.tree)


def _linear(node: nodes.Node) -> bool:  # noqa: PLR0911 - one case per kind of node
    match node:
        case nodes.Aggregate(function=function):
            return function in ("sum", "count")
        case nodes.Scalar(kind=kind):
            return kind == nodes.DAYS
        case nodes.Negate(operand=operand):
            return _linear(operand)
        case nodes.Binary(operator="+" | "-", left=left, right=right):
            return _linear(left) and _linear(right)
        case nodes.Binary(operator="*", left=left, right=right):
            return (_linear(left) and _constant(right)) or (_constant(left) and _linear(right))
        case nodes.Binary(operator="/", left=left, right=right):
            return _linear(left) and _constant(right)
        case nodes.Amount():
            return True
    return False


def _constant(node: nodes.Node) -> bool:
    kinds = (nodes.Aggregate, nodes.Amount, nodes.Channel, nodes.Lookup)
    parts = list(nodes.walk(node))
    return not any(
        isinstance(part, kinds) or (isinstance(part, nodes.Scalar) and part.kind == nodes.DAYS) for part in parts
    )
