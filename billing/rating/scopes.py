"""What names stand for while one cell of one account is evaluated."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.rating.blocks import SliceBlock
from billing.rating.errors import NotReady, RatingError
from billing.rating.formulas import nodes
from billing.rating.inputs import AccountInputs, Balance, Series
from billing.rating.tariffs import Tariff
from kernel.errors import gettext_noop

AmountOf = Callable[["CellScope", nodes.Reference], Decimal]
AggregateOf = Callable[["CellScope", nodes.Aggregate], Decimal]


@dataclass(slots=True, eq=False)
class CellScope:
    """One account in one slice (or the whole period), for one label (or all)."""

    tariff: Tariff
    account: AccountInputs
    part: SliceBlock
    position: int
    """Of the account in ``part``."""
    seat: int
    """Of the account in its block."""
    at: int | None
    """Position of the slice; None is the whole period."""
    period_days: int
    calendar: str | None
    label: str | None
    aggregate_of: AggregateOf
    amount_of: AmountOf
    prices: dict[tuple[Any, ...], Any]
    argument: Decimal | None = None
    arguments: dict[int, Decimal | None] | None = None

    def labelled(self, label: str | None) -> CellScope:
        """This will return the scope of the same cell's stretch for another label."""
        return self if label == self.label else self._copy(label, self.argument)

    def _copy(self, label: str | None, argument: Decimal | None) -> CellScope:
        return CellScope(
            self.tariff,
            self.account,
            self.part,
            self.position,
            self.seat,
            self.at,
            self.period_days,
            self.calendar,
            label,
            self.aggregate_of,
            self.amount_of,
            self.prices,
            argument,
        )

    def price_key(self, pointer: str) -> tuple[Any, ...] | None:
        """This will return all that a plain formula depends on; None for a formula that reads more."""
        names = self.tariff.plain.get(pointer)
        if names is None:
            return None
        if not names:
            return (pointer, self.at, self.label, self.period_days)
        if self.tariff.balances and not self.tariff.balances.isdisjoint(names):
            return None
        given, facts = self.part.parameters[self.position], self.account.facts
        values = tuple(map(given.get, names)) + (tuple(map(facts.get, names)) if facts else ())
        if list in map(type, values):
            return None
        return (pointer, self.at, self.label, self.period_days, bool(facts), values)

    def scalar(self, node: nodes.Scalar) -> Decimal:
        match node.kind:
            case nodes.ARGUMENT:
                assert self.argument is not None
                return self.argument
            case nodes.DAYS:
                return Decimal(self.part.days)
            case nodes.PERIOD_DAYS:
                return Decimal(self.period_days)
            case nodes.FACT:
                return self.fact(node.name)
        return self.parameter(node.name)

    def parameter(self, name: str) -> Decimal:
        given = self.part.parameters[self.position].get(name)
        if given is None and name in self.tariff.balances:
            given = _single(self.account.already.get(name), self.label)
        if given is None and name in self.tariff.parameters:
            given = self.tariff.parameters[name].default
        if given is None:
            raise NotReady("parameter", name)
        if isinstance(given, int):
            return Decimal(given)
        if not isinstance(given, Decimal):
            raise RatingError(gettext_noop("“{name}” is a list; a single value is expected."), name=name)
        return given

    def fact(self, name: str) -> Decimal:
        given = self.account.facts.get(name)
        given = self.part.parameters[self.position].get(name) if given is None else given
        if given is None:
            raise NotReady("fact", name)
        return given

    def balance(self, name: str) -> Balance | None:
        """What is used already under ``name``: a number, or a list per band."""
        given = self.account.already.get(name)
        given = self.part.parameters[self.position].get(name) if given is None else given
        return given.get(self.label or "") if isinstance(given, Mapping) else given

    def channel(self, node: nodes.Channel) -> Decimal:
        raise RatingError(
            gettext_noop("The channel “{name}” has a value per interval; an aggregate such as sum() is expected."),
            name=node.name,
        )

    def choice(self, node: nodes.LabelMap) -> nodes.Node:
        if self.label is None:
            raise RatingError(gettext_noop("A value per label is read where no label is known."))
        found = node.entries.get(self.label, node.otherwise)
        if found is None:
            raise RatingError(gettext_noop("The map gives no value for the label “{label}”."), label=self.label)
        return found

    def aggregate(self, node: nodes.Aggregate) -> Decimal:
        return self.aggregate_of(self, node)

    def amount(self, reference: nodes.Reference) -> Decimal:
        return self.amount_of(self, reference)

    def index(self, node: nodes.Index) -> Decimal:
        value = self.part.indices.get(node.name)
        if value is None:
            raise NotReady("index", node.name)
        if isinstance(value, Decimal):
            return value
        if isinstance(value, Series):
            sentence = gettext_noop(
                "The index “{name}” has a value per interval; use it inside an aggregate such as sum()."
            )
            raise RatingError(sentence, name=node.name)
        if self.label is None:
            raise RatingError(
                gettext_noop("The index “{name}” has a value per label; the charge needs “by”."), name=node.name
            )
        if self.label not in value:
            raise NotReady("index", node.name, detail=self.label)
        return value[self.label]

    def row(self, table: str, argument: Decimal) -> tuple[nodes.Node, CellScope]:
        for row in self.tariff.tables[table].rows:
            if row.below is None or argument < row.below:
                return row.value.tree, self._copy(self.label, argument)
        raise RatingError(
            gettext_noop("The table “{table}” has no row for {value}."), table=table, value=format(argument, "f")
        )


@dataclass(frozen=True, slots=True, eq=False)
class IntervalScope:
    """One interval: channels and published series stand for its value, the label is its own."""

    cell: CellScope
    here: Mapping[str, Decimal]
    label: str | None
    arguments: None = None

    def scalar(self, node: nodes.Scalar) -> Decimal:
        return self.cell.scalar(node)

    def channel(self, node: nodes.Channel) -> Decimal:
        return self.here[node.name]

    def choice(self, node: nodes.LabelMap) -> nodes.Node:
        return self.cell.labelled(self.label).choice(node)

    def aggregate(self, node: nodes.Aggregate) -> Decimal:
        return self.cell.aggregate(node)

    def amount(self, reference: nodes.Reference) -> Decimal:
        return self.cell.amount(reference)

    def index(self, node: nodes.Index) -> Decimal:
        found = self.here.get(f"index {node.name}")
        return found if found is not None else self.cell.labelled(self.label).index(node)

    def row(self, table: str, argument: Decimal) -> tuple[nodes.Node, IntervalScope]:
        tree, cell = self.cell.row(table, argument)
        return tree, dataclasses.replace(self, cell=cell)


def _single(balance: Balance | None, label: str | None) -> Decimal | None:
    found = balance.get(label or "") if isinstance(balance, Mapping) else balance
    if found is None or isinstance(found, Decimal):
        return found
    return sum(found, Decimal(0))
