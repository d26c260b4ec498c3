"""Payments come in and are taken back; both post to the ledger and settle what is open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from billing.invoices import queries as invoice_queries
from billing.ledger import entries as ledger_entries
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.payments import ledger_sides, locks
from billing.payments.models import Payment, PaymentMethod, PaymentReversal
from billing.payments.operations import allocating, errors, posting, telling
from kernel.errors import NotFound, gettext_noop
from kernel.money import Money
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.customers import refusals

PAYMENT = gettext_noop("payment")
LONGEST_SOURCE, LONGEST_REFERENCE, LONGEST_REASON = 64, 100, 200


def receive(
    *,
    account_id: int,
    money: Money,
    method: str,
    source: str,
    reference: str,
    received_on: dt.date,
    at: dt.datetime,
    invoice_ids: Sequence[int] = (),
    payer: Mapping[str, Any] | None = None,
    debited: str | None = None,
    settles: Sequence[int] = (),
) -> Payment:
    """This will book money received for an account and settle its bills, chosen ones first; return the payment.

    The same ``source`` and ``reference`` again return the same payment and book nothing; with another account,
    amount, method, day or choice PaymentDiffers is raised. ``debited`` names the ledger account that received the
    money where it is not the method's usual one (``ledger_sides``); ``settles`` names entries that it pays before any
    other (a deposit). What exceeds the open bills stays as credit.
    """
    check(money, method, source, reference)
    with transaction.atomic():
        locks.hold_accounts([account_id])
        account = customer_queries.account_by_id(account_id=account_id)
        payment = Payment(
            account_id=account_id,
            amount=money.amount,
            currency=money.currency,
            method=method,
            source=source,
            reference=reference,
            received_on=received_on,
            recorded_at=at,
            chosen=list(invoice_ids),
            payer=dict(payer or {}),
        )
        before = _known(payment)
        if before is not None:
            return before
        _check_account(account, money, invoice_ids)
        return _book(payment, debited or ledger_sides.of_method(method), settles, at)


def reverse(*, payment_id: int, reason: str, at: dt.datetime, on: dt.date | None = None) -> PaymentReversal:
    """This will take a payment back (bounce, chargeback, mistake): mirrored in the ledger, its allocations released.

    The bills it settled are open again, with their old due dates. Taken back before: returns that reversal and
    changes nothing. ``on`` is the business date, else the day of ``at`` at the company. Raises NotFound.
    """
    payment = Payment.objects.filter(pk=payment_id).first()
    if payment is None:
        raise NotFound(what=PAYMENT, name=payment_id)
    with transaction.atomic():
        locks.hold_accounts([payment.account_id])
        before = PaymentReversal.objects.filter(payment=payment).first()
        if before is not None:
            return before
        day = max(on or day_of(at), payment.received_on)
        entry_id = posting.undo(entry_id=payment.entry_id, on=day, reference=payment.reference, at=at)
        reversal = PaymentReversal.objects.create(
            payment=payment, reason=reason[:LONGEST_REASON], reversed_on=day, recorded_at=at, entry_id=entry_id
        )
        allocating.settle_held(account_id=payment.account_id, at=at)
        telling.changed(account_ids=[payment.account_id])
    return reversal


def day_of(at: dt.datetime) -> dt.date:
    """This will return the company's calendar day at an instant."""
    return at.astimezone(ZoneInfo(context.current_retailer().time_zone)).date()


def _book(payment: Payment, debited: str, settles: Sequence[int], at: dt.datetime) -> Payment:
    money = Money.rounded(payment.amount, payment.currency)
    [payment.entry_id] = ledger_operations.reserve_entry_ids(count=1)
    elsewhere = errors.PaymentDiffers(reference=payment.reference, source=payment.source, field="account_id")
    with refusals.named({"payments_payment_once": elsewhere}):
        payment.save(force_insert=True)
    sides = [
        ledger_entries.debit(debited, money),
        ledger_entries.credit(ledger_sides.RECEIVABLE, money, account_id=payment.account_id),
    ]
    day = ledger_queries.booking_day(on=payment.received_on)
    entry = ledger_entries.NewEntry(day, ledger_entries.EntryKind.PAYMENT, payment.reference, sides, payment.entry_id)
    ledger_operations.post(entries=[entry], posted_at=at)
    allocating.settle_held(
        account_id=payment.account_id, at=at, entry_id=payment.entry_id, invoice_ids=payment.chosen, first=settles
    )
    telling.changed(account_ids=[payment.account_id])
    return payment


def _known(payment: Payment) -> Payment | None:
    before = Payment.objects.filter(source=payment.source, reference=payment.reference).first()
    if before is not None:
        require_same(before=before, given=payment)
    return before


def require_same(*, before: Payment, given: Payment) -> None:
    """This will raise PaymentDiffers where a payment that is named again says something else than the first time."""
    for field in ("account_id", "amount", "currency", "method", "received_on", "chosen"):
        if getattr(before, field) != getattr(given, field):
            raise errors.PaymentDiffers(reference=given.reference, source=given.source, field=field)


def check(money: Money, method: str, source: str, reference: str) -> None:
    """This will refuse an amount of nothing, an unknown method, and a source or reference that names nothing."""
    if money.amount <= 0:
        raise errors.NoAmount()
    if method not in PaymentMethod.values:
        raise errors.UnknownMethod(where="method", method=method, known=", ".join(PaymentMethod.values))
    if not source or not reference or len(source) > LONGEST_SOURCE or len(reference) > LONGEST_REFERENCE:
        raise errors.NoReference(where="reference", longest=LONGEST_REFERENCE)


def _check_account(account: Any, money: Money, invoice_ids: Sequence[int]) -> None:
    if account.currency != money.currency:
        raise errors.OtherCurrency(
            where="amount", account=account.number, currency=account.currency, given=money.currency
        )
    mine = set(
        invoice_queries.invoices(account_ids=[account.pk]).filter(pk__in=invoice_ids).values_list("pk", flat=True)
    )
    for invoice_id in invoice_ids:
        if invoice_id not in mine:
            raise errors.OthersInvoice(where="invoices", invoice=invoice_id, account=account.number)
