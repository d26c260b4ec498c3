"""Reads of messages, of what a customer can be reached at, and of batches of letters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from kernel.errors import NotFound, gettext_noop
from tenancy import context, hosts
from tenants.customers import queries as customer_queries
from tenants.notices import attachments, rendering
from tenants.notices.choosing import Choice
from tenants.notices.models import Channel, ChannelChoice, LetterBatch, Message, MessageFile, Reason, State

MESSAGE, BATCH, FILE = gettext_noop("message"), gettext_noop("batch of letters"), gettext_noop("file")
REFERENCES_AT_ONCE = 5000
CHANNELS, STATES, REASONS = Channel, State, Reason


def messages(*, channel: str = "", state: str = "", template: str = "", search: str = "") -> QuerySet[Message]:
    """This will list messages with their customers, newest first, without their texts.

    ``search`` meets the start of customer numbers and references, and recipients.
    """
    found = Message.objects.select_related("customer").defer("body", "html").order_by("-id")
    given = {"channel": channel, "state": state, "template": template}
    found = found.filter(**{name: value for name, value in given.items() if value})
    words = search.strip()
    if words:
        found = found.filter(
            Q(customer__number__istartswith=words) | Q(reference__istartswith=words) | Q(recipient__holds=words)
        )
    return found


def templates_in_use() -> list[str]:
    """This will list the templates that messages were made from."""
    return list(Message.objects.order_by("template").values_list("template", flat=True).distinct())


def messages_of_customer(*, customer: Any) -> QuerySet[Message]:
    """This will list what a customer was written and may read in the portal, newest first: all but the suppressed."""
    return messages().filter(customer=customer).exclude(state=State.SUPPRESSED)


def messages_about(*, prefix: str) -> QuerySet[Message]:
    """This will list the messages whose reference starts with ``prefix``, newest first: the history of a document."""
    return messages().filter(reference__startswith=prefix)


def known_references(*, references: Sequence[str]) -> set[str]:
    """This will return which of the references have a message."""
    found: set[str] = set()
    for start in range(0, len(references), REFERENCES_AT_ONCE):
        part = references[start : start + REFERENCES_AT_ONCE]
        found.update(Message.objects.filter(reference__in=part).values_list("reference", flat=True))
    return found


def message(*, message_id: int, customer: Any = None) -> Message:
    """This will return a message with customer, batch and files; with ``customer`` only their own, else NotFound."""
    found = Message.objects.select_related("customer", "letter_batch", "sent_again_for").prefetch_related("files")
    if customer is not None:
        found = found.filter(customer=customer).exclude(state=State.SUPPRESSED)
    made = found.filter(pk=message_id).first()
    if made is None:
        raise NotFound(what=MESSAGE, name=message_id)
    return made


def readable(*, message: Message) -> str:
    """This will return the text as people read it, with the company's site. Call it outside a transaction."""
    return rendering.with_site(text=message.body, site=hosts.address(context.current_retailer()))


def message_for_change(*, message_id: int) -> Message:
    """This will return a message, locked until the transaction ends; raises NotFound."""
    made = (
        Message.objects.select_for_update(of=("self",))
        .select_related("customer", "sent_again_for")
        .filter(pk=message_id)
        .first()
    )
    if made is None:
        raise NotFound(what=MESSAGE, name=message_id)
    return made


def file_of_message(*, message: Message, position: int) -> tuple[MessageFile, bytes]:
    """This will return a file of the message with its bytes; raises NotFound."""
    row = next((row for row in message.files.all() if row.position == position), None)
    if row is None:
        raise NotFound(what=FILE, name=position)
    return row, attachments.read(name=row.file)


def unread_count(*, customer: Any) -> int:
    """This will count the messages a customer has not opened in the portal."""
    return messages_of_customer(customer=customer).filter(read_at=None).count()


def due_ids(*, at: dt.datetime, most: int) -> list[int]:
    """This will list queued messages whose time has come, oldest first."""
    found = Message.objects.filter(state=State.QUEUED, next_attempt_at__lte=at).order_by("next_attempt_at")
    return list(found.values_list("pk", flat=True)[:most])


def addresses(*, customer: Any, account_id: int | None) -> dict[str, str]:
    """This will return where a customer is reached, by channel; letters at the billing address of an account."""
    billing = [
        account.billing_address
        for account in customer_queries.accounts_of_customer(customer=customer)
        if account.billing_address.strip() and account_id in (None, account.pk)
    ]
    found: dict[str, str] = {
        str(Channel.MAIL): customer.email,
        str(Channel.SMS): customer.phone,
        str(Channel.LETTER): billing[0] if billing else "",
    }
    given = ChannelChoice.objects.filter(customer=customer).exclude(address="").values_list("channel", "address")
    return {str(channel): address for channel, address in {**found, **dict(given)}.items() if address}


def choices(*, customer_id: int) -> dict[str, Choice]:
    """This will return what a customer said of each channel."""
    rows = ChannelChoice.objects.filter(customer_id=customer_id).values_list("channel", "wanted", "preferred")
    return {channel: Choice(wanted, preferred) for channel, wanted, preferred in rows}


def reached(*, accounts: Sequence[Any]) -> dict[int, tuple[dict[str, str], dict[str, Choice]]]:
    """This will return, by account, where its customer is reached and what he said of each channel; one statement."""
    customers = {account.customer_id for account in accounts}
    said: dict[int, dict[str, Choice]] = {}
    given: dict[int, dict[str, str]] = {}
    for row in ChannelChoice.objects.filter(customer__in=customers):
        said.setdefault(row.customer_id, {})[row.channel] = Choice(row.wanted, row.preferred)
        if row.address:
            given.setdefault(row.customer_id, {})[row.channel] = row.address
    found = {}
    for account in accounts:
        known = {
            str(Channel.MAIL): account.customer.email,
            str(Channel.SMS): account.customer.phone,
            str(Channel.LETTER): account.billing_address if account.billing_address.strip() else "",
            **given.get(account.customer_id, {}),
        }
        places = {channel: address for channel, address in known.items() if address}
        found[account.pk] = (places, said.get(account.customer_id, {}))
    return found


def letters_waiting() -> int:
    """This will count the letters that wait to be printed."""
    return Message.objects.filter(channel=Channel.LETTER, state=State.QUEUED).count()


def letter_batches() -> QuerySet[LetterBatch]:
    """This will list batches of letters, newest first."""
    return LetterBatch.objects.order_by("-id")


def letter_batch(*, batch_id: int) -> tuple[LetterBatch, bytes]:
    """This will return a batch with its PDF; raises NotFound."""
    found = LetterBatch.objects.filter(pk=batch_id).first()
    if found is None:
        raise NotFound(what=BATCH, name=batch_id)
    return found, attachments.read(name=found.file)
