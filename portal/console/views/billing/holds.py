"""Held accounts and runs, bills out of turn, and the second pair of eyes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.runs import operations, queries
from identity.capabilities import Capability
from portal.console import pages
from portal.console.forms import billing as forms
from portal.console.forms import runs as run_forms
from portal.shared import tables
from tenants.customers import queries as customer_queries

COLUMNS = [
    tables.Column("account", _("Account"), sort="account__number", primary=True),
    tables.Column("customer", _("Customer"), sort="account__customer__number"),
    tables.Column("note", _("Why")),
    tables.Column("by", _("Held by")),
    tables.Column("since", _("Since"), kind="day", sort="placed_at"),
    tables.Column("until", _("Until"), kind="day", sort="until"),
    tables.Column("lift", "", kind="actions"),
]


@pages.page(Capability.SEE_BILLS)
def holds(request: HttpRequest) -> HttpResponse:
    found = queries.held_accounts(on=pages.today(request))
    page = {
        "table": tables.paged(request, found, COLUMNS, default="-placed_at"),
        "crumbs": [(gettext("Bill runs"), reverse("console:runs")), (gettext("Held accounts"), "")],
    }
    return render(request, "console/billing/holds.html", page)


@pages.form_page(Capability.RUN_BILLS)
def new_hold(request: HttpRequest) -> HttpResponse:
    form = forms.AccountHoldForm(request.POST or None, initial={"account": request.GET.get("account", "")[:32]})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data

        def operation() -> Any:
            account = customer_queries.account(number=given["account"])
            made = operations.hold_account(
                account_id=account.pk, note=given["note"], until=given["until"], by=request.user, at=timezone.now()
            )
            pages.note(request, "account.hold", account.number, note=given["note"])
            return made

        if pages.filled_in(form, operation):
            return redirect("console:holds")
    lead = gettext("Its bills are rated and kept back, and reminders rest, until you lift the hold.")
    return _form(request, form, (gettext("Hold an account"), lead, gettext("Hold it")), reverse("console:holds"))


@pages.action(Capability.RUN_BILLS)
def lift(request: HttpRequest, number: str) -> HttpResponse:
    account = customer_queries.account(number=number)

    def operation() -> None:
        operations.lift_hold(account_id=account.pk, at=timezone.now())
        pages.note(request, "account.lift", account.number)

    done = gettext("The hold is lifted; what it kept back is rated anew.")
    return pages.carry_out(request, operation, done=done, then=reverse("console:holds"))


@pages.action(Capability.RUN_BILLS)
def hold_run(request: HttpRequest, number: int) -> HttpResponse:
    found, form = queries.run(number=number), run_forms.HoldForm(request.POST)
    then = reverse("console:run", args=[number])
    if not form.is_valid():
        messages.error(request, gettext("Say why the run is held, so that others know."))
        return redirect(then)
    note = form.cleaned_data["note"]

    def operation() -> None:
        operations.hold_run(run_id=found.pk, note=note, at=timezone.now())
        pages.note(request, "run.hold", f"run {number}", note=note)

    return pages.carry_out(request, operation, done=gettext("The run is held."), then=then)


@pages.action(Capability.RUN_BILLS)
def resume_run(request: HttpRequest, number: int) -> HttpResponse:
    found = queries.run(number=number)

    def operation() -> None:
        operations.begin(run=operations.resume_run(run_id=found.pk))
        pages.note(request, "run.resume", f"run {number}")

    done = gettext("The run goes on.")
    return pages.carry_out(request, operation, done=done, then=reverse("console:run", args=[number]))


@pages.action(Capability.ISSUE_BILLS)
def approve(request: HttpRequest, number: int, item_id: int) -> HttpResponse:
    def operation(item_id: int) -> None:
        operations.approve(item_id=item_id, by=request.user, at=timezone.now())

    done = gettext("The bill is approved and will be issued with the others.")
    return _decide(request, (number, item_id), operation, "bill.approve", done)


@pages.action(Capability.ISSUE_BILLS)
def send_back(request: HttpRequest, number: int, item_id: int) -> HttpResponse:
    form = run_forms.HoldForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Say why you do not approve it."))
        return redirect("console:run_item", number=number, item_id=item_id)

    def operation(item_id: int) -> None:
        operations.send_back(item_id=item_id, note=form.cleaned_data["note"], at=timezone.now())

    return _decide(request, (number, item_id), operation, "bill.send_back", gettext("The bill is parked again."))


@pages.form_page(Capability.RUN_BILLS)
def bill_now(request: HttpRequest, number: str) -> HttpResponse:
    form = forms.BillNowForm(request.POST or None, initial={"until": pages.today(request)})
    words = (
        gettext("Bill account {number} now").format(number=number),
        gettext("A run of its own bills what is not billed yet. It waits for you to issue it like any other."),
        gettext("Start the run"),
    )

    def operation(account_id: int) -> list[Any]:
        return operations.bill_now(account_id=account_id, until=form.cleaned_data["until"], at=timezone.now())

    if _sent(request, form):
        runs = _out_of_turn(request, number, form, operation)
        if runs:
            return redirect("console:run", number=runs[-1].number)
    return _form(request, form, words, reverse("console:account", args=[number]))


@pages.form_page(Capability.RUN_BILLS)
def close_account(request: HttpRequest, number: str) -> HttpResponse:
    form = forms.MoveOutForm(request.POST or None, initial={"moved_out_on": pages.today(request)})
    words = (
        gettext("Move out of account {number}").format(number=number),
        gettext("Supply ends at all its places, and a run of its own makes the final bill."),
        gettext("End supply and start the final bill"),
    )

    def operation(account_id: int) -> list[Any]:
        day = form.cleaned_data["moved_out_on"]
        return operations.close_account(account_id=account_id, moved_out_on=day, at=timezone.now())

    if _sent(request, form):
        runs = _out_of_turn(request, number, form, operation)
        if runs:
            return redirect("console:run", number=runs[-1].number)
    return _form(request, form, words, reverse("console:account", args=[number]))


def _sent(request: HttpRequest, form: Any) -> bool:
    customer_queries.account(number=request.resolver_match.kwargs["number"])  # type: ignore[union-attr]
    return request.method == "POST" and bool(form.is_valid())


def _out_of_turn(request: HttpRequest, number: str, form: Any, operation: Callable[[int], list[Any]]) -> list[Any]:
    """Start the runs, or put the refusal at its field and return none."""

    def carried_out() -> list[Any]:
        account = customer_queries.account(number=number)
        runs = operation(account.pk)
        pages.note(request, "account.bill", account.number, runs=[run.number for run in runs])
        return runs

    return pages.filled_in(form, carried_out) or []


def _decide(
    request: HttpRequest, which: tuple[int, int], operation: Callable[[int], None], word: str, done: str
) -> HttpResponse:
    number, item_id = which
    found = queries.item(run=queries.run(number=number), item_id=item_id)

    def carried_out() -> None:
        operation(found.pk)
        pages.note(request, word, f"run {number}, account {found.account.number}")

    return pages.carry_out(request, carried_out, done=done, then=reverse("console:run_item", args=[number, item_id]))


def _form(request: HttpRequest, form: Any, words: tuple[str, str, str], back: str) -> HttpResponse:
    title, lead, submit = words
    page = {
        "form": form,
        "title": title,
        "lead": lead,
        "submit": submit,
        "back": back,
        "crumbs": [(gettext("Bill runs"), reverse("console:runs")), (title, "")],
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)
