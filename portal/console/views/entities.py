"""Legal entities of the company, their number series, and how accounts are billed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.invoices import operations, queries
from identity.capabilities import Capability
from portal.console import pages
from portal.console.forms import documents as forms
from portal.shared import tables
from tenants.customers import queries as customer_queries

COLUMNS = [
    tables.Column("name", _("Legal name"), primary=True),
    tables.Column("code", _("Code")),
    tables.Column("tax_number", _("Tax number")),
    tables.Column("country", _("Country")),
    tables.Column("bank", _("Bank account")),
    tables.Column("series", _("Number series")),
]
FIELDS = (
    "legal_name", "tax_number", "country", "address", "postcode", "city", "phone", "email", "bank_name", "bank_account",
    "bank_code", "is_default",
)  # fmt: skip


@pages.page(Capability.CHANGE_BRAND)
def entities(request: HttpRequest) -> HttpResponse:
    table = tables.Table(columns=COLUMNS, rows=list(queries.entities()))
    return render(request, "console/entities.html", {"table": table})


@pages.form_page(Capability.CHANGE_BRAND)
def new(request: HttpRequest) -> HttpResponse:
    country = request.retailer.market.upper()  # type: ignore[attr-defined]
    form = forms.EntityForm(request.POST or None, initial={"country": country, "is_default": not queries.entities()})
    if request.method == "POST" and form.is_valid():
        made = pages.filled_in(form, lambda: operations.save_entity(**form.cleaned_data))
        if made:
            return _saved(request, made)
    return _form(request, form, gettext("New legal entity"))


@pages.form_page(Capability.CHANGE_BRAND)
def entity(request: HttpRequest, code: str) -> HttpResponse:
    found = queries.entity(code=code)
    form = forms.EntityChangeForm(request.POST or None, initial={name: getattr(found, name) for name in FIELDS})
    if request.method == "POST" and form.is_valid():
        made = pages.filled_in(form, lambda: operations.save_entity(code=code, **form.cleaned_data))
        if made:
            return _saved(request, made)
    return _form(request, form, found.legal_name, found)


@pages.action(Capability.CHANGE_BRAND)
def series(request: HttpRequest, code: str) -> HttpResponse:
    found = queries.entity(code=code)
    form = forms.SeriesForm(request.POST)
    if form.is_valid():
        made = pages.filled_in(form, lambda: operations.save_series(entity_code=code, **form.cleaned_data))
        if made:
            pages.note(request, "entity.series", f"entity {code}", series=made.code, prefix=made.prefix)
            messages.success(request, gettext("The number series is saved."))
            return redirect("console:entity", code=code)
    initial = {name: getattr(found, name) for name in FIELDS}
    return _form(request, forms.EntityChangeForm(initial=initial), found.legal_name, found, form)


@pages.form_page(Capability.CHANGE_CUSTOMERS)
def arrange(request: HttpRequest, number: str) -> HttpResponse:
    account = customer_queries.account(number=number)
    form = forms.ArrangementForm(
        request.POST or None, entities=queries.entities(), initial=_arranged(queries.arrangement(account_id=account.pk))
    )
    if request.method == "POST" and form.is_valid():
        made = pages.filled_in(form, lambda: operations.arrange_billing(account_number=number, **form.cleaned_data))
        if made:
            pages.note(request, "account.billing", f"account {number}", **form.cleaned_data)
            messages.success(request, gettext("The next bills are issued like this."))
            return redirect("console:account", number=number)
    page = {
        "form": form,
        "account": account,
        "members": queries.members_of_collective(account_id=account.pk),
        "crumbs": [
            (gettext("Customers"), reverse("console:customers")),
            (account.customer.name, reverse("console:customer", args=[account.customer.number])),
            (number, reverse("console:account", args=[number])),
            (gettext("Billing"), ""),
        ],
    }
    return render(request, "console/arrange_billing.html", page, status=422 if form.errors else 200)


def _arranged(found: Any) -> dict[str, str]:
    if found is None:
        return {}
    return {
        "entity_code": found.entity.code if found.entity else "",
        "series": found.series,
        "collective_number": found.collective.number if found.collective else "",
        "tax_number": found.tax_number,
        "order_reference": found.order_reference,
    }


def _saved(request: HttpRequest, made: Any) -> HttpResponse:
    pages.note(request, "entity.save", f"entity {made.code}", legal_name=made.legal_name)
    messages.success(request, gettext("{name} is saved.").format(name=made.legal_name))
    return redirect("console:entity", code=made.code)


def _form(request: HttpRequest, form: Any, title: str, found: Any = None, series_form: Any = None) -> HttpResponse:
    page = {
        "form": form,
        "title": title,
        "entity": found,
        "series_form": series_form or forms.SeriesForm(),
        "crumbs": [(gettext("Legal entities"), reverse("console:entities")), (title, "")],
    }
    wrong = form.errors or (series_form is not None and series_form.errors)
    return render(request, "console/entity.html", page, status=422 if wrong else 200)
