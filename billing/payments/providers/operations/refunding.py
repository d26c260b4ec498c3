"""Approved refunds that go back the way they came: asked of the provider once, under a key of the refund's own."""

from __future__ import annotations

import datetime as dt

from billing.payments import operations as payments
from billing.payments.models import Attempt, Refund
from billing.payments.operations import refunding
from billing.payments.providers import choosing
from kernel.money import Money
from tenancy import context

State, Method = Refund.State, Refund.Method


def waiting() -> list[int]:
    """This will list the approved refunds that a provider is to be asked for, or was asked for without an answer."""
    found = Refund.objects.filter(state__in=[State.APPROVED, State.SENT], method=Method.PROVIDER, payment__isnull=False)
    return list(found.order_by("requested_at").values_list("pk", flat=True))


def send(*, refund_id: int, at: dt.datetime) -> Refund:
    """This will ask the provider to give the money back and note that it did; again: the same answer, no second refund.

    Raises ProviderSilent or ProviderRefused; the refund then waits to be asked for again.
    """
    refund = Refund.objects.select_related("payment").get(pk=refund_id)
    attempt = Attempt.objects.filter(payment=refund.payment).first() if refund.payment_id else None
    if refund.state not in (State.APPROVED, State.SENT) or attempt is None:
        return refund
    provider = choosing.by_name(attempt.provider)
    refunding.mark_sent(refund_id=refund.pk)
    known = provider.find(topic="payment", subject=attempt.reference).backs
    back = next((each for each in known if each.ours == refund.reference), None) or provider.refund(
        payment=attempt.reference,
        money=Money.rounded(refund.amount, refund.currency),
        key=f"gridhall-{context.required_schema()}-refund-{refund.reference}",
        reference=refund.reference,
    )
    if back.returned:
        return refunding.fail_refund(refund_id=refund.pk, note=back.reference, at=at)
    return refunding.confirm_paid(refund_id=refund.pk, paid_on=payments.day_of(back.on)) if back.taken else refund
