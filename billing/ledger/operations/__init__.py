"""What changes the books: posting and closing, both by adding only."""

from billing.ledger.operations.closing import AlreadyClosed, NotOver, close_day
from billing.ledger.operations.posting import (
    AlreadyReversed,
    DayClosed,
    EmptyEntry,
    Unbalanced,
    UnknownLedgerAccount,
    mirrored,
    post,
    reserve_entry_ids,
    reverse,
)

__all__ = [
    "AlreadyClosed",
    "AlreadyReversed",
    "DayClosed",
    "EmptyEntry",
    "NotOver",
    "Unbalanced",
    "UnknownLedgerAccount",
    "close_day",
    "mirrored",
    "post",
    "reserve_entry_ids",
    "reverse",
]
