"""Payments as they came in, and what they settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Abs

from billing.payments.models import Allocation, OpenItem, Payment, PaymentReversal
from kernel.errors import NotFound, gettext_noop
from kernel.money import Money

PAYMENT = gettext_noop("payment")


@dataclass(frozen=True, slots=True)
class Settled:
    """A part of a payment that settles a debit now."""

    invoice_id: int | None
    kind: str
    reference: str
    money: Money


@dataclass(frozen=True, slots=True)
class PaymentDetail:
    """A payment, what it settles now, what of it is credit, and its reversal."""

    payment: Payment
    settles: list[Settled]
    credit: Money
    reversal: PaymentReversal | None


def payments(
    *,
    account_ids: Sequence[int] | None = None,
    method: str = "",
    search: str = "",
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> QuerySet[Payment]:
    """This will list payments, the latest first, with account, customer and reversal; days are both included."""
    found = Payment.objects.select_related("account__customer", "reversal")
    if account_ids is not None:
        found = found.filter(account__in=account_ids)
    if method:
        found = found.filter(method=method)
    if since is not None:
        found = found.filter(received_on__gte=since)
    if until is not None:
        found = found.filter(received_on__lte=until)
    if search.strip():
        words = search.strip()
        found = found.filter(Q(reference__istartswith=words) | Q(account__number__istartswith=words))
    return found.order_by("-received_on", "-id")


def payments_of(*, account_id: int) -> QuerySet[Payment]:
    """This will list the payments of an account, the latest first."""
    return payments(account_ids=[account_id])


def payment(*, payment_id: int) -> PaymentDetail:
    """This will return a payment with what it settles; raises NotFound."""
    found = payments().filter(pk=payment_id).first()
    if found is None:
        raise NotFound(what=PAYMENT, name=payment_id)
    item = OpenItem.objects.get(entry=found.entry_id, account=found.account_id)
    reversal = PaymentReversal.objects.filter(payment=found).first()
    left = Money.rounded(abs(item.amount) - item.settled, item.currency)
    settles = [] if reversal else settled_by(item_ids=[item.pk])[item.pk]
    return PaymentDetail(payment=found, settles=settles, credit=left, reversal=reversal)


def payment_of(*, source: str, reference: str) -> Payment | None:
    """This will return the payment that stands under a source and reference, or None."""
    return payments().filter(source=source, reference=reference).first()


def settled_by(*, item_ids: Sequence[int]) -> dict[int, list[Settled]]:
    """This will tell what each of these credits settles now, the oldest allocation first."""
    taken_back = Allocation.objects.filter(reverses__isnull=False, credit__in=item_ids).values("reverses")
    rows = (
        Allocation.objects.filter(credit__in=item_ids, reverses__isnull=True)
        .exclude(pk__in=taken_back)
        .select_related("debit")
        .order_by("pk")
    )
    found: dict[int, list[Settled]] = {item_id: [] for item_id in item_ids}
    for row in rows:
        money = Money.rounded(row.amount, row.debit.currency)
        found[row.credit_id].append(Settled(row.debit.invoice_id, row.debit.kind, row.debit.reference, money))
    return found


def accounts_changed_since(*, since: dt.datetime) -> list[int]:
    """This will list the accounts with payments, reversals or allocations recorded at or after ``since``, by key.

    A transaction writes its instant before it commits: ask again with some minutes of overlap.
    """
    accounts = set(Payment.objects.filter(recorded_at__gte=since).values_list("account", flat=True))
    accounts |= set(PaymentReversal.objects.filter(recorded_at__gte=since).values_list("payment__account", flat=True))
    accounts |= set(Allocation.objects.filter(made_at__gte=since).values_list("debit__account", flat=True))
    return sorted(accounts)


def accounts_to_settle(*, limit: int, after: int = 0) -> list[int]:
    """This will list accounts with an open debit and an open credit, by key, those after ``after``."""
    still_open = OpenItem.objects.filter(settled__lt=Abs(F("amount")))
    found = still_open.filter(
        amount__lt=0, account__gt=after, account__in=still_open.filter(amount__gt=0).values("account")
    )
    return list(found.order_by("account").values_list("account", flat=True).distinct()[:limit])
