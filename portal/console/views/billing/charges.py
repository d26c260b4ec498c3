"""Charges and credits that are no energy, and what accounts pay for month by month."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from billing.charges import operations, queries
from identity.capabilities import Capability
from kernel.money import Money
from portal.console import pages
from portal.console.forms import billing as forms
from portal.shared import tables
from tenants.customers import queries as customer_queries

SOURCE = "console"
COLUMNS = [
    tables.Column("what", _("Charge"), primary=True),
    tables.Column("account", _("Account"), sort="account__number"),
    tables.Column("on", _("Date"), kind="day", sort="on"),
    tables.Column("source", _("Source")),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("amount", _("Amount"), kind="money", sort="amount"),
    tables.Column("cancel", "", kind="actions"),
]
ADD_ON_COLUMNS = [
    tables.Column("what", _("Add-on"), primary=True),
    tables.Column("account", _("Account"), sort="account__number"),
    tables.Column("quantity", _("Quantity"), kind="number"),
    tables.Column("amount", _("Amount"), kind="money", sort="amount"),
    tables.Column("period", _("Agreed for")),
    tables.Column("end", "", kind="actions"),
]


@pages.page(Capability.SEE_BILLS)
def charges(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.ChargeFilter)
    found = queries.charges(state=wanted["state"], search=wanted["q"])
    page = {"form": form, "table": tables.paged(request, found, COLUMNS, default="-on")}
    return render(request, "console/billing/charges.html", page)


@pages.form_page(Capability.RUN_BILLS)
def new_charge(request: HttpRequest) -> HttpResponse:
    initial = {"account": request.GET.get("account", "")[:32], "on": pages.today(request)}
    form = forms.ChargeForm(request.POST or None, initial=initial, language=get_language() or "en")
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data

        def operation() -> Any:
            account = customer_queries.account(number=given["account"])
            made = operations.add(
                account_id=account.pk,
                kind=given["kind"],
                source=SOURCE,
                reference=given["reference"],
                titles=form.titles(),
                amount=Money.rounded(given["amount"], account.currency),
                on=given["on"],
                at=timezone.now(),
            )
            pages.note(request, "charge.add", account.number, charge=made.pk, amount=str(made.amount))
            return made

        if pages.filled_in(form, operation):
            messages.success(request, gettext("It goes on the next bill."))
            return redirect("console:charges")
    lead = gettext("A charge or credit goes on the account's next bill, once, as a line of its own.")
    return _form(request, form, (gettext("New charge"), lead, gettext("Add it")), reverse("console:charges"))


@pages.form_page(Capability.RUN_BILLS)
def cancel_charge(request: HttpRequest, charge_id: int) -> HttpResponse:
    found = queries.charge(charge_id=charge_id)
    form = forms.ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():

        def operation() -> Any:
            operations.cancel(charge_id=found.pk, reason=form.cleaned_data["reason"], at=timezone.now())
            pages.note(request, "charge.cancel", found.account.number, charge=found.pk)
            return True

        if pages.filled_in(form, operation):
            messages.success(request, gettext("The charge is cancelled."))
            return redirect("console:charges")
    lead = gettext("It is taken off the next bill and stays in the list as cancelled.")
    words = (gettext("Cancel the charge"), lead, gettext("Cancel it"))
    return _form(request, form, words, reverse("console:charges"))


@pages.page(Capability.SEE_BILLS)
def add_ons(request: HttpRequest) -> HttpResponse:
    page = {
        "table": tables.paged(request, queries.add_ons(), ADD_ON_COLUMNS, default="account__number"),
        "crumbs": [(gettext("Charges"), reverse("console:charges")), (gettext("Add-ons"), "")],
    }
    return render(request, "console/billing/add_ons.html", page)


@pages.form_page(Capability.RUN_BILLS)
def new_add_on(request: HttpRequest) -> HttpResponse:
    initial = {"account": request.GET.get("account", "")[:32], "start": pages.today(request), "quantity": 1}
    form = forms.AddOnForm(request.POST or None, initial=initial, language=get_language() or "en")
    if request.method == "POST" and form.is_valid() and pages.filled_in(form, lambda: _agree(request, form)):
        return redirect("console:add_ons")
    lead = gettext("Charged with each bill for its days; whole months cost exactly the amount.")
    return _form(request, form, (gettext("New add-on"), lead, gettext("Agree it")), reverse("console:add_ons"))


@pages.form_page(Capability.RUN_BILLS)
def end_add_on(request: HttpRequest, add_on_id: int) -> HttpResponse:
    found = queries.add_on(add_on_id=add_on_id)
    form = forms.EndForm(request.POST or None, initial={"end": pages.today(request)})
    if request.method == "POST" and form.is_valid():

        def operation() -> Any:
            operations.end_add_on(add_on_id=found.pk, end=form.cleaned_data["end"])
            pages.note(request, "add_on.end", found.account.number, add_on=found.pk)
            return True

        if pages.filled_in(form, operation):
            return redirect("console:add_ons")
    lead = gettext("Days charged already come back as a credit with the next bill.")
    return _form(request, form, (gettext("End the add-on"), lead, gettext("End it")), reverse("console:add_ons"))


def _agree(request: HttpRequest, form: forms.AddOnForm) -> Any:
    given = form.cleaned_data
    account = customer_queries.account(number=given["account"])
    made = operations.agree_add_on(
        account_id=account.pk,
        kind=given["kind"],
        source=SOURCE,
        reference=given["reference"],
        titles=form.titles(),
        amount=Money.rounded(given["amount"], account.currency),
        quantity=given["quantity"],
        months=given["months"],
        prorated=given["prorated"],
        start=given["start"],
        end=given["end"],
        at=timezone.now(),
    )
    pages.note(request, "add_on.agree", account.number, add_on=made.pk)
    return made


def _form(request: HttpRequest, form: Any, words: tuple[str, str, str], back: str) -> HttpResponse:
    title, lead, submit = words
    page = {
        "form": form,
        "title": title,
        "lead": lead,
        "submit": submit,
        "back": back,
        "crumbs": [(gettext("Charges"), reverse("console:charges")), (title, "")],
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)
