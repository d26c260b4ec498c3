"""Credit: an issued invoice is never changed; a credit note takes it back, line by line and in the ledger."""

from __future__ import annotations

from django.db import transaction

from billing.invoices import lines
from billing.invoices.lines import Line
from billing.invoices.models import BilledPeriod, Invoice, InvoiceKind, InvoiceLine
from billing.invoices.operations import freezing
from billing.invoices.operations.freezing import Document
from billing.invoices.taxes import Taxed
from billing.invoices.terms import IssueTerms
from kernel.errors import Conflict, NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import refusals

INVOICE = gettext_noop("invoice")


class AlreadyCredited(Conflict):
    """An invoice is taken back at most once."""

    code = "invoice_already_credited"
    template = gettext_noop("Invoice {number} was already credited.")


class NotCreditable(Conflict):
    """Only an invoice can be credited."""

    code = "invoice_not_creditable"
    template = gettext_noop("{number} is a credit note; only an invoice can be credited.")


def credit(*, invoice_id: int, terms: IssueTerms) -> int:
    """This will issue the credit note of an invoice and return its key; the period can then be billed anew.

    Raises NotFound, NotCreditable or AlreadyCredited; then nothing was changed and no number is lost.
    """
    invoice = Invoice.objects.filter(pk=invoice_id).first()
    if invoice is None:
        raise NotFound(what=INVOICE, name=invoice_id)
    if invoice.kind != InvoiceKind.INVOICE:
        raise NotCreditable(number=invoice.number)
    refused = {
        "invoices_reversed_once": AlreadyCredited(number=invoice.number),
        "ledger_entry_reversed_once": AlreadyCredited(number=invoice.number),
    }
    with transaction.atomic(), refusals.named(refused):
        [key] = freezing.write(documents=[_document(invoice)], terms=terms)
        BilledPeriod.objects.filter(invoice=invoice).delete()
    return key


def _document(invoice: Invoice) -> Document:
    return Document(
        kind=InvoiceKind.CREDIT_NOTE,
        account_id=invoice.account_id,
        currency=invoice.currency,
        period=Period(invoice.supply_period.lower, invoice.supply_period.upper),
        lines=[lines.mirrored(_line(row)) for row in invoice.lines.order_by("position")],
        taxes=[_mirrored_tax(row) for row in invoice.taxes],
        buyer=invoice.buyer,
        usage={},
        reverses_id=invoice.pk,
        reversed_entry_id=invoice.entry_id,
    )


def _line(row: InvoiceLine) -> Line:
    return Line(
        code=row.code,
        titles=row.titles,
        supply_point_id=row.supply_point_id,
        identifier=row.identifier,
        period=Period(row.supply_period.lower, row.supply_period.upper),
        product_version_id=row.product_version_id,
        quantity=row.quantity,
        unit=row.unit,
        price=row.price,
        payee=row.payee,
        amount=row.amount,
        cells=row.cells,
        taxed=Taxed(net=row.net, tax=row.tax, rate=row.tax_rate),
    )


def _mirrored_tax(row: dict[str, str]) -> dict[str, str]:
    return {**row, **{name: lines.negated(row[name]) for name in ("net", "tax", "gross")}}
