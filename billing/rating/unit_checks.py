"""Follows units through formulas: kWh × CNY/kWh is money, kW × CNY/kWh is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from billing.rating.errors import FormulaError, TariffError
from billing.rating.formulas import nodes, units
from billing.rating.formulas.units import Known
from billing.rating.tariffs import Charge, Formula, Tariff
from kernel.errors import gettext_noop

_DAY = units.parse("day")


def checked(tariff: Tariff, indices: Mapping[str, Known], *, stated_only: bool = False) -> Tariff:
    """This will return ``tariff`` with the unit of every quantity, or raise TariffError where units do not fit."""
    check = _Check(tariff, indices, stated_only)
    charges = list(tariff.charges)
    for at in tariff.order:
        charges[at] = check.charge(charges[at], at)
    for rule in tariff.carried.values():
        check.formula(rule.next)
    return dataclasses.replace(tariff, charges=tuple(charges))


@dataclass(slots=True)
class _Check:
    tariff: Tariff
    indices: Mapping[str, Known]
    stated_only: bool
    amounts: dict[str, Known] = field(default_factory=dict)
    pointer: str = ""

    def charge(self, charge: Charge, at: int) -> Charge:
        quantity = units.ONE if charge.quantity is None else self.formula(charge.quantity)
        prices = [(formula, self.formula(formula)) for formula in _prices(charge)]
        self.limits(charge, quantity)
        amounts = [units.product(quantity, unit) for _, unit in prices] + [
            self.formula(flat) for flat in _flats(charge)
        ]
        if charge.post:
            for (formula, _), amount in zip(prices, amounts, strict=False):
                self.require_money(amount, charge, formula.pointer)
            for flat, amount in zip(_flats(charge), amounts[len(prices) :], strict=True):
                self.require_money(amount, charge, flat.pointer)
            self.amounts[charge.code] = self.money()
        else:
            self.pointer = f"/charges/{at}"
            self.amounts[charge.code] = self.same(amounts, 1)
        return dataclasses.replace(charge, unit=units.write(quantity), channel=_energy_channel(charge))

    def limits(self, charge: Charge, quantity: Known) -> None:
        if charge.tiers is None:
            return
        limits = [band.to for bands in charge.tiers.bands.values() for band in bands if band.to is not None]
        for formula in (*limits, *charge.tiers.already):
            unit = self.formula(formula)
            fits, _ = units.common([quantity, unit])
            if not fits:
                self.refuse_mix(quantity, unit, 1)

    def money(self) -> Known:
        return units.parse(self.tariff.currency) if self.tariff.currency else None

    def require_money(self, unit: Known, charge: Charge, pointer: str) -> None:
        if unit is None or units.is_money(unit, self.tariff.currency):
            return
        sentence = gettext_noop("At {place}: quantity × price of “{code}” is {unit}, where money is expected.")
        raise TariffError(sentence, where=pointer, place=pointer, code=charge.code, unit=units.write(unit) or "1")

    def formula(self, formula: Formula) -> Known:
        self.pointer = formula.pointer
        return self.unit(formula.tree, None)

    def unit(self, node: nodes.Node, argument: Known) -> Known:  # noqa: C901, PLR0911 - one case per kind of node
        match node:
            case nodes.Scalar(name=name, kind=kind):
                return self.scalar(name, kind, argument)
            case nodes.Channel(name=name):
                return self.channel(name)
            case nodes.Index(name=name):
                return self.indices.get(name)
            case nodes.Negate(operand=operand):
                return self.unit(operand, argument)
            case nodes.Binary(operator="+" | "-", left=left, right=right):
                return self.same([self.unit(left, argument), self.unit(right, argument)], node.position)
            case nodes.Binary(operator=operator, left=left, right=right):
                power = 1 if operator == "*" else -1
                return units.product(self.unit(left, argument), self.unit(right, argument), power)
            case nodes.LabelMap():
                return self.same([self.unit(child, argument) for child in nodes.children(node)], node.position)
            case nodes.Aggregate(function="count"):
                self.unit(node.expression, argument)
                return None
            case nodes.Aggregate(expression=expression):
                return self.unit(expression, argument)
            case nodes.Amount(references=references):
                return self.same([self.amounts.get(reference.code) for reference in references], node.position)
            case nodes.Lookup():
                return self.lookup(node, argument)
            case nodes.Call():
                return self.call(node, argument)
        return None

    def scalar(self, name: str, kind: str, argument: Known) -> Known:
        if kind == nodes.ARGUMENT:
            return argument
        if kind in (nodes.DAYS, nodes.PERIOD_DAYS):
            return None if self.stated_only else _DAY
        declared = self.tariff.parameters.get(name) or self.tariff.facts.get(name)
        return None if declared is None else declared.unit

    def channel(self, name: str) -> Known:
        rule = self.tariff.channels.get(name)
        if rule is None or rule.take == "count":
            return None
        if rule.unit is not None or rule.of is None:
            return rule.unit
        return self.unit(rule.of.tree, None)

    def lookup(self, node: nodes.Lookup, argument: Known) -> Known:
        value = self.unit(node.argument, argument)
        outer = self.pointer
        found = []
        for row in self.tariff.tables[node.table].rows:
            self.pointer = row.value.pointer
            found.append(self.unit(row.value.tree, value))
        self.pointer = outer
        return self.same(found, node.position)

    def call(self, node: nodes.Call, argument: Known) -> Known:
        given = [self.unit(part, argument) for part in node.arguments]
        match node.function:
            case "min" | "max":
                return self.same(given, node.position)
            case "blend":
                return self.same(given[:2], node.position)
            case "power_factor":
                energy, reactive = given
                if energy is not None and reactive is not None and not units.belong_together(energy, reactive):
                    self.refuse_mix(energy, reactive, node.position)
                return None if self.stated_only else units.ONE
        return given[0]

    def same(self, given: Iterable[Known], position: int) -> Known:
        given = list(given)
        fits, unit = units.common(given)
        if not fits:
            first, second = [unit for unit in dict.fromkeys(given) if unit is not None][:2]
            self.refuse_mix(first, second, position)
        return unit

    def refuse_mix(self, left: Known, right: Known, position: int) -> None:
        sentence = gettext_noop(
            "Position {position}: {left} and {right} cannot be put together; one unit is expected here."
        )
        raise FormulaError(
            sentence,
            where=f"{self.pointer}:{position}",
            position=position,
            left=units.write(left) or "1",
            right=units.write(right) or "1",
        )


def _prices(charge: Charge) -> list[Formula]:
    if charge.tiers is None:
        return [] if charge.price is None else [charge.price]
    return [band.price for bands in charge.tiers.bands.values() for band in bands]


def _flats(charge: Charge) -> list[Formula]:
    if charge.tiers is None:
        return []
    return [band.flat for bands in charge.tiers.bands.values() for band in bands if band.flat is not None]


def _energy_channel(charge: Charge) -> str | None:
    """The channel, when the quantity is its plain sum: ``sum(consumption)`` or ``-sum(feed_in)``."""
    tree = None if charge.quantity is None else charge.quantity.tree
    tree = tree.operand if isinstance(tree, nodes.Negate) else tree
    plain = isinstance(tree, nodes.Aggregate) and tree.function == "sum" and isinstance(tree.expression, nodes.Channel)
    return tree.expression.name if plain else None  # type: ignore[union-attr]
