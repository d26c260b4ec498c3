"""What is done with an invoice besides reading it: its documents, sending it, taking back a part of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext

from billing.invoices import documents, einvoice, operations, queries
from billing.invoices import terms as invoice_terms
from identity.capabilities import Capability
from kernel import personal, texts
from portal.console import pages
from portal.console.forms import documents as forms
from portal.shared import formats, refusals

XML, PDF = "application/xml", "application/pdf"


@pages.page(Capability.SEE_BILLS)
def structured(request: HttpRequest, number: str) -> HttpResponse:
    invoice = queries.invoice(number=number).invoice
    try:
        content = documents.xml(invoice_id=invoice.pk)
    except einvoice.SellerIncomplete as refusal:
        return _back(request, number, refusal)
    personal.saw(owner=("customer", invoice.account.customer_id), field="Document")
    return _file(content, XML, f"{number}.xml")


@pages.page(Capability.SEE_BILLS)
def hybrid(request: HttpRequest, number: str) -> HttpResponse:
    invoice = queries.invoice(number=number).invoice
    try:
        content = documents.hybrid(invoice_id=invoice.pk, language=get_language() or "en")
    except einvoice.SellerIncomplete as refusal:
        return _back(request, number, refusal)
    personal.saw(owner=("customer", invoice.account.customer_id), field="Document")
    return _file(content, PDF, f"{number}.pdf")


@pages.action(Capability.RUN_BILLS)
def send(request: HttpRequest, number: str) -> HttpResponse:
    invoice = queries.invoice(number=number).invoice
    message = operations.send_invoice(invoice_id=invoice.pk, at=timezone.now(), again=True)
    pages.note(request, "invoice.send", f"invoice {number}", channel=message.channel)
    if message.reason:
        messages.error(request, message.get_reason_display())
    else:
        said = gettext("The invoice is on its way to {recipient}.")
        messages.success(request, said.format(recipient=message.recipient or message.get_channel_display()))
    return redirect("console:invoice", number=number)


@pages.form_page(Capability.ISSUE_BILLS)
def credit_part(request: HttpRequest, number: str) -> HttpResponse:
    detail = queries.invoice(number=number)
    form = forms.PartForm(request.POST or None, lines=_lines(detail))
    if request.method == "POST" and form.is_valid():
        key = pages.filled_in(form, lambda: _credit(request, detail, form))
        if key:
            made = queries.invoice_by_id(invoice_id=key).invoice
            messages.success(request, gettext("Credit note {number} is issued.").format(number=made.number))
            return redirect("console:invoice", number=made.number)
    crumbs = [
        (gettext("Invoices"), reverse("console:invoices")),
        (number, reverse("console:invoice", args=[number])),
        (gettext("Credit a part"), ""),
    ]
    page = {"form": form, "invoice": detail.invoice, "crumbs": crumbs}
    return render(request, "console/credit_part.html", page, status=422 if form.errors else 200)


def _credit(request: HttpRequest, detail: queries.InvoiceDetail, form: forms.PartForm) -> int:
    terms = invoice_terms.of_retailer(
        retailer=request.retailer,  # type: ignore[attr-defined]
        issued_on=pages.today(request),
        posted_at=timezone.now(),
    )
    reason = form.cleaned_data["reason"]
    key = operations.credit_part(invoice_id=detail.invoice.pk, amounts=form.amounts(), terms=terms, reason=reason)
    pages.note(request, "invoice.credit", f"invoice {detail.invoice.number}", reason=reason, credit_note=key)
    return key


def _lines(detail: queries.InvoiceDetail) -> list[tuple[int, str, str]]:
    """Return position, title and what is left of each line that can be credited."""
    taken = queries.credited_by_line(invoice_id=detail.invoice.pk)
    rows = []
    for line in detail.lines:
        left = line.amount - taken.get(line.position, (0, 0))[0]
        title = " · ".join(filter(None, [texts.pick(line.titles, get_language() or "en"), line.identifier]))
        said = gettext("up to {amount}").format(amount=formats.money(left, detail.invoice.currency))
        if left:
            rows.append((line.position, title, said))
    return rows


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
    return HttpResponse(content, kind, headers={"Content-Disposition": f'attachment; filename="{safe}"'})


def _back(request: HttpRequest, number: str, refusal: Any) -> HttpResponse:
    messages.error(request, refusals.sentence(refusal))
    return redirect("console:invoice", number=number)
