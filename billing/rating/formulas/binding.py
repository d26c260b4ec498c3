"""Gives every name in a formula its meaning; a name that is not declared is refused with its position."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from billing.rating.errors import FormulaError
from billing.rating.formulas import nodes
from kernel.errors import gettext_noop


@dataclass(slots=True)
class Names:
    """The namespaces of one tariff. ``by_use``: an undeclared name counts as declared where it is used."""

    parameters: set[str] = field(default_factory=set)
    facts: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)
    indices: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    charges: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    by_use: bool = False
    usual_channels: frozenset[str] = frozenset()
    """Names that mean a channel wherever they are undeclared."""


def bind(tree: nodes.Node, names: Names, *, row: bool = False) -> nodes.Node:
    """This will return ``tree`` with every name bound; ``row``: inside a table, where ``x`` is the value looked up."""
    return _Binder(names, row).bind(tree, inside=False, bare=False)


@dataclass(slots=True)
class _Binder:
    names: Names
    row: bool
    beside_channel: bool = False
    """Whether the aggregate being read has a known channel: an undeclared name beside it is a parameter."""

    def bind(self, node: nodes.Node, *, inside: bool, bare: bool) -> nodes.Node:  # noqa: C901, PLR0911 - one case per kind of node
        match node:
            case nodes.Name():
                return self.name(node, inside, bare)
            case nodes.Negate(operand=operand):
                return dataclasses.replace(node, operand=self.bind(operand, inside=inside, bare=False))
            case nodes.Binary(left=left, right=right):
                left, right = (self.bind(part, inside=inside, bare=False) for part in (left, right))
                return dataclasses.replace(node, left=left, right=right)
            case nodes.LabelMap(entries=entries, otherwise=otherwise):
                bound = {label: self.bind(value, inside=inside, bare=False) for label, value in entries.items()}
                rest = None if otherwise is None else self.bind(otherwise, inside=inside, bare=False)
                return dataclasses.replace(node, entries=bound, otherwise=rest)
            case nodes.Aggregate():
                return self.aggregate(node)
            case nodes.Call(arguments=arguments):
                return dataclasses.replace(
                    node, arguments=tuple(self.bind(a, inside=inside, bare=False) for a in arguments)
                )
            case nodes.Lookup(argument=argument):
                self.require(
                    node.table,
                    self.names.tables,
                    gettext_noop("Position {position}: there is no table “{found}”; declared are: {known}."),
                    node,
                )
                return dataclasses.replace(node, argument=self.bind(argument, inside=inside, bare=False))
            case nodes.Index():
                if not self.names.by_use:
                    self.require(
                        node.name,
                        self.names.indices,
                        gettext_noop("Position {position}: there is no index “{found}”; declared are: {known}."),
                        node,
                    )
            case nodes.Amount(references=references):
                for reference in references:
                    self.reference(reference)
        return node

    def name(self, node: nodes.Name, inside: bool, bare: bool) -> nodes.Node:
        name, position, names = node.name, node.position, self.names
        if self.row and name == nodes.ARGUMENT:
            return nodes.Scalar(name, nodes.ARGUMENT, position)
        if (inside or self.row) and name in names.channels and not (not inside and name in names.parameters):
            return nodes.Channel(name, position)
        if bare and names.by_use and name not in names.facts | names.parameters:
            return nodes.Channel(name, position)
        for kind, declared in ((nodes.PARAMETER, names.parameters), (nodes.FACT, names.facts)):
            if name in declared:
                return nodes.Scalar(name, kind, position)
        if name in (nodes.DAYS, nodes.PERIOD_DAYS):
            return nodes.Scalar(name, name, position)
        if names.by_use:
            series = inside and (name in names.usual_channels or not self.beside_channel)
            return nodes.Channel(name, position) if series else nodes.Scalar(name, nodes.PARAMETER, position)
        raise self.unknown(node)

    def unknown(self, node: nodes.Name) -> FormulaError:
        if node.name in self.names.channels:
            sentence = gettext_noop(
                "Position {position}: “{found}” is a channel; an aggregate such as sum({found}) is expected here."
            )
            return FormulaError(sentence, position=node.position, found=node.name)
        sentence = gettext_noop(
            "Position {position}: “{found}” is not declared; a declared name is expected here: {known}."
        )
        known = sorted(self.names.parameters | self.names.facts | {nodes.DAYS, nodes.PERIOD_DAYS})
        return FormulaError(sentence, position=node.position, found=node.name, known=", ".join(known))

    def aggregate(self, node: nodes.Aggregate) -> nodes.Node:
        known = self.names.channels | self.names.usual_channels
        self.beside_channel = any(
            isinstance(part, nodes.Name) and part.name in known for part in nodes.walk(node.expression)
        )
        expression = self.bind(node.expression, inside=True, bare=True)
        number = None if node.number is None else self.bind(node.number, inside=False, bare=False)
        bound = dataclasses.replace(node, expression=expression, number=number)
        return dataclasses.replace(bound, key=nodes.text(bound))

    def reference(self, reference: nodes.Reference) -> None:
        if reference.code not in self.names.charges:
            raise FormulaError(
                gettext_noop("Position {position}: there is no charge “{found}”; the charges are: {known}."),
                position=reference.position,
                found=reference.code,
                known=", ".join(self.names.charges),
                missing=f"charge {reference.code}",
            )
        labels = self.names.charges[reference.code]
        if reference.label is not None and reference.label not in (labels or ()):
            raise FormulaError(
                gettext_noop(
                    "Position {position}: the charge “{found}” has no cell “{label}”; its labels are: {known}."
                ),
                position=reference.position,
                found=reference.code,
                label=reference.label,
                known=", ".join(labels or ()) or "–",
            )

    def require(self, name: str, declared: set[str], sentence: str, node: nodes.Index | nodes.Lookup) -> None:
        if name not in declared:
            kind = "table" if isinstance(node, nodes.Lookup) else "index"
            known = ", ".join(sorted(declared)) or "–"
            raise FormulaError(sentence, position=node.position, found=name, known=known, missing=f"{kind} {name}")
