"""Writes of drafts and invoices."""

from billing.invoices.operations.crediting import (
    AlreadyCredited,
    CreditAmount,
    NoSuchLine,
    NotCreditable,
    NothingToCredit,
    credit,
    credit_part,
)
from billing.invoices.operations.drafting import (
    DraftIssued,
    DraftTotalDiffers,
    discard_drafts,
    store_drafts,
)
from billing.invoices.operations.freezing import CreditsTooMuch, LinesDiffer, NumberTaken, PeriodAlreadyBilled
from billing.invoices.operations.issuing import issue_drafts

__all__ = [
    "AlreadyCredited",
    "CreditAmount",
    "CreditsTooMuch",
    "DraftIssued",
    "DraftTotalDiffers",
    "LinesDiffer",
    "NoSuchLine",
    "NotCreditable",
    "NothingToCredit",
    "NumberTaken",
    "PeriodAlreadyBilled",
    "credit",
    "credit_part",
    "discard_drafts",
    "issue_drafts",
    "store_drafts",
]
