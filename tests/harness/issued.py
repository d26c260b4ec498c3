"""A bill issued in a line of a test."""

from __future__ import annotations

import datetime as dt
from typing import Any

from billing.invoices import operations as invoice_operations
from billing.invoices.models import Invoice
from harness import billing_cast
from kernel.periods import Period


def issue(retailer: Any, account: Any, point: Any, amount: str, *, month: int = 3) -> Invoice:
    """Issue a bill of one month of 2026 over ``amount``; return it."""
    period = Period.of_month(2026, month)
    [draft_id] = invoice_operations.store_drafts(
        drafts=[billing_cast.make_draft(account, point, amount, period=period)], created_at=billing_cast.AT
    )
    terms = billing_cast.terms_of(retailer, issued_on=dt.date(2026, month + 1, 2))
    issued = invoice_operations.issue_drafts(draft_ids=[draft_id], terms=terms)
    return Invoice.objects.get(pk=issued[draft_id])
