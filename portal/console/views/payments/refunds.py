"""Refunds: asked for by one person, approved by another, ordered at the bank in one file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.payments import operations, queries
from identity.capabilities import Capability
from kernel.money import Money
from portal.console import pages
from portal.console.forms import payments as forms
from portal.shared import tables
from tenants.customers import queries as customer_queries

COLUMNS = [
    tables.Column("reference", _("Refund"), sort="reference", primary=True),
    tables.Column("account", _("Account"), sort="account__number"),
    tables.Column("method", _("Method"), sort="method"),
    tables.Column("state", _("State"), kind="status", sort="state"),
    tables.Column("requested", _("Requested"), kind="day", sort="requested_at"),
    tables.Column("by", _("By")),
    tables.Column("amount", _("Amount"), kind="money", sort="amount"),
]


@pages.page(Capability.SEE_PAYMENTS)
def refunds(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.RefundFilter)
    table = tables.paged(request, queries.refunds(state=wanted["state"]), COLUMNS, default="-requested_at")
    return render(request, "console/payments/refunds.html", {"form": form, "table": table, "order": forms.OrderForm()})


@pages.page(Capability.SEE_PAYMENTS)
def refund(request: HttpRequest, reference: str) -> HttpResponse:
    found = queries.refund(reference=reference)
    page = {
        "refund": found,
        "rejecting": forms.ReasonForm(auto_id="reject_%s"),
        "failing": forms.ReasonForm(auto_id="fail_%s"),
        "own": found.requested_by == str(request.user),
        "sessions": [one for one in queries.open_sessions().values() if one.state == "open"],
        "crumbs": [(gettext("Refunds"), reverse("console:refunds")), (found.reference, "")],
    }
    return render(request, "console/payments/refund.html", page)


@pages.form_page(Capability.TAKE_PAYMENTS)
def new(request: HttpRequest) -> HttpResponse:
    form = forms.RefundForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = pages.filled_in(form, lambda: _request(request, form.cleaned_data))
        if made:
            return redirect("console:refund", reference=made.reference)
    page = {"form": form, "title": gettext("Ask for a refund"), "submit": gettext("Send for approval")}
    page |= {"back": reverse("console:refunds"), "crumbs": [(gettext("Refunds"), reverse("console:refunds"))]}
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


@pages.action(Capability.APPROVE_PAYMENTS)
def approve(request: HttpRequest, reference: str) -> HttpResponse:
    return _deed(
        request, reference, "refund.approve", gettext("The refund is approved."),
        lambda key: operations.approve_refund(refund_id=key, approved_by=str(request.user), at=timezone.now()),
    )  # fmt: skip


@pages.action(Capability.APPROVE_PAYMENTS)
def reject(request: HttpRequest, reference: str) -> HttpResponse:
    return _deed(
        request, reference, "refund.reject", gettext("The refund is rejected."),
        lambda key: operations.reject_refund(
            refund_id=key, rejected_by=str(request.user), note=_reason(request), at=timezone.now()
        ),
    )  # fmt: skip


@pages.action(Capability.APPROVE_PAYMENTS)
def fail(request: HttpRequest, reference: str) -> HttpResponse:
    return _deed(
        request, reference, "refund.fail", gettext("The refund is taken back; the account has its credit again."),
        lambda key: operations.fail_refund(refund_id=key, note=_reason(request), at=timezone.now()),
    )  # fmt: skip


@pages.action(Capability.TAKE_PAYMENTS)
def hand_out(request: HttpRequest, reference: str, session_id: int) -> HttpResponse:
    return _deed(
        request, reference, "refund.cash", gettext("The refund is handed out in cash."),
        lambda key: operations.pay_refund(session_id=session_id, refund_id=key, at=timezone.now()),
    )  # fmt: skip


@pages.action(Capability.APPROVE_PAYMENTS)
def order(request: HttpRequest) -> HttpResponse:
    """Give the file of all approved bank transfers; each refund is in one file only."""
    form = forms.OrderForm(request.POST)
    if not form.is_valid():
        table = tables.paged(request, queries.refunds(), COLUMNS, default="-requested_at")
        page = {"form": forms.RefundFilter(), "table": table, "order": form}
        return render(request, "console/payments/refunds.html", page, status=422)
    made: list[Any] = []

    def prepare() -> None:
        chosen = form.cleaned_data
        made.append(
            operations.order_refunds(
                bank_account_id=chosen["bank_account"], file_format=chosen["file_format"], at=timezone.now()
            )
        )
        pages.note(request, "refund.order", f"file {made[0][0]}", transfers=made[0][2])

    then = pages.carry_out(request, prepare, done=gettext("The file was made."), then=reverse("console:refunds"))
    if not made:
        return then
    batch, content, _count = made[0]
    ending = "csv" if form.cleaned_data["file_format"] == "csv" else "xml"
    answer = HttpResponse(content, content_type="text/csv" if ending == "csv" else "application/xml")
    answer["Content-Disposition"] = f'attachment; filename="{batch}.{ending}"'
    return answer


def _request(request: HttpRequest, data: dict[str, Any]) -> Any:
    account = customer_queries.account(number=data["account"])
    payee = {"name": data["payee"], "account": data["payee_account"], "bic": data["bic"]}
    made = operations.request_refund(
        account_id=account.pk,
        money=Money.rounded(data["amount"], account.currency),
        method=data["method"],
        reason=data["reason"],
        requested_by=str(request.user),
        at=timezone.now(),
        payment_id=data["payment"],
        payee={name: value for name, value in payee.items() if value},
    )
    pages.note(request, "refund.request", f"refund {made.reference}", account=account.number, amount=str(made.amount))
    return made


def _deed(request: HttpRequest, reference: str, action: str, done: str, deed: Callable[[int], Any]) -> HttpResponse:
    key = queries.refund(reference=reference).pk

    def work() -> None:
        deed(key)
        pages.note(request, action, f"refund {reference}")

    return pages.carry_out(request, work, done=done, then=reverse("console:refund", args=[reference]))


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\x00", "")[:200]
