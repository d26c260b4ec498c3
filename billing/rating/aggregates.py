"""The first step's arithmetic: the intervals of one cell become its aggregate, for all accounts of a block at once."""

from __future__ import annotations

import dataclasses
import decimal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

import numpy as np

from billing.rating import frames, vectors
from billing.rating.blocks import SliceBlock
from billing.rating.errors import NotReady, RatingError
from billing.rating.formulas import nodes, values
from billing.rating.frames import Frame
from billing.rating.inputs import Series
from billing.rating.scopes import CellScope, IntervalScope
from billing.rating.vectors import Vector
from kernel.errors import gettext_noop

Outcome: TypeAlias = Decimal | RatingError


def compute(node: nodes.Aggregate, part: SliceBlock, scopes: Sequence[CellScope]) -> list[Outcome]:
    """This will return the aggregate of one cell for every account of ``part``: its value, or why there is none."""
    cell = _Cell(part, scopes)
    try:
        return cell.outcomes(node)
    except (RatingError, decimal.DecimalException) as error:
        if len(scopes) > 1:
            return [compute(node, part.one(scope.position), [_alone(scope, part)])[0] for scope in scopes]
        return [cell.errors.get(0) or (error if isinstance(error, RatingError) else impossible(error))]


def compute_alone(node: nodes.Aggregate, scope: CellScope) -> Outcome:
    """This will return an aggregate that depends on what only this account's scope knows."""
    return compute(node, scope.part.one(scope.position), [_alone(scope, scope.part)])[0]


def value_alone(scope: CellScope, node: nodes.Aggregate) -> Decimal:
    """This will return an aggregate of one account's cell; raises RatingError or NotReady."""
    return unwrapped(compute_alone(node, scope))


def unwrapped(outcome: Outcome) -> Decimal:
    """This will return the value, or raise why there is none."""
    if isinstance(outcome, RatingError):
        raise outcome
    return outcome


def _alone(scope: CellScope, part: SliceBlock) -> CellScope:
    return dataclasses.replace(scope, part=part.one(scope.position), position=0)


def impossible(error: decimal.DecimalException) -> RatingError:
    """This will name what decimal arithmetic refused."""
    if isinstance(error, decimal.DivisionByZero) or "DivisionUndefined" in repr(error.args):
        return RatingError(gettext_noop("A value of an interval is divided by zero."))
    return RatingError(
        gettext_noop("A number is too large to be calculated with: {reason}"), reason=type(error).__name__
    )


@dataclass(slots=True, eq=False)
class _Cell:
    """The intervals of one slice and label, for all accounts of a block."""

    part: SliceBlock
    scopes: Sequence[CellScope]
    errors: dict[int, RatingError] = field(default_factory=dict)
    frame: Frame | None = None
    has_intervals: bool = False
    """Whether anything with a value per interval was read."""

    def outcomes(self, node: nodes.Aggregate) -> list[Outcome]:
        found = self.reduced(node)
        found = found * len(self.scopes) if len(found) == 1 else found
        return [self.errors.get(at, value) for at, value in enumerate(found)]

    def reduced(self, node: nodes.Aggregate) -> list[Decimal]:
        self.frame = self.framed(node.expression)
        try:
            vector = self.vector(node.expression)
        except _Unequal as error:
            raise self.too_short(node.expression) or error from None
        rows, width = vector.values.shape
        if not self.has_intervals:
            width = self.loose_width()
            vector = Vector(np.broadcast_to(vector.values, (rows, width)), vector.places)
        if width == 0:
            return [values.ZERO]
        return self.top(node, vector) if node.function == "top" else _REDUCTIONS[node.function](vector)

    def top(self, node: nodes.Aggregate, vector: Vector) -> list[Decimal]:
        assert node.number is not None
        wanted = self.per_account(node.number)
        if any(count != wanted[0] for count in wanted):
            raise RatingError(gettext_noop("top() differs between accounts."))
        if wanted[0] != wanted[0].to_integral_value() or wanted[0] < 1:
            sentence = gettext_noop("top() needs how many of the highest, 1 or more, not {count}.")
            raise RatingError(sentence, count=format(wanted[0], "f"))
        return vectors.mean_of_highest(vector, int(wanted[0]))

    def loose_width(self) -> int:
        """How many intervals a cell has whose expression reads none."""
        if self.part.slots is not None:
            return Frame.of_slots(self.part, self.scopes[0]).width
        widths = {Frame.of(channel, self.part, self.scopes[0]).width for channel in self.part.channels.values()}
        if len(widths) > 1:
            raise RatingError(gettext_noop("It is not clear over which intervals to aggregate."))
        return widths.pop() if widths else 1

    def framed(self, expression: nodes.Node) -> Frame | None:
        """The intervals of the first channel the expression reads; the others must match it."""
        names = [name for name in _channel_names(expression, self.scopes[0]) if name in self.part.channels]
        return Frame.of(self.part.channels[names[0]], self.part, self.scopes[0]) if names else None

    def per_account(self, node: nodes.Node) -> list[Decimal]:
        """A value without intervals, per account; errors stay with their account."""
        found = []
        for at, scope in enumerate(self.scopes):
            try:
                found.append(values.evaluate(node, scope))
            except RatingError as error:
                self.errors[at] = error
                found.append(values.ZERO)
        return found

    def vector(self, node: nodes.Node) -> Vector:  # noqa: PLR0911 - one case per kind of node
        match node:
            case nodes.Channel(name=name):
                return self.channel(name)
            case nodes.Index():
                return self.index(node)
            case nodes.LabelMap():
                return self.label_map(node)
            case nodes.Negate(operand=operand):
                return vectors.negate(self.vector(operand))
            case nodes.Binary(operator=operator, left=left, right=right):
                return _matched(_OPERATIONS[operator], self.vector(left), self.vector(right))
            case nodes.Call():
                return self.call(node)
            case nodes.Lookup():
                return self.one_by_one(node)
        return Vector.of_scalars(self.per_account(node))

    def call(self, node: nodes.Call) -> Vector:
        if node.function in ("power_factor", "round"):
            return self.one_by_one(node)
        given = [self.vector(argument) for argument in node.arguments]
        if node.function == "ceil":
            return vectors.elementwise(lambda value: values.apply("ceil", [value]), given[0])
        if node.function == "blend":
            rest = vectors.subtract(Vector.of_scalars([values.ONE]), given[2])
            return _matched(
                vectors.add, _matched(vectors.multiply, given[0], rest), _matched(vectors.multiply, given[1], given[2])
            )
        operation = vectors.least if node.function == "min" else vectors.greatest
        found = given[0]
        for other in given[1:]:
            found = _matched(operation, found, other)
        return found

    def channel(self, name: str) -> Vector:
        rule = self.scopes[0].tariff.channels.get(name)
        channel = self.part.channels.get(name)
        if channel is None and rule is not None and rule.of is not None:
            return self.day_values(rule.of.tree, rule.take or "peak")
        if channel is None:
            raise NotReady("channel", name)
        self.has_intervals = True
        columns = frames.columns_of_channel(channel, self.part, self.scopes[0])
        if channel.missing is not None:
            for at in np.flatnonzero(channel.missing[:, columns].any(axis=1)):
                self.errors[int(at)] = NotReady("channel", name)
        return Vector(channel.values[:, columns], channel.places)

    def day_values(self, of: nodes.Node, take: str) -> Vector:
        """One value per local day that has intervals in the cell."""
        inner = _Cell(self.part, self.scopes, self.errors)
        inner.frame = inner.framed(of)
        vector = inner.vector(of)
        self.has_intervals = True
        if inner.frame is None:
            raise RatingError(gettext_noop("A channel per day needs metered intervals."))
        days = inner.frame.days(self.part)
        whole = np.broadcast_to(vector.values, (vector.values.shape[0], len(days)))
        found = [_REDUCTIONS[take](Vector(whole[:, days == day], vector.places)) for day in np.unique(days)]
        if not found:
            return Vector(np.zeros((1, 0), dtype=np.int64), 0)
        return Vector(np.array(found, dtype=object).reshape(len(found), -1).T, None)

    def index(self, node: nodes.Index) -> Vector:
        value = self.part.indices.get(node.name)
        if isinstance(value, Series):
            return self.index_series(node.name, value)
        if isinstance(value, Mapping) and self.scopes[0].label is None:
            return self.index_by_label(node.name, value)
        return Vector.of_scalars(self.per_account(node))

    def index_series(self, name: str, series: Series) -> Vector:
        self.has_intervals = True
        length = len(series.values)
        if series.labels is None and self.frame is not None and length not in (1, self.frame.total):
            raise _unequal(*sorted((length, self.frame.total)))
        columns = frames.columns_of_series(series, self.frame, self.part, self.scopes[0])
        if series.missing is not None and series.missing[columns].any():
            raise NotReady("index", name)
        return Vector(series.values[columns].reshape(1, -1), series.places)

    def too_short(self, expression: nodes.Node) -> NotReady | None:
        """Names the series that ends before the others do: the rest of it is not there."""
        scope = self.scopes[0]
        lengths = {
            ("channel", name): int(self.part.channels[name].values.shape[1])
            for name in _channel_names(expression, scope)
            if name in self.part.channels
        }
        for node in _indices(expression, scope):
            series = self.part.indices[node.name]
            if isinstance(series, Series):
                lengths["index", node.name] = len(series.values)
        kind, name = min(lengths, key=lambda key: lengths[key], default=("", ""))
        return NotReady(kind, name) if len(set(lengths.values())) > 1 else None

    def index_by_label(self, name: str, value: Mapping[str, Decimal]) -> Vector:
        labels = self.labels_met()
        for label in labels:
            if label not in value:
                raise NotReady("index", name, detail=label)
        return self.by_label({label: Vector.of_scalars([value[label]]) for label in labels})

    def label_map(self, node: nodes.LabelMap) -> Vector:
        if self.scopes[0].label is not None:
            return self.vector(self.scopes[0].choice(node))
        return self.by_label(
            {label: self.vector(self.scopes[0].labelled(label).choice(node)) for label in self.labels_met()}
        )

    def labels_met(self) -> list[str]:
        """Labels that occur among the cell's intervals."""
        if self.frame is None and self.part.slots is not None:
            self.frame = Frame.of_slots(self.part, self.scopes[0])
        if self.frame is None or self.frame.labels is None:
            raise RatingError(gettext_noop("A value per label is read where no label is known."))
        return self.frame.labels_met()

    def by_label(self, choices: dict[str, Vector]) -> Vector:
        self.has_intervals = True
        if self.frame is None or not choices:
            return Vector(np.zeros((1, 0), dtype=np.int64), 0)
        return vectors.choose([self.frame.has_label(label) for label in choices], list(choices.values()))

    def one_by_one(self, node: nodes.Node) -> Vector:
        """Every interval of every account on its own: the way of the forms that have no arithmetic on whole series."""
        series = {name: self.channel(name) for name in _channel_names(node, self.scopes[0])}
        series |= {f"index {index.name}": self.index(index) for index in _indices(node, self.scopes[0])}
        if self.scopes[0].label is None and _reads_labels(node, self.scopes[0]):
            self.labels_met()
        if not series and self.frame is None:
            return Vector.of_scalars(self.per_account(node))
        self.has_intervals = True
        widths = {vector.values.shape[1] for vector in series.values()}
        width = min(widths) if widths else (self.frame.width if self.frame else 1)
        if len(widths) > 1:
            raise _unequal(width, max(widths))
        decimals = {name: vector.decimals() for name, vector in series.items()}
        rows = [
            [self.interval(node, scope, decimals, at, column) for column in range(width)]
            for at, scope in enumerate(self.scopes)
        ]
        return Vector(np.array(rows, dtype=object).reshape(len(rows), width), None)

    def interval(
        self, node: nodes.Node, scope: CellScope, decimals: Mapping[str, vectors.Array], at: int, column: int
    ) -> Decimal:
        here = {name: array[min(at, array.shape[0] - 1), column] for name, array in decimals.items()}
        label = scope.label
        if label is None and self.frame is not None and self.frame.labels is not None:
            label = self.frame.label_at(column)
        try:
            return values.evaluate(node, IntervalScope(scope, here, label))
        except RatingError as error:
            self.errors.setdefault(at, error)
            return values.ZERO


def _matched(operation: vectors.Operation, left: Vector, right: Vector) -> Vector:
    widths = {left.values.shape[1], right.values.shape[1]}
    if len(widths) == 2 and 1 not in widths:
        raise _unequal(*sorted(widths))
    return operation(left, right)


class _Unequal(RatingError):
    """Series of different lengths met in one expression."""


def _unequal(least: int, most: int) -> _Unequal:
    return _Unequal(
        gettext_noop("Series of {least} and {most} intervals cannot be put together."), least=least, most=most
    )


def _channel_names(expression: nodes.Node, scope: CellScope) -> list[str]:
    """Channels read interval by interval, also by tables; those inside inner aggregates are not."""
    return list(
        dict.fromkeys(node.name for node in _reached(expression, scope, set()) if isinstance(node, nodes.Channel))
    )


def _indices(expression: nodes.Node, scope: CellScope) -> list[nodes.Index]:
    found = [node for node in _reached(expression, scope, set()) if isinstance(node, nodes.Index)]
    return [node for node in found if isinstance(scope.part.indices.get(node.name), Series)]


def _reads_labels(expression: nodes.Node, scope: CellScope) -> bool:
    """Whether a value per label is read, so that the intervals' own labels are needed."""
    found = _reached(expression, scope, set())
    published = [scope.part.indices.get(node.name) for node in found if isinstance(node, nodes.Index)]
    return any(isinstance(node, nodes.LabelMap) for node in found) or any(
        isinstance(value, Mapping) for value in published
    )


def _reached(node: nodes.Node, scope: CellScope, seen: set[str]) -> list[nodes.Node]:
    if isinstance(node, nodes.Aggregate):
        return []
    found: list[nodes.Node] = [node]
    if isinstance(node, nodes.Lookup) and node.table not in seen:
        seen.add(node.table)
        for row in scope.tariff.tables[node.table].rows:
            found += _reached(row.value.tree, scope, seen)
    for child in nodes.children(node):
        found += _reached(child, scope, seen)
    return found


def _means(vector: Vector) -> list[Decimal]:
    return [whole / vector.values.shape[1] for whole in vectors.total(vector)]


def _counts(vector: Vector) -> list[Decimal]:
    return [Decimal(vector.values.shape[1])] * vector.values.shape[0]


_OPERATIONS: dict[str, vectors.Operation] = {
    "+": vectors.add,
    "-": vectors.subtract,
    "*": vectors.multiply,
    "/": vectors.divide,
}
_REDUCTIONS = {"sum": vectors.total, "peak": vectors.highest, "mean": _means, "count": _counts}
