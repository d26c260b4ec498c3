"""Drafts, invoices, who issues them on what account, and what the tax bureau knows of them."""

from billing.invoices.models.fiscal import FiscalBatch, FiscalDocument, FiscalState
from billing.invoices.models.issued import (
    BilledPeriod,
    Draft,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    IssuedDraft,
    NumberSeries,
)
from billing.invoices.models.issuers import BillingArrangement, LegalEntity, Reset, SeriesRule

__all__ = [
    "BilledPeriod",
    "BillingArrangement",
    "Draft",
    "FiscalBatch",
    "FiscalDocument",
    "FiscalState",
    "Invoice",
    "InvoiceKind",
    "InvoiceLine",
    "IssuedDraft",
    "LegalEntity",
    "NumberSeries",
    "Reset",
    "SeriesRule",
]
