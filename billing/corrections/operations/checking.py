"""Holds noted invoices against the versions they used: what is untouched is forgotten, the rest is queued."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from billing.corrections import causes, chains, checked_versions
from billing.corrections.models import OPEN, Correction, Suspect
from billing.invoices import queries as invoice_queries
from billing.runs import queries as run_queries
from tenants.customers import date_ranges

CHUNK = 200
State = Correction.State


@transaction.atomic
def check_suspects(*, at: dt.datetime, limit: int = CHUNK) -> int:
    """This will check up to ``limit`` noted invoices in one transaction and return how many there were.

    Two workers share the work; a process that dies in here leaves everything as it was. An invoice that used nothing
    of what changed is never queued; one that waits in the queue is rated anew where something else changed since.
    """
    claimed = list(Suspect.objects.select_for_update(skip_locked=True).order_by("pk")[:limit])
    if claimed:
        queue(invoice_ids=[suspect.invoice_id for suspect in claimed], at=at)
        Suspect.objects.filter(pk__in=[suspect.pk for suspect in claimed]).delete()
    return len(claimed)


def queue(*, invoice_ids: Collection[int], at: dt.datetime) -> int:
    """This will queue those of the invoices that would be rated from something else now; returns how many are new.

    What was credited whole is billed anew only where a person asks for it (``asking.ask``).
    """
    credited = invoice_queries.whole_credits(invoice_ids=invoice_ids)
    items = [item for item in run_queries.issued_items(invoice_ids=invoice_ids) if item.invoice_id not in credited]
    checked = checked_versions.of_invoices(invoice_ids=invoice_ids)
    still_open = Correction.objects.filter(invoice_id__in=invoice_ids, state__in=OPEN)
    rated = still_open.exclude(state=State.FOUND)
    waiting = set(rated.values_list("invoice_id", flat=True))
    found = chains.changes(items=items, checked=checked, waiting=waiting)
    by_invoice: dict[int, list[Any]] = {}
    for item in items:
        by_invoice.setdefault(item.invoice_id or 0, []).append(item)
    changed = {key: held for key, held in by_invoice.items() if any(found[item.pk] for item in held)}
    rated.filter(invoice_id__in=changed).update(state=State.FOUND, rated_at=None, approved_by=None, seconded_by=None)
    known = set(still_open.values_list("invoice_id", flat=True))
    rows = [_row(held, found, at) for key, held in changed.items() if key not in known]
    Correction.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _row(items: list[Any], found: Mapping[int, list[causes.Cause]], at: dt.datetime) -> Correction:
    first, last = min(item.period.lower for item in items), max(item.period.upper for item in items)
    return Correction(
        account_id=items[0].invoice.account_id,
        invoice_id=items[0].invoice_id,
        period=date_ranges.to_range(first, last),
        reasons=causes.merged([found[item.pk] for item in items]),
        currency=items[0].invoice.currency,
        before=sum(item.draft.total for item in items),
        before_wh=sum(item.energy_wh or 0 for item in items),
        found_at=at,
    )
