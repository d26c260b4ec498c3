"""Cash desks: counted in, paid at, counted out; and the agents that collect elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from billing.payments import operations, queries, receipts
from billing.payments.statements.shapes import FileRefused
from identity.capabilities import Capability
from kernel.money import Money
from portal.console import pages
from portal.console.forms import payments as forms
from portal.console.views.payments.bank import MOST_FAULTS, fault
from portal.shared import refusals, tables
from tenants.customers import queries as customer_queries

MOVEMENTS = [
    tables.Column("at", _("At"), primary=True),
    tables.Column("kind", _("Kind")),
    tables.Column("receipt", _("Receipt")),
    tables.Column("account", _("Account")),
    tables.Column("amount", _("Amount"), kind="money"),
    tables.Column("actions", "", kind="actions"),
]
SESSIONS = [
    tables.Column("opened", _("Opened"), kind="day", sort="opened_at", primary=True),
    tables.Column("desk", _("Cash desk"), sort="desk__code"),
    tables.Column("cashier", _("Cashier"), sort="cashier"),
    tables.Column("state", _("State"), kind="status", sort="state"),
    tables.Column("expected", _("Expected"), kind="money"),
    tables.Column("counted", _("Counted"), kind="money"),
]
AGENT_FILES = [
    tables.Column("imported", _("Imported"), kind="day", sort="imported_at", primary=True),
    tables.Column("agent", _("Collecting agent"), sort="agent__name"),
    tables.Column("rows", _("New"), kind="number"),
    tables.Column("collected", _("Collected"), kind="money"),
    tables.Column("commission", _("Commission"), kind="money"),
]


@pages.page(Capability.SEE_PAYMENTS)
def cash(request: HttpRequest) -> HttpResponse:
    opened = queries.open_sessions()
    desks = [{"desk": desk, "session": opened.get(desk.pk)} for desk in queries.desks()]
    table = tables.paged(request, queries.sessions(), SESSIONS, default="-opened_at")
    return render(request, "console/payments/cash.html", {"desks": desks, "table": table})


@pages.form_page(Capability.APPROVE_PAYMENTS)
def new_desk(request: HttpRequest) -> HttpResponse:
    form = forms.DeskForm(request.POST or None)

    def add() -> Any:
        currency = request.retailer.currency  # type: ignore[attr-defined]
        made = operations.add_desk(currency=currency, **form.cleaned_data)
        pages.note(request, "cash.desk", f"cash desk {made.code}")
        return made

    if request.method == "POST" and form.is_valid() and pages.filled_in(form, add):
        return redirect("console:cash")
    return _form(request, form, gettext("New cash desk"), gettext("Add"))


@pages.form_page(Capability.TAKE_PAYMENTS)
def open_desk(request: HttpRequest, desk_id: int) -> HttpResponse:
    queries.desk(desk_id=desk_id)
    form = forms.FloatForm(request.POST or None)

    def start() -> Any:
        money = Money.rounded(form.cleaned_data["opening"], request.retailer.currency)  # type: ignore[attr-defined]
        made = operations.open_session(desk_id=desk_id, cashier=str(request.user), opening=money, at=timezone.now())
        pages.note(request, "cash.open", f"session {made.pk}", opening=str(money.amount))
        return made

    if request.method == "POST" and form.is_valid():
        made = pages.filled_in(form, start)
        if made:
            return redirect("console:cash_session", session_id=made.pk)
    return _form(request, form, gettext("Open the cash desk"), gettext("Open"))


@pages.page(Capability.SEE_PAYMENTS)
def session(request: HttpRequest, session_id: int) -> HttpResponse:
    return _session_page(request, session_id)


@pages.action(Capability.TAKE_PAYMENTS)
def take(request: HttpRequest, session_id: int) -> HttpResponse:
    form = forms.TakeForm(request.POST, auto_id="take_%s")

    def receive() -> Any:
        data = form.cleaned_data
        account = customer_queries.account(number=data["account"])
        money = Money.rounded(data["amount"], account.currency)
        _payment, movement = operations.take_payment(
            session_id=session_id, account_id=account.pk, money=money, payer=data["payer"], at=timezone.now()
        )
        pages.note(request, "cash.take", f"receipt {movement.reference}", account=account.number)
        return movement

    if form.is_valid() and pages.filled_in(form, receive):
        return redirect("console:cash_session", session_id=session_id)
    return _session_page(request, session_id, take=form)


@pages.action(Capability.TAKE_PAYMENTS)
def deposit(request: HttpRequest, session_id: int) -> HttpResponse:
    form = forms.DepositForm(request.POST, auto_id="deposit_%s")

    def bring() -> Any:
        currency = request.retailer.currency  # type: ignore[attr-defined]
        made = operations.bring_to_bank(
            session_id=session_id, money=Money.rounded(form.cleaned_data["amount"], currency),
            reference=form.cleaned_data["reference"], at=timezone.now(),
        )  # fmt: skip
        pages.note(request, "cash.deposit", f"session {session_id}", reference=made.reference)
        return made

    if form.is_valid() and pages.filled_in(form, bring):
        return redirect("console:cash_session", session_id=session_id)
    return _session_page(request, session_id, deposit=form)


@pages.action(Capability.TAKE_PAYMENTS)
def count(request: HttpRequest, session_id: int) -> HttpResponse:
    form = forms.CountForm(request.POST)

    def close() -> Any:
        made = operations.count_out(
            session_id=session_id, pieces=form.counted(), reason=form.cleaned_data["reason"], at=timezone.now()
        )
        pages.note(request, "cash.count", f"session {session_id}", counted=str(made.counted_total))
        return made

    if form.is_valid() and pages.filled_in(form, close):
        return redirect("console:cash_session", session_id=session_id)
    return _session_page(request, session_id, count=form)


@pages.action(Capability.TAKE_PAYMENTS)
def take_back(request: HttpRequest, session_id: int) -> HttpResponse:
    def back() -> None:
        key = int("0" + "".join(sign for sign in request.POST.get("movement", "") if sign in "0123456789")[:18])
        operations.take_back(session_id=session_id, movement_id=key, reason=str(request.user), at=timezone.now())
        pages.note(request, "cash.back", f"session {session_id}", movement=key)

    return pages.carry_out(
        request,
        back,
        done=gettext("The payment is taken back."),
        then=reverse("console:cash_session", args=[session_id]),
    )


@pages.action(Capability.APPROVE_PAYMENTS)
def approve(request: HttpRequest, session_id: int) -> HttpResponse:
    def close() -> None:
        operations.approve_difference(session_id=session_id, approved_by=str(request.user), at=timezone.now())
        pages.note(request, "cash.approve", f"session {session_id}")

    return pages.carry_out(
        request,
        close,
        done=gettext("The difference is booked."),
        then=reverse("console:cash_session", args=[session_id]),
    )


@pages.action(Capability.TAKE_PAYMENTS)
def recount(request: HttpRequest, session_id: int) -> HttpResponse:
    return pages.carry_out(
        request,
        lambda: operations.count_again(session_id=session_id),
        done=gettext("The session is open again."),
        then=reverse("console:cash_session", args=[session_id]),
    )


@pages.page(Capability.SEE_PAYMENTS)
def receipt(request: HttpRequest, movement_id: int) -> HttpResponse:
    movement = queries.movement(movement_id=movement_id)
    answer = HttpResponse(
        receipts.pdf(movement=movement, language=get_language() or "en"), content_type="application/pdf"
    )
    answer["Content-Disposition"] = f'inline; filename="{movement.reference}.pdf"'
    return answer


@pages.page(Capability.SEE_PAYMENTS)
def agents(request: HttpRequest) -> HttpResponse:
    table = tables.paged(request, queries.agent_statements(), AGENT_FILES, default="-imported_at")
    return render(request, "console/payments/agents.html", {"table": table, "agents": queries.agents()})


@pages.form_page(Capability.APPROVE_PAYMENTS)
def new_agent(request: HttpRequest) -> HttpResponse:
    form = forms.AgentForm(request.POST or None)

    def add() -> Any:
        data = form.cleaned_data
        made = operations.add_agent(code=data["code"], name=data["name"], settings={"columns": data["columns"]})
        pages.note(request, "agent.add", f"agent {made.code}")
        return made

    if request.method == "POST" and form.is_valid() and pages.filled_in(form, add):
        return redirect("console:agents")
    return _form(request, form, gettext("New collecting agent"), gettext("Add"), "console:agents")


@pages.form_page(Capability.TAKE_PAYMENTS)
def agent_file(request: HttpRequest) -> HttpResponse:
    form = forms.AgentStatementForm(request.POST or None, request.FILES or None)
    faults: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = _import(request, form.cleaned_data)
        except FileRefused as refusal:
            form.add_error("file", refusals.sentence(refusal))
            faults = [fault(one) for one in refusal.faults[:MOST_FAULTS]]
        else:
            pages.note(request, "agent.import", f"agent statement {made.pk}", new=made.new_count)
            return redirect("console:agents")
    crumbs = [(gettext("Collecting agents"), reverse("console:agents"))]
    page = {"form": form, "faults": faults, "crumbs": crumbs, "title": gettext("Import an agent's file")}
    return render(request, "console/payments/statement_upload.html", page, status=422 if form.errors else 200)


def _import(request: HttpRequest, data: dict[str, Any]) -> Any:
    currency = request.retailer.currency  # type: ignore[attr-defined]
    return operations.import_agent_statement(
        agent_id=data["agent"],
        content=data["file"].read(),
        file_name=data["file"].name,
        commission=Money.rounded(data["commission"], currency),
        imported_by=str(request.user),
        at=timezone.now(),
    )


def _session_page(request: HttpRequest, session_id: int, **filled: Any) -> HttpResponse:
    found = queries.session(session_id=session_id)
    table = tables.paged(request, queries.movements(session=found), MOVEMENTS, size=50)
    difference = None if found.counted_total is None else found.counted_total - (found.expected or 0)
    page = {
        "session": found,
        "desk": found.desk,
        "table": table,
        "take": filled.get("take") or forms.TakeForm(auto_id="take_%s"),
        "deposit": filled.get("deposit") or forms.DepositForm(auto_id="deposit_%s"),
        "count": filled.get("count") or forms.CountForm(),
        "difference": difference,
        "crumbs": [(gettext("Cash desks"), reverse("console:cash")), (str(found.desk), "")],
    }
    return render(request, "console/payments/session.html", page, status=422 if filled else 200)


def _form(request: HttpRequest, form: Any, title: str, submit: str, back: str = "console:cash") -> HttpResponse:
    crumbs = [(gettext("Cash desks") if back == "console:cash" else gettext("Collecting agents"), reverse(back))]
    page = {"form": form, "title": title, "submit": submit, "back": reverse(back), "crumbs": crumbs}
    return render(request, "console/form.html", page, status=422 if form.errors else 200)
