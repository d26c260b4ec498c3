"""Books what is supplied and not yet billed: the difference to what stands there, so that twice is once."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from billing.accruals import queries
from billing.ledger import chart, entries
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.ledger.kinds import EntryKind
from kernel.money import Money


@transaction.atomic
def book_unbilled(*, on: dt.date, at: dt.datetime) -> list[int]:
    """This will post the change of unbilled revenue since the last time, one entry a currency; returns their keys.

    Debits “supplied, not yet billed” with the retailer's part, net of tax. Nothing changed: nothing is posted.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.book_unbilled'))")
    standing = {
        row.currency: Money.rounded(row.balance, row.currency)
        for row in ledger_queries.trial_balance()
        if row.code == chart.UNBILLED
    }
    wanted = {total.currency: Money.rounded(total.income, total.currency) for total in queries.totals()}
    new = [
        _entry(wanted.get(code, Money.zero(code)) - standing.get(code, Money.zero(code)), on)
        for code in sorted({*standing, *wanted})
    ]
    return ledger_operations.post(entries=[entry for entry in new if entry is not None], posted_at=at)


def _entry(change: Money, on: dt.date) -> entries.NewEntry | None:
    if change.amount == 0:
        return None
    sides = [entries.debit(chart.UNBILLED, change), entries.credit(chart.INCOME_UNBILLED, change)]
    day = ledger_queries.booking_day(on=on)
    return entries.NewEntry(day, EntryKind.ACCRUAL, f"unbilled {on.isoformat()}", sides)
