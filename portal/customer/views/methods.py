"""Saved methods, standing authorities, and what was paid."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.payments import queries as payment_queries
from billing.payments.providers import operations, queries
from kernel.errors import GridhallError
from kernel.money import Money, round_to_minor
from portal.customer import pay_forms, pay_words
from portal.customer.access import customer_page
from portal.customer.views import paying
from portal.shared import refusals, tables
from tenancy import hosts
from tenants.customers import queries as customer_queries

PER_PAGE = 24
COLUMNS = [
    tables.Column("on", _("Received"), kind="day", primary=True),
    tables.Column("account", _("Account")),
    tables.Column("method", _("Paid by")),
    tables.Column("amount", _("Amount"), kind="money"),
    tables.Column("receipt", _("Receipt"), kind="actions"),
]


@require_safe
@customer_page
def overview(request: HttpRequest, customer: Any) -> HttpResponse:
    accounts = list(customer_queries.accounts_of_customer(customer=customer))
    ids = [account.pk for account in accounts]
    saved = queries.saved_methods(customer=customer)
    table = tables.paged(request, payment_queries.payments(account_ids=ids), COLUMNS, size=PER_PAGE)
    receipts = queries.receipts(payment_ids=[row.pk for row in table.rows])
    saves = any(each.capabilities.saves for each in queries.active())
    page = {
        "saved": saved, "saves": saves, "table": table, "accounts": [_automatic(account, ids) for account in accounts],
        "rows": [(row, pay_words.method(row.method), receipts.get(row.pk, "")) for row in table.rows],
    }  # fmt: skip
    return paying.allow_provider(render(request, "customer/paying.html", page))


@require_POST
@customer_page
def save(request: HttpRequest, customer: Any) -> HttpResponse:
    """Lead on to the provider's page on which a card or wallet is left."""
    accounts = list(customer_queries.accounts_of_customer(customer=customer))
    if not accounts:
        raise Http404
    base = hosts.address(request.retailer)  # type: ignore[attr-defined]
    saved_url = reverse("portal:method_saved", args=[paying.TOKEN]).replace(paying.TOKEN, "{token}")
    try:
        begun = operations.begin_saving(
            account=accounts[0], return_url=base + saved_url, cancel_url=base + reverse("portal:paying"),
            language=get_language() or "en", at=timezone.now(),
        )  # fmt: skip
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
        return redirect("portal:paying")
    return redirect(begun.page.url)


@require_safe
@customer_page
def saved(request: HttpRequest, customer: Any, token: uuid.UUID) -> HttpResponse:
    """Come back from the provider's page: what was left there is what the provider says."""
    attempt = queries.attempt(token=str(token), customer=customer)
    try:
        attempt = operations.follow_page(attempt=attempt, at=timezone.now())
    except GridhallError as refusal:
        messages.error(request, refusals.sentence(refusal))
        return redirect("portal:paying")
    if attempt.state == "succeeded":
        messages.success(request, gettext("Your payment method is saved."))
    else:
        messages.warning(request, gettext("Nothing was saved."))
    return redirect("portal:paying")


@require_POST
@customer_page
def forget(request: HttpRequest, customer: Any, method_id: int) -> HttpResponse:
    by = str(request.user.email)  # type: ignore[union-attr]
    try:
        operations.forget_method(customer=customer, method_id=method_id, at=timezone.now(), by=by)
        messages.success(request, gettext("The payment method is removed; nothing is collected from it any more."))
    except GridhallError as refusal:
        if refusal.code == "not_found":
            raise
        messages.error(request, refusals.sentence(refusal))
    return redirect("portal:paying")


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def authority(request: HttpRequest, customer: Any, purpose: str) -> HttpResponse:
    """Choose, read the very text, then agree to it."""
    number = request.GET.get("account", "")
    account = customer_queries.account_of_customer(customer=customer, number=number)
    methods = queries.saved_methods(customer=customer)
    if purpose not in pay_words.PURPOSES or not methods:
        raise Http404
    form = pay_forms.AuthorityForm(request.POST or None, methods=methods, purpose=purpose, currency=account.currency)
    page: dict[str, Any] = {
        "form": form, "account": account, "title": pay_words.PURPOSES[purpose], "text": None,
        "crumbs": [(gettext("Your payments"), reverse("portal:paying"))],
    }  # fmt: skip
    if request.method == "POST" and form.is_valid():
        terms = _terms(form, customer, account, purpose)
        try:
            page["text"] = operations.text_of(**terms)
            if "agree" in request.POST:
                return _agreed(request, terms, form.cleaned_data["version"])
        except GridhallError as refusal:
            refusals.show(form, refusal)
    return render(request, "customer/authority.html", page, status=422 if form.errors else 200)


@require_POST
@customer_page
def end_authority(request: HttpRequest, customer: Any, purpose: str) -> HttpResponse:
    account = customer_queries.account_of_customer(customer=customer, number=request.POST.get("account", ""))
    by = str(request.user.email)  # type: ignore[union-attr]
    operations.revoke_authority(account=account, purpose=purpose, by=by, at=timezone.now())
    messages.success(request, gettext("The standing authority has ended. From now on you pay your bills yourself."))
    return redirect("portal:paying")


def _agreed(request: HttpRequest, terms: dict[str, Any], version: str) -> HttpResponse:
    by = str(request.user.email)  # type: ignore[union-attr]
    operations.give_authority(**terms, version=version, by=by, at=timezone.now())
    messages.success(request, gettext("Automatic payment is on. You can end it here at any time."))
    return redirect("portal:paying")


def _terms(form: Any, customer: Any, account: Any, purpose: str) -> dict[str, Any]:
    values = form.cleaned_data
    amounts = {
        name: Money(round_to_minor(values[name], account.currency), account.currency)
        for name in ("amount", "threshold")
        if values.get(name) is not None
    }
    method = queries.saved_method(customer=customer, method_id=int(values["method"]))
    return {"account": account, "method": method, "purpose": purpose, "language": get_language() or "en", **amounts}


def _automatic(account: Any, ids: list[int]) -> dict[str, Any]:
    standing = {each.purpose: each for each in queries.authorities(account_ids=[account.pk])}
    return {
        "account": account,
        "rows": [(purpose, title, standing.get(purpose)) for purpose, title in pay_words.PURPOSES.items()],
    }
