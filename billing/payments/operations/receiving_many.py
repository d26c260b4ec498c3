"""Many payments at once, as a bank's collection brings them: the rules of one, in sets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from billing.ledger import entries as ledger_entries
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.payments import ledger_sides, locks
from billing.payments.models import Payment
from billing.payments.operations import allocating, errors, receiving, telling
from kernel.money import Money
from tenants.customers import queries as customer_queries
from tenants.customers import refusals

ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Collected:
    """Money that came in for one account; ``reference`` names it once within its source."""

    account_id: int
    money: Money
    method: str
    reference: str
    received_on: dt.date
    payer: Mapping[str, Any] = field(default_factory=dict)


def receive_many(*, collected: Sequence[Collected], source: str, at: dt.datetime) -> list[Payment]:
    """This will book payments of one source and settle the bills of their accounts, oldest first; all or none.

    Each is booked once by its reference, as ``receive`` does, with the same refusals; what was booked before comes
    back as it is. However many there are, the queries are the same few, and a lock for each account.
    """
    for one in collected:
        receiving.check(one.money, one.method, source, one.reference)
    with transaction.atomic():
        account_ids = sorted({one.account_id for one in collected})
        locks.hold_accounts(account_ids)
        _check_accounts(collected, account_ids)
        given = _rows(collected, source, at)
        known = {row.reference: row for row in Payment.objects.filter(source=source, reference__in=list(given))}
        for reference, row in known.items():
            receiving.require_same(before=row, given=given[reference])
        new = [row for reference, row in given.items() if reference not in known]
        _book(new, source, at)
        touched = sorted({row.account_id for row in new})
        allocating.settle_all_held(account_ids=touched, at=at)
        telling.changed(account_ids=touched)
    return [known.get(one.reference) or given[one.reference] for one in collected]


def _rows(collected: Sequence[Collected], source: str, at: dt.datetime) -> dict[str, Payment]:
    """The rows by reference; the same named twice is one, and with another content PaymentDiffers is raised."""
    found: dict[str, Payment] = {}
    for one in collected:
        row = Payment(
            account_id=one.account_id,
            amount=one.money.amount,
            currency=one.money.currency,
            method=one.method,
            source=source,
            reference=one.reference,
            received_on=one.received_on,
            recorded_at=at,
            chosen=[],
            payer=dict(one.payer),
        )
        receiving.require_same(before=found.setdefault(one.reference, row), given=row)
    return found


def _book(new: Sequence[Payment], source: str, at: dt.datetime) -> None:
    sides = {method: ledger_sides.of_method(method) for method in {row.method for row in new}}
    days = {day: ledger_queries.booking_day(on=day) for day in {row.received_on for row in new}}
    for row, entry_id in zip(new, ledger_operations.reserve_entry_ids(count=len(new)), strict=True):
        row.entry_id = entry_id
    elsewhere = errors.PaymentDiffers(reference="", source=source, field="account_id")
    with refusals.named({"payments_payment_once": elsewhere}):
        Payment.objects.bulk_create(new, batch_size=ROWS_AT_ONCE)
    entries = [_entry(row, sides[row.method], days[row.received_on]) for row in new]
    if entries:
        ledger_operations.post(entries=entries, posted_at=at)


def _entry(row: Payment, debited: str, day: dt.date) -> ledger_entries.NewEntry:
    money = Money.rounded(row.amount, row.currency)
    sides = [
        ledger_entries.debit(debited, money),
        ledger_entries.credit(ledger_sides.RECEIVABLE, money, account_id=row.account_id),
    ]
    return ledger_entries.NewEntry(day, ledger_entries.EntryKind.PAYMENT, row.reference, sides, row.entry_id)


def _check_accounts(collected: Sequence[Collected], account_ids: Sequence[int]) -> None:
    """Each account is there and kept in the currency of its payment."""
    found = {account.pk: account for account in customer_queries.accounts().filter(pk__in=account_ids)}
    for one in collected:
        account = found.get(one.account_id) or customer_queries.account_by_id(account_id=one.account_id)
        if account.currency != one.money.currency:
            raise errors.OtherCurrency(
                where="amount", account=account.number, currency=account.currency, given=one.money.currency
            )
