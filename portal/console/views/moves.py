"""At a supply point: who moves in, who moves out, and which product holds from when."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from billing.runs import operations as run_operations
from identity.capabilities import Capability
from kernel.errors import NotFound
from portal.console import pages
from portal.console.forms import counter as forms
from tenants.customers import queries
from tenants.tariffs import operations as tariff_operations
from tenants.tariffs.operations import supplying


@pages.form_page(Capability.CHANGE_CUSTOMERS)
def move_in(request: HttpRequest, identifier: str) -> HttpResponse:
    """Let an account take over the supply point."""
    point = queries.supply_point_by_identifier(identifier=identifier)
    initial = {"account": request.GET.get("account", "")[:32], "on": pages.today(request)}
    form = forms.MoveInForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data

        def operation() -> Any:
            made = tariff_operations.supply(
                account=_account(given["account"]), place=supplying.Place(identifier=point.identifier),
                on=given["on"], until=given["until"], product=form.wanted(),
            )  # fmt: skip
            details = {"account": given["account"], "on": str(given["on"]), "product": given["product"]}
            pages.note(request, "supply.move_in", identifier, until=str(given["until"] or ""), **details)
            return made

        if pages.filled_in(form, operation):
            said = gettext("Account {number} answers for {identifier} now.")
            messages.success(request, said.format(number=given["account"], identifier=identifier))
            return redirect("console:supply_point", identifier=identifier)
    lead = gettext("Somebody who is no customer yet is entered with “New customer”, with this supply point as his.")
    return _form(request, form, point, (gettext("Move somebody in"), lead, gettext("Move in")))


@pages.form_page(Capability.CHANGE_CUSTOMERS)
def move_out(request: HttpRequest, identifier: str) -> HttpResponse:
    """End supply at the place, and start the final bill where it was the account's last."""
    point = queries.supply_point_by_identifier(identifier=identifier)
    may_bill = request.user.can(Capability.RUN_BILLS)  # type: ignore[union-attr]
    initial = {"on": pages.today(request), "final_bill": True}
    form = forms.LeavingForm(request.POST or None, may_bill=may_bill, initial=initial)
    if (
        request.method == "POST"
        and form.is_valid()
        and (done := pages.filled_in(form, lambda: _leave(request, point, form)))
    ):
        account, runs = done
        said = gettext("Account {number} answers for {identifier} until then.")
        messages.success(request, said.format(number=account.number, identifier=identifier))
        if runs:
            return redirect("console:run", number=runs[-1].number)
        return redirect("console:account", number=account.number)
    lead = gettext("The meter's reading of the last day closes the bill; it comes in like any other.")
    return _form(request, form, point, (gettext("Move somebody out"), lead, gettext("End supply")))


@pages.form_page(Capability.CHANGE_CUSTOMERS)
def change_product(request: HttpRequest, identifier: str) -> HttpResponse:
    """Agree on another product from a day on."""
    point = queries.supply_point_by_identifier(identifier=identifier)
    form = forms.ChangeProductForm(request.POST or None, initial={"on": pages.today(request)})
    if request.method == "POST" and form.is_valid():

        def operation() -> Any:
            product, on = form.wanted(), form.cleaned_data["on"]
            made = tariff_operations.change_product(supply_point=point, product=product, on=on)
            pages.note(request, "agreement.change", identifier, product=product.code, on=str(on))
            return made

        if pages.filled_in(form, operation):
            messages.success(request, gettext("The agreement stands."))
            return redirect("console:supply_point", identifier=identifier)
    lead = gettext("It runs for as long as the present agreement was to run.")
    return _form(request, form, point, (gettext("Change the product"), lead, gettext("Agree")))


def _leave(request: HttpRequest, point: Any, form: forms.LeavingForm) -> tuple[Any, list[Any]]:
    on, final_bill = form.cleaned_data["on"], bool(form.cleaned_data.get("final_bill"))
    account, runs = run_operations.end_supply(supply_point=point, on=on, at=timezone.now(), final_bill=final_bill)
    pages.note(request, "supply.move_out", point.identifier, account=account.number, on=str(on))
    if runs:
        pages.note(request, "account.bill", account.number, runs=[run.number for run in runs])
    return account, runs


def _account(number: str) -> Any:
    try:
        return queries.account(number=number)
    except NotFound as refusal:
        refusal.where = "account"
        raise


def _form(request: HttpRequest, form: Any, point: Any, words: tuple[str, str, str]) -> HttpResponse:
    title, lead, submit = words
    back = reverse("console:supply_point", args=[point.identifier])
    crumbs = [(gettext("Customers"), reverse("console:customers")), (point.identifier, back), (title, "")]
    page = {"form": form, "title": title, "lead": lead, "submit": submit, "back": back, "crumbs": crumbs}
    return render(request, "console/form.html", page, status=422 if form.errors else 200)
