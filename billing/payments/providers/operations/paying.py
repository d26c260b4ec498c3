"""Asking a provider: the attempt is written first, then the provider is asked under a key derived from it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from billing.payments.models import Attempt, Authority, Payer, SavedMethod
from billing.payments.operations import NoAmount, OthersInvoice
from billing.payments.operations.errors import OtherCurrency
from billing.payments.providers import choosing, queries
from billing.payments.providers.base import Asked, Page, Person, Provider
from kernel.errors import Invalid, gettext_noop
from kernel.money import Money, minor_places
from tenancy import context

MOST_DIGITS = 8
"""The largest amount a provider takes, in digits of its smallest unit: Stripe's limit."""
TOKEN_PLACE = "{token}"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt with the page on which the customer goes on."""

    attempt: Attempt
    page: Page


def begin_payment(
    *,
    account: Any,
    money: Money,
    provider: str,
    invoices: Sequence[Any] = (),
    methods: Sequence[str] = (),
    return_url: str,
    cancel_url: str,
    language: str,
    title: str,
    at: dt.datetime,
) -> Begun:
    """This will open a page on which the customer pays ``money`` for an account, the chosen bills first.

    ``return_url`` holds ``{token}`` where the attempt's token stands. Raises NoAmount, OtherCurrency, OthersInvoice,
    NotOffered, ProviderSilent or ProviderRefused; an attempt whose answer was lost is found again by the sweep.
    """
    _check(account, money, invoices)
    asked_of = choosing.by_name(provider)
    offered = offered_methods(asked_of, methods)
    person = person_of(asked_of, account.customer, language)
    attempt = write(
        provider=asked_of.name, account=account, kind=Attempt.Kind.PAGE, money=money, at=at,
        invoices=[invoice.pk for invoice in invoices],
    )  # fmt: skip
    page = asked_of.start(
        Asked(
            key=key_of(attempt), token=str(attempt.token), person=person, title=title, money=money, methods=offered,
            return_url=return_url.replace(TOKEN_PLACE, str(attempt.token)), cancel_url=cancel_url,
        )
    )  # fmt: skip
    return _opened(attempt, page)


def begin_saving(*, account: Any, return_url: str, cancel_url: str, language: str, at: dt.datetime) -> Begun:
    """This will open a page on which the customer leaves a card or wallet; raises Invalid or ProviderSilent."""
    asked_of = _online()
    person = person_of(asked_of, account.customer, language)
    attempt = write(provider=asked_of.name, account=account, kind=Attempt.Kind.SAVING, money=None, at=at)
    page = asked_of.start_saving(
        Asked(
            key=key_of(attempt), token=str(attempt.token), person=person, title="", cancel_url=cancel_url,
            money=Money.zero(account.currency), methods=asked_of.capabilities.saves,
            return_url=return_url.replace(TOKEN_PLACE, str(attempt.token)),
        )
    )  # fmt: skip
    return _opened(attempt, page)


def forget_method(*, customer: Any, method_id: int, at: dt.datetime, by: str) -> SavedMethod:
    """This will let go of a saved method here and at the provider, and end the authorities that use it."""
    found = queries.saved_method(customer=customer, method_id=method_id)
    choosing.by_name(found.payer.provider).forget(saved=found.reference)
    return mark_forgotten(method=found, at=at, by=by)


def mark_forgotten(*, method: SavedMethod, at: dt.datetime, by: str) -> SavedMethod:
    """This will note that a method is gone and end its authorities."""
    with transaction.atomic():
        method.removed_at = method.removed_at or at
        method.save()
        Authority.objects.filter(method=method, revoked_at__isnull=True).update(revoked_at=at, revoked_by=by)
    return method


def write(
    *,
    provider: str,
    account: Any,
    kind: str,
    money: Money | None,
    at: dt.datetime,
    invoices: Sequence[int] = (),
    occasion: str | None = None,
    authority: Authority | None = None,
) -> Attempt:
    """This will write an attempt before anybody is asked."""
    return Attempt.objects.create(
        token=uuid.uuid4(), provider=provider, account=account, kind=kind, amount=money.amount if money else None,
        currency=account.currency, invoices=list(invoices), asked_at=at, occasion=occasion, authority=authority,
    )  # fmt: skip


def key_of(attempt: Attempt) -> str:
    """This will return the idempotency key of an attempt: the same for the same row, different in another company."""
    return f"gridhall-{context.required_schema()}-{attempt.token}"


def person_of(provider: Provider, customer: Any, language: str) -> Person:
    """This will return the customer as the provider knows him, made known on the first payment."""
    found = Payer.objects.filter(provider=provider.name, merchant=provider.merchant, customer=customer).first()
    if found is None:
        reference = provider.person(
            number=customer.number, name=customer.name, email=customer.email,
            key=f"gridhall-{context.required_schema()}-{provider.merchant}-customer-{customer.pk}",
        )  # fmt: skip
        found, _ = Payer.objects.get_or_create(
            provider=provider.name, merchant=provider.merchant, customer=customer, defaults={"reference": reference}
        )
    return Person(found.reference, customer.name, customer.email, language)


def offered_methods(provider: Provider, wanted: Sequence[str]) -> tuple[str, ...]:
    """This will return the wanted ways of paying in the provider's order, all of them for none; raises Invalid."""
    offered = tuple(each for each in provider.capabilities.methods if not wanted or each in wanted)
    if not offered:
        raise Invalid(reason=gettext_noop("This way of paying is not offered."), where="method")
    return offered


def _online() -> Provider:
    found = choosing.online()
    if found is None:
        raise Invalid(reason=gettext_noop("Your company does not take payments on the web yet."))
    return found


def _opened(attempt: Attempt, page: Page) -> Begun:
    waiting = Attempt.State.WAITING if page.reference else Attempt.State.EXPIRED
    Attempt.objects.filter(pk=attempt.pk, state=Attempt.State.ASKED).update(page=page.reference, state=waiting)
    attempt.refresh_from_db()
    return Begun(attempt, page)


def _check(account: Any, money: Money, invoices: Sequence[Any]) -> None:
    if money.amount <= 0:
        raise NoAmount()
    if money.amount.scaleb(minor_places(money.currency)).adjusted() >= MOST_DIGITS:
        raise Invalid(reason=gettext_noop("That is more than can be paid at once."), where="amount")
    if money.currency != account.currency:
        raise OtherCurrency(account=account.number, currency=account.currency, given=money.currency, where="amount")
    for invoice in invoices:
        if invoice.account_id != account.pk:
            raise OthersInvoice(invoice=invoice.number, account=account.number)
