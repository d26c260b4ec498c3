"""Asking about what was never answered: a crash between the provider's deed and our commit costs nothing."""

from __future__ import annotations

import datetime as dt

from billing.payments.models import Attempt, Payer
from billing.payments.providers import choosing
from billing.payments.providers.base import Asked, Found, Person, State
from billing.payments.providers.operations import following

LOST_AFTER = dt.timedelta(minutes=15)
"""An attempt the provider has never heard of by then was never sent: every request is given up long before."""
NEVER_SENT = "never_sent"
FOLLOWED_FOR = dt.timedelta(days=180)
"""How long after a payment a cardholder may dispute it, with some days to spare."""


def ask_about(*, attempt_id: int, at: dt.datetime) -> Attempt:
    """This will ask the provider what became of an attempt and follow the answer; raises ProviderSilent."""
    attempt = Attempt.objects.select_related("account__customer").get(pk=attempt_id)
    if attempt.reference or attempt.page:
        return following.follow_page(attempt=attempt, at=at)
    provider = choosing.by_name(attempt.provider)
    customer = attempt.account.customer
    payer = Payer.objects.filter(provider=provider.name, merchant=provider.merchant, customer=customer).first()
    found = None
    if payer is not None:
        person = Person(payer.reference, customer.name, customer.email, "")
        asked = Asked(key="", token=str(attempt.token), person=person, title="", made_at=attempt.asked_at)
        found = provider.search(asked, saving=attempt.kind == Attempt.Kind.SAVING)
    if found is None and at - attempt.asked_at < LOST_AFTER:
        Attempt.objects.filter(pk=attempt.pk).update(checked_at=at)
        return attempt
    if found is None:
        found = Found(State.EXPIRED, failure=NEVER_SENT)
    return following.follow(attempt=attempt, found=found, at=at)
