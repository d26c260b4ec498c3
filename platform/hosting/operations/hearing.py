"""Messages of the host's own account at Stripe: checked, stored once, worked off from the table."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import stripe
from django.conf import settings
from django.db import transaction

from hosting import models
from hosting.operations import following
from kernel.errors import GridhallError, gettext_noop
from tenancy import context

State = models.BillingMessage.State
TOLERANCE_SECONDS = 300
MOST_TRIES = 12
LONGEST_NOTE = 200


class BadMessage(GridhallError):
    """The message is not the provider's, or no message at all."""

    code = "bad_billing_message"
    template = gettext_noop("The message does not bear the payment provider's signature.")


def hear(*, body: bytes, signature: str, at: dt.datetime) -> models.BillingMessage:
    """Check and store a message; the same again returns the stored one. Raises BadMessage."""
    if not settings.STRIPE_BILLING_WEBHOOK_SECRET:
        raise BadMessage()
    secret = settings.STRIPE_BILLING_WEBHOOK_SECRET
    try:
        stripe.WebhookSignature.verify_header(body.decode(), signature, secret, TOLERANCE_SECONDS)
        event = json.loads(body)
        reference, kind, customer = str(event["id"]), str(event["type"]), _customer_of(event["data"]["object"])
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadMessage() from error
    with context.use_public(), transaction.atomic():
        facts = {"kind": kind[:80], "customer": customer, "received_at": at}
        found, _ = models.BillingMessage.objects.get_or_create(reference=reference, defaults=facts)
    return found


def work_off(*, message_id: int, at: dt.datetime) -> models.BillingMessage:
    """Ask the provider about the customer that a message names and follow the answer. Done before: nothing.

    A provider that is silent is asked again by the sweep.
    """
    with context.use_public():
        message = models.BillingMessage.objects.get(pk=message_id)
        if message.state != State.NEW:
            return message
        found = models.Subscription.objects.filter(provider_customer=message.customer).first()
        if not message.customer or found is None:
            return _close(message, State.IGNORED, "")
        try:
            following.keep_up(subscription_id=found.pk, at=at)
        except following.StripeSilent as error:
            over = message.tries + 1 >= MOST_TRIES
            return _close(message, State.FAILED if over else State.NEW, str(error))
        except GridhallError as error:
            return _close(message, State.FAILED, str(error))
        return _close(message, State.DONE, "")


def _customer_of(thing: dict[str, Any]) -> str:
    found = thing["id"] if thing["object"] == "customer" else thing.get("customer")
    return str(found["id"] if isinstance(found, dict) else found or "")


def _close(message: models.BillingMessage, state: str, note: str) -> models.BillingMessage:
    message.state, message.note, message.tries = state, note[:LONGEST_NOTE], message.tries + 1
    message.save(update_fields=["state", "note", "tries"])
    return message
