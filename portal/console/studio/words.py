"""Formulas in words: ``flat_price * {tip: 1.8}[label]`` is “flat_price × the number of the label”."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext, pgettext

from billing.rating.formulas import nodes
from billing.rating.tariffs import Charge, Tariff
from kernel import texts

_SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷"}
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2}
_TIGHTEST = 3


def quantity(charge: Charge, titles: Mapping[str, str]) -> str:
    """This will say what is counted."""
    if charge.quantity is None:
        return gettext("once a bill, by its share of days")
    return say(charge.quantity.tree, titles)


def price(charge: Charge, titles: Mapping[str, str]) -> str:
    """This will say how the price comes about."""
    if charge.price is None:
        return gettext("the price of each tier")
    return say(charge.price.tree, titles)


def titles_of(tariff: Tariff, language: str) -> dict[str, str]:
    """This will name the charges as people know them."""
    return {charge.code: texts.pick(charge.title, language) or charge.code for charge in tariff.charges}


def say(node: nodes.Node, titles: Mapping[str, str], around: int = 0) -> str:  # noqa: C901, PLR0911 - a case per kind of node
    """This will write a formula in words."""
    match node:
        case nodes.Number(text=written):
            return written
        case nodes.Binary(operator=operator, left=left, right=right):
            strength = _STRENGTH[operator]
            closer = strength + (operator in "-/")
            text = f"{say(left, titles, strength)} {_SIGNS[operator]} {say(right, titles, closer)}"
            return f"({text})" if strength < around else text
        case nodes.Negate(operand=operand):
            return f"−{say(operand, titles, _TIGHTEST)}"
        case nodes.LabelMap():
            return gettext("the figure of the label")
        case nodes.Aggregate():
            return _aggregate(node, titles)
        case nodes.Amount(references=references):
            named = [f"“{titles.get(one.code, one.code)}”" for one in references]
            return gettext("the amount of {charges}").format(charges=pgettext("list", ", ").join(named))
        case nodes.Index(name=name):
            return gettext("the published value “{name}”").format(name=name)
        case nodes.Lookup(table=table, argument=argument):
            return gettext("the step of “{table}” at {value}").format(table=table, value=say(argument, titles))
        case nodes.Call():
            return _call(node, titles)
    return _name(node)


def _name(node: nodes.Node) -> str:
    match node:
        case nodes.Scalar(name=nodes.DAYS):
            return gettext("days")
        case nodes.Scalar(name=nodes.PERIOD_DAYS):
            return gettext("days of the whole bill")
        case nodes.Channel(name=name):
            return channels().get(name, name)
        case nodes.Scalar(name=name) | nodes.Name(name=name):
            return name
    return ""


def channels() -> dict[str, str]:
    """This will name what is metered."""
    return {
        "consumption": gettext("energy used"),
        "feed_in": gettext("energy fed in"),
        "generation": gettext("energy generated"),
        "reactive": gettext("reactive energy"),
        "demand": gettext("demand"),
    }


def _aggregate(node: nodes.Aggregate, titles: Mapping[str, str]) -> str:
    inner = say(node.expression, titles)
    if node.function == "sum" and isinstance(node.expression, nodes.Channel):
        return inner
    number = "" if node.number is None else say(node.number, titles)
    sentences = {
        "sum": gettext("the sum of {what} over the intervals"),
        "peak": gettext("the highest {what}"),
        "mean": gettext("the mean of {what}"),
        "count": gettext("the number of intervals"),
        "top": gettext("the mean of the {number} highest of {what}"),
    }
    return sentences[node.function].format(what=inner, number=number)


def _call(node: nodes.Call, titles: Mapping[str, str]) -> str:
    parts = [say(part, titles) for part in node.arguments]
    first, last = parts[0], parts[-1]
    sentences = {
        "min": gettext("the smallest of {all}"),
        "max": gettext("the largest of {all}"),
        "round": gettext("{first} rounded to {last} decimals"),
        "ceil": gettext("{first} rounded up"),
        "blend": gettext("a blend of {all}"),
        "power_factor": gettext("the power factor"),
    }
    return sentences[node.function].format(all=pgettext("list", ", ").join(parts), first=first, last=last)
