"""Writes how a value came about: the formula with the values filled in."""

from __future__ import annotations

from decimal import Decimal

from billing.rating.bills import written
from billing.rating.formulas import nodes, values
from billing.rating.formulas.values import Scope

_SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷"}
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2}
_NEGATION = 3
_SHOWN_PLACES = 10
_ALONE = (nodes.Aggregate, nodes.Number, nodes.Scalar, nodes.Amount, nodes.Index)
"""What is written as its value: it needs no working."""


def filled(tree: nodes.Node, scope: Scope, value: Decimal) -> str:
    """This will return ``0.414 × 1.8 = 0.7452``; a value that needs no working is shown alone."""
    result = number(value)
    if isinstance(tree, _ALONE):
        return result
    working = _write(tree, scope, 0)
    return result if working == result else f"{working} = {result}"


def rounded(how: str, value: Decimal) -> str:
    """This will add what rounding made of it."""
    result = number(value)
    return how if how.rsplit("= ", 1)[-1] == result else f"{how} ≈ {result}"


def number(value: Decimal) -> str:
    """This will write a number without idle zeros; what does not end is cut with “…”."""
    text = written(value)
    if "." not in text:
        return text
    text = text.rstrip("0")
    whole, _, decimals = text.partition(".")
    if len(decimals) > _SHOWN_PLACES:
        return f"{whole}.{decimals[:_SHOWN_PLACES]}…"
    return text.rstrip(".")


def _write(node: nodes.Node, scope: Scope, around: int) -> str:
    match node:
        case nodes.Binary(operator=operator, left=left, right=right):
            strength = _STRENGTH[operator]
            closer = strength + (operator in "-/")
            text = f"{_write(left, scope, strength)} {_SIGNS[operator]} {_write(right, scope, closer)}"
            return f"({text})" if strength < around else text
        case nodes.Negate(operand=operand):
            text = f"−{_write(operand, scope, _NEGATION)}"
            return f"({text})" if around else text
        case nodes.LabelMap():
            return _write(scope.choice(node), scope, around)
        case nodes.Call(function=function, arguments=arguments):
            return f"{function}({', '.join(_write(part, scope, 0) for part in arguments)})"
        case nodes.Lookup():
            return _lookup(node, scope)
    return number(values.evaluate(node, scope))


def _lookup(node: nodes.Lookup, scope: Scope) -> str:
    found = values.lookup_argument(node, scope)
    if found is None:
        return f"{node.table}(– → {number(values.ZERO)})"
    tree, inner = scope.row(node.table, found)
    return f"{node.table}({number(found)} → {number(values.evaluate(tree, inner))})"
