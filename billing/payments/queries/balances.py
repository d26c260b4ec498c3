"""What is owed and what is in credit, from open items, in one statement for any number of accounts.

Credit that waits for the next settlement (an invoice was issued a moment ago) is counted towards the debits in the
order of the policy, so that nobody is reminded of what he has paid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from billing.payments import terms
from kernel.money import Money

_LEFT = """
WITH later AS (
    SELECT item, sum(amount) AS amount FROM (
        SELECT debit_id AS item, amount FROM payments_allocation WHERE effective_on > %(on)s
        UNION ALL SELECT credit_id, amount FROM payments_allocation WHERE effective_on > %(on)s) sides GROUP BY item
), standing AS (
    SELECT i.id, i.account_id, i.currency, i.invoice_id, i.kind, i.due_on, i.business_date, i.reference, i.reverses_id,
           i.amount, abs(i.amount) - i.settled + coalesce(l.amount, 0) AS left_over
      FROM payments_openitem i LEFT JOIN later l ON l.item = i.id
     WHERE {accounts} {days}
), pairs AS (
    SELECT r.id AS reversal, r.reverses_id AS target, t.left_over FROM standing r
      JOIN standing t ON t.id = r.reverses_id WHERE r.left_over = abs(r.amount)
), i AS (
    SELECT s.*, CASE WHEN t.target IS NOT NULL THEN 0 ELSE s.left_over - coalesce(r.left_over, 0) END AS open
      FROM standing s LEFT JOIN pairs r ON r.reversal = s.id LEFT JOIN pairs t ON t.target = s.id
), credit AS (
    SELECT account_id, currency, sum(open) AS amount FROM i WHERE amount < 0 GROUP BY account_id, currency
)"""
_OPEN_DEBITS = """, running AS (
    SELECT i.*, sum(i.open) OVER (PARTITION BY i.account_id, i.currency ORDER BY {order}) AS upto
      FROM i WHERE i.amount > 0 AND i.open > 0
)
SELECT r.id, r.account_id, r.invoice_id, r.kind, r.reference, r.business_date, r.due_on, r.currency, r.amount,
       least(r.open, r.upto - coalesce(c.amount, 0)) AS left_open
  FROM running r LEFT JOIN credit c ON c.account_id = r.account_id AND c.currency = r.currency
 WHERE r.upto > coalesce(c.amount, 0)
 ORDER BY r.account_id, r.due_on, r.id"""
_OPEN_CREDITS = """, debit AS (
    SELECT account_id, currency, sum(open) AS amount FROM i WHERE amount > 0 GROUP BY account_id, currency
)
SELECT c.account_id, c.currency, c.amount - coalesce(d.amount, 0)
  FROM credit c LEFT JOIN debit d ON d.account_id = c.account_id AND d.currency = c.currency
 WHERE c.amount > coalesce(d.amount, 0)"""


@dataclass(frozen=True, slots=True)
class OpenDebit:
    """Something owed and not yet settled: a bill (``invoice_id``) or another debit such as a late fee (None)."""

    item_id: int
    account_id: int
    invoice_id: int | None
    kind: str
    reference: str
    posted_on: dt.date
    due_on: dt.date
    gross: Money
    open: Money

    @property
    def currency(self) -> str:
        return self.gross.currency


def open_debits(*, account_ids: Sequence[int] | None = None, on: dt.date | None = None) -> list[OpenDebit]:
    """This will return all that is owed and open, bills and other debits, by account, due date and age.

    ``on`` tells how it stood at the end of that day by business dates; else everything posted counts.
    """
    return list(_open_debits(account_ids, on))


def outstanding(*, account_ids: Sequence[int] | None = None, on: dt.date | None = None) -> list[OpenDebit]:
    """This will return the open bills alone, by account and due date; see ``open_debits``."""
    return [row for row in _open_debits(account_ids, on) if row.invoice_id is not None]


def account_credit(*, account_ids: Sequence[int] | None = None, on: dt.date | None = None) -> dict[int, Money]:
    """This will return what accounts have in credit beyond all they owe; those without credit are left out."""
    if account_ids is not None and not account_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_left(account_ids, on) + _OPEN_CREDITS, _values(account_ids, on))
        return {account_id: Money.rounded(amount, currency) for account_id, currency, amount in cursor.fetchall()}


def _open_debits(account_ids: Sequence[int] | None, on: dt.date | None) -> Iterator[OpenDebit]:
    if account_ids is not None and not account_ids:
        return
    statement = _left(account_ids, on) + _OPEN_DEBITS.format(order=terms.of_retailer().sql_order)
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(account_ids, on))
        for item_id, account_id, invoice_id, kind, reference, posted_on, due_on, currency, gross, left in cursor:
            yield OpenDebit(
                item_id=item_id,
                account_id=account_id,
                invoice_id=invoice_id,
                kind=kind,
                reference=reference,
                posted_on=posted_on,
                due_on=due_on,
                gross=Money.rounded(gross, currency),
                open=Money.rounded(left, currency),
            )


def _left(account_ids: Sequence[int] | None, on: dt.date | None) -> str:
    """Without a day only open items count, which a partial index finds; with one, all up to it."""
    accounts = "true" if account_ids is None else "i.account_id = ANY(%(accounts)s)"
    days = "AND i.settled < abs(i.amount)" if on is None else "AND i.business_date <= %(on)s"
    return _LEFT.format(accounts=accounts, days=days)


def _values(account_ids: Sequence[int] | None, on: dt.date | None) -> dict[str, Any]:
    return {"on": on or dt.date.max, "accounts": list(account_ids or ())}
