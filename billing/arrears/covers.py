"""What is overdue on an account and which bills make it up; how much of that has been paid since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from billing.payments import queries as payment_queries
from kernel.money import Money


@dataclass(frozen=True, slots=True)
class Overdue:
    """The overdue debits of one account: their sum, the oldest due date, and what is open of each by item."""

    account_id: int
    money: Money
    due_since: dt.date
    items: Mapping[str, str]

    @property
    def amount(self) -> Decimal:
        return self.money.amount


def overdue(*, on: dt.date, account_ids: Collection[int] | None = None) -> dict[int, Overdue]:
    """This will return what was due before ``on`` and is open, by account, in one statement."""
    return _by_account(row for row in _open(account_ids) if row.due_on < on)


def owed(*, account_ids: Collection[int] | None = None) -> dict[int, Overdue]:
    """This will return all that is open, due or not yet due, by account."""
    return _by_account(_open(account_ids))


def paid_since(*, covers: Mapping[str, str], left: Overdue | None) -> Decimal:
    """This will return how much of the bills in ``covers`` was settled since they were noted."""
    still = left.items if left is not None else {}
    return sum(
        (max(Decimal(before) - Decimal(still.get(item, "0")), Decimal(0)) for item, before in covers.items()),
        Decimal(0),
    )


def still_open(*, covers: Mapping[str, str], left: Overdue | None) -> Decimal:
    """This will return how much of the bills in ``covers`` is open still, at most what was noted."""
    return sum((Decimal(before) for before in covers.values()), Decimal(0)) - paid_since(covers=covers, left=left)


def _open(account_ids: Collection[int] | None) -> list[payment_queries.OpenDebit]:
    return payment_queries.open_debits(account_ids=None if account_ids is None else list(account_ids))


def _by_account(rows: Iterable[payment_queries.OpenDebit]) -> dict[int, Overdue]:
    grouped: dict[int, list[payment_queries.OpenDebit]] = {}
    for row in rows:
        grouped.setdefault(row.account_id, []).append(row)
    return {account_id: _sum(account_id, found) for account_id, found in grouped.items()}


def _sum(account_id: int, rows: list[payment_queries.OpenDebit]) -> Overdue:
    total = Money.zero(rows[0].currency)
    for row in rows:
        total += row.open
    return Overdue(
        account_id=account_id,
        money=total,
        due_since=min(row.due_on for row in rows),
        items={str(row.item_id): f"{row.open.amount:f}" for row in rows},
    )
