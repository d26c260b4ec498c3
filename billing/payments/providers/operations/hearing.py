"""Messages of providers: checked, stored raw once, and worked off from the table; they only say where to look."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import transaction

from billing.payments.models import ProviderConnection, ProviderEvent, SavedMethod
from billing.payments.providers import choosing, stripe_provider
from billing.payments.providers.base import ProviderRefused, ProviderSilent, Told
from billing.payments.providers.operations import connecting, following, paying, settling_payouts
from billing.payments.providers.stripe_provider import StripeProvider
from kernel.errors import GridhallError
from tenancy import context
from tenancy.tasks import HEADER

State = ProviderEvent.State
MOST_TRIES = 12
LONGEST_NOTE = 200
TASK = "billing.payments.providers.tasks.work_off_event"
BY_PROVIDER = "provider"


def hear(*, provider: str, body: bytes, signature: str, at: dt.datetime) -> ProviderEvent:
    """This will check and store a message and send it to be worked off; the same again returns the stored one.

    Raises NotFound when the provider is not connected and BadSignature.
    """
    return _store(provider, choosing.by_name(provider).read(body=body, signature=signature, at=at), at)


def hear_connected(*, body: bytes, signature: str, at: dt.datetime) -> str:
    """This will take a message for a connected account, at the host's own address, and hand it to its company.

    Returns the company's code, empty when the account is none of ours. Raises BadSignature.
    """
    platform = StripeProvider(key=choosing.platform_key(), merchant="", webhook_secret=settings.STRIPE_WEBHOOK_SECRET)
    told = platform.read(body=body, signature=signature, at=at)
    code = platform.retailer_of(account=told.account) if told.account else ""
    if not code:
        return ""
    with context.use(context.retailer_by_code(code=code)):
        if ProviderConnection.objects.filter(provider=stripe_provider.NAME, reference=told.account).exists():
            _store(stripe_provider.NAME, told, at)
    return code


def work_off(*, event_id: int, at: dt.datetime) -> ProviderEvent:
    """This will do what a message asks for: ask the provider and follow its answer. Done before: nothing."""
    event = ProviderEvent.objects.get(pk=event_id)
    if event.state != State.NEW:
        return event
    try:
        state, note = _answer(event, at), ""
    except ProviderSilent as error:
        state, note = (State.NEW if event.tries + 1 < MOST_TRIES else State.FAILED), str(error)
    except GridhallError as error:
        state, note = State.FAILED, str(error)
    event.state, event.note, event.tries = state, note[:LONGEST_NOTE], event.tries + 1
    event.done_at = at if state != State.NEW else None
    event.save()
    return event


def _answer(event: ProviderEvent, at: dt.datetime) -> State:
    topic = event.body.get("_topic", "")
    if topic in ("payment", "page"):
        return _followed(event, topic, at)
    if topic == "payout":
        settling_payouts.book_payout(provider=event.provider, reference=event.subject, at=at)
        return State.DONE
    if topic == "account":
        found = choosing.connection(name=event.provider)
        connecting.refresh(found=found, at=at)
        return State.DONE
    if topic == "forgotten":
        return _forgotten(event, at)
    return State.IGNORED


def _followed(event: ProviderEvent, topic: str, at: dt.datetime) -> State:
    try:
        done = following.follow_subject(provider=event.provider, topic=topic, subject=event.subject, at=at)
    except ProviderRefused:
        return State.IGNORED
    return State.DONE if done is not None else State.IGNORED


def _forgotten(event: ProviderEvent, at: dt.datetime) -> State:
    """A method is detached: by the customer, or because he was deleted there. Its details are nobody's any more."""
    event.body = {"_topic": event.body.get("_topic", "")}
    found = SavedMethod.objects.filter(payer__provider=event.provider, reference=event.subject).first()
    if found is None:
        return State.IGNORED
    paying.mark_forgotten(method=found, at=at, by=BY_PROVIDER)
    return State.DONE


def _store(provider: str, told: Told, at: dt.datetime) -> ProviderEvent:
    connection = choosing.connection(name=provider)
    ours = not told.account or told.account == connection.reference
    topic = told.topic if ours else ""
    event, new = ProviderEvent.objects.get_or_create(
        provider=provider,
        event=told.event,
        defaults={
            "kind": told.kind, "subject": told.subject, "body": {**told.body, "_topic": topic}, "received_at": at,
        },
    )  # fmt: skip
    if new:
        schema = context.required_schema()
        transaction.on_commit(lambda: _send(event.pk, schema))
    return event


def _send(event_id: int, schema: str) -> None:
    from celery import current_app

    current_app.send_task(TASK, args=[event_id], headers={HEADER: schema})
