"""Invoices and credit notes: every line explained, the entry in the books, the document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from billing.corrections import queries as correction_queries
from billing.invoices import documents, fiscal_queries, operations, queries
from billing.invoices import terms as invoice_terms
from identity.capabilities import Capability
from kernel import personal
from kernel.money import Money
from portal.console import bill_lines, csv_files, pages
from portal.console.forms import runs as forms
from portal.shared import formats, tables
from tenants.notices import queries as notice_queries

COLUMNS = [
    tables.Column("number", _("Number"), sort="number", primary=True),
    tables.Column("kind", _("Kind"), sort="kind"),
    tables.Column("account", _("Account"), sort="account__number"),
    tables.Column("customer", _("Customer"), sort="account__customer__number"),
    tables.Column("period", _("Supply period"), sort="supply_period"),
    tables.Column("issued", _("Issued on"), kind="day", sort="issued_on"),
    tables.Column("due", _("Due"), kind="day", sort="due_on"),
    tables.Column("total", _("Total"), kind="money", sort="gross"),
]


@pages.page(Capability.SEE_BILLS)
def invoices(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.InvoiceFilter)
    found = queries.invoices(kind=wanted["kind"], search=wanted["q"])
    table = tables.paged(request, found, COLUMNS, default="-issued_on")
    return render(request, "console/invoices.html", {"form": form, "table": table})


@pages.page(Capability.SEE_BILLS)
def export(request: HttpRequest) -> HttpResponse:
    _form, wanted = pages.filters(request, forms.InvoiceFilter)
    found = queries.invoices(kind=wanted["kind"], search=wanted["q"])
    heads = ["number", "kind", "account", "customer", "issued_on", "due_on", "currency", "net", "tax", "gross"]
    names = ["number", "kind", "account__number", "account__customer__name", *heads[4:]]
    rows = (
        [*row[:-3], *(Money.rounded(amount, row[-4]) for amount in row[-3:])]
        for row in found.values_list(*names).iterator(chunk_size=2000)
    )
    return csv_files.response(name="invoices", heads=heads, rows=rows)


@pages.page(Capability.SEE_BILLS)
def invoice(request: HttpRequest, number: str) -> HttpResponse:
    return render(request, "console/invoice.html", _page(number, forms.CreditForm()))


@pages.page(Capability.SEE_BILLS)
def document(request: HttpRequest, number: str) -> HttpResponse:
    detail = queries.invoice(number=number)
    language = get_language() or "en"
    content = documents.pdf(invoice_id=detail.invoice.pk, language=language)
    personal.saw(owner=("customer", detail.invoice.account.customer_id), field="Document")
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    return answer


@pages.action(Capability.ISSUE_BILLS)
def credit(request: HttpRequest, number: str) -> HttpResponse:
    form = forms.CreditForm(request.POST)
    detail = queries.invoice(number=number)
    if form.is_valid():
        key = pages.filled_in(form, lambda: _credit(request, detail, form.cleaned_data["reason"]))
        if key:
            made = queries.invoice_by_id(invoice_id=key).invoice
            messages.success(request, gettext("The invoice is taken back by {number}.").format(number=made.number))
            return redirect("console:invoice", number=made.number)
    return render(request, "console/invoice.html", _page(number, form), status=422)


def _credit(request: HttpRequest, detail: queries.InvoiceDetail, reason: str) -> int:
    terms = invoice_terms.of_retailer(
        retailer=request.retailer,  # type: ignore[attr-defined]
        issued_on=pages.today(request),
        posted_at=timezone.now(),
    )
    key = operations.credit(invoice_id=detail.invoice.pk, terms=terms, reason=reason)
    pages.note(request, "invoice.credit", f"invoice {detail.invoice.number}", reason=reason, credit_note=key)
    return key


def _page(number: str, form: forms.CreditForm) -> dict[str, Any]:
    detail = queries.invoice(number=number)
    found = detail.invoice
    source = detail.reverses or found
    item = source.bill_run_items.select_related("run").first()
    return {
        "invoice": found,
        "customer": found.account.customer,
        "groups": bill_lines.groups(lines=detail.lines, currency=found.currency),
        "taxes": [_tax(row, found.currency) for row in found.taxes],
        "reverses": detail.reverses,
        "reversed_by": detail.reversed_by,
        "parts": detail.parts,
        "trace": correction_queries.trace_of(invoice_id=found.pk),
        "left": detail.left,
        "history": notice_queries.messages_about(prefix=operations.reference_of(invoice_id=found.pk)),
        "fiscal": fiscal_queries.fiscal_document(invoice_id=found.pk),
        "creditable": found.kind == "invoice" and detail.reversed_by is None,
        "item": item,
        "form": form,
        "crumbs": [(gettext("Invoices"), reverse("console:invoices")), (found.number, "")],
    }


def _tax(row: dict[str, Any], currency: str) -> dict[str, Any]:
    """Return a row of the tax summary as the foot of the bill shows it."""
    how = gettext("{rate} of {net}").format(
        rate=formats.percent(Decimal(row["rate"])), net=formats.money(Decimal(row["net"]), currency)
    )
    return {"titles": row["titles"], "amount": Decimal(row["tax"]), "how": how}
