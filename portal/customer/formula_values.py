"""What a formula of a tariff comes to when only the agreement's values are known, before anything is used."""

from __future__ import annotations

import decimal
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from billing.rating.errors import RatingError
from billing.rating.formulas import nodes, values
from billing.rating.tariffs import Formula, Tariff
from kernel import money


class DependsOnUse(Exception):
    """The formula needs readings, days or published values."""


@dataclass(frozen=True, slots=True, eq=False)
class Agreed:
    """A scope in which only parameters and labels have a value."""

    tariff: Tariff
    parameters: Mapping[str, Decimal]
    label: str | None = None

    @property
    def arguments(self) -> None:
        """Nothing of a table is kept: nothing is explained from here."""

    def scalar(self, node: nodes.Scalar) -> Decimal:
        declared = self.tariff.parameters.get(node.name)
        value = self.parameters.get(node.name, declared.default if declared else None)
        if node.kind != nodes.PARAMETER or value is None:
            raise DependsOnUse(node.name)
        return value

    def choice(self, node: nodes.LabelMap) -> nodes.Node:
        found = node.entries.get(self.label or "", node.otherwise)
        if found is None:
            raise DependsOnUse(self.label)
        return found

    def channel(self, node: nodes.Channel) -> NoReturn:
        raise DependsOnUse(node.name)

    def aggregate(self, node: nodes.Aggregate) -> NoReturn:
        raise DependsOnUse(node.key)

    def amount(self, reference: nodes.Reference) -> NoReturn:
        raise DependsOnUse(reference.code)

    def index(self, node: nodes.Index) -> NoReturn:
        raise DependsOnUse(node.name)

    def row(self, table: str, argument: Decimal) -> NoReturn:
        raise DependsOnUse(table)


def value(formula: Formula | None, scope: Agreed) -> Decimal | None:
    """Return what the formula comes to, None where it depends on more than the agreement."""
    if formula is None:
        return None
    try:
        with decimal.localcontext(money.EXACT):
            return values.evaluate(formula.tree, scope)
    except (DependsOnUse, RatingError, decimal.DecimalException):
        return None


def scope_of(agreed: Any, label: str | None = None) -> Agreed:
    """Return the scope of an agreement in force (``tariffs.InForce``)."""
    return Agreed(agreed.tariff, agreed.parameters, label)
