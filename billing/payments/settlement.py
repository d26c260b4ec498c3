"""Which credit settles which debit: the pure part of allocation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(slots=True)
class Side:
    """An open item while it is being settled: its key and how much of it is left (never negative)."""

    item_id: int
    left: Decimal


@dataclass(frozen=True, slots=True)
class Match:
    debit_id: int
    credit_id: int
    amount: Decimal


def settle(*, debits: Sequence[Side], credits: Sequence[Side]) -> list[Match]:
    """Let each credit in turn settle the debits in turn, until one side is used up; reduces what is left of both."""
    return list(_matches(debits, credits))


def _matches(debits: Sequence[Side], credits: Iterable[Side]) -> Iterator[Match]:
    for credit in credits:
        for debit in debits:
            amount = min(debit.left, credit.left)
            if amount > 0:
                debit.left -= amount
                credit.left -= amount
                yield Match(debit.item_id, credit.item_id, amount)
