"""The payment provider: connect it, see how it stands, choose the ways of paying, see payouts and messages."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.payments.providers import operations, queries
from identity.capabilities import Capability
from kernel.errors import GridhallError
from portal.console import pages
from portal.console.forms import provider as forms
from portal.shared import refusals, tables
from tenancy import hosts

PAYOUTS, MESSAGES = 12, 50
PAYOUT_COLUMNS = [
    tables.Column("reference", _("Payout"), primary=True),
    tables.Column("on", _("Booked on"), kind="day"),
    tables.Column("kind", _("Kind"), kind="status"),
    tables.Column("amount", _("To the bank"), kind="money"),
    tables.Column("fee", _("Fees"), kind="money"),
    tables.Column("unknown", _("Not ours"), kind="money"),
]
MESSAGE_COLUMNS = [
    tables.Column("at", _("Received"), primary=True),
    tables.Column("kind", _("Message")),
    tables.Column("subject", _("About")),
    tables.Column("state", _("State"), kind="status"),
]
TONES = {"new": "info", "done": "success", "ignored": "neutral", "failed": "danger"}


@pages.page(Capability.SEE_PAYMENTS)
def provider(request: HttpRequest) -> HttpResponse:
    return _page(request, {})


@pages.page(Capability.SEE_PAYMENTS)
def messages_page(request: HttpRequest) -> HttpResponse:
    table = tables.paged(request, queries.events(), MESSAGE_COLUMNS, size=MESSAGES)
    page = {
        "table": table,
        "tones": TONES,
        "zone": pages.zone(request),
        "rows": [(row, TONES.get(row.state, "neutral")) for row in table.rows],
        "crumbs": [(gettext("Payment provider"), reverse("console:provider"))],
    }
    return render(request, "console/provider_messages.html", page)


@pages.action(Capability.APPROVE_PAYMENTS)
def connect(request: HttpRequest) -> HttpResponse:
    """Open a connected account, or go on where it was left, at the provider's own page."""
    form = forms.ConnectForm(request.POST)
    if not form.is_valid():
        return _page(request, {"connect": form})
    back = hosts.address(request.retailer) + reverse("console:provider")  # type: ignore[attr-defined]
    try:
        url = operations.connect(back=back, at=timezone.now(), **form.cleaned_data)
    except GridhallError as refusal:
        refusals.show(form, refusal)
        return _page(request, {"connect": form})
    pages.note(request, "provider.connect", "stripe", country=form.cleaned_data["country"])
    return redirect(url)


@pages.action(Capability.APPROVE_PAYMENTS)
def own_keys(request: HttpRequest) -> HttpResponse:
    form = forms.KeysForm(request.POST)
    return _kept(request, "keys", form, lambda: operations.use_own_keys(at=timezone.now(), **form.cleaned_data))


@pages.action(Capability.APPROVE_PAYMENTS)
def transfer(request: HttpRequest) -> HttpResponse:
    form = forms.TransferForm(request.POST)
    return _kept(
        request, "transfer", form, lambda: operations.describe_transfer(facts=form.cleaned_data, at=timezone.now())
    )


@pages.action(Capability.APPROVE_PAYMENTS)
def choose(request: HttpRequest) -> HttpResponse:
    form = forms.MethodsForm(request.POST)
    return _kept(request, "methods", form, lambda: operations.choose_methods(name="stripe", **form.cleaned_data))


@pages.action(Capability.APPROVE_PAYMENTS)
def check(request: HttpRequest) -> HttpResponse:
    found = queries.connections().get("stripe")
    if found is not None:
        _carried_out(request, lambda: operations.refresh(found=found, at=timezone.now()), gettext("Asked just now."))
    return redirect("console:provider")


@pages.action(Capability.APPROVE_PAYMENTS)
def switch(request: HttpRequest) -> HttpResponse:
    name, on = request.POST.get("provider", ""), request.POST.get("on") == "1"
    done = gettext("Payments are taken.") if on else gettext("No new payment is taken; what was begun is followed.")
    if _carried_out(request, lambda: operations.switch(name=name, on=on, at=timezone.now()), done):
        pages.note(request, "provider.switch", name, on=on)
    return redirect("console:provider")


def _page(request: HttpRequest, filled: dict[str, Any]) -> HttpResponse:
    connections = queries.connections()
    stripe, transfer = connections.get("stripe"), connections.get("transfer")
    table = tables.paged(request, queries.payouts(), PAYOUT_COLUMNS, size=PAYOUTS)
    page = {
        "stripe": stripe, "transfer": transfer, "table": table, "may": request.user.can(Capability.APPROVE_PAYMENTS),  # type: ignore[union-attr]
        "connect_form": filled.get("connect") or forms.ConnectForm(), "zone": pages.zone(request),
        "keys_form": filled.get("keys") or forms.KeysForm(),
        "transfer_form": filled.get("transfer") or forms.TransferForm(initial=transfer.facts if transfer else None),
        "methods_form": filled.get("methods") or forms.MethodsForm(initial={"methods": stripe and stripe.methods}),
        "webhook": f"{hosts.address(request.retailer)}/webhooks/stripe/",  # type: ignore[attr-defined]
    }  # fmt: skip
    response = render(request, "console/provider.html", page, status=422 if filled else 200)
    response._csp_update = {"form-action": list(queries.page_origins())}  # type: ignore[attr-defined]
    return response


def _kept(request: HttpRequest, name: str, form: Any, operation: Any) -> HttpResponse:
    """Carry out what was filled in; what is written down for the audit holds no secret."""
    if form.is_valid():
        try:
            operation()
        except GridhallError as refusal:
            refusals.show(form, refusal)
        else:
            pages.note(request, f"provider.{name}", "transfer" if name == "transfer" else "stripe")
            messages.success(request, gettext("Saved."))
            return redirect("console:provider")
    return _page(request, {name: form})


def _carried_out(request: HttpRequest, operation: Any, done: str) -> bool:
    try:
        operation()
    except GridhallError as refusal:
        if refusal.code == "not_found":
            raise
        messages.error(request, refusals.sentence(refusal))
        return False
    messages.success(request, done)
    return True
