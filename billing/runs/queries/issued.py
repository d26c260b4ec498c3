"""Reads of bills that are out: the items behind invoices, those that came after them, and what was stated since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import DateField, Func, Max, QuerySet

from billing.runs.models import AccountFact, BillRun, BillRunItem


def issued_items(*, invoice_ids: Collection[int] | None = None) -> QuerySet[BillRunItem]:
    """This will list the bills in force that runs issued, with run, account, draft and invoice, by days and key."""
    found = BillRunItem.objects.filter(state=BillRunItem.State.ISSUED)
    if invoice_ids is not None:
        found = found.filter(invoice_id__in=invoice_ids)
    return found.select_related("run__lot__cycle", "account__customer", "draft", "invoice").order_by("period", "pk")


def issued_after(*, account_ids: Collection[int], day: dt.date) -> list[tuple[int, int]]:
    """This will list (item, invoice) of the accounts' bills in force whose days start on ``day`` or later."""
    rows = BillRunItem.objects.filter(
        state=BillRunItem.State.ISSUED, account_id__in=account_ids, period__startswith__gte=day
    )
    return [(item, invoice or 0) for item, invoice in rows.order_by("period", "pk").values_list("pk", "invoice_id")]


def invoices_of_accounts(*, account_ids: Collection[int], since: dt.date) -> list[int]:
    """This will list the invoices in force that bill days of the accounts on ``since`` or later."""
    rows = BillRunItem.objects.filter(
        state=BillRunItem.State.ISSUED, account_id__in=account_ids, period__endswith__gt=since
    )
    return sorted({key for key in rows.values_list("invoice_id", flat=True) if key is not None})


def billed_until() -> dt.date | None:
    """This will return the day after the last that any run bills, or None before the first run."""
    last = Max(Func("period", function="upper", output_field=DateField()))
    found: dt.date | None = BillRun.objects.aggregate(last=last)["last"]
    return found


def facts_changed_since(*, since: dt.datetime, clock: dt.datetime) -> list[tuple[int, dt.date]]:
    """This will list (account, first day) of the facts that were stated or changed since then."""
    changed = AccountFact.objects.filter(changed_at__gte=clock) | AccountFact.objects.filter(stated_at__gte=since)
    rows = changed.values_list("account_id", "period").order_by("pk")
    return [(account_id, period.lower or dt.date.min) for account_id, period in rows]


def accounts_of_invoices(*, invoice_ids: Collection[int]) -> set[int]:
    """This will return the accounts whose bills are or were on the invoices."""
    rows = BillRunItem.objects.filter(invoice_id__in=invoice_ids).values_list("account_id", flat=True)
    return set(rows)
