"""Accounts that pay ahead: how long each balance lasts, what was done, and the terms."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.prepayment import operations, queries
from identity.capabilities import Capability
from kernel.money import Money
from portal.console import csv_files, pages
from portal.console.forms import prepayment as forms
from portal.shared import tables
from tenants.customers import queries as customer_queries

COLUMNS = [
    tables.Column("account", _("Account"), sort="account__number", primary=True),
    tables.Column("customer", _("Customer"), sort="account__customer__number"),
    tables.Column("state", _("State"), kind="status", sort="state"),
    tables.Column("available", _("Available"), kind="money", sort="available"),
    tables.Column("days", _("Lasts days"), kind="number"),
    tables.Column("daily", _("Use a day"), kind="money", sort="daily_use"),
    tables.Column("assessed", _("Assessed at"), kind="day", sort="assessed_at"),
]
HEADS = ["account", "customer", "state", "currency", "credit", "limit", "used", "daily_use", "available", "assessed_at"]


@pages.page(Capability.SEE_PAYMENTS)
def prepaid_accounts(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.PrepaidFilter)
    found = queries.prepaid_accounts(state=wanted["state"], search=wanted["q"].strip())
    table = tables.paged(request, found, COLUMNS, default="available")
    for row in table.rows:
        row.position = queries.position(row=row)
    return render(request, "console/prepaid_accounts.html", {"form": form, "table": table})


@pages.page(Capability.SEE_PAYMENTS)
def export(request: HttpRequest) -> HttpResponse:
    _form, wanted = pages.filters(request, forms.PrepaidFilter)
    found = queries.prepaid_accounts(state=wanted["state"], search=wanted["q"].strip())
    rows = (
        [row.account.number, row.account.customer.name, row.state, row.currency, *_amounts(row), row.assessed_at]
        for row in found
    )
    return csv_files.response(name="prepaid-accounts", heads=HEADS, rows=rows)


@pages.page(Capability.SEE_PAYMENTS)
def prepaid_account(request: HttpRequest, number: str) -> HttpResponse:
    row = _row(number)
    page = {
        "row": row,
        "position": queries.position(row=row),
        "events": queries.events(account_id=row.pk)[:100],
        "crumbs": [(gettext("Prepaid accounts"), reverse("console:prepaid_accounts")), (number, "")],
    }
    return render(request, "console/prepaid_account.html", page)


@pages.form_page(Capability.TAKE_PAYMENTS)
def enrol(request: HttpRequest) -> HttpResponse:
    rules = queries.rules()
    initial = {"credit_limit": rules.credit_limit, "stops": rules.stops, "account": request.GET.get("account", "")[:32]}
    form = forms.EnrolForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = pages.filled_in(form, lambda: _enrol(request, form.cleaned_data))
        if made:
            return redirect("console:prepaid_account", number=form.cleaned_data["account"].strip())
    return _form_page(request, form, gettext("Let an account pay ahead"), reverse("console:prepaid_accounts"))


@pages.form_page(Capability.TAKE_PAYMENTS)
def change(request: HttpRequest, number: str) -> HttpResponse:
    row = _row(number)
    form = forms.TermsForm(request.POST or None, initial={"credit_limit": row.credit_limit, "stops": row.stops})
    back = reverse("console:prepaid_account", args=[number])
    if request.method == "POST" and form.is_valid() and pages.filled_in(form, lambda: _change(request, row, form)):
        return redirect(back)
    return _form_page(request, form, gettext("Change the terms"), back)


@pages.action(Capability.TAKE_PAYMENTS)
def end(request: HttpRequest, number: str) -> HttpResponse:
    row, signed = _row(number), pages.signed(request)

    def operation() -> None:
        by, at = str(request.user.email), signed["at"]  # type: ignore[union-attr]
        operations.end(account_id=row.pk, on=pages.today(request), at=at, by=by)
        pages.note(request, "prepayment.end", f"account {number}")

    then = reverse("console:prepaid_account", args=[number])
    return pages.carry_out(request, operation, done=gettext("The account pays afterwards again."), then=then)


def _row(number: str) -> Any:
    account = customer_queries.account(number=number)
    row = queries.prepaid_of(account_id=account.pk)
    if row is None:
        raise Http404
    return row


def _enrol(request: HttpRequest, asked: dict[str, Any]) -> Any:
    account = customer_queries.account(number=asked["account"].strip())
    made = operations.enrol(
        account_id=account.pk,
        on=pages.today(request),
        at=pages.signed(request)["at"],
        by=str(request.user.email),  # type: ignore[union-attr]
        limit=Money.rounded(asked["credit_limit"], account.currency),
        stops=asked["stops"],
    )
    pages.note(request, "prepayment.enrol", f"account {account.number}")
    return made


def _change(request: HttpRequest, row: Any, form: forms.TermsForm) -> Any:
    made = operations.change(
        account_id=row.pk,
        limit=Money.rounded(form.cleaned_data["credit_limit"], row.currency),
        stops=form.cleaned_data["stops"],
        at=pages.signed(request)["at"],
        by=str(request.user.email),  # type: ignore[union-attr]
    )
    pages.note(request, "prepayment.change", f"account {row.account.number}")
    return made


def _form_page(request: HttpRequest, form: Any, title: str, back: str) -> HttpResponse:
    page = {
        "form": form,
        "title": title,
        "lead": gettext("The balance is set against the use since the last bill every day, and after each payment."),
        "back": back,
        "crumbs": [(gettext("Prepaid accounts"), reverse("console:prepaid_accounts")), (title, "")],
        "submit": gettext("Save"),
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


def _amounts(row: Any) -> list[Money]:
    amounts = (row.credit, row.credit_limit, row.estimated_use, row.daily_use, row.available)
    return [Money.rounded(each, row.currency) for each in amounts]
