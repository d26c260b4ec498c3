"""What is to be posted: entries of signed postings, debit positive, credit negative."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from billing.ledger.kinds import EntryKind
from kernel.money import Money


@dataclass(frozen=True, slots=True)
class LedgerAccountKey:
    """A ledger account by its code in the chart and, for a sub-account, the billing account it belongs to."""

    code: str
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewPosting:
    """One side of an entry: ``money`` is positive for a debit, negative for a credit, never zero."""

    ledger_account: LedgerAccountKey
    money: Money


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to post; its postings must sum to zero in each currency (the database checks it).

    ``entry_id`` may be reserved beforehand, so that a document can name the entry it is posted by.
    """

    business_date: dt.date
    kind: EntryKind
    reference: str
    postings: Sequence[NewPosting]
    entry_id: int | None = None
    reverses_id: int | None = None


def debit(code: str, money: Money, *, account_id: int | None = None) -> NewPosting:
    """Return a posting that debits the account ``code`` with ``money``."""
    return NewPosting(LedgerAccountKey(code, account_id), money)


def credit(code: str, money: Money, *, account_id: int | None = None) -> NewPosting:
    """Return a posting that credits the account ``code`` with ``money``."""
    return NewPosting(LedgerAccountKey(code, account_id), -money)
