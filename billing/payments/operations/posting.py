"""One entry for one event of this room, on the first day that is still open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from billing.ledger import entries as ledger_entries
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.ledger.entries import EntryKind, NewPosting
from kernel.money import Money

__all__ = ["EntryKind", "move", "post", "undo"]


def post(*, kind: EntryKind, on: dt.date, reference: str, sides: Sequence[NewPosting], at: dt.datetime) -> int:
    """This will post an entry and return its key; what happened in a closed day counts from the first open one."""
    day = ledger_queries.booking_day(on=on)
    [key] = ledger_operations.post(entries=[ledger_entries.NewEntry(day, kind, reference, sides)], posted_at=at)
    return key


def move(
    *, debit: str, credit: str, money: Money, on: dt.date, reference: str, at: dt.datetime,
    kind: EntryKind = EntryKind.TRANSFER,
) -> int:  # fmt: skip
    """This will post ``money`` from the account ``credit`` to the account ``debit``, neither of a customer."""
    sides = [ledger_entries.debit(debit, money), ledger_entries.credit(credit, money)]
    return post(kind=kind, on=on, reference=reference, sides=sides, at=at)


def undo(*, entry_id: int, on: dt.date, reference: str, at: dt.datetime) -> int:
    """This will post the mirror of an entry and return its key."""
    day = ledger_queries.booking_day(on=on)
    return ledger_operations.reverse(entry_id=entry_id, business_date=day, posted_at=at, reference=reference)
