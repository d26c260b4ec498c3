"""Sending invoices: the document by mail with its structured invoice, once by itself and again whenever asked."""

from __future__ import annotations

import datetime as dt
from typing import Any

import markets.packs
from billing.invoices import documents, einvoice, queries
from billing.invoices.models import InvoiceKind
from billing.invoices.wording import Wording
from kernel.periods import Period
from tenancy import context
from tenants.notices import operations as notice_operations
from tenants.notices import queries as notice_queries
from tenants.notices.operations import Attachment

TEMPLATES = {InvoiceKind.INVOICE: "invoice_issued", InvoiceKind.CREDIT_NOTE: "credit_note_issued"}
STRUCTURED = "en16931"


def reference_of(*, invoice_id: int) -> str:
    """This will return what the messages about an invoice are known by."""
    return f"invoice:{invoice_id}:"


def send_invoice(*, invoice_id: int, at: dt.datetime, channel: str | None = None, again: bool = False) -> Any:
    """This will queue the message with an invoice's documents and return it; the first is queued once.

    ``again`` queues one more, to where the customer is reached today. Call it outside the transaction that issues: it
    draws the documents. Raises NotFound, or LanguageNotOffered.
    """
    detail = queries.invoice_by_id(invoice_id=invoice_id)
    reference = reference_of(invoice_id=invoice_id)
    count = notice_queries.messages_about(prefix=reference).count()
    invoice = detail.invoice
    language = _language(invoice)
    return notice_operations.enqueue(
        customer_id=invoice.account.customer_id,
        account_id=invoice.account_id,
        template=TEMPLATES[InvoiceKind(invoice.kind)],
        params=_params(invoice, language),
        reference=f"{reference}{count + 1 if again else 1}",
        channel=channel,
        attachments=_files(invoice, language),
        at=at,
    )


def send_new_invoices(*, since: dt.date, at: dt.datetime, most: int) -> int:
    """This will queue the messages of up to ``most`` invoices issued since that day without one; returns how many."""
    first = {f"{reference_of(invoice_id=key)}1": key for key in queries.invoice_ids_since(day=since)}
    known = notice_queries.known_references(references=list(first))
    new = [key for reference, key in first.items() if reference not in known][:most]
    for invoice_id in new:
        send_invoice(invoice_id=invoice_id, at=at)
    return len(new)


def _files(invoice: Any, language: str) -> list[Attachment]:
    name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in invoice.number)
    pdf = documents.pdf(invoice_id=invoice.pk, language=language)
    if STRUCTURED not in markets.packs.pack(context.current_retailer().market).policies["invoice"]["documents"]:
        return [Attachment(f"{name}.pdf", pdf)]
    try:
        structured = documents.xml(invoice_id=invoice.pk)
        hybrid = documents.hybrid(invoice_id=invoice.pk, language=language)
    except einvoice.SellerIncomplete:
        return [Attachment(f"{name}.pdf", pdf)]
    return [Attachment(f"{name}.pdf", hybrid), Attachment(f"{name}.xml", structured, "application/xml")]


def _language(invoice: Any) -> str:
    wanted = invoice.account.customer.language or context.current_retailer().default_language
    return wanted if wanted in documents.LANGUAGES else documents.LANGUAGES[-1]


def _params(invoice: Any, language: str) -> dict[str, Any]:
    words = Wording(language, invoice.currency)
    return {
        "number": invoice.number,
        "reverses": invoice.reverses.number if invoice.reverses else "",
        "account": invoice.account.number,
        "amount": words.money(abs(invoice.gross)),
        "owed": invoice.gross > 0,
        "due": words.long_day(invoice.due_on),
        "period": words.period(Period(invoice.supply_period.lower, invoice.supply_period.upper)),
        "final": invoice.final,
    }
