"""The hash chain over the ledger: one seal per batch, each over its rows and the seal before it.

Note "canonical row": a posting is one line of JSON, an array of, in this order: entry, posting, instant of posting
(UTC, microseconds), business date, kind, reference, reversed entry or null, ledger account, its code, billing
account or null, currency, amount as text without trailing zeros. The lines of a batch, ordered by entry and
posting and each ended by a line feed, follow the hexadecimal seal before and a line feed. SHA-256 over the UTF-8 bytes.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

import orjson

GENESIS = "0" * 64
"""What stands in place of a seal before the first one."""


class SealedRow(NamedTuple):
    """A posting together with its entry, as the seal covers it."""

    entry_id: int
    posting_id: int
    posted_at: dt.datetime
    business_date: dt.date
    kind: str
    reference: str
    reverses_id: int | None
    ledger_account_id: int
    ledger_account_code: str
    account_id: int | None
    currency: str
    amount: Decimal

    def canonical(self) -> bytes:
        """Return the row as the note "canonical row" writes it, in UTF-8."""
        return orjson.dumps(
            [
                self.entry_id,
                self.posting_id,
                _instant(self.posted_at),
                _day(self.business_date),
                self.kind,
                self.reference,
                self.reverses_id,
                self.ledger_account_id,
                self.ledger_account_code,
                self.account_id,
                self.currency,
                plain_amount(self.amount),
            ]
        )


def seal(*, previous: str, rows: Iterable[SealedRow]) -> str:
    """Return the seal of a batch: 64 hexadecimal digits over ``previous`` and the rows, given in order."""
    digest = hashlib.sha256(previous.encode() + b"\n")
    for row in rows:
        digest.update(row.canonical() + b"\n")
    return digest.hexdigest()


@functools.lru_cache(maxsize=256)
def _instant(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat(timespec="microseconds")


@functools.lru_cache(maxsize=256)
def _day(value: dt.date) -> str:
    return value.isoformat()


def plain_amount(value: Decimal) -> str:
    """Return an amount as text without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
