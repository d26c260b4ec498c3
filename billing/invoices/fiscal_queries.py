"""Reads of fiscal invoices: what waits for the tax bureau, what it answered, and the bulk files."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from billing.invoices.models import FiscalBatch, FiscalDocument, FiscalState, Invoice, InvoiceKind
from kernel.errors import NotFound, gettext_noop
from tenants.notices import attachments

BATCH = gettext_noop("batch")
STATES = FiscalState


def invoices_to_export(*, first: dt.date, last: dt.date) -> QuerySet[Invoice]:
    """This will list invoices in force, issued from ``first`` to ``last``, never handed over, oldest first."""
    return (
        Invoice.objects.filter(
            ~_credited_whole("pk"), kind=InvoiceKind.INVOICE, issued_on__gte=first, issued_on__lte=last,
            fiscal__isnull=True,
        )
        .prefetch_related("lines")
        .order_by("pk")
    )  # fmt: skip


def credit_notes_to_confirm() -> QuerySet[Invoice]:
    """This will list credit notes of invoices that the bureau issued, for which no red letter was begun."""
    return (
        Invoice.objects.filter(
            kind=InvoiceKind.CREDIT_NOTE, fiscal__isnull=True, reverses__fiscal__state=FiscalState.ISSUED
        )
        .select_related("reverses__fiscal")
        .prefetch_related("lines")
        .order_by("pk")
    )


def documents_to_hand_over() -> QuerySet[FiscalDocument]:
    """This will list what goes into the next file again: confirmed red letters, and what was refused and stands."""
    return FiscalDocument.objects.filter(
        ~_credited_whole("invoice_id"), state__in=[FiscalState.WAITING, FiscalState.REFUSED]
    )


def fiscal_documents(*, state: str = "", search: str = "") -> QuerySet[FiscalDocument]:
    """This will list fiscal documents with invoice, account and batch, newest first."""
    found = FiscalDocument.objects.select_related("invoice__account__customer", "batch").order_by("-id")
    if state:
        found = found.filter(state=state)
    words = search.strip()
    if words:
        found = found.filter(
            Q(number__startswith=words)
            | Q(invoice__number__istartswith=words)
            | Q(invoice__account__number__istartswith=words)
        )
    return found


def fiscal_document(*, invoice_id: int) -> FiscalDocument | None:
    """This will return the fiscal document of an invoice, or None."""
    return FiscalDocument.objects.select_related("batch").filter(invoice=invoice_id).first()


def counts_by_state() -> dict[str, int]:
    """This will count fiscal documents by state."""
    return dict(FiscalDocument.objects.values_list("state").annotate(count=Count("pk")).order_by())


def batches() -> QuerySet[FiscalBatch]:
    """This will list bulk files, newest first."""
    return FiscalBatch.objects.order_by("-id")


def batch_file(*, batch_id: int) -> tuple[FiscalBatch, bytes]:
    """This will return a batch with the bytes of its file; raises NotFound."""
    found = FiscalBatch.objects.filter(pk=batch_id).first()
    if found is None:
        raise NotFound(what=BATCH, name=batch_id)
    return found, attachments.read(name=found.file)


def _credited_whole(key: str) -> Exists:
    return Exists(Invoice.objects.filter(reverses=OuterRef(key), partial=False))
