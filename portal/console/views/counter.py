"""At the counter: a new customer on one page, another place of an account, where its bills go, its end."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext

from billing.runs import operations as run_operations
from billing.runs import queries as run_queries
from identity.capabilities import Capability
from kernel import personal, texts
from portal.console import pages
from portal.console.forms import counter as forms
from portal.shared import refusals
from tenants.customers import operations, queries
from tenants.tariffs import operations as tariff_operations


@pages.form_page(Capability.CHANGE_CUSTOMERS)
def new(request: HttpRequest) -> HttpResponse:
    """Enter a customer, alone or with account, place and product: all of it or nothing."""
    retailer = request.retailer  # type: ignore[attr-defined]
    point = request.GET.get("point", "")[:32]
    initial = {"identifier": point, "which": forms.EXISTING if point else forms.NEW, "kind": "household"}
    form = forms.NewCustomerForm(request.POST or None, retailer=retailer, lots=_lots(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        _show_faults(form)
        if not form.errors and (made := pages.filled_in(form, lambda: _enter(request, form))):
            messages.success(request, gettext("{name} is a customer now.").format(name=made.name))
            return redirect("console:customer", number=made.number)
    parts = [
        (gettext("Customer"), "", form.fieldset(form.CUSTOMER)),
        (gettext("Account"), gettext("Bills go out on an account, in {currency}.").format(currency=retailer.currency),
         form.fieldset(form.ACCOUNT)),
        (gettext("Supply point and moving in"), gettext("The account answers for it from the day of moving in on."),
         form.fieldset(form.PLACE)),
        (gettext("Product"), gettext("Agreed from the day of moving in. Without a product nothing can be billed."),
         form.fieldset(form.TERMS)),
    ]  # fmt: skip
    page = {"form": form, "parts": parts, "crumbs": _crumbs(None, gettext("New customer"))}
    return render(request, "console/new_customer.html", page, status=422 if form.errors else 200)


@pages.form_page(Capability.CHANGE_CUSTOMERS)
def add_place(request: HttpRequest, number: str) -> HttpResponse:
    """Move an account in at one more place."""
    account = queries.account(number=number)
    initial = {"on": pages.today(request)}
    form = forms.PlaceForm(request.POST or None, retailer=request.retailer, initial=initial)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():

        def operation() -> Any:
            place, product, on = form.place(), form.wanted(), form.cleaned_data["on"]
            made = tariff_operations.supply(account=account, place=place, on=on, product=product)
            _note_move(request, account, made.supply_point.identifier, form)
            return made

        if made := pages.filled_in(form, operation):
            said = gettext("Account {number} answers for {identifier} now.")
            messages.success(request, said.format(number=number, identifier=made.supply_point.identifier))
            return redirect("console:account", number=number)
    words = (gettext("Add a supply point"), gettext("All of it is stored together, or nothing."), gettext("Move in"))
    return _form(request, form, account, words)


@pages.form_page(Capability.CHANGE_CUSTOMERS)
def edit_account(request: HttpRequest, number: str) -> HttpResponse:
    """Change where the bills go."""
    account = queries.account(number=number)
    initial = {"billing_address": personal.shown(account.billing_address)}
    form = forms.AccountChangeForm(request.POST or None, initial=initial)

    def operation() -> Any:
        made = operations.update_account(number=number, **form.cleaned_data)
        pages.note(request, "account.change", number, fields=["billing_address"])
        return made

    if request.method == "POST" and form.is_valid() and pages.filled_in(form, operation):
        messages.success(request, gettext("The account is changed."))
        return redirect("console:account", number=number)
    words = (gettext("Change the billing address"), gettext("The next bills go there."), gettext("Save"))
    return _form(request, form, account, words)


@pages.form_page(Capability.CHANGE_CUSTOMERS)
def close_account(request: HttpRequest, number: str) -> HttpResponse:
    """Close an account that answers for nothing any more."""
    account = queries.account(number=number)
    form = forms.CloseAccountForm(request.POST or None, initial={"on": pages.today(request)})

    def operation() -> Any:
        made = operations.close_account(account=account, on=form.cleaned_data["on"])
        pages.note(request, "account.close", number, on=str(form.cleaned_data["on"]))
        return made

    if request.method == "POST" and form.is_valid() and pages.filled_in(form, operation):
        messages.success(request, gettext("Account {number} is closed.").format(number=number))
        return redirect("console:account", number=number)
    lead = gettext("Nothing can move in on it any more. What it owes stays, and its bills can still be seen and paid.")
    return _form(request, form, account, (gettext("Close the account"), lead, gettext("Close the account")))


def _enter(request: HttpRequest, form: forms.NewCustomerForm) -> Any:
    given = form.cleaned_data
    if not given["account_number"]:
        made = operations.create_customer(**form.customer())
        pages.note(request, "customer.create", made.number)
        return made
    account = tariff_operations.enter(
        customer=form.customer(),
        currency=request.retailer.currency,  # type: ignore[attr-defined]
        account_number=given["account_number"],
        on=given["on"],
        billing_address=given["billing_address"],
        place=form.place() if form.is_asked(given) else None,
        product=form.wanted(),
    )
    if given.get("lot"):
        run_operations.assign(lot_code=given["lot"], account_numbers=[account.number], at=timezone.now())
    pages.note(request, "customer.create", account.customer.number, account=account.number, lot=given.get("lot", ""))
    if form.is_asked(given):
        _note_move(request, account, given["identifier"], form)
    return account.customer


def _show_faults(form: forms.NewCustomerForm) -> None:
    given = form.cleaned_data
    found = tariff_operations.faults(
        customer=form.customer(),
        account_number=given["account_number"],
        place=form.place() if form.is_asked(given) else None,
    )
    for fault in found:
        refusals.show(form, fault)


def _note_move(request: HttpRequest, account: Any, identifier: str, form: forms.PlaceForm) -> None:
    given = form.cleaned_data
    details = {"account": account.number, "on": str(given["on"]), "product": given["product"]}
    pages.note(request, "supply.move_in", identifier, new=given["which"] == forms.NEW, **details)


def _lots(request: HttpRequest) -> list[tuple[str, str]]:
    """Return the lots to choose from, for those who may put accounts into lots."""
    if not request.user.can(Capability.RUN_BILLS):  # type: ignore[union-attr]
        return []
    language = get_language() or "en"
    found = run_queries.lots(running_on=pages.today(request))
    return [
        (lot.code, f"{texts.pick(lot.titles, language)} ({texts.pick(lot.cycle.titles, language)})") for lot in found
    ]


def _crumbs(account: Any, title: str) -> list[tuple[Any, str]]:
    crumbs: list[tuple[Any, str]] = [(gettext("Customers"), reverse("console:customers"))]
    if account is not None:
        crumbs.append((account.customer.name, reverse("console:customer", args=[account.customer.number])))
        crumbs.append((account.number, reverse("console:account", args=[account.number])))
    return [*crumbs, (title, "")]


def _form(request: HttpRequest, form: Any, account: Any, words: tuple[str, str, str]) -> HttpResponse:
    title, lead, submit = words
    page = {
        "form": form, "title": title, "lead": lead, "submit": submit, "crumbs": _crumbs(account, title),
        "back": reverse("console:account", args=[account.number]),
    }  # fmt: skip
    return render(request, "console/form.html", page, status=422 if form.errors else 200)
