"""What waits for a decision, securities, and debts at agencies."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.arrears import operations, queries
from identity.capabilities import Capability
from kernel.money import Money
from portal.console import csv_files, pages
from portal.console.forms import arrears as forms
from portal.shared import tables
from tenants.customers import queries as customer_queries

DECISION_COLUMNS = [
    tables.Column("account", _("Account"), primary=True),
    tables.Column("what", _("What")),
    tables.Column("amount", _("Amount"), kind="money"),
    tables.Column("reason", _("Reason")),
    tables.Column("asked", _("Asked by")),
    tables.Column("decide", "", kind="actions"),
]
DEPOSIT_COLUMNS = [
    tables.Column("account", _("Account"), primary=True),
    tables.Column("kind", _("Kind")),
    tables.Column("amount", _("Amount"), kind="money"),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("since", _("Asked for on"), kind="day"),
    tables.Column("expires", _("Expires on"), kind="day"),
]
PLACEMENT_COLUMNS = [
    tables.Column("account", _("Account"), primary=True),
    tables.Column("agency", _("Agency")),
    tables.Column("amount", _("Handed over"), kind="money"),
    tables.Column("collected", _("Collected"), kind="money"),
    tables.Column("commission", _("Commission"), kind="money"),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("on", _("Since"), kind="day"),
    tables.Column("recall", "", kind="actions"),
]


@pages.page(Capability.SEE_ARREARS)
def decisions(request: HttpRequest) -> HttpResponse:
    asked = (
        (queries.waivers(state="asked"), gettext("Waiver of a late fee"), "console:decide_waiver"),
        (queries.write_offs(state="asked"), gettext("Write-off"), "console:decide_write_off"),
    )
    waiting = [
        {"row": row, "what": what, "url": reverse(name, args=[row.pk])} for rows, what, name in asked for row in rows
    ]
    page = {
        "table": tables.Table(columns=DECISION_COLUMNS, rows=waiting),
        "written_off": queries.write_offs(state="approved")[:20],
        "crumbs": _crumbs(gettext("Decisions")),
    }
    return render(request, "console/arrears/decisions.html", page)


@pages.action(Capability.APPROVE_ARREARS)
def decide_waiver(request: HttpRequest, waiver_id: int) -> HttpResponse:
    approved = request.POST.get("approved") == "yes"

    def decided() -> None:
        operations.decide_waiver(waiver_id=waiver_id, approved=approved, **pages.signed(request))
        pages.note(request, "arrears.decide_waiver", f"waiver {waiver_id}", approved=approved)

    return pages.carry_out(request, decided, done=gettext("Decided."), then=reverse("console:arrears_decisions"))


@pages.action(Capability.APPROVE_ARREARS)
def decide_write_off(request: HttpRequest, write_off_id: int) -> HttpResponse:
    approved = request.POST.get("approved") == "yes"

    def decided() -> None:
        operations.decide_write_off(
            write_off_id=write_off_id, approved=approved, on=pages.today(request), **pages.signed(request)
        )
        pages.note(request, "arrears.decide_write_off", f"write-off {write_off_id}", approved=approved)

    return pages.carry_out(request, decided, done=gettext("Decided."), then=reverse("console:arrears_decisions"))


@pages.page(Capability.SEE_ARREARS)
def deposits(request: HttpRequest) -> HttpResponse:
    table = tables.paged(request, queries.deposits(), DEPOSIT_COLUMNS)
    return render(request, "console/arrears/deposits.html", {"table": table, "crumbs": _crumbs(gettext("Deposits"))})


@pages.page(Capability.SEE_ARREARS)
def deposit(request: HttpRequest, deposit_id: int) -> HttpResponse:
    found = queries.deposit(deposit_id=deposit_id)
    page = {
        "found": found,
        "received_form": forms.DepositReceivedForm(initial={"received_on": pages.today(request)}),
        "guarantee_form": forms.GuaranteeForm(),
        "crumbs": [*_crumbs(gettext("Deposits"))[:1], (gettext("Deposits"), reverse("console:deposits")),
                   (found.account.number, "")],
    }  # fmt: skip
    return render(request, "console/arrears/deposit.html", page)


@pages.action(Capability.WORK_ARREARS)
def ask_deposit(request: HttpRequest, number: str) -> HttpResponse:
    found, form = customer_queries.account(number=number), forms.DepositForm(request.POST)
    then = reverse("console:arrears_account", args=[number])
    if not form.is_valid():
        return redirect(then)

    def asked() -> None:
        given = form.cleaned_data
        amount = Money.rounded(given["amount"], found.currency)
        operations.ask_deposit(
            account_id=found.pk, kind=given["kind"], amount=amount, on=pages.today(request), **pages.signed(request)
        )
        pages.note(request, "arrears.ask_deposit", f"account {number}", amount=f"{amount.amount:f}")

    return pages.carry_out(request, asked, done=gettext("The customer is written to."), then=then)


@pages.action(Capability.WORK_ARREARS)
def receive_deposit(request: HttpRequest, deposit_id: int) -> HttpResponse:
    """Book the deposit, or note the guarantee, as the form that was filled in says."""
    found = queries.deposit(deposit_id=deposit_id)
    form = forms.DepositReceivedForm(request.POST) if found.kind == "cash" else forms.GuaranteeForm(request.POST)
    if not form.is_valid():
        return _deposit_page(request, found, form)

    def received() -> None:
        given = form.cleaned_data
        if found.kind == "cash":
            money = Money.rounded(found.amount, found.currency)
            operations.receive_deposit(deposit_id=deposit_id, money=money, **given, **pages.signed(request))
        else:
            operations.take_guarantee(deposit_id=deposit_id, **given, on=pages.today(request), by=request.user)
        pages.note(request, "arrears.receive_deposit", f"deposit {deposit_id}")

    then = reverse("console:deposit", args=[deposit_id])
    return pages.carry_out(request, received, done=gettext("The security is held."), then=then)


@pages.action(Capability.APPROVE_ARREARS)
def end_deposit(request: HttpRequest, deposit_id: int) -> HttpResponse:
    queries.deposit(deposit_id=deposit_id)

    def ended() -> None:
        set_off = request.POST.get("how") == "set_off"
        operations.end_deposit(deposit_id=deposit_id, set_off=set_off, on=pages.today(request), **pages.signed(request))
        pages.note(request, "arrears.end_deposit", f"deposit {deposit_id}")

    then = reverse("console:deposit", args=[deposit_id])
    return pages.carry_out(request, ended, done=gettext("The deposit ended."), then=then)


@pages.form_page(Capability.WORK_ARREARS)
def agencies(request: HttpRequest) -> HttpResponse:
    form = forms.AgencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        share = given["commission"] / 100
        if pages.filled_in(
            form, lambda: operations.add_agency(code=given["code"], name=given["name"], commission=share)
        ):
            return redirect("console:agencies")
    table = tables.paged(request, queries.placements(), PLACEMENT_COLUMNS)
    for row in table.rows:
        row.earned = row.collected * row.commission
    page = {"form": form, "table": table, "agencies": queries.agencies(), "crumbs": _crumbs(gettext("Agencies"))}
    return render(request, "console/arrears/agencies.html", page, status=422 if form.errors else 200)


@pages.page(Capability.SEE_ARREARS)
def agency_file(request: HttpRequest, code: str) -> HttpResponse:
    """What an agency is to collect, as a file for it."""
    rows = [
        [
            row.account.number,
            row.account.customer.name,
            row.account.customer.phone,
            row.account.billing_address,
            row.amount - row.collected,
            row.currency,
            row.placed_on,
        ]
        for row in queries.placements(state="placed", agency=code)
    ]
    heads = ["account", "customer", "phone", "address", "amount", "currency", "handed_over_on"]
    return csv_files.response(name="agency", heads=heads, rows=rows)


@pages.action(Capability.WORK_ARREARS)
def recall(request: HttpRequest, placement_id: int) -> HttpResponse:
    return pages.carry_out(
        request,
        lambda: operations.recall(placement_id=placement_id, on=pages.today(request)),
        done=gettext("The debt is recalled."),
        then=reverse("console:agencies"),
    )


def _deposit_page(request: HttpRequest, found: Any, form: Any) -> HttpResponse:
    name = "received_form" if found.kind == "cash" else "guarantee_form"
    page = {"found": found, name: form, "crumbs": _crumbs(gettext("Deposits"))}
    return render(request, "console/arrears/deposit.html", page, status=422)


def _crumbs(here: str) -> list[tuple[str, str]]:
    return [(gettext("Arrears"), reverse("console:arrears")), (here, "")]
