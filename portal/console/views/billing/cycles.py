"""Billing cycles, their lots, and which accounts they bill."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing.runs import operations, queries
from identity.capabilities import Capability
from portal.console import pages
from portal.console.forms import billing as forms
from portal.shared import formats, tables

LOT_COLUMNS = [
    tables.Column("lot", _("Lot"), primary=True),
    tables.Column("cycle", _("Cycle")),
    tables.Column("accounts", _("Accounts"), kind="number"),
    tables.Column("period", _("Present period")),
    tables.Column("day", _("Billing day"), kind="day"),
    tables.Column("run", _("Run")),
]
MEMBER_COLUMNS = [
    tables.Column("account", _("Account"), sort="account__number", primary=True),
    tables.Column("customer", _("Customer"), sort="account__customer__number"),
    tables.Column("how", _("Assigned")),
    tables.Column("since", _("Since"), kind="day", sort="assigned_at"),
]
FREE_COLUMNS = [
    tables.Column("account", _("Account"), sort="number", primary=True),
    tables.Column("customer", _("Customer"), sort="customer__number"),
    tables.Column("opened", _("Opened on"), kind="day", sort="opened_on"),
]
COMING = 4


@pages.page(Capability.SEE_BILLS)
def cycles(request: HttpRequest) -> HttpResponse:
    today = pages.today(request)
    lots = list(queries.lots().order_by("cycle__code", "code"))
    for lot in lots:
        lot.coming = next(  # type: ignore[attr-defined]
            iter(queries.next_bills(lot=lot, since=today, count=1)), None
        )
    free = queries.accounts_without_lot(on=today)
    page = {
        "cycles": list(queries.cycles()),
        "lots": tables.Table(columns=LOT_COLUMNS, rows=lots),
        "free": tables.paged(request, free, FREE_COLUMNS),
        "crumbs": _crumbs((gettext("Cycles and lots"), "")),
    }
    return render(request, "console/billing/cycles.html", page)


@pages.form_page(Capability.RUN_BILLS)
def new_cycle(request: HttpRequest) -> HttpResponse:
    form = forms.CycleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data

        def operation() -> Any:
            made = operations.create_cycle(
                code=given["code"],
                titles={"en": given["title_en"], "zh-hans": given["title_zh"]},
                months=given["months"],
                cut_off_day=given["cut_off_day"],
                first_month=given["first_month"].start,
            )
            pages.note(request, "cycle.create", made.code)
            return made

        if pages.filled_in(form, operation):
            return redirect("console:cycles")
    lead = gettext("Which months a bill covers and from which day. Lots share its accounts over billing days.")
    return _form(request, form, gettext("New billing cycle"), lead, gettext("Make the cycle"))


@pages.form_page(Capability.RUN_BILLS)
def new_lot(request: HttpRequest, code: str) -> HttpResponse:
    cycle = queries.cycle(code=code)
    form = forms.LotForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data

        def operation() -> Any:
            made = operations.create_lot(
                cycle_code=cycle.code,
                code=given["code"],
                titles={"en": given["title_en"], "zh-hans": given["title_zh"]},
                billing_days=given["billing_days"],
                working_days=given["working_days"],
                rule=form.rule(),
            )
            pages.note(request, "lot.create", made.code)
            return made

        made = pages.filled_in(form, operation)
        if made:
            return redirect("console:lot", code=made.code)
    lead = gettext("A share of the cycle's accounts, billed on one day.")
    return _form(request, form, gettext("New lot"), lead, gettext("Make the lot"))


@pages.page(Capability.SEE_BILLS)
def lot(request: HttpRequest, code: str) -> HttpResponse:
    found = queries.lot(code=code)
    page = {
        "lot": found,
        "coming": queries.next_bills(lot=found, since=pages.today(request), count=COMING),
        "table": tables.paged(request, queries.members(lot=found), MEMBER_COLUMNS),
        "form": forms.AssignForm(),
        "crumbs": _crumbs((gettext("Cycles and lots"), reverse("console:cycles")), (found.code, "")),
    }
    return render(request, "console/billing/lot.html", page)


@pages.action(Capability.RUN_BILLS)
def assign(request: HttpRequest, code: str) -> HttpResponse:
    found, form = queries.lot(code=code), forms.AssignForm(request.POST)
    numbers = form.numbers() if form.is_valid() else []

    def operation() -> None:
        count = operations.assign(lot_code=found.code, account_numbers=numbers, at=timezone.now())
        pages.note(request, "lot.assign", found.code, accounts=count)

    done = gettext("The accounts are in the lot.")
    return pages.carry_out(request, operation, done=done, then=reverse("console:lot", args=[code]))


@pages.action(Capability.RUN_BILLS)
def assign_by_rule(request: HttpRequest) -> HttpResponse:
    moved: dict[str, int] = {}

    def operation() -> None:
        moved.update(operations.assign_by_rule(at=timezone.now(), on=pages.today(request)))
        pages.note(request, "lot.assign_by_rule", "lots", **moved)

    response = pages.carry_out(request, operation, done=gettext("The rules of the lots were applied."), then=_here())
    count = sum(moved.values())
    if count:
        text = ngettext("{count} account has a lot now.", "{count} accounts have a lot now.", count)
        messages.info(request, text.format(count=formats.number(count)))
    return response


def _here() -> str:
    return reverse("console:cycles")


def _form(request: HttpRequest, form: Any, title: str, lead: str, submit: str) -> HttpResponse:
    page = {
        "form": form,
        "title": title,
        "lead": lead,
        "submit": submit,
        "back": _here(),
        "crumbs": _crumbs((gettext("Cycles and lots"), _here()), (title, "")),
    }
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


def _crumbs(*rest: tuple[str, str]) -> list[tuple[str, str]]:
    return [(gettext("Bill runs"), reverse("console:runs")), *rest]
