"""Invoice numbers without gaps: taken inside the transaction that uses them, given back by its rollback."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from billing.invoices.issuers import Issuer
from billing.invoices.models import InvoiceKind, NumberSeries

_TAKE = """
UPDATE invoices_numberseries SET next_number = next_number + %s
WHERE legal_entity = %s AND series = %s AND kind = %s AND year = %s AND month = %s
RETURNING id, prefix, next_number - %s
"""


def hold(*, kind: InvoiceKind, issuer: Issuer, issued_on: dt.date) -> None:
    """This will lock a series until commit without taking a number: for who takes numbers after posting."""
    year, month = issuer.numbers.starts(issued_on)
    prefix = issuer.numbers.prefix if kind == InvoiceKind.INVOICE else issuer.numbers.credit_prefix
    key = {"legal_entity": issuer.legal_entity, "series": issuer.series, "kind": kind, "year": year, "month": month}
    NumberSeries.objects.bulk_create([NumberSeries(**key, prefix=prefix)], ignore_conflicts=True)
    NumberSeries.objects.select_for_update().get(**key)


def take(*, kind: InvoiceKind, count: int, issuer: Issuer, issued_on: dt.date) -> list[tuple[int, int, str]]:
    """This will take ``count`` numbers, as (series, sequence, number), and lock the series until commit.

    Call it first of all locks and as late as possible: documents of one series are numbered one transaction after the
    other, which is what keeps the series without gaps. A series keeps the prefix it started with.
    """
    rule = issuer.numbers
    year, month = rule.starts(issued_on)
    prefix = rule.prefix if kind == InvoiceKind.INVOICE else rule.credit_prefix
    key: dict[str, str | int] = {
        "legal_entity": issuer.legal_entity,
        "series": issuer.series,
        "kind": str(kind),
        "year": year,
        "month": month,
    }
    NumberSeries.objects.bulk_create([NumberSeries(**key, prefix=prefix)], ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [count, *key.values(), count])
        series, prefix, first = cursor.fetchone()
    return [
        (series, sequence, rule.text(prefix=prefix, year=year, month=month, sequence=sequence))
        for sequence in range(first, first + count)
    ]
