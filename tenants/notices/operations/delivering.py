"""Delivering: claim, hand over, note what became of it; each step survives the end of the worker.

Note "at most once": a claim is committed before the message is handed over. A worker that ends in between leaves the
message claimed; when its lease is over, nobody knows whether it left. Where the provider knows repeats it is tried
again; mail is not: it is marked as interrupted, and a person decides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from tenancy import context
from tenants.notices import attachments, providers, rendering
from tenants.notices.attachments import Attachment
from tenants.notices.models import Channel, Message, Reason, State
from tenants.notices.providers import Outgoing

LEASE = dt.timedelta(minutes=10)
WAITS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))
"""Waits between attempts; after the last one the message has failed."""


def deliver(*, message_id: int, at: dt.datetime) -> Message | None:
    """This will send a queued message and return it as it stands then; None when there is nothing to send.

    Call it outside a transaction: the claim must be committed before the message leaves.
    """
    message = _claim(message_id, at)
    if message is None:
        return None
    try:
        providers.provider_of(channel=message.channel).send(_outgoing(message))
    except providers.Refused:
        return _settle(message, State.FAILED, Reason.REFUSED)
    except providers.TryAgain:
        return _put_off(message, at)
    return _settle(message, State.SENT, sent_at=at)


def settle_interrupted(*, at: dt.datetime) -> int:
    """This will decide about messages whose worker ended while it sent them, and return how many there were."""
    with transaction.atomic():
        left = list(
            Message.objects.select_for_update(skip_locked=True)
            .filter(state=State.SENDING, next_attempt_at__lt=at)
            .order_by("pk")
        )
        for message in left:
            if providers.provider_of(channel=message.channel).knows_repeats:
                _put_off(message, at)
            else:
                _settle(message, State.FAILED, Reason.INTERRUPTED)
    return len(left)


def _claim(message_id: int, at: dt.datetime) -> Message | None:
    """Take the message for this worker; ``next_attempt_at`` becomes the end of the lease."""
    with transaction.atomic():
        message = (
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk=message_id, state=State.QUEUED, next_attempt_at__lte=at)
            .exclude(channel__in=(Channel.LETTER, Channel.PORTAL))
            .first()
        )
        if message is None:
            return None
        message.state = State.SENDING
        message.attempts += 1
        message.next_attempt_at = at + LEASE
        message.save(update_fields=["state", "attempts", "next_attempt_at"])
    return message


def _outgoing(message: Message) -> Outgoing:
    retailer = context.current_retailer()
    sender = rendering.placed(
        sender=rendering.sender_of(retailer=retailer, language=message.language), retailer=retailer
    )
    return Outgoing(
        reference=message.reference,
        channel=message.channel,
        recipient=message.recipient,
        subject=message.subject,
        body=rendering.with_site(text=message.body, site=sender.site),
        html=rendering.with_site(text=message.html, site=sender.site),
        sender=sender,
        files=_files(message),
    )


def _files(message: Message) -> Sequence[Attachment]:
    return [
        Attachment(row.name, attachments.read(name=row.file), row.content_type)
        for row in message.files.order_by("position")
    ]


def _put_off(message: Message, at: dt.datetime) -> Message:
    if message.attempts > len(WAITS):
        return _settle(message, State.FAILED, Reason.UNREACHABLE)
    message.state = State.QUEUED
    message.next_attempt_at = at + WAITS[message.attempts - 1]
    message.save(update_fields=["state", "next_attempt_at"])
    return message


def _settle(message: Message, state: State, reason: str = "", sent_at: dt.datetime | None = None) -> Message:
    message.state, message.reason, message.sent_at, message.next_attempt_at = state, reason, sent_at, None
    message.save(update_fields=["state", "reason", "sent_at", "next_attempt_at"])
    return message
