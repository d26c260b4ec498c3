"""Which invoices in force bill given days of supply points, in one statement for any number of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from django.db import connection

from billing.invoices.models import Draft, Invoice

_BILLING = """
SELECT DISTINCT b.invoice_id
  FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS t (point, first, last)
  JOIN invoices_billedperiod b ON b.supply_point_id = t.point AND b.period && daterange(t.first, t.last)
 ORDER BY 1
"""


def invoices_billing(*, days: Sequence[tuple[int, dt.date, dt.date | None]]) -> list[int]:
    """This will return the invoices in force that bill some of the days: (supply point, first, day after the last)."""
    with connection.cursor() as cursor:
        cursor.execute(_BILLING, [[row[at] for row in days] for at in range(3)])
        return [key for (key,) in cursor.fetchall()]


def numbers_of(*, invoice_ids: Collection[int]) -> dict[int, str]:
    """This will return the numbers of invoices, by key."""
    return dict(Invoice.objects.filter(pk__in=invoice_ids).values_list("pk", "number"))


def credited_in_part(*, invoice_ids: Collection[int]) -> set[int]:
    """This will return those of which a part was credited."""
    rows = Invoice.objects.filter(reverses_id__in=invoice_ids, partial=True).values_list("reverses_id", flat=True)
    return {key for key in rows if key is not None}


def rated_at(*, draft_ids: Collection[int]) -> dict[int, dt.datetime]:
    """This will return when drafts were rated."""
    return dict(Draft.objects.filter(pk__in=draft_ids).values_list("pk", "created_at"))
