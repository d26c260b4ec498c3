"""A bill beside the one that would take its place, line by line; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

Key = tuple[str, str, str, str, int]


def compared(*, before: Iterable[Any], after: Iterable[Any]) -> list[dict[str, Any]]:
    """This will return a row for each line of either bill (``billing.invoices.lines.Line``), in the order of the first.

    Lines are the same where code, supply point and days are; a second one of the same kind is held against the second.
    """
    old, new = _by_key(before), _by_key(after)
    return [_row(old.get(key), new.get(key)) for key in {**old, **new}]


def are_same(rows: Sequence[Mapping[str, Any]]) -> bool:
    """This will say whether nothing that a customer is shown or owes differs: quantities, prices and amounts."""
    return all(row["before"] is not None and row["before"] == row["after"] for row in rows)


def difference(row: Mapping[str, Any]) -> Decimal:
    """This will return by how much a row's amount changes."""
    return _amount(row["after"]) - _amount(row["before"])


def _amount(side: Mapping[str, Any] | None) -> Decimal:
    return Decimal(side["amount"]) if side else Decimal(0)


def _by_key(lines: Iterable[Any]) -> dict[Key, Any]:
    found: dict[Key, Any] = {}
    for line in lines:
        start = (line.code, line.identifier, line.period.start.isoformat(), line.period.end.isoformat())
        place = 0
        while (*start, place) in found:
            place += 1
        found[*start, place] = line
    return found


def _row(before: Any, after: Any) -> dict[str, Any]:
    line = after or before
    return {
        "code": line.code,
        "titles": dict(line.titles),
        "identifier": line.identifier,
        "from": line.period.start.isoformat(),
        "to": line.period.end.isoformat(),
        "before": _side(before),
        "after": _side(after),
    }


def _side(line: Any) -> dict[str, Any] | None:
    if line is None:
        return None
    return {
        "quantity": _text(line.quantity),
        "unit": line.unit,
        "price": _text(line.price),
        "amount": _text(line.amount),
        "payee": line.payee,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value.normalize() if value else Decimal(0), "f")
