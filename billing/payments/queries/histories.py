"""How the open amount of bills went down day by day: what late fees are computed from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

_HISTORIES = """
SELECT i.id, i.account_id, i.invoice_id, i.due_on, i.business_date, i.currency, i.amount,
       EXISTS (SELECT FROM payments_openitem r WHERE r.reverses_id = i.id) AS taken_back,
       a.days, a.amounts
  FROM payments_openitem i
  LEFT JOIN LATERAL (
        SELECT array_agg(day ORDER BY day) AS days, array_agg(amount ORDER BY day) AS amounts FROM (
            SELECT p.effective_on AS day, sum(p.amount) AS amount
              FROM payments_allocation p JOIN payments_openitem c ON c.id = p.credit_id
              LEFT JOIN invoices_invoice n ON n.id = c.invoice_id AND n.partial
             WHERE p.debit_id = i.id AND n.reverses_id IS DISTINCT FROM i.invoice_id
             GROUP BY p.effective_on) daily) a ON true
 WHERE i.amount > 0 AND i.invoice_id IS NOT NULL AND i.due_on < %(before)s
   AND (%(accounts)s::bigint[] IS NULL OR i.account_id = ANY(%(accounts)s))
   AND (i.settled < i.amount OR i.invoice_id = ANY(%(corrected)s) OR EXISTS (
        SELECT FROM payments_allocation c WHERE c.debit_id = i.id AND c.made_at >= %(since)s))
 ORDER BY i.account_id, i.due_on, i.id
"""
_COLUMNS = (
    "item_id", "account_id", "invoice_id", "due_on", "billed_on", "currency", "gross", "taken_back",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BillHistory:
    """A bill that fell due: ``settled`` holds what was settled of it by day (negative: given back).

    Credit notes on parts of the bill are no settlement: they lower what was owed from the beginning.
    """

    item_id: int
    account_id: int
    invoice_id: int
    due_on: dt.date
    billed_on: dt.date
    currency: str
    gross: Decimal
    taken_back: bool
    settled: tuple[tuple[dt.date, Decimal], ...]


def histories(
    *,
    due_before: dt.date,
    changed_since: dt.datetime,
    account_ids: Sequence[int] | None = None,
    corrected: Sequence[int] = (),
) -> list[BillHistory]:
    """This will return the bills that fell due before a day and are open, or were settled since ``changed_since``.

    One statement, by account and due date. Allocations made within one day come together. The bills ``corrected`` are
    among them in any case.
    """
    values: dict[str, Any] = {
        "before": due_before,
        "since": changed_since,
        "corrected": list(corrected),
        "accounts": None if account_ids is None else list(account_ids),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HISTORIES, values)
        return [_history(row) for row in cursor.fetchall()]


def settled_by(*, item_ids: Sequence[int], since: dt.datetime) -> dict[str, Decimal]:
    """This will return how much of open items was settled since an instant, by the kind of what settled them.

    What was given back counts against it. One statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.kind, sum(p.amount) FROM payments_allocation p JOIN payments_openitem c ON c.id = p.credit_id"
            " WHERE p.debit_id = ANY(%s) AND p.made_at >= %s GROUP BY c.kind",
            [list(item_ids), since],
        )
        return dict(cursor.fetchall())


def _history(row: tuple[Any, ...]) -> BillHistory:
    values = dict(zip(_COLUMNS, row, strict=False))
    return BillHistory(**values, settled=tuple(zip(row[-2] or (), row[-1] or (), strict=True)))
