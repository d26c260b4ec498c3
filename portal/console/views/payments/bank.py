"""Bank accounts, statements, and the queue of receipts that nobody could match without asking."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.payments import operations, queries
from billing.payments import tasks as payment_tasks
from billing.payments.statements.shapes import FileRefused
from identity.capabilities import Capability
from kernel import masking, personal, sentences
from kernel.errors import GridhallError
from portal.console import pages
from portal.console.forms import payments as forms
from portal.shared import refusals, tables
from tenants.customers import queries as customer_queries

STATEMENTS = [
    tables.Column("imported", _("Imported"), kind="day", sort="imported_at", primary=True),
    tables.Column("account", _("Bank account"), sort="bank_account__name"),
    tables.Column("statement", _("Statement")),
    tables.Column("rows", _("Rows"), kind="number"),
    tables.Column("new", _("New"), kind="number"),
    tables.Column("closing", _("Closing balance"), kind="money"),
]
LINES = [
    tables.Column("booked", _("Day"), kind="day", sort="booked_on", primary=True),
    tables.Column("party", _("Other party")),
    tables.Column("text", _("Text")),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("amount", _("Amount"), kind="money", sort="amount"),
]
REASONS = {
    "invoice": _("number of a bill"),
    "account": _("account number"),
    "payer": _("paid from this account before"),
    "amount": _("the amount that is open"),
    "name": _("the same name"),
    "reference": _("our own reference"),
    "payout": _("the amount of a payout"),
}
MOST_FAULTS = 200


@pages.page(Capability.SEE_PAYMENTS)
def bank(request: HttpRequest) -> HttpResponse:
    table = tables.paged(request, queries.statements(), STATEMENTS, default="-imported_at")
    page = {"table": table, "accounts": queries.bank_accounts(), "counts": queries.queue_counts()}
    return render(request, "console/payments/bank.html", page)


@pages.form_page(Capability.APPROVE_PAYMENTS)
def new_account(request: HttpRequest) -> HttpResponse:
    form = forms.BankAccountForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and pages.filled_in(form, lambda: _add(request, form.cleaned_data)):
        return redirect("console:bank")
    page = {
        "form": form,
        "title": gettext("New bank account"),
        "submit": gettext("Add"),
        "back": reverse("console:bank"),
    }
    page["crumbs"] = [(gettext("Bank"), reverse("console:bank"))]
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


@pages.form_page(Capability.TAKE_PAYMENTS)
def upload(request: HttpRequest) -> HttpResponse:
    form = forms.StatementForm(request.POST or None, request.FILES or None)
    faults: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        try:
            made = _import(request, form.cleaned_data)
        except FileRefused as refusal:
            form.add_error("file", refusals.sentence(refusal))
            faults = [fault(one) for one in refusal.faults[:MOST_FAULTS]]
        else:
            return redirect("console:statement", statement_id=made[-1].pk)
    page = {"form": form, "faults": faults, "crumbs": [(gettext("Bank"), reverse("console:bank"))]}
    return render(request, "console/payments/statement_upload.html", page, status=422 if form.errors else 200)


@pages.page(Capability.SEE_PAYMENTS)
def statement(request: HttpRequest, statement_id: int) -> HttpResponse:
    found = queries.statement(statement_id=statement_id)
    table = tables.paged(request, queries.lines(statement_id=found.pk), LINES, default="booked_on", size=100)
    crumbs = [(gettext("Bank"), reverse("console:bank")), (str(found), "")]
    page = {"statement": found, "table": table, "crumbs": crumbs, "known": found.row_count - found.new_count}
    return render(request, "console/payments/statement.html", page)


@pages.page(Capability.SEE_PAYMENTS)
def queue(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.LineFilter)
    found = queries.lines(state=wanted["state"] or "open", search=wanted["q"])
    table = tables.paged(request, found, LINES, default="booked_on")
    _show_to_who_books(request, table)
    page = {"form": form, "table": table, "counts": queries.queue_counts(), "first": found.first()}
    return render(request, "console/payments/queue.html", page)


@pages.page(Capability.SEE_PAYMENTS)
def line(request: HttpRequest, line_id: int) -> HttpResponse:
    page = _page(line_id, forms.Parts())
    _show_to_who_books(request, [page["line"]])
    return render(request, "console/payments/line.html", page)


@pages.action(Capability.TAKE_PAYMENTS)
def book(request: HttpRequest, line_id: int) -> HttpResponse:
    """Book what was chosen: a suggestion (account in one field), the table of parts, or another way for the rest."""
    found = queries.line(line_id=line_id)
    parts = forms.Parts(request.POST if "form-TOTAL_FORMS" in request.POST else None)
    if parts.is_bound and not parts.is_valid():
        return render(request, "console/payments/line.html", _page(line_id, parts), status=422)
    try:
        with transaction.atomic():
            _book(request, found, parts)
    except (GridhallError, InvalidOperation, ValueError) as refusal:
        text = refusals.sentence(refusal) if isinstance(refusal, GridhallError) else gettext("That is no number.")
        messages.error(request, text)
        return redirect("console:bank_line", line_id=line_id)
    messages.success(request, gettext("The line is booked."))
    after = queries.next_open(after=found)
    return redirect("console:bank_line", line_id=after.pk) if after else redirect("console:bank_queue")


@pages.action(Capability.TAKE_PAYMENTS)
def park(request: HttpRequest, line_id: int) -> HttpResponse:
    found = queries.line(line_id=line_id)
    reason = request.POST.get("reason", "").replace("\x00", "")
    operations.park(line_id=line_id, reason=reason)
    pages.note(request, "line.park", f"line {line_id}", reason=reason[:200])
    after = queries.next_open(after=found) if reason else found
    return redirect("console:bank_line", line_id=after.pk) if after else redirect("console:bank_queue")


@pages.action(Capability.TAKE_PAYMENTS)
def undo(request: HttpRequest, booking_id: int) -> HttpResponse:
    def take_back() -> None:
        made = operations.undo_booking(booking_id=booking_id, undone_by=str(request.user), at=timezone.now())
        pages.note(request, "line.undo", f"line {made.line_id}", booking=booking_id)

    done = gettext("The booking is taken back; the money stands in suspense again.")
    return pages.carry_out(request, take_back, done=done, then=reverse("console:bank_queue"))


@pages.action(Capability.TAKE_PAYMENTS)
def match(request: HttpRequest) -> HttpResponse:
    done = gettext("What is certain is being booked.")
    return pages.carry_out(
        request, lambda: transaction.on_commit(payment_tasks.match.delay), done=done, then=reverse("console:bank_queue")
    )


def _add(request: HttpRequest, data: dict[str, Any]) -> Any:
    settings = {"columns": data["columns"]} if data["columns"] else None
    made = operations.add_bank_account(
        name=data["name"],
        number=data["number"],
        currency=request.retailer.currency,  # type: ignore[attr-defined]
        holder=data["holder"],
        bic=data["bic"],
        settings=settings,
    )
    pages.note(request, "bank.add", f"bank account {made.pk}", number=made.number)
    return made


def _import(request: HttpRequest, data: dict[str, Any]) -> list[Any]:
    with transaction.atomic():
        made = operations.import_statement(
            content=data["file"].read(),
            file_name=data["file"].name,
            imported_by=str(request.user),
            at=timezone.now(),
            bank_account_id=data["bank_account"],
        )
        for one in made:
            pages.note(request, "statement.import", f"statement {one.pk}", file=one.file_name, new=one.new_count)
        transaction.on_commit(partial(payment_tasks.match.delay))
    return made


def _book(request: HttpRequest, found: Any, parts: Any) -> None:
    left = abs(found.amount) - found.used
    kind = request.POST.get("kind", "payment")
    wanted = (
        [_part(left, kind, request)]
        if not parts.is_bound
        else [_split(form.cleaned_data) for form in parts if form.cleaned_data.get("account")]
    )
    made = operations.book_line(line_id=found.pk, parts=wanted, booked_by=str(request.user), at=timezone.now())
    pages.note(request, "line.book", f"line {found.pk}", bookings=[one.pk for one in made])


def _part(left: Decimal, kind: str, request: HttpRequest) -> operations.Part:
    account = request.POST.get("account")
    refund, payment, payout = (request.POST.get(name) for name in ("refund", "payment", "payout"))
    return operations.Part(
        kind=kind,
        amount=left,
        account_id=customer_queries.account(number=account).pk if account and "\x00" not in account else None,
        invoice_ids=[int(one) for one in request.POST.getlist("invoice")],
        refund_id=int(refund) if refund else None,
        payment_id=int(payment) if payment else None,
        payout_id=int(payout) if payout else None,
    )


def _show_to_who_books(request: HttpRequest, lines: Iterable[Any]) -> None:
    """Who finds out whose the money is reads what the bank wrote of it, also where names are masked to his post.

    It is recorded like any showing. Customers' own names stay as his post sees them.
    """
    if not masking.is_on() or Capability.TAKE_PAYMENTS not in request.user.capabilities:  # type: ignore[union-attr]
        return
    for each in lines:
        for name in queries.SAID_OF_PAYERS:
            if value := getattr(each, name):
                setattr(each, name, str(value))
                personal.saw(owner=personal.NOBODY, field=f"BankLine.{name}")


def _split(data: dict[str, Any]) -> operations.Part:
    account = customer_queries.account(number=data["account"])
    return operations.Part(kind="payment", amount=data["amount"], account_id=account.pk)


def _page(line_id: int, parts: Any) -> dict[str, Any]:
    found = queries.line(line_id=line_id)
    suggested = queries.suggestions(lines=[found]).get(found.pk, []) if abs(found.amount) > found.used else []
    named = {one.pk: one for one in customer_queries.accounts().filter(pk__in=[s.account_id for s in suggested])}
    shown = [
        {
            "account": named[s.account_id],
            "score": s.score,
            "reasons": [REASONS[r] for r in s.reasons],
            "invoices": s.invoice_ids,
        }
        for s in suggested[:9]
    ]
    bookings = list(queries.bookings(line=found))
    for one in bookings:
        one.said = [REASONS[reason] for reason in one.reasons if reason in REASONS]
    return {
        "line": found,
        "left": abs(found.amount) - found.used,
        "suggestions": shown,
        "bookings": bookings,
        "parts": parts,
        "payouts": queries.payouts_like(line=found) if abs(found.amount) > found.used else [],
        "refunds": queries.refunds(state="sent") if found.amount < 0 else [],
        "crumbs": [(gettext("Receipts to match"), reverse("console:bank_queue")), (str(found.pk), "")],
    }


def fault(fault: Any) -> dict[str, Any]:
    return {"row": fault.row, "column": fault.column, "reason": sentences.fill(gettext(fault.reason), fault.params)}
