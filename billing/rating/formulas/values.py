"""Evaluates a bound formula in a scope, in decimals of 34 digits rounded half up."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

from billing.rating.errors import RatingError
from billing.rating.formulas import nodes
from kernel import money
from kernel.errors import gettext_noop

POWER_FACTOR_PLACES = 2
ZERO, ONE = Decimal(0), Decimal(1)


class Scope(Protocol):
    """What the names of a formula stand for in one cell."""

    @property
    def arguments(self) -> dict[int, Decimal | None] | None:
        """What tables were asked for in this cell, so that explaining does not calculate again; None keeps nothing."""

    def scalar(self, node: nodes.Scalar) -> Decimal: ...
    def channel(self, node: nodes.Channel) -> Decimal: ...
    def choice(self, node: nodes.LabelMap) -> nodes.Node: ...
    def aggregate(self, node: nodes.Aggregate) -> Decimal: ...
    def amount(self, reference: nodes.Reference) -> Decimal: ...
    def index(self, node: nodes.Index) -> Decimal: ...
    def row(self, table: str, argument: Decimal) -> tuple[nodes.Node, Scope]: ...


def evaluate(node: nodes.Node, scope: Scope) -> Decimal:
    """This will return the value of ``node``; raises RatingError or NotReady."""
    return _EVALUATORS[type(node)](node, scope)


def _binary(node: nodes.Binary, scope: Scope) -> Decimal:
    left, right = evaluate(node.left, scope), evaluate(node.right, scope)
    match node.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    return divide(left, right)


def _amount(node: nodes.Amount, scope: Scope) -> Decimal:
    return sum((scope.amount(reference) for reference in node.references), ZERO)


def _lookup(node: nodes.Lookup, scope: Scope) -> Decimal:
    argument = lookup_argument(node, scope)
    if argument is None:
        return ZERO
    tree, inner = scope.row(node.table, argument)
    return evaluate(tree, inner)


def lookup_argument(node: nodes.Lookup, scope: Scope) -> Decimal | None:
    """This will return the value to look up; None for a power factor at zero use."""
    kept = scope.arguments
    if kept is None:
        return _argument(node, scope)
    if id(node) not in kept:
        kept[id(node)] = _argument(node, scope)
    return kept[id(node)]


def _argument(node: nodes.Lookup, scope: Scope) -> Decimal | None:
    inner = node.argument
    if isinstance(inner, nodes.Call) and inner.function == "power_factor":
        energy, reactive = (evaluate(part, scope) for part in inner.arguments)
        return power_factor(energy, reactive)
    return evaluate(inner, scope)


def _call(node: nodes.Call, scope: Scope) -> Decimal:
    return apply(node.function, [evaluate(part, scope) for part in node.arguments])


def apply(function: str, given: list[Decimal]) -> Decimal:
    """This will return the value of one of the plain functions."""
    match function:
        case "min":
            return min(given)
        case "max":
            return max(given)
        case "round":
            return rounded(given[0], given[1])
        case "ceil":
            return given[0].to_integral_value(rounding=decimal.ROUND_CEILING)
        case "blend":
            return given[0] * (ONE - given[2]) + given[1] * given[2]
    factor = power_factor(given[0], given[1])
    if factor is None:
        raise RatingError(gettext_noop("The power factor is undefined at zero use; only table() can take it."))
    return factor


def power_factor(energy: Decimal, reactive: Decimal) -> Decimal | None:
    """kWh / √(kWh² + kvarh²), half up to 2 places; None at zero use."""
    apparent = (energy * energy + reactive * reactive).sqrt()
    return None if apparent == 0 else money.round_half_up(energy / apparent, POWER_FACTOR_PLACES)


def divide(left: Decimal, right: Decimal) -> Decimal:
    if right == 0:
        raise RatingError(gettext_noop("{left} is divided by zero."), left=format(left, "f"))
    return left / right


def rounded(value: Decimal, places: Decimal) -> Decimal:
    """Half up to ``places``, which must be a whole number."""
    if places != places.to_integral_value() or abs(places) > money.EXACT.prec:
        raise RatingError(
            gettext_noop("round() needs a whole number of places, not {places}."), places=format(places, "f")
        )
    return rounded_to(value, int(places))


def rounded_to(value: Decimal, places: int) -> Decimal:
    """This will round half up to ``places``; raises RatingError where they do not fit into 34 digits."""
    try:
        return money.round_half_up(value, places)
    except decimal.InvalidOperation as error:
        raise RatingError(
            gettext_noop("{value} cannot keep {places} places within 34 digits."), value=str(value), places=places
        ) from error


_EVALUATORS: dict[type, Callable[[Any, Scope], Decimal]] = {
    nodes.Number: lambda node, scope: node.value,
    nodes.Scalar: lambda node, scope: scope.scalar(node),
    nodes.Channel: lambda node, scope: scope.channel(node),
    nodes.Negate: lambda node, scope: -evaluate(node.operand, scope),
    nodes.Binary: _binary,
    nodes.LabelMap: lambda node, scope: evaluate(scope.choice(node), scope),
    nodes.Aggregate: lambda node, scope: scope.aggregate(node),
    nodes.Amount: _amount,
    nodes.Index: lambda node, scope: scope.index(node),
    nodes.Lookup: _lookup,
    nodes.Call: _call,
}
