"""What agents collected for us: their file is taken whole, each receipt once, their commission is a cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.ledger import chart
from billing.payments import locks
from billing.payments.models import Agent, AgentStatement, FileProfile, Payment, PaymentMethod
from billing.payments.operations import posting, receiving
from billing.payments.statements import csv_files
from billing.payments.statements.shapes import FileRefused
from kernel.errors import Conflict, NotFound, gettext_noop
from kernel.money import Money, round_to_minor
from tenants.customers import queries as customer_queries
from tenants.customers import refusals

LONGEST_FILE_NAME = 200
AGENT = gettext_noop("collecting agent")


@dataclass(frozen=True, slots=True)
class Collected:
    row: int
    reference: str
    account: Any
    amount: Decimal
    received_on: dt.date
    payer: str


def add_agent(*, code: str, name: str, settings: Mapping[str, Any]) -> Agent:
    """This will add an agent with the profile of its files: columns booked_on, amount, account and reference."""
    csv_files.check_profile(settings)
    if {"account", "reference", "amount"} - set(settings["columns"]):
        raise FileRefused(reason=gettext_noop("an agent's file must tell account, amount and reference."))
    taken = Conflict(reason=gettext_noop("the code “{code}” is taken."), code=code)
    with transaction.atomic(), refusals.named({"payments_agent_code_once": taken, "payments_profile_name_once": taken}):
        profile = FileProfile.objects.create(name=f"agent {code}", settings=dict(settings))
        return Agent.objects.create(code=code, name=name, profile=profile)


def import_agent_statement(
    *, agent_id: int, content: bytes, file_name: str, commission: Money, imported_by: str, at: dt.datetime
) -> AgentStatement:
    """This will book what an agent collected (against clearing) and the commission it keeps.

    Each reference of the agent counts once; a file that brings nothing new books no commission. What the agent pays
    out, the collected sum less the commission, clears when the bank's statement shows it. Raises FileRefused with a
    fault for each row; nothing is booked then.
    """
    with transaction.atomic():
        agent = Agent.objects.select_related("profile").filter(pk=agent_id).first()
        if agent is None:
            raise NotFound(what=AGENT, name=agent_id)
        locks.hold("agent", agent.pk)
        rows = _rows(content, agent.profile.settings, commission.currency)
        source = f"agent:{agent.code}"
        known = set(
            Payment.objects.filter(source=source, reference__in=[row.reference for row in rows]).values_list(
                "reference", flat=True
            )
        )
        locks.hold_accounts(row.account.pk for row in rows)
        for row in rows:
            _receive(row, source, commission.currency, at)
        new = [row for row in rows if row.reference not in known]
        return AgentStatement.objects.create(
            agent=agent,
            file_name=file_name[:LONGEST_FILE_NAME],
            row_count=len(rows),
            new_count=len(new),
            currency=commission.currency,
            collected=sum((row.amount for row in new), Decimal(0)),
            commission=commission.amount if new else Decimal(0),
            entry_id=_commission(agent, commission, at) if new and commission.amount else None,
            imported_by=imported_by,
            imported_at=at,
        )


def _receive(row: Collected, source: str, currency: str, at: dt.datetime) -> None:
    receiving.receive(
        account_id=row.account.pk,
        money=Money.rounded(row.amount, currency),
        method=PaymentMethod.AGENT,
        source=source,
        reference=row.reference,
        received_on=row.received_on,
        at=at,
        payer={"name": row.payer} if row.payer else {},
    )


def _commission(agent: Agent, commission: Money, at: dt.datetime) -> int:
    if commission.amount < 0:
        raise FileRefused(reason=gettext_noop("a commission is not less than nothing."))
    return posting.move(
        debit=chart.PROVIDER_FEES, credit=chart.CLEARING, money=commission, on=receiving.day_of(at),
        reference=f"agent:{agent.code}", at=at,
    )  # fmt: skip


def _rows(content: bytes, settings: Mapping[str, Any], currency: str) -> list[Collected]:
    raw = list(csv_files.rows(content, settings=settings))
    numbers = {row.get("account", "") for _, row in raw}
    accounts = {account.number: account for account in customer_queries.accounts().filter(number__in=numbers)}
    found, faults, seen = [], [], set()
    for number, row in raw:
        try:
            one = _row(number, row, settings, accounts, currency)
            if one.reference in seen:
                raise csv_files.Wrong("reference", gettext_noop("“{value}” stands in the file twice."), one.reference)
            seen.add(one.reference)
            found.append(one)
        except csv_files.Wrong as wrong:
            faults.append(wrong.fault(number))
    if faults or not found:
        raise FileRefused(reason=gettext_noop("some rows are wrong, or there are none."), faults=faults)
    return found


def _row(
    number: int, row: Mapping[str, str], settings: Mapping[str, Any], accounts: Mapping[str, Any], currency: str
) -> Collected:
    account = accounts.get(row.get("account", ""))
    if account is None or account.currency != currency:
        raise csv_files.Wrong(
            "account", gettext_noop("there is no account “{value}” in this currency."), row.get("account", "")
        )
    amount = csv_files.amount_of(row, "amount", settings)
    if amount is None or amount <= 0 or amount != round_to_minor(amount, currency):
        raise csv_files.Wrong(
            "amount", gettext_noop("“{value}” is no amount that was collected."), row.get("amount", "")
        )
    reference = row.get("reference", "")
    if not reference or len(reference) > receiving.LONGEST_REFERENCE:
        raise csv_files.Wrong("reference", gettext_noop("“{value}” is no reference."), reference)
    day = csv_files.day_of(row, "booked_on", settings)
    return Collected(number, reference, account, amount, day, row.get("party_name", ""))
