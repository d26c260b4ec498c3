"""A person asks that a bill be made anew: it takes the way of all corrections, also where the bill was credited."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from billing.corrections import causes
from billing.corrections.models import OPEN, Correction
from billing.corrections.operations import checking, previewing
from billing.invoices import queries as invoice_queries
from billing.runs import queries as run_queries
from billing.runs.operations import exchanging
from tenants.customers import date_ranges

State = Correction.State


@transaction.atomic
def ask(*, invoice_id: int, at: dt.datetime) -> Correction | None:
    """This will put a bill into the queue and rate it; None where nothing changed since it was issued.

    A bill that was credited by hand is put there as nothing, to be billed anew with all that follows; a person decides.
    Raises BillMoved when the invoice bills nothing any more, because others took its place.
    """
    items = list(run_queries.issued_items(invoice_ids=[invoice_id]))
    if not items:
        raise exchanging.BillMoved
    if invoice_queries.whole_credits(invoice_ids=[invoice_id]):
        _queue_credited(items, at)
    else:
        checking.queue(invoice_ids=[invoice_id], at=at)
    row = Correction.objects.filter(invoice_id=invoice_id, state__in=OPEN).first()
    if row is None:
        return None
    rated = previewing.preview(correction_id=row.pk, at=at)
    return rated if rated.state in OPEN else None


def _queue_credited(items: Sequence[Any], at: dt.datetime) -> None:
    invoice = items[0].invoice
    first, last = min(item.period.lower for item in items), max(item.period.upper for item in items)
    asked = Correction(
        account_id=invoice.account_id,
        invoice=invoice,
        period=date_ranges.to_range(first, last),
        reasons=[{"what": causes.CREDITED}],
        currency=invoice.currency,
        before=0,
        found_at=at,
    )
    Correction.objects.bulk_create([asked], ignore_conflicts=True)
    waiting = Correction.objects.select_for_update().filter(invoice=invoice, state__in=OPEN)
    for row in waiting:
        if not causes.credited(row.reasons):
            row.reasons, row.state, row.before, row.before_wh = asked.reasons, State.FOUND, asked.before, 0
            row.save(update_fields=["reasons", "state", "before", "before_wh"])
