"""Approved refunds that go back the way they came: asked of the provider once, under a key of the refund's own."""

from __future__ import annotations

import datetime as dt

from billing.payments.models import Attempt, Refund
from billing.payments.providers import choosing
from kernel.money import Money
from tenancy import context

State, Method = Refund.State, Refund.Method


def waiting() -> list[int]:
    """This will list the approved refunds that a provider is to be asked for."""
    found = Refund.objects.filter(state=State.APPROVED, method=Method.PROVIDER, payment__isnull=False)
    return list(found.order_by("requested_at").values_list("pk", flat=True))


def send(*, refund_id: int, at: dt.datetime) -> Refund:
    """This will ask the provider to give the money back and note that it did; again: the same answer, no second refund.

    Raises ProviderSilent or ProviderRefused; the refund then stays approved and is asked for again.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    if refund.state != State.APPROVED or refund.payment is None:
        return refund
    attempt = Attempt.objects.filter(payment=refund.payment).first()
    if attempt is None:
        return refund
    back = choosing.by_name(attempt.provider).refund(
        payment=attempt.reference,
        money=Money.rounded(refund.amount, refund.currency),
        key=f"gridhall-{context.required_schema()}-refund-{refund.reference}",
        reference=refund.reference,
    )
    if back.taken:
        Refund.objects.filter(pk=refund.pk, state=State.APPROVED).update(state=State.PAID, paid_on=back.on.date())
    refund.refresh_from_db()
    return refund
