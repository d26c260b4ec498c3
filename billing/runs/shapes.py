"""What a tariff must know of when energy was used: nothing, its time of use, or each interval; pure."""

from __future__ import annotations

from dataclasses import dataclass

from billing.rating.formulas import nodes
from billing.rating.tariffs import Tariff

ADDS_UP = "sum"


@dataclass(frozen=True, slots=True)
class Shape:
    """``calendars`` by whose labels a kind is told apart, and whether single ``intervals`` matter."""

    calendars: frozenset[str]
    intervals: bool


def of_tariff(tariff: Tariff, kind: str) -> Shape:
    """This will say what ``tariff`` must know of the readings of ``kind``.

    A plain sum needs none; by labels it needs those of its calendar; peaks, counts, products with other series and
    derived channels need the intervals.
    """
    calendars: set[str] = set()
    intervals = False
    for charge in tariff.charges:
        reaching = [each for each in charge.uses.aggregates if _reaches(each, kind, tariff)]
        intervals |= any(not _adds_up(each, tariff) for each in reaching)
        named = charge.calendar or tariff.calendar
        if reaching and charge.by and named is not None:
            calendars.add(named)
    for rule in tariff.carried.values():
        intervals |= any(
            _reaches(each, kind, tariff) and not _adds_up(each, tariff) for each in rule.next.uses.aggregates
        )
    return Shape(frozenset(calendars), intervals)


def _reaches(aggregate: nodes.Aggregate, kind: str, tariff: Tariff) -> bool:
    names = {node.name for node in nodes.walk(aggregate) if isinstance(node, nodes.Channel)}
    rules = [tariff.channels[name].of for name in names if name in tariff.channels]
    derived = {reached for of in rules if of is not None for reached in of.uses.channels}
    return kind in names | derived


def _adds_up(aggregate: nodes.Aggregate, tariff: Tariff) -> bool:
    if aggregate.function != ADDS_UP:
        return False
    return _linear(aggregate.expression, tariff)


def _linear(node: nodes.Node, tariff: Tariff) -> bool:
    match node:
        case nodes.Channel(name=name):
            rule = tariff.channels.get(name)
            return rule is None or rule.of is None
        case nodes.Negate(operand=operand):
            return _linear(operand, tariff)
        case nodes.Binary(operator="+" | "-", left=left, right=right):
            return _linear(left, tariff) and _linear(right, tariff)
        case nodes.Binary(operator="*" | "/", left=left, right=right):
            return _linear(left, tariff) and isinstance(right, nodes.Number | nodes.Scalar)
    return False
