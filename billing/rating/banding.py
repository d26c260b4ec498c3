"""Rates a tiered charge: its quantities per label become cells per band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from billing.rating import pricing, tiers
from billing.rating.bills import Cell
from billing.rating.errors import NotReady, RatingError
from billing.rating.formulas import nodes
from billing.rating.inputs import Balance
from billing.rating.scopes import CellScope
from billing.rating.tariffs import DAY, SLAB, Charge, Tiers
from billing.rating.tiers import Part
from kernel.errors import gettext_noop

ZERO = Decimal(0)
Label: TypeAlias = str | None
Quantities: TypeAlias = Mapping[Label, Decimal]


@dataclass(slots=True, eq=False)
class Balances:
    """Quantity held per band, by label: it runs on from slice to slice until its window ends."""

    held: dict[str, list[Decimal]] = field(default_factory=dict)
    restarted: bool = False
    """A new window began inside the period: nothing earlier counts."""

    def restart(self) -> None:
        self.held.clear()
        self.restarted = True

    def used(self) -> dict[str, tuple[Decimal, ...]]:
        return {label: tuple(bands) for label, bands in self.held.items()}


@dataclass(slots=True)
class _Sum:
    """What one band of one label takes, over the days of a stretch."""

    quantity: Decimal = ZERO
    flats: int = 0


def cells(
    charge: Charge, scope: CellScope, rounds: Sequence[Quantities], how_much: Mapping[Label, str], balances: Balances
) -> list[Cell]:
    """This will return the cells of one stretch; ``rounds`` are its quantities, day by day in a window of a day."""
    rule = charge.tiers
    assert rule is not None
    if rule.window != DAY and not rule.share:
        (quantities,) = rounds
        return [
            _cell(charge, scope.labelled(label), part.band, _Sum(part.quantity, part.flats), how_much[label])
            for label, part in _parts(rule, scope, quantities, balances)
        ]
    sums: dict[tuple[Label, int], _Sum] = {}
    for quantities in rounds:
        if rule.window == DAY:
            balances.restart()
        for label, part in _parts(rule, scope, quantities, balances):
            whole = sums.setdefault((label, part.band), _Sum())
            whole.quantity += part.quantity
            whole.flats += part.flats
    order = {label: at for at, label in enumerate(how_much)}
    keys = sorted(sums, key=lambda key: (order[key[0]], key[1]))
    return [_cell(charge, scope.labelled(label), band, sums[label, band], how_much[label]) for label, band in keys]


def _cell(charge: Charge, scope: CellScope, at: int, taken: _Sum, how_much: str) -> Cell:
    assert charge.tiers is not None
    band = charge.tiers.of_label(scope.label)[at]
    price, how = pricing.priced(charge, band.price, scope)
    flat = ZERO if band.flat is None or not taken.flats else pricing.valued(band.flat, scope) * taken.flats
    amount = pricing.rounded_cell(charge, taken.quantity * price + flat)
    return Cell(scope.at, scope.label, at + 1, taken.quantity, charge.unit, price, flat, amount, how, how_much)


def _parts(rule: Tiers, scope: CellScope, quantities: Quantities, balances: Balances) -> list[tuple[Label, Part]]:
    if rule.share:
        return _shared_parts(rule, scope, quantities, balances)
    return [
        (label, part)
        for label, quantity in quantities.items()
        for part in _run(rule, scope.labelled(label), quantity, balances)
    ]


def _shared_parts(
    rule: Tiers, scope: CellScope, quantities: Quantities, balances: Balances
) -> list[tuple[Label, Part]]:
    """Bands of the sum of the labels, each split by their share; its flat stands with the first label that has some."""
    found: list[tuple[Label, Part]] = []
    by_label = {label or "": quantity for label, quantity in quantities.items()}
    for part in _run(rule, scope.labelled(None), sum(by_label.values(), ZERO), balances):
        flats = part.flats
        for label, share in tiers.shared(part, by_label).items():
            due = flats if share != 0 or not any(by_label.values()) else 0
            flats -= due
            found.append((label, Part(part.band, share, due)))
    return found


def _run(rule: Tiers, scope: CellScope, quantity: Decimal, balances: Balances) -> list[Part]:
    """One quantity through its bands; at least one part, also for nothing."""
    bands = rule.of_label(scope.label)
    limits = [pricing.valued(band.to, scope) for band in bands if band.to is not None]
    key = scope.label or ""
    if key not in balances.held:
        balances.held[key] = _already(rule, scope, limits, balances)
    held = balances.held[key]
    shares = tiers.spread(quantity, held, limits)
    parts = tiers.slab(quantity, held, limits) if rule.mode == SLAB else tiers.entered(shares, held)
    balances.held[key] = [before + share for before, share in zip(held, shares, strict=True)]
    return parts or [Part(_next_band(held, limits), ZERO)]


def _next_band(held: Sequence[Decimal], limits: Sequence[Decimal]) -> int:
    open_bands = (at for at, width in enumerate(tiers.widths(limits)) if held[at] < width)
    return next(open_bands, len(limits))


def _already(rule: Tiers, scope: CellScope, limits: Sequence[Decimal], balances: Balances) -> list[Decimal]:
    """What earlier bills of the window hold in each band."""
    if balances.restarted or not rule.already:
        return [ZERO] * (len(limits) + 1)
    if rule.already_per_band:
        given: Balance = [pricing.valued(formula, scope) for formula in rule.already]
    else:
        given = _given(rule, scope)
    if isinstance(given, Decimal):
        return tiers.filled(given, limits)
    assert isinstance(given, Sequence)
    if len(given) != len(limits) + 1:
        sentence = gettext_noop("What is used already is a list of {given} values; there are {bands} bands.")
        raise RatingError(sentence, given=len(given), bands=len(limits) + 1)
    return list(given)


def _given(rule: Tiers, scope: CellScope) -> Balance:
    (formula,) = rule.already
    tree = formula.tree
    if not isinstance(tree, nodes.Scalar) or tree.kind != nodes.PARAMETER:
        return pricing.valued(formula, scope)
    found = scope.balance(tree.name)
    if found is None:
        default = scope.tariff.parameters.get(tree.name)
        if default is None or default.default is None:
            raise NotReady("parameter", tree.name)
        return default.default
    return found
