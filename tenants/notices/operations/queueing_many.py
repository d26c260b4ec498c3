"""Queueing of many messages at once: the same as one by one, in a handful of statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction

from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.notices import choosing, queries, rendering
from tenants.notices.models import Message
from tenants.notices.operations import queueing

WRITTEN_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message about an account; ``params`` is asked for them in the customer's language. See ``enqueue``."""

    account_id: int
    template: str
    reference: str
    params: Callable[[Any, str], Mapping[str, Any]]
    channel: str | None = None
    required: bool = False


def enqueue_many(*, messages: Sequence[NewMessage], at: dt.datetime) -> int:
    """This will queue messages about accounts, each once its reference; return how many are new.

    Raises UnknownNotice. Accounts that are not there are left out.
    """
    references = [each.reference for each in messages]
    known = set(Message.objects.filter(reference__in=references).values_list("reference", flat=True))
    new = {each.reference: each for each in messages if each.reference not in known}
    if not new:
        return 0
    accounts = customer_queries.accounts().in_bulk({each.account_id for each in new.values()})
    reached = queries.reached(accounts=list(accounts.values()))
    made = [
        _message(each, accounts[each.account_id], *reached[each.account_id], at)
        for each in new.values()
        if each.account_id in accounts
    ]
    Message.objects.bulk_create(made, ignore_conflicts=True, batch_size=WRITTEN_AT_ONCE)
    waiting = Message.objects.filter(reference__in=list(new), next_attempt_at=at).order_by("pk")
    for message_id in waiting.values_list("pk", flat=True):
        transaction.on_commit(partial(queueing.send_task, message_id))
    return len(made)


def _message(
    new: NewMessage, account: Any, addresses: Mapping[str, str], choices: Mapping[str, Any], at: dt.datetime
) -> Message:
    retailer, customer = context.current_retailer(), account.customer
    language = customer.language or retailer.default_language
    sender = rendering.sender_of(retailer=retailer, language=language)
    params = new.params(account, language)
    words = rendering.render(template=new.template, params=params, customer=customer, sender=sender, language=language)
    way = choosing.way(channel=new.channel, addresses=addresses, choices=choices, required=new.required)
    made = Message(
        customer=customer,
        reference=new.reference,
        template=new.template,
        channel=way.channel,
        recipient=way.recipient,
        language=language,
        subject=words.subject,
        body=words.body,
        html=words.html,
        reason=way.reason,
        created_at=at,
    )
    queueing.place(made, at)
    return made
