"""Paying: a bill or any amount for an account, on a page of the provider; coming back tells what the provider says."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_http_methods, require_safe

from billing.invoices import queries as invoice_queries
from billing.payments import queries as payment_queries
from billing.payments.providers import operations, queries
from billing.payments.providers.base import ProviderRefused, ProviderSilent
from kernel.errors import GridhallError, NotFound
from kernel.money import Money, round_to_minor
from portal.customer import access, bill_history, pay_forms, pay_words
from portal.customer.access import customer_page
from portal.shared import formats, refusals
from tenancy import hosts
from tenants.customers import queries as customer_queries

TOKEN = "11111111-1111-4111-8111-111111111111"  # noqa: S105
"""Stands for the token while the address is built."""


def allow_provider(response: HttpResponse) -> HttpResponse:
    """Let the page's form lead on to the provider: the content security policy counts redirects, too."""
    response._csp_update = {"form-action": list(queries.page_origins())}  # type: ignore[attr-defined]
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@customer_page
def pay(request: HttpRequest, customer: Any) -> HttpResponse:
    state, invoice = _subject(request, customer)
    providers = {method: each.name for each in queries.active() for method in each.capabilities.methods}
    initial = {"amount": _owed(state, invoice)}
    currency = state.balance.currency
    form = pay_forms.PayForm(request.POST or None, initial=initial, currency=currency, methods=list(providers))
    page = {
        "state": state, "invoice": invoice, "form": form, "symbol": formats.symbol(currency), "open": initial["amount"],
        "offered": bool(providers), "bank": [] if providers else bank_facts(_bill_of(state, invoice), state.account),
        "crumbs": [(gettext("Bills"), reverse("portal:bills"))],
    }  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            return _begin(request, page, providers[form.cleaned_data["method"]])
        except (ProviderSilent, ProviderRefused, GridhallError) as refusal:
            refusals.show(form, refusal)
    return allow_provider(render(request, "customer/pay.html", page, status=422 if form.errors else 200))


@require_safe
@customer_page
def done(request: HttpRequest, customer: Any, token: uuid.UUID) -> HttpResponse:
    """Say what the provider says now; nothing in the address is believed."""
    attempt = queries.attempt(token=str(token), customer=customer)
    silent = False
    if attempt.state in ("asked", "waiting"):
        try:
            attempt = operations.follow_page(attempt=attempt, at=timezone.now())
        except GridhallError:
            silent = True
    page = {
        "attempt": attempt, "silent": silent, "failure": pay_words.failure(attempt.failure),
        "method": pay_words.method(attempt.method) if attempt.method else "", "again": _again(attempt),
        "detail": payment_queries.payment(payment_id=attempt.payment_id) if attempt.payment_id else None,
        "money": Money.rounded(attempt.amount, attempt.currency) if attempt.amount is not None else None,
        "zone": request.retailer.time_zone,  # type: ignore[attr-defined]
    }  # fmt: skip
    return render(request, "customer/pay_done.html", page)


def address_of(account: Any, invoice: Any = None) -> str:
    """Return where an account, or a bill, is paid."""
    asked = {"account": account.number} | ({"bill": invoice.number} if invoice is not None else {})
    return f"{reverse('portal:pay')}?{urlencode(asked)}"


def can_pay(invoice: Any = None) -> bool:
    """Return whether the page to pay on tells a way: a payment on the web, or the bank account on the bill."""
    return any(True for _ in queries.active()) or bool(_bank_of(invoice))


def bank_facts(invoice: Any, account: Any) -> list[tuple[Any, str]]:
    """Return where the seller of a bill wants its money, in labels and texts; nothing when no account stands there."""
    bank = _bank_of(invoice)
    if not bank:
        return []
    facts = [
        (gettext("Account holder"), invoice.seller.get("legal_name", "")),
        (gettext("Bank"), " ".join(filter(None, (invoice.seller.get("bank_name"), invoice.seller.get("bank_code"))))),
        (gettext("Account number or IBAN"), bank),
        (gettext("Reference"), account.number),
    ]
    return [(label, str(text)) for label, text in facts if text]


def _bank_of(invoice: Any) -> str:
    return str(invoice.seller.get("bank_account") or "") if invoice is not None else ""


def _bill_of(state: bill_history.AccountState, invoice: Any) -> Any:
    return invoice or invoice_queries.latest_invoice(account_ids=[state.account.pk])


def _begin(request: HttpRequest, page: dict[str, Any], provider: str) -> HttpResponse:
    account, invoice, values = page["state"].account, page["invoice"], page["form"].cleaned_data
    base = hosts.address(request.retailer)  # type: ignore[attr-defined]
    title = gettext("Account {number}").format(number=account.number)
    if invoice is not None:
        title = gettext("Bill {number}").format(number=invoice.number)
    if values["method"] == "bank_transfer":
        title = invoice.number if invoice is not None else account.number
    currency = page["state"].balance.currency
    begun = operations.begin_payment(
        account=account, money=Money(round_to_minor(values["amount"], currency), currency), provider=provider,
        invoices=[invoice] if invoice is not None else [], methods=[values["method"]], title=title, at=timezone.now(),
        return_url=base + reverse("portal:pay_done", args=[TOKEN]).replace(TOKEN, "{token}"),
        cancel_url=base + address_of(account, invoice), language=get_language() or "en",
    )  # fmt: skip
    if begun.page.url:
        return redirect(begun.page.url)
    facts = [(pay_words.FACTS.get(label, label), value) for label, value in begun.page.facts]
    money = Money.rounded(values["amount"], currency)
    return render(request, "customer/pay_transfer.html", {**page, "facts": facts, "money": money})


def _subject(request: HttpRequest, customer: Any) -> tuple[bill_history.AccountState, Any]:
    """Return the account that is paid for, and the bill where one is; both are the customer's own."""
    number = request.GET.get("bill", "")
    invoice = invoice_queries.invoice(number=number, customer=customer).invoice if number else None
    states = bill_history.states(customer, access.today(request))
    if not states:
        raise Http404
    if invoice is not None:
        return next(state for state in states if state.account.pk == invoice.account_id), invoice
    named = request.GET.get("account", "")
    if not named:
        return max(states, key=lambda state: state.balance.amount), None
    account = customer_queries.account_of_customer(customer=customer, number=named)
    return next(state for state in states if state.account.pk == account.pk), None


def _owed(state: bill_history.AccountState, invoice: Any) -> Any:
    if invoice is None:
        return max(state.balance.amount, 0) or None
    debits = payment_queries.outstanding(account_ids=[state.account.pk])
    return next((debit.open.amount for debit in debits if debit.invoice_id == invoice.pk), None)


def _again(attempt: Any) -> str:
    number = ""
    for invoice_id in attempt.invoices[:1]:
        try:
            number = invoice_queries.invoice_by_id(invoice_id=invoice_id).invoice.number
        except NotFound:
            number = ""
    asked = {"account": attempt.account.number} | ({"bill": number} if number else {})
    return f"{reverse('portal:pay')}?{urlencode(asked)}"
