"""Writes of drafts and invoices."""

from billing.invoices.operations.crediting import AlreadyCredited, NotCreditable, credit
from billing.invoices.operations.drafting import (
    DraftIssued,
    DraftTotalDiffers,
    discard_drafts,
    store_drafts,
)
from billing.invoices.operations.freezing import LinesDiffer, PeriodAlreadyBilled
from billing.invoices.operations.issuing import issue_drafts

__all__ = [
    "AlreadyCredited",
    "DraftIssued",
    "DraftTotalDiffers",
    "LinesDiffer",
    "NotCreditable",
    "PeriodAlreadyBilled",
    "credit",
    "discard_drafts",
    "issue_drafts",
    "store_drafts",
]
