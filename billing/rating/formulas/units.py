"""Units as products of symbols: kWh is kW·h, a price of energy CNY·kW⁻¹·h⁻¹. None is "whatever is needed"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

Unit: TypeAlias = frozenset[tuple[str, int]]
Known: TypeAlias = Unit | None
"""A unit that is stated or follows from stated ones; None where a number takes whatever is needed."""

ONE: Unit = frozenset()
_HOURLY = {
    "Wh": "W",
    "kWh": "kW",
    "MWh": "MW",
    "GWh": "GW",
    "varh": "var",
    "kvarh": "kvar",
    "Mvarh": "Mvar",
    "kVAh": "kVA",
}
_ALIASES = {
    "元": "CNY",
    "度": "kWh",
    "千瓦时": "kWh",
    "千瓦": "kW",
    "千伏安": "kVA",
    "天": "day",
    "日": "day",
    "days": "day",
}
_NUMBERS = {"1", "%", "month", "months", "月", "period", ""}
"""What does not count: a month is the bill's own period."""
_TERM = re.compile(r"\s*([^\s/*·×()^]+|[/*·×()])\s*")
_REACTIVE = {"kW": "kvar", "MW": "Mvar", "W": "var"}


class UnknownUnit(ValueError):
    """The text is not a unit."""


def parse(text: str) -> Unit:
    """This will read ``CNY/kWh``, ``CNY/(kW·month)`` or ``%``; raises UnknownUnit."""
    terms = _TERM.findall(text)
    if "".join(terms) != re.sub(r"\s+", "", text):
        raise UnknownUnit(text)
    unit, rest = _product(terms)
    if rest:
        raise UnknownUnit(text)
    return unit


def _product(terms: list[str]) -> tuple[Unit, list[str]]:
    unit, power = ONE, 1
    while terms:
        term, *terms = terms
        if term == "(":
            inner, terms = _product(terms)
            if not terms or terms[0] != ")":
                raise UnknownUnit(term)
            terms = terms[1:]
        else:
            inner = _symbol(term)
        unit = multiply(unit, inner, power)
        if not terms or terms[0] == ")":
            break
        operator, *terms = terms
        if operator not in "/*·×" or not terms:
            raise UnknownUnit(operator)
        power = -1 if operator == "/" else 1
    return unit, terms


def _symbol(written: str) -> Unit:
    symbol = _ALIASES.get(written, written)
    if symbol in _NUMBERS:
        return ONE
    if symbol in "/*·×()":
        raise UnknownUnit(written)
    return frozenset({(_HOURLY[symbol], 1), ("h", 1)}) if symbol in _HOURLY else frozenset({(symbol, 1)})


def multiply(left: Unit, right: Unit, power: int = 1) -> Unit:
    """This will return left × right^power."""
    powers = dict(left)
    for symbol, exponent in right:
        powers[symbol] = powers.get(symbol, 0) + power * exponent
    return frozenset((symbol, exponent) for symbol, exponent in powers.items() if exponent)


def product(left: Known, right: Known, power: int = 1) -> Known:
    return None if left is None or right is None else multiply(left, right, power)


def common(units: Iterable[Known]) -> tuple[bool, Known]:
    """This will tell whether all known units are one, and which."""
    known = {unit for unit in units if unit is not None}
    return len(known) <= 1, next(iter(known), None)


def is_money(unit: Unit, currency: str | None) -> bool:
    """One currency to the first power: the tariff's own, or any where it names none."""
    if len(unit) != 1:
        return False
    ((symbol, power),) = unit
    if power != 1:
        return False
    return symbol == currency if currency else len(symbol) == 3 and symbol.isupper()


def belong_together(energy: Unit, reactive: Unit) -> bool:
    """kWh with kvarh, kW with kvar."""
    return (
        frozenset(
            (_REACTIVE.get(symbol, ""), power) if symbol in _REACTIVE else (symbol, power) for symbol, power in energy
        )
        == reactive
    )


def write(unit: Known) -> str:
    """This will write a unit for people: ``kWh``, ``CNY/kWh``."""
    if not unit:
        return ""
    powers = dict(unit)
    for hourly, symbol in _HOURLY.items():
        if powers.get(symbol) and powers[symbol] == powers.get("h"):
            powers[hourly] = powers.pop(symbol)
            del powers["h"]
    over = [_power(symbol, power) for symbol, power in sorted(powers.items()) if power > 0]
    under = [_power(symbol, -power) for symbol, power in sorted(powers.items()) if power < 0]
    return "·".join(over or ["1"]) + "".join(f"/{part}" for part in under)


def _power(symbol: str, power: int) -> str:
    return symbol if power == 1 else f"{symbol}^{power}"
