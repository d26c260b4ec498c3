"""Reads of payment providers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from billing.payments.models import (
    Attempt,
    Authority,
    ProviderConnection,
    ProviderEvent,
    ProviderMovement,
    SavedMethod,
)
from billing.payments.providers import choosing, stripe_provider
from billing.payments.providers.base import Provider
from kernel.errors import NotFound, gettext_noop

ATTEMPT, METHOD = gettext_noop("payment"), gettext_noop("payment method")


def connections() -> dict[str, ProviderConnection]:
    """This will return the company's connections by provider."""
    return {found.provider: found for found in ProviderConnection.objects.all()}


def active() -> Sequence[Provider]:
    """This will return the providers that take payments now."""
    return choosing.active()


def page_origins() -> tuple[str, ...]:
    """This will return where a form may send a browser on to, for the content security policy."""
    return stripe_provider.origins()


def attempt(*, token: str, customer: Any = None) -> Attempt:
    """This will return an attempt with account and payment, of ``customer`` where one is given; raises NotFound."""
    found = Attempt.objects.select_related("account__customer", "payment").filter(token=token)
    if customer is not None:
        found = found.filter(account__customer=customer)
    one = found.first()
    if one is None:
        raise NotFound(what=ATTEMPT, name=token)
    return one


def attempts_of(*, account_ids: Sequence[int]) -> QuerySet[Attempt]:
    """This will list what was asked of providers for these accounts, the latest first."""
    found = Attempt.objects.filter(account__in=account_ids).select_related("account", "payment")
    return found.order_by("-asked_at", "-id")


def unsettled(*, asked_before: dt.datetime, checked_before: dt.datetime) -> QuerySet[Attempt]:
    """This will list attempts whose outcome is not known, the oldest first, those asked about lately left out."""
    open_ones = Attempt.objects.filter(
        state__in=[Attempt.State.ASKED, Attempt.State.WAITING], asked_at__lt=asked_before
    )
    return open_ones.exclude(checked_at__gte=checked_before).order_by("asked_at")


def receipts(*, payment_ids: Sequence[int]) -> dict[int, str]:
    """This will return the addresses of the provider's receipts by payment."""
    found = Attempt.objects.filter(payment__in=payment_ids).exclude(receipt="")
    return dict(found.values_list("payment_id", "receipt"))


def saved_methods(*, customer: Any) -> list[SavedMethod]:
    """This will list the methods a customer has saved, the latest first."""
    found = SavedMethod.objects.filter(payer__customer=customer, removed_at__isnull=True).select_related("payer")
    return list(found.order_by("-saved_at", "-id"))


def saved_method(*, customer: Any, method_id: int) -> SavedMethod:
    """This will return one of the customer's saved methods; raises NotFound."""
    for found in saved_methods(customer=customer):
        if found.pk == method_id:
            return found
    raise NotFound(what=METHOD, name=method_id)


def authorities(*, account_ids: Sequence[int]) -> list[Authority]:
    """This will list the standing authorities in force, by account and purpose."""
    found = Authority.objects.filter(account__in=account_ids, revoked_at__isnull=True)
    return list(found.select_related("method", "account").order_by("account", "purpose"))


@dataclass(frozen=True, slots=True)
class TopUp:
    """A standing authority to top up, and whether it may be used on a day.

    ``tried`` is the state of the day's collection ("" when none was asked for); ``is_stuck`` tells that one of an
    earlier day still waits for its answer.
    """

    authority_id: int
    amount: Decimal
    threshold: Decimal
    tried: str = ""
    is_stuck: bool = False

    @property
    def is_under_way(self) -> bool:
        return self.tried in (Attempt.State.ASKED, Attempt.State.WAITING)


def top_ups(*, account_ids: Sequence[int], on: dt.date) -> dict[int, TopUp]:
    """This will return the top-up authorities in force by account, with what was asked for on a day; two statements."""
    standing = Authority.objects.filter(
        account__in=account_ids,
        purpose=Authority.Purpose.TOP_UP,
        revoked_at__isnull=True,
        method__removed_at__isnull=True,
    )
    keys = {authority.pk: authority for authority in standing}
    unsettled = (Attempt.State.ASKED, Attempt.State.WAITING)
    tried: dict[int, str] = {}
    stuck: set[int] = set()
    for attempt in Attempt.objects.filter(authority__in=keys) if keys else ():
        key = attempt.authority_id or 0
        if attempt.occasion == top_up_occasion(authority_id=key, on=on):
            tried[key] = attempt.state
        elif attempt.state in unsettled:
            stuck.add(key)
    return {
        each.account_id: TopUp(
            key, each.amount or Decimal(0), each.threshold or Decimal(0), tried.get(key, ""), key in stuck
        )
        for key, each in keys.items()
    }


def top_up_occasion(*, authority_id: int, on: dt.date) -> str:
    """This will name a day's collection of a top-up: there is one at most."""
    return f"top_up:{authority_id}:{on}"


def events(*, state: str = "") -> QuerySet[ProviderEvent]:
    """This will list messages of providers, the latest first."""
    found = ProviderEvent.objects.order_by("-received_at", "-id")
    return found.filter(state=state) if state else found


def waiting_events(*, received_before: dt.datetime) -> list[int]:
    """This will list the messages that wait for work, the oldest first."""
    found = ProviderEvent.objects.filter(state=ProviderEvent.State.NEW, received_at__lt=received_before)
    return list(found.order_by("received_at").values_list("pk", flat=True))


def payouts() -> QuerySet[ProviderMovement]:
    """This will list payouts, the latest first."""
    return movements().filter(kind__in=[ProviderMovement.Kind.PAYOUT, ProviderMovement.Kind.PAYOUT_FAILED])


def movements() -> QuerySet[ProviderMovement]:
    """This will list what providers did with money after it came in, the latest first."""
    return ProviderMovement.objects.select_related("payment__account").order_by("-moved_on", "-id")
