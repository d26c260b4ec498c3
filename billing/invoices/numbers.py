"""Invoice numbers without gaps: taken inside the transaction that uses them, given back by its rollback."""

from __future__ import annotations

from django.db import connection

from billing.invoices.models import InvoiceKind, NumberSeries
from billing.invoices.terms import IssueTerms

NO_YEAR = 0

_TAKE = """
UPDATE invoices_numberseries SET next_number = next_number + %s
WHERE legal_entity = %s AND kind = %s AND year = %s RETURNING id, prefix, next_number - %s
"""


def take(*, kind: InvoiceKind, count: int, terms: IssueTerms) -> list[tuple[int, int, str]]:
    """This will take ``count`` numbers, as (series, sequence, number), and lock the series until commit.

    Call it first of all locks and as late as possible: documents of one legal entity are numbered one
    transaction after the other, which is what keeps the series without gaps.
    """
    year = terms.issued_on.year if terms.numbers.by_year else NO_YEAR
    prefix = terms.numbers.prefix if kind == InvoiceKind.INVOICE else terms.numbers.credit_prefix
    key = {"legal_entity": terms.legal_entity, "kind": kind, "year": year}
    NumberSeries.objects.bulk_create([NumberSeries(**key, prefix=prefix)], ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [count, terms.legal_entity, str(kind), year, count])
        series, prefix, first = cursor.fetchone()
    return [
        (series, sequence, terms.numbers.text(prefix=prefix, year=year, sequence=sequence))
        for sequence in range(first, first + count)
    ]
