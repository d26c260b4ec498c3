"""Amounts and days in the words of a letter, as the market writes them; who signed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from billing.arrears import policies
from kernel.money import Money, minor_places
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.notices import operations as notice_operations

LONGEST_NAME = 200
CHANNELS = {"email": "mail", "customer": None, "none": None}
"""A path's channel as notices know it; with None the customer's choice decides."""


def amount(money: Money, *, language: str) -> str:
    """This will write an amount: ¥1,234.50."""
    pattern = policies.number_format(language=language)
    text = f"{money.amount:,.{minor_places(money.currency)}f}"
    parts = text.replace(",", "\0").replace(".", pattern["decimal"]).replace("\0", pattern["group"])
    return pattern["currency"].replace("{amount}", parts)


def day(value: dt.date, *, language: str) -> str:
    """This will write a day: 2026-12-15, 15.12.2026."""
    return value.strftime(policies.number_format(language=language)["date"])


def language_of(customer: Any) -> str:
    """This will return the language a customer is written to in."""
    return str(customer.language or context.current_retailer().default_language)


def name_of(person: Any) -> str:
    """This will return who acted, for a history: a person's name, a program's, or nothing."""
    if person is None or isinstance(person, str):
        return person or ""
    return str(getattr(person, "name", "") or person)[:LONGEST_NAME]


def send(
    *, account_id: int, template: str, reference: str, at: dt.datetime, channel: str = "customer", **shown: Any
) -> Any:
    """This will queue a message about an account, once a reference; amounts and days are written out first."""
    account = customer_queries.account_by_id(account_id=account_id)
    language = language_of(account.customer)
    params = {name: _written(value, language) for name, value in shown.items()}
    return notice_operations.enqueue(
        customer_id=account.customer_id,
        account_id=account.pk,
        template=template,
        params={**params, "account": account.number},
        reference=reference,
        at=at,
        channel=CHANNELS.get(channel, channel),
        required=True,
    )


class Outbox:
    """Messages about accounts that are collected and queued together: hundreds cost as much as one."""

    def __init__(self) -> None:
        self._messages: list[notice_operations.NewMessage] = []

    def add(self, *, account_id: int, template: str, reference: str, channel: str = "customer", **shown: Any) -> None:
        """Put a message in; see ``send``."""

        def params(account: Any, language: str) -> dict[str, Any]:
            return {**{name: _written(value, language) for name, value in shown.items()}, "account": account.number}

        self._messages.append(
            notice_operations.NewMessage(
                account_id, template, reference, params, CHANNELS.get(channel, channel), required=True
            )
        )

    def send(self, *, at: dt.datetime) -> int:
        """Queue what was put in, once a reference."""
        messages, self._messages = self._messages, []
        return notice_operations.enqueue_many(messages=messages, at=at)


def _written(value: Any, language: str) -> Any:
    if isinstance(value, Money):
        return amount(value, language=language)
    return day(value, language=language) if isinstance(value, dt.date) else value
