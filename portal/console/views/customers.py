"""Customers: who is supplied, what each one owes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.invoices import queries as invoice_queries
from identity.capabilities import Capability
from kernel import personal
from portal.console import csv_files, pages
from portal.console.forms import customers as forms
from portal.shared import personal_door, tables
from tenants.customers import operations, queries

RECENT = 12
COLUMNS = [
    tables.Column("name", _("Customer"), primary=True),
    tables.Column("number", _("Number"), sort="number"),
    tables.Column("kind", _("Kind"), sort="kind"),
    tables.Column("segment", _("Segment"), sort="segment"),
    tables.Column("email", _("Email")),
    tables.Column("phone", _("Phone")),
    tables.Column("accounts", _("Accounts"), kind="number", sort="account_count"),
]
INVOICE_COLUMNS = [
    tables.Column("number", _("Bill"), primary=True),
    tables.Column("account", _("Account")),
    tables.Column("period", _("Supply period")),
    tables.Column("issued", _("Issued on"), kind="day"),
    tables.Column("total", _("Total"), kind="money"),
]


@pages.page(Capability.SEE_CUSTOMERS)
def customers(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.CustomerFilter)
    table = tables.paged(request, _found(wanted), COLUMNS, default="number")
    return render(request, "console/customers.html", {"form": form, "table": table})


@pages.page(Capability.SEE_CUSTOMERS)
def export(request: HttpRequest) -> HttpResponse:
    _form, wanted = pages.filters(request, forms.CustomerFilter)
    heads = ["customer_number", "name", "kind", "segment", "email", "phone", "language", "accounts"]
    names = ["number", *heads[1:-1], "account_count"]
    found = _found(wanted).iterator(chunk_size=2000)
    rows = ([getattr(each, name) for name in names] for each in found)  # whose each text is, is recorded
    return csv_files.response(name="customers", heads=heads, rows=rows)


@pages.page(Capability.SEE_CUSTOMERS)
def customer(request: HttpRequest, number: str) -> HttpResponse:
    detail = queries.customer_detail(number=number)
    form = forms.AccountForm(initial={"opened_on": pages.today(request)})
    may_ask = personal_door.may_ask(request.user)
    with personal_door.opened_on_request(request, number) as opened:
        page = _page(request, detail, form) | {"asks": may_ask and not opened, "reason_form": forms.ReasonForm()}
        return render(request, "console/customer.html", page)


@pages.form_page(Capability.CHANGE_CUSTOMERS)
def edit(request: HttpRequest, number: str) -> HttpResponse:
    found = queries.customer(number=number)
    fields = ("name", "kind", "segment", "email", "phone", "language")
    initial = {name: personal.shown(getattr(found, name)) for name in fields}
    form = forms.CustomerChangeForm(request.POST or None, initial=initial)
    sent = request.method == "POST" and form.is_valid()
    if sent and pages.filled_in(form, lambda: _change(request, number, form)):
        messages.success(request, gettext("The customer's particulars are changed."))
        return redirect("console:customer", number=number)
    title = gettext("Change {name}").format(name=personal.shown(found.name))
    return _form_page(request, form, title, reverse("console:customer", args=[number]))


@pages.action(Capability.CHANGE_CUSTOMERS)
def open_account(request: HttpRequest, number: str) -> HttpResponse:
    detail = queries.customer_detail(number=number)
    form = forms.AccountForm(request.POST)
    if form.is_valid():
        currency = request.retailer.currency  # type: ignore[attr-defined]
        made = pages.filled_in(
            form, lambda: operations.open_account(customer=detail.customer, currency=currency, **form.cleaned_data)
        )
        if made:
            messages.success(request, gettext("Account {number} is open.").format(number=made.number))
            return redirect("console:account", number=made.number)
    return render(request, "console/customer.html", _page(request, detail, form), status=422)


def _change(request: HttpRequest, number: str, form: forms.CustomerChangeForm) -> Any:
    changed = operations.update_customer(number=number, **form.cleaned_data)
    pages.note(request, "customer.change", number, fields=sorted(form.changed_data))
    return changed


def _found(wanted: dict[str, Any]) -> Any:
    return queries.customers(search=wanted["q"], kind=wanted["kind"], segment=wanted["segment"])


def _page(request: HttpRequest, detail: queries.CustomerDetail, form: forms.AccountForm) -> dict[str, Any]:
    accounts = [each.account for each in detail.accounts]
    owed = {each.account_id: each for each in invoice_queries.owed(accounts=accounts)}
    sees_bills = request.user.can(Capability.SEE_BILLS)  # type: ignore[union-attr]
    bills = invoice_queries.invoices_of_customer(customer=detail.customer)[:RECENT] if sees_bills else []
    return {
        "customer": detail.customer,
        "accounts": [(each, owed[each.account.pk]) for each in detail.accounts],
        "sign_ins": detail.sign_ins,
        "portal_form": forms.PortalForm(),
        "bills": tables.Table(columns=INVOICE_COLUMNS, rows=list(bills)),
        "today": pages.today(request),
        "account_form": form,
        "crumbs": [(gettext("Customers"), reverse("console:customers")), (detail.customer.name, "")],
    }


def _form_page(request: HttpRequest, form: Any, title: str, back: str) -> HttpResponse:
    crumbs = [(gettext("Customers"), reverse("console:customers")), (title, "")]
    page = {"form": form, "title": title, "back": back, "crumbs": crumbs, "submit": gettext("Save the customer")}
    return render(request, "console/form.html", page, status=422 if form.errors else 200)
