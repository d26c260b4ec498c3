"""Reads of the books: one file an idea, all of them known by this name."""

from billing.ledger.queries.books import (
    StatementRow,
    TrialRow,
    balance,
    balances,
    entries,
    entries_of,
    statement,
    trial_balance,
    unbalanced_currencies,
)
from billing.ledger.queries.closings import booking_day, closing_of, closings, first_open_day
from billing.ledger.queries.verification import ChainReport, head, head_position, verify_chain

__all__ = [
    "ChainReport",
    "StatementRow",
    "TrialRow",
    "balance",
    "balances",
    "booking_day",
    "closing_of",
    "closings",
    "entries",
    "entries_of",
    "first_open_day",
    "head",
    "head_position",
    "statement",
    "trial_balance",
    "unbalanced_currencies",
    "verify_chain",
]
