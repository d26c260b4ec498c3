"""Payments: all that came in, what each settles, and taking one back."""

from __future__ import annotations

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
from portal.console import csv_files, pages
from portal.console.forms import payments as forms
from portal.shared import tables
from tenants.customers import queries as customer_queries

SOURCE = "console"
COLUMNS = [
    tables.Column("received", _("Received"), kind="day", sort="received_on", primary=True),
    tables.Column("account", _("Account"), sort="account__number"),
    tables.Column("customer", _("Customer"), sort="account__customer__number"),
    tables.Column("method", _("Method"), sort="method"),
    tables.Column("reference", _("Reference")),
    tables.Column("state", _("State"), kind="status"),
    tables.Column("amount", _("Amount"), kind="money", sort="amount"),
]


@pages.page(Capability.SEE_PAYMENTS)
def payments(request: HttpRequest) -> HttpResponse:
    form, wanted = pages.filters(request, forms.PaymentFilter)
    found = queries.payments(search=wanted["q"], method=wanted["method"])
    table = tables.paged(request, found, COLUMNS, default="-received_on")
    return render(request, "console/payments/payments.html", {"form": form, "table": table})


@pages.page(Capability.SEE_PAYMENTS)
def export(request: HttpRequest) -> HttpResponse:
    _form, wanted = pages.filters(request, forms.PaymentFilter)
    heads = ["received_on", "account", "customer", "method", "source", "reference", "currency", "amount"]
    names = ["received_on", "account__number", "account__customer__name", *heads[3:]]
    found = queries.payments(search=wanted["q"], method=wanted["method"]).values_list(*names)
    rows = ([*row[:-1], Money.rounded(row[-1], row[-2])] for row in found.iterator(chunk_size=2000))
    return csv_files.response(name="payments", heads=heads, rows=rows)


@pages.page(Capability.SEE_PAYMENTS)
def payment(request: HttpRequest, payment_id: int) -> HttpResponse:
    return render(request, "console/payments/payment.html", _page(payment_id, forms.ReasonForm()))


@pages.form_page(Capability.TAKE_PAYMENTS)
def new(request: HttpRequest) -> HttpResponse:
    form = forms.PaymentForm(request.POST or None, initial={"received_on": pages.today(request)})
    if request.method == "POST" and form.is_valid():
        made = pages.filled_in(form, lambda: _receive(request, form.cleaned_data))
        if made:
            return redirect("console:payment", payment_id=made.pk)
    page = {"form": form, "title": gettext("Enter a payment"), "submit": gettext("Book the payment")}
    page |= {"back": reverse("console:payments"), "crumbs": [(gettext("Payments"), reverse("console:payments"))]}
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


@pages.action(Capability.APPROVE_PAYMENTS)
def reverse_payment(request: HttpRequest, payment_id: int) -> HttpResponse:
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        return render(request, "console/payments/payment.html", _page(payment_id, form), status=422)

    def take_back() -> None:
        made = operations.reverse(payment_id=payment_id, reason=form.cleaned_data["reason"], at=timezone.now())
        pages.note(request, "payment.reverse", f"payment {payment_id}", reason=made.reason)

    then = reverse("console:payment", args=[payment_id])
    return pages.carry_out(request, take_back, done=gettext("The payment is taken back."), then=then)


@pages.form_page(Capability.APPROVE_PAYMENTS)
def transfer(request: HttpRequest) -> HttpResponse:
    form = forms.TransferForm(request.POST or None)
    if (
        request.method == "POST"
        and form.is_valid()
        and pages.filled_in(form, lambda: _transfer(request, form.cleaned_data))
    ):
        return redirect("console:account", number=form.cleaned_data["taker"])
    page = {"form": form, "title": gettext("Transfer credit"), "submit": gettext("Transfer")}
    page |= {"back": reverse("console:payments"), "crumbs": [(gettext("Payments"), reverse("console:payments"))]}
    page["lead"] = gettext("Between two accounts of the same customer.")
    return render(request, "console/form.html", page, status=422 if form.errors else 200)


def _receive(request: HttpRequest, data: dict[str, Any]) -> Any:
    account = customer_queries.account(number=data["account"])
    made = operations.receive(
        account_id=account.pk,
        money=Money.rounded(data["amount"], account.currency),
        method=data["method"],
        source=SOURCE,
        reference=data["reference"],
        received_on=data["received_on"],
        at=timezone.now(),
    )
    pages.note(request, "payment.receive", f"payment {made.pk}", account=account.number, amount=str(made.amount))
    return made


def _transfer(request: HttpRequest, data: dict[str, Any]) -> int:
    giver = customer_queries.account(number=data["giver"])
    entry = operations.transfer_credit(
        from_account_id=giver.pk,
        to_account_id=customer_queries.account(number=data["taker"]).pk,
        money=Money.rounded(data["amount"], giver.currency),
        reason=data["reason"],
        at=timezone.now(),
    )
    pages.note(request, "credit.transfer", f"entry {entry}", giver=data["giver"], taker=data["taker"])
    return entry


def _page(payment_id: int, form: forms.ReasonForm) -> dict[str, Any]:
    detail = queries.payment(payment_id=payment_id)
    crumbs = [(gettext("Payments"), reverse("console:payments")), (detail.payment.reference, "")]
    return {"detail": detail, "payment": detail.payment, "form": form, "crumbs": crumbs}
