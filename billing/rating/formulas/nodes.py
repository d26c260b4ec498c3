"""The shapes a formula is made of, and how they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

AGGREGATES = ("sum", "peak", "mean", "count", "top")
CALLS = ("min", "max", "round", "ceil", "blend", "power_factor")
OTHER = "other"
PARAMETER, FACT, DAYS, PERIOD_DAYS, ARGUMENT = "parameter", "fact", "days", "period_days", "x"


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    value: Decimal
    text: str
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """A name as written, before it is known what it stands for."""

    name: str
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A parameter, a fact, ``days``, ``period_days`` or a table's ``x``: one value per slice."""

    name: str
    kind: str
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """A metered, derived or carried series: inside an aggregate, that interval's value."""

    name: str
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Negate:
    operand: Node
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Binary:
    operator: str
    left: Node
    right: Node
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class LabelMap:
    entries: dict[str, Node]
    otherwise: Node | None
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    function: str
    expression: Node
    number: Node | None
    position: int
    key: str
    """Its canonical text: equal aggregates are computed once."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A charge, or with a label one of its cells."""

    code: str
    label: str | None
    position: int

    def __str__(self) -> str:
        return self.code if self.label is None else f"{self.code}.{self.label}"


@dataclass(frozen=True, slots=True, eq=False)
class Amount:
    references: tuple[Reference, ...]
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    name: str
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """``table(name, argument)``."""

    table: str
    argument: Node
    position: int


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    function: str
    arguments: tuple[Node, ...]
    position: int


Node: TypeAlias = (
    Number | Name | Scalar | Channel | Negate | Binary | LabelMap | Aggregate | Amount | Index | Lookup | Call
)


def children(node: Node) -> tuple[Node, ...]:  # noqa: PLR0911 - one case per kind of node
    """This will return the parts of ``node`` in the order they are written."""
    match node:
        case Negate(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case LabelMap(entries=entries, otherwise=otherwise):
            return (*entries.values(), *(() if otherwise is None else (otherwise,)))
        case Aggregate(expression=expression, number=number):
            return (expression,) if number is None else (expression, number)
        case Lookup(argument=argument):
            return (argument,)
        case Call(arguments=arguments):
            return arguments
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """This will yield ``node`` and everything in it."""
    yield node
    for child in children(node):
        yield from walk(child)


def text(node: Node) -> str:  # noqa: C901, PLR0911 - one case per kind of node
    """This will write ``node`` in one canonical way; two nodes with one text mean the same."""
    match node:
        case Number(text=written):
            return written
        case Name(name=name) | Scalar(name=name) | Channel(name=name):
            return name
        case Negate(operand=operand):
            return f"(-{text(operand)})"
        case Binary(operator=operator, left=left, right=right):
            return f"({text(left)} {operator} {text(right)})"
        case LabelMap(entries=entries, otherwise=otherwise):
            parts = [f"{label}: {text(value)}" for label, value in entries.items()]
            parts += [] if otherwise is None else [f"{OTHER}: {text(otherwise)}"]
            return f"{{{', '.join(parts)}}}[label]"
        case Index(name=name):
            return f"index({name})"
        case Amount(references=references):
            return f"amount({', '.join(map(str, references))})"
        case Lookup(table=table, argument=argument):
            return f"table({table}, {text(argument)})"
        case Aggregate(function=function) | Call(function=function):
            return f"{function}({', '.join(map(text, children(node)))})"
