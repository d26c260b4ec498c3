"""The list of bills, one bill explained, and its document."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from billing.corrections import queries as correction_queries
from billing.invoices import documents, einvoice
from billing.invoices import queries as invoice_queries
from kernel import texts
from portal.customer import access, bill_charts, bill_history, bill_sections, comparing
from portal.customer.access import customer_page
from portal.customer.views import paying
from portal.shared import formats, tables

PER_PAGE = 24
COLUMNS = [
    tables.Column("period", _("Period"), primary=True),
    tables.Column("number", _("Bill")),
    tables.Column("account", _("Account")),
    tables.Column("amount", _("Amount"), kind="money"),
    tables.Column("due", _("Due date"), kind="day"),
    tables.Column("status", _("Status"), kind="status"),
]


@customer_page
def bills(request: HttpRequest, customer: Any) -> HttpResponse:
    today = access.today(request)
    states = bill_history.states(customer, today)
    columns = COLUMNS if len(states) > 1 else [column for column in COLUMNS if column.key != "account"]
    table = tables.paged(request, invoice_queries.invoices_of_customer(customer=customer), columns, size=PER_PAGE)
    rows = bill_history.rows(table.rows, states, today)
    return render(request, "customer/bills.html", {"table": table, "rows": rows, "many": len(states) > 1})


@customer_page
def bill(request: HttpRequest, customer: Any, number: str) -> HttpResponse:
    detail = invoice_queries.invoice(number=number, customer=customer)
    invoice, today = detail.invoice, access.today(request)
    taxes = _taxes(invoice)
    states = {state.account.pk: state for state in bill_history.states(customer, today)}
    is_bill = invoice.kind == bill_history.BILL
    last, year_ago = bill_history.former_bills(customer, invoice) if is_bill else (None, None)
    standing = bill_history.standing(invoice, states.get(invoice.account_id), today)
    donut, made_of = bill_charts.by_label(detail), bill_charts.composition(detail)
    page = {
        "detail": detail,
        "invoice": invoice,
        "is_bill": is_bill,
        "trace": _trace(customer, invoice),
        "standing": standing,
        "pay_url": _pay_url(invoice, standing),
        "amount_label": _amount_label(invoice),
        "shown_amount": abs(invoice.gross),
        "sections": bill_sections.sections(detail),
        "taxes": [] if invoice.prices_include_tax else taxes,
        "contained": _contained(taxes, invoice) if invoice.prices_include_tax else "",
        "difference": bill_charts.difference(detail, last).figure() if last else None,
        "composition": made_of.figure() if made_of else None,
        "donut": donut.figure() if donut else None,
        "comparison": _comparison(detail, last, year_ago),
        "comparison_title": _comparison_title(invoice, last),
        "usage_url": reverse("portal:usage"),
        "document_url": reverse("portal:document", args=[invoice.number]),
        "xml_url": reverse("portal:bill_xml", args=[invoice.number]) if invoice.seller["tax_number"] else "",
        "crumbs": [(gettext("Bills"), reverse("portal:bills"))],
    }
    return render(request, "customer/bill.html", page)


def _trace(customer: Any, invoice: Any) -> dict[str, Any]:
    """What this bill replaces and what replaces it, as far as these are the customer's own bills."""
    found = correction_queries.trace_of(invoice_id=invoice.pk)
    before, after = found.replaces, found.replaced_by
    named = [*([before.number] if before else []), *(after.rebills if after else [])]
    mine = invoice_queries.invoices_of_customer(customer=customer).filter(number__in=named)
    own = set(mine.values_list("number", flat=True))
    return {
        "replaces": before if before and before.number in own else None,
        "because": " ".join(before.because) if before else "",
        "replaced_by": [number for number in after.rebills if number in own] if after else [],
    }


@customer_page
def document(request: HttpRequest, customer: Any, number: str) -> HttpResponse:
    invoice = invoice_queries.invoice(number=number, customer=customer).invoice
    language = get_language() or "en"
    body = documents.pdf(invoice_id=invoice.pk, language=language)
    name = f'attachment; filename="{invoice.number}-{language}.pdf"'
    return HttpResponse(body, "application/pdf", headers={"Content-Disposition": name})


def _pay_url(invoice: Any, standing: bill_history.Standing) -> str:
    """Return where an open bill is paid; nowhere when it is settled or the company takes no payments here."""
    is_open = standing in (bill_history.OPEN, bill_history.OVERDUE)
    return paying.address_of(invoice.account, invoice) if is_open and paying.can_pay(invoice) else ""


@customer_page
def structured(request: HttpRequest, customer: Any, number: str) -> HttpResponse:
    """Give out the structured invoice; where the seller cannot make one, there is none."""
    invoice = invoice_queries.invoice(number=number, customer=customer).invoice
    try:
        body = documents.xml(invoice_id=invoice.pk)
    except einvoice.SellerIncomplete as refusal:
        raise Http404 from refusal
    name = f'attachment; filename="{invoice.number}.xml"'
    return HttpResponse(body, "application/xml", headers={"Content-Disposition": name})


def _amount_label(invoice: Any) -> str:
    if invoice.kind == bill_history.NOTE:
        return gettext("Credited to you")
    return gettext("In your favour") if invoice.gross < 0 else gettext("Total")


def _taxes(invoice: Any) -> list[dict[str, Any]]:
    language = get_language() or "en"
    taxes = [(tax, Decimal(tax["tax"]), Decimal(tax["rate"])) for tax in invoice.taxes]
    return [
        {"name": f"{texts.pick(tax['titles'], language)} {formats.percent(rate)}", "tax": amount}
        for tax, amount, rate in taxes
        if amount
    ]


def _contained(taxes: list[dict[str, Any]], invoice: Any) -> str:
    amounts = [(tax["name"], formats.money(tax["tax"], invoice.currency)) for tax in taxes]
    return ", ".join(gettext("contains {tax}: {amount}").format(tax=name, amount=amount) for name, amount in amounts)


def _comparison_title(invoice: Any, last: Any) -> str:
    """Ask what the customer asks himself."""
    change = invoice.gross - last.invoice.gross if last else 0
    if change > 0:
        return gettext("Why it is higher than last time")
    return gettext("Why it is lower than last time") if change < 0 else gettext("Beside other bills")


def _comparison(detail: Any, last: Any, year_ago: Any) -> list[dict[str, Any]]:
    """Set this bill beside the last one and the one a year ago."""
    this = bill_charts.Former(detail.invoice, detail.lines)
    named = [
        (gettext("This bill"), this),
        (gettext("Last bill"), last),
        (gettext("A year ago"), year_ago),
    ]
    return [_compared_row(name, former) for name, former in named if former] if last or year_ago else []


def _compared_row(name: str, former: bill_charts.Former) -> dict[str, Any]:
    use, days = comparing.energy(former.lines), former.period.days
    return {
        "name": name,
        "period": former.period,
        "invoice": former.invoice,
        "use": formats.number(use, 1),
        "use_a_day": formats.number(use / days, 2),
        "days": days,
    }
