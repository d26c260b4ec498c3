"""Why a bill is higher or lower than another one: days, use, price and the rest, summing to the difference exactly.

Of an energy line with quantity q, amount a and d days, before (0) and now (1): the days explain
(q0 · d1 / d0 - q0) · a0 / q0, the use (q1 - q0 · d1 / d0) · a0 / q0, the price (with the times of use) what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from kernel.money import EXACT, minor_places, round_half_up

ZERO = Decimal(0)
ENERGY, DAY_UNITS = "kWh", frozenset({"day", "days"})


@dataclass(frozen=True, slots=True)
class Compared:
    """The parts of a difference in money."""

    days: Decimal
    use: Decimal
    price: Decimal
    other: Decimal

    @property
    def total(self) -> Decimal:
        return self.days + self.use + self.price + self.other


@dataclass(frozen=True, slots=True)
class Side:
    """A bill's lines of one charge, added up; ``gross`` with tax."""

    quantity: Decimal
    gross: Decimal
    unit: str


def compared(*, now: Sequence[Any], before: Sequence[Any], days: tuple[int, int], currency: str) -> Compared:
    """Return what makes the difference between the lines of two bills; ``days`` are those of now and before."""
    new, old = _sides(now), _sides(before)
    places = minor_places(currency)
    sums = {"days": ZERO, "use": ZERO, "price": ZERO, "other": ZERO}
    for code in {**old, **new}:
        for name, value in _effects(new.get(code), old.get(code), days, places).items():
            sums[name] += value
    return _without_dust(Compared(**sums), Decimal(1).scaleb(-places) * len({**old, **new}))


def energy(lines: Sequence[Any]) -> Decimal:
    """Return the kWh used on a bill.

    Several charges are taken of the same use: what counts at a place is its largest energy charge, or all labels
    together where each charge takes only some of them.
    """
    places: dict[tuple[Any, ...], list[Any]] = {}
    for line in lines:
        if line.unit == ENERGY and (line.quantity or ZERO) > 0:
            places.setdefault((line.identifier, line.supply_period.lower), []).append(line)
    return sum((_energy_of_place(found) for found in places.values()), ZERO)


def by_label(lines: Sequence[Any]) -> dict[str, Decimal]:
    """Return the kWh of each label, as the first line that knows it tells."""
    found: dict[str, Decimal] = {}
    for line in lines:
        own: dict[str, Decimal] = {}
        for cell in line.cells:
            if cell["label"]:
                own[cell["label"]] = own.get(cell["label"], ZERO) + Decimal(cell["quantity"])
        for label, quantity in own.items():
            found.setdefault(label, quantity)
    return found


def _energy_of_place(lines: Sequence[Any]) -> Decimal:
    largest = max(Decimal(line.quantity) for line in lines)
    return max(largest, sum(by_label(lines).values(), ZERO))


def _without_dust(found: Compared, most: Decimal) -> Compared:
    """What rounding leaves of a price that did not change, at most a minor unit a line, counts as use."""
    if found.price and found.use and abs(found.price) <= most:
        return replace(found, use=found.use + found.price, price=ZERO)
    return found


def _effects(new: Side | None, old: Side | None, days: tuple[int, int], places: int) -> dict[str, Decimal]:
    if new is None or old is None or new.unit != old.unit or old.quantity == 0 or old.unit not in {ENERGY, *DAY_UNITS}:
        return {"other": (new.gross if new else ZERO) - (old.gross if old else ZERO)}
    whole, price = new.gross - old.gross, EXACT.divide(old.gross, old.quantity)
    if old.unit in DAY_UNITS:
        by_days = round_half_up(EXACT.multiply(new.quantity - old.quantity, price), places)
        return {"days": by_days, "price": whole - by_days}
    as_long = EXACT.divide(EXACT.multiply(old.quantity, Decimal(days[0])), Decimal(days[1]))
    by_days = round_half_up(EXACT.multiply(as_long - old.quantity, price), places)
    by_use = round_half_up(EXACT.multiply(new.quantity - as_long, price), places)
    return {"days": by_days, "use": by_use, "price": whole - by_days - by_use}


def _sides(lines: Sequence[Any]) -> dict[str, Side]:
    found: dict[str, Side] = {}
    for line in lines:
        known = found.get(line.code, Side(ZERO, ZERO, line.unit))
        unit = known.unit if known.unit == line.unit else ""
        found[line.code] = Side(known.quantity + (line.quantity or ZERO), known.gross + line.gross, unit)
    return found
