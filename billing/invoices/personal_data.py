"""Invoices with their buyer stay as long as the law says; what only served to make the next one goes."""

from __future__ import annotations

from billing.invoices.models import BillingArrangement, Draft, FiscalDocument, Invoice, InvoiceLine, IssuedDraft
from tenancy import subjects
from tenancy.subjects import Deed, Holding

subjects.hold_many(
    Holding(
        "invoices_invoice", {"en": "Invoices", "zh-hans": "账单"},
        lambda subject: Invoice.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="books",
    ),
    Holding(
        "invoices_invoiceline", {"en": "Lines of invoices", "zh-hans": "账单明细"},
        lambda subject: InvoiceLine.objects.filter(invoice__account_id__in=subject.account_ids), Deed.KEEP, why="books",
    ),
    Holding(
        "invoices_fiscaldocument", {"en": "Documents for the tax office", "zh-hans": "税务开票资料"},
        lambda subject: FiscalDocument.objects.filter(invoice__account_id__in=subject.account_ids), Deed.KEEP,
        why="books",
    ),
    Holding(
        "invoices_issueddraft",
        {"en": "Which draft became which invoice", "zh-hans": "底稿与账单对应"},
        lambda subject: IssuedDraft.objects.filter(account_id__in=subject.account_ids),
        Deed.KEEP,
        why="books",
    ),
    Holding(
        "invoices_draft", {"en": "Drafts that became invoices", "zh-hans": "账单底稿"},
        lambda subject: Draft.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="books",
    ),
    Holding(
        "invoices_billingarrangement", {"en": "How bills are made out", "zh-hans": "开票约定"},
        lambda subject: BillingArrangement.objects.filter(account_id__in=subject.account_ids), Deed.BLANK,
        blank=lambda row: {"tax_number": "", "order_reference": ""},
    ),
)  # fmt: skip
