"""What is overdue, what happens next in plain words, and what can be agreed: a day or instalments."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from billing.arrears import operations, queries
from kernel.errors import GridhallError
from portal.customer import access
from portal.customer.access import customer_page
from portal.customer.arrears_forms import PlanForm, PromiseForm
from portal.shared import formats, refusals
from tenants.customers import queries as customer_queries


@customer_page
def overdue(request: HttpRequest, customer: Any) -> HttpResponse:
    on = access.today(request)
    shown = [_shown(account, on) for account in customer_queries.accounts_of_customer(customer=customer)]
    return render(request, "customer/overdue.html", {"shown": [each for each in shown if each], "today": on})


@require_POST
@customer_page
def promise(request: HttpRequest, customer: Any, number: str) -> HttpResponse:
    """Promise to pay all that is open by a day."""
    account = customer_queries.account_of_customer(customer=customer, number=number)
    form = PromiseForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose a day."))
        return redirect("portal:overdue")

    def promised() -> None:
        owed = queries.offers(account_id=account.pk, on=access.today(request)).owed
        if owed is None:
            raise operations.NothingOverdue()
        operations.promise(
            account_id=account.pk,
            amount=owed.money,
            due_on=form.cleaned_data["due_on"],
            source="portal",
            by=request.user,
            on=access.today(request),
            at=timezone.now(),
        )

    return _agreed(request, promised, gettext("Thank you. We wait until that day."))


@require_POST
@customer_page
def plan(request: HttpRequest, customer: Any, number: str) -> HttpResponse:
    """Agree to pay all that is open in instalments, the first one today."""
    account = customer_queries.account_of_customer(customer=customer, number=number)
    offers = queries.offers(account_id=account.pk, on=access.today(request)).plans
    form = PlanForm(request.POST, choices=[(offer.count, str(offer.count)) for offer in offers])
    if not form.is_valid():
        messages.error(request, gettext("Choose how many instalments."))
        return redirect("portal:overdue")

    def agreed() -> None:
        operations.make_plan(
            account_id=account.pk,
            count=form.cleaned_data["count"],
            first_on=access.today(request),
            source="portal",
            by=request.user,
            on=access.today(request),
            at=timezone.now(),
        )

    return _agreed(request, agreed, gettext("Your plan is agreed. The first instalment is due today."))


def _agreed(request: HttpRequest, operation: Any, done: str) -> HttpResponse:
    try:
        with transaction.atomic():
            operation()
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
    else:
        messages.success(request, done)
    return redirect("portal:overdue")


def _shown(account: Any, on: Any) -> dict[str, Any] | None:
    found = queries.offers(account_id=account.pk, on=on)
    if found.owed is None:
        return None
    choices = [(offer.count, _offer(offer, account.currency)) for offer in found.plans]
    return {
        "account": account,
        "found": found,
        "next": _next(found),
        "promise_form": PromiseForm(first=on, last=found.promise_until) if found.promise_until else None,
        "plan_form": PlanForm(choices=choices) if choices else None,
    }


def _offer(offer: Any, currency: str) -> str:
    first, last = offer.parts[0], offer.parts[-1]
    said = gettext("{count} instalments of {amount}, the last on {day}")
    return said.format(count=offer.count, amount=formats.money(first.amount, currency), day=formats.day(last.due_on))


def _next(found: Any) -> str:
    """What happens next, in plain words."""
    if found.overdue is None:
        return gettext("Nothing is overdue. Please pay by the due date.")
    if found.rests:
        return gettext("We send no reminders at the moment.")
    if found.step is None or found.step_on is None:
        return gettext("Please pay now, or talk to us.")
    return _SENTENCES.get(found.step.action, _SENTENCES["reminder"])().format(day=formats.day(found.step_on))


_SENTENCES = {
    "reminder": lambda: gettext("If you have not paid by {day}, we remind you."),
    "call": lambda: gettext("If you have not paid by {day}, we call you."),
    "demand": lambda: gettext("If you have not paid by {day}, we send you a demand for payment."),
    "stop_notice": lambda: gettext("If you have not paid by {day}, we send you a notice of disconnection."),
    "stop_announced": lambda: gettext("If you have not paid by {day}, we announce that supply will be interrupted."),
    "stop": lambda: gettext("If you have not paid by {day}, we may have your supply stopped."),
    "agency": lambda: gettext("If you have not paid by {day}, we give the claim to a collection agency."),
}
