"""Queueing: a message is written down in the caller's transaction and leaves after its commit, once a reference."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction

from kernel.errors import Conflict, Invalid, gettext_noop
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.customers import refusals
from tenants.notices import attachments as files
from tenants.notices import choosing, queries, rendering
from tenants.notices.attachments import Attachment
from tenants.notices.models import Channel, Message, MessageFile, State

DELIVER_TASK = "tenants.notices.tasks.deliver_message"
LONGEST_REFERENCE = 200


class NotSendable(Conflict):
    """A message that is on its way, or that left by the portal only, is not sent again."""

    code = "message_not_sendable"
    template = gettext_noop("This message is still on its way; wait until it was sent or has failed.")


class AlreadyQueued(Conflict):
    """Two who queue the same message at once: the first one's stays."""

    code = "message_already_queued"
    template = gettext_noop("The message “{reference}” was queued already.")


def enqueue(
    *,
    customer_id: int,
    template: str,
    params: Mapping[str, Any],
    reference: str,
    at: dt.datetime,
    channel: str | None = None,
    attachments: Sequence[Attachment] = (),
    required: bool = False,
    account_id: int | None = None,
) -> Message:
    """This will queue a message to a customer, once a ``reference``: a second call returns the first message.

    ``template`` names files ``templates/notices/<template>.subject`` and ``.txt`` (see ``rendering``), filled with
    ``params`` in the customer's language at once; what was written is what is sent. Without ``channel`` the
    customer's choice decides. ``required`` messages, which the law asks for, go whatever the customer wants.
    Letters go to the billing address of ``account_id``, else of the customer's first account that has one.
    It leaves after commit. Raises NotFound for an unknown customer, UnknownNotice, Invalid for an empty reference.
    """
    if not reference or len(reference) > LONGEST_REFERENCE:
        raise Invalid(reason=gettext_noop("A message needs a reference of 1 to 200 characters."), where="reference")
    known = Message.objects.filter(reference=reference).first()
    if known is not None:
        return known
    customer = customer_queries.customer_by_id(customer_id=customer_id)
    retailer = context.current_retailer()
    language = customer.language or retailer.default_language
    sender = rendering.sender_of(retailer=retailer, language=language)
    words = rendering.render(template=template, params=params, customer=customer, sender=sender, language=language)
    way = choosing.way(
        channel=channel,
        addresses=queries.addresses(customer=customer, account_id=account_id),
        choices=queries.choices(customer_id=customer_id),
        required=required,
    )
    return _write(
        Message(
            customer=customer,
            reference=reference,
            template=template,
            channel=way.channel,
            recipient=way.recipient,
            language=language,
            subject=words.subject,
            body=words.body,
            html=words.html,
            reason=way.reason,
            created_at=at,
        ),
        [(each.name, each.content_type, files.store(content=each.content), len(each.content)) for each in attachments],
        at,
    )


def send_again(*, message_id: int, at: dt.datetime) -> Message:
    """This will send a message once more, as a message of its own, to where the customer is reached today.

    Raises NotFound, or NotSendable while the message is on its way.
    """
    with transaction.atomic():
        first = queries.message_for_change(message_id=message_id)
        if first.state in (State.QUEUED, State.SENDING):
            raise NotSendable()
        root = first.sent_again_for or first
        count = root.sent_again.count() + 2
        addresses = queries.addresses(customer=first.customer, account_id=None)
        again = Message(
            **{name: getattr(first, name) for name in ("customer", "template", "channel", "language", "subject")},
            body=first.body,
            html=first.html,
            reference=f"{root.reference[: LONGEST_REFERENCE - 8]}#{count}",
            recipient=addresses.get(first.channel) or first.recipient,
            created_at=at,
            sent_again_for=root,
        )
        if not again.recipient and again.channel != Channel.PORTAL:
            again.channel = Channel.PORTAL
        rows = [(row.name, row.content_type, row.file, row.size) for row in first.files.order_by("position")]
        return _write(again, rows, at)


def mark_read(*, message_id: int, at: dt.datetime) -> None:
    """This will note that the customer opened the message; the first time counts."""
    Message.objects.filter(pk=message_id, read_at=None).update(read_at=at)


def _write(message: Message, rows: Sequence[tuple[str, str, str, int]], at: dt.datetime) -> Message:
    """Write the message with its files; somebody else's message of that reference is returned instead."""
    place(message, at)
    try:
        with transaction.atomic(), refusals.named({"notices_message_once": AlreadyQueued(reference=message.reference)}):
            message.save(force_insert=True)
            MessageFile.objects.bulk_create(
                MessageFile(message=message, position=n, name=name, content_type=kind, file=file, size=size)
                for n, (name, kind, file, size) in enumerate(rows, start=1)
            )
    except AlreadyQueued:
        return Message.objects.select_related("customer").get(reference=message.reference)
    if message.next_attempt_at is not None:
        transaction.on_commit(partial(send_task, message.pk))
    return message


def place(message: Message, at: dt.datetime) -> None:
    """This will set where a new message stands: kept back, in the portal at once, to be printed, or to be sent."""
    if message.reason:
        message.state = State.SUPPRESSED
    elif message.channel == Channel.PORTAL:
        message.state, message.sent_at = State.SENT, at
    elif message.channel != Channel.LETTER:
        message.next_attempt_at = at


def send_task(message_id: int) -> None:
    """This will hand the message to the workers; a sweep finds it when this is lost."""
    if DELIVER_TASK not in current_app.tasks:
        current_app.loader.import_default_modules()
    current_app.tasks[DELIVER_TASK].delay(message_id)
