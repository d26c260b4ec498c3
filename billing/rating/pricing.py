"""Values a formula in a scope: a price with how it came about, an amount after ``round: cell``."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from billing.rating import explain
from billing.rating.errors import RatingError
from billing.rating.formulas import values
from billing.rating.scopes import CellScope
from billing.rating.tariffs import Charge, Formula


def valued(formula: Formula, scope: CellScope) -> Decimal:
    """This will return the value of a formula in a scope; an error says which formula."""
    try:
        return values.evaluate(formula.tree, scope)
    except RatingError as error:
        error.where = error.where or formula.pointer
        raise


def explained(formula: Formula, scope: CellScope) -> tuple[Decimal, str]:
    """This will return the value of a formula and how it came about."""
    key = scope.price_key(formula.pointer)
    if key is not None and key in scope.prices:
        return cast(tuple[Decimal, str], scope.prices[key])
    value = valued(formula, scope)
    found = value, explain.filled(formula.tree, scope, value)
    if key is not None:
        scope.prices[key] = found
    return found


def priced(charge: Charge, formula: Formula, scope: CellScope) -> tuple[Decimal, str]:
    """This will return a price after ``round: price`` and how it came about."""
    places = charge.round.price
    if places is None:
        return explained(formula, scope)
    key = scope.price_key(formula.pointer)
    if key is not None and (places, key) in scope.prices:
        return cast(tuple[Decimal, str], scope.prices[places, key])
    value, how = explained(formula, scope)
    price = values.rounded_to(value, places)
    found = price, explain.rounded(how, price)
    if key is not None:
        scope.prices[places, key] = found
    return found


def rounded_cell(charge: Charge, amount: Decimal) -> Decimal:
    """This will return the amount of a cell after ``round: cell``."""
    return amount if charge.round.cell is None else values.rounded_to(amount, charge.round.cell)
