"""Credit goes back: one person asks, another approves, then it is paid by its method.

Approving posts it (the account's credit against clearing) and settles it with the credit, so that it can be neither
spent nor refunded twice. A refund that fails is taken back whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, Sum

from billing.ledger import chart
from billing.ledger import entries as ledger_entries
from billing.payments import locks, queries
from billing.payments.models import BankLine, LineBooking, Payment, ProviderMovement, Refund
from billing.payments.operations import allocating, errors, posting, receiving, telling
from kernel.errors import GridhallError, NotFound, gettext_noop
from kernel.money import Money
from tenants.customers import queries as customer_queries
from tenants.customers import refusals

REFUND = gettext_noop("refund")
LONGEST_REASON, LONGEST_NAME = 200, 140
State, Method, Moved = Refund.State, Refund.Method, ProviderMovement.Kind
ON_ITS_WAY = (State.APPROVED, State.SENT)


class RefundRefused(GridhallError):
    """A refund is not in the state, or not of the kind, for what was asked."""

    code = "refund_refused"
    template = gettext_noop("This cannot be done with the refund: {reason}")


class SamePerson(GridhallError):
    """Nobody approves his own request."""

    code = "refund_same_person"
    template = gettext_noop("Who asked for a refund cannot approve it. Ask a colleague.")


def request_refund(
    *, account_id: int, money: Money, method: str, reason: str, requested_by: str, at: dt.datetime,
    payment_id: int | None = None, payee: Mapping[str, Any] | None = None,
) -> Refund:  # fmt: skip
    """This will ask for credit of an account to be paid back; nothing is posted before another person approves.

    ``payment_id`` names the payment that goes back the way it came (method ``provider``); ``payee`` has ``name``,
    ``account`` and ``bic`` for a bank transfer. Raises NotEnoughCredit: credit that other requests hold does not
    count; NotFound or RefundRefused.
    """
    account = customer_queries.account_by_id(account_id=account_id)
    _check(account, money, method, payment_id, payee or {})
    with transaction.atomic():
        locks.hold_accounts([account_id])
        allocating.settle_held(account_id=account_id, at=at)
        _require_credit(account_id, money, held=_requested(account_id))
        if payment_id is not None:
            _require_payment(payment_id, account_id, money)
        return _make(
            account_id=account_id, money=money, method=method, reason=reason, requested_by=requested_by, at=at,
            payment_id=payment_id, payee=payee or {},
        )  # fmt: skip


def request_return(
    *, money: Money, payee: Mapping[str, Any], reason: str, requested_by: str, at: dt.datetime
) -> Refund:
    """This will ask for a receipt that belongs to nobody here to be sent back to whom it came from."""
    if not payee.get("account"):
        raise RefundRefused(reason=gettext_noop("a bank transfer needs the payee's account."))
    return _make(
        account_id=None, money=money, method=Method.BANK_TRANSFER, reason=reason, requested_by=requested_by, at=at,
        payment_id=None, payee=payee,
    )  # fmt: skip


def approve_refund(*, refund_id: int, approved_by: str, at: dt.datetime) -> Refund:
    """This will approve and post a refund; what is written back is done with it. Raises SamePerson, NotEnoughCredit."""
    with transaction.atomic():
        refund = _locked(refund_id, State.REQUESTED)
        if refund.requested_by == approved_by:
            raise SamePerson()
        money = Money.rounded(refund.amount, refund.currency)
        if refund.account_id is not None:
            allocating.settle_held(account_id=refund.account_id, at=at)
            _require_credit(refund.account_id, money, held=Money.zero(money.currency))
        written_back = refund.method == Method.WRITE_BACK
        refund.decided_by, refund.decided_at = approved_by, at
        refund.state = State.PAID if written_back else State.APPROVED
        refund.paid_on = receiving.day_of(at) if written_back else None
        refund.entry_id = _post(refund, money, at)
        with refusals.named({"payments_refund_four_eyes": SamePerson()}):
            refund.save()
        _settle(refund, at)
    return refund


def reject_refund(*, refund_id: int, rejected_by: str, note: str, at: dt.datetime) -> Refund:
    """This will turn a request down; the credit stays where it is."""
    with transaction.atomic():
        refund = _locked(refund_id, State.REQUESTED)
        refund.state, refund.decided_by, refund.decided_at = State.REJECTED, rejected_by, at
        refund.note = note[:LONGEST_REASON]
        refund.save()
        _release_line(refund, at)
    return refund


def mark_sent(*, refund_id: int) -> Refund:
    """This will note that an approved refund is on its way (ordered at the bank or the provider)."""
    with transaction.atomic():
        refund = _locked(refund_id, *ON_ITS_WAY)
        refund.state = State.SENT
        refund.save(update_fields=["state"])
    return refund


def confirm_paid(*, refund_id: int, paid_on: dt.date) -> Refund:
    """This will note that an approved refund reached the customer; paid before: nothing changes."""
    with transaction.atomic():
        refund = _locked(refund_id, *ON_ITS_WAY, State.PAID)
        if refund.state != State.PAID:
            refund.state, refund.paid_on = State.PAID, paid_on
            refund.save(update_fields=["state", "paid_on"])
    return refund


def fail_refund(*, refund_id: int, note: str, at: dt.datetime) -> Refund:
    """This will take back a refund that could not be paid: the account has its credit again."""
    with transaction.atomic():
        refund = _locked(refund_id, *ON_ITS_WAY)
        posting.undo(entry_id=refund.entry_id or 0, on=receiving.day_of(at), reference=refund.reference, at=at)
        refund.state, refund.note = State.FAILED, note[:LONGEST_REASON]
        refund.save(update_fields=["state", "note"])
        _settle(refund, at)
        _release_line(refund, at)
    return refund


def withdraw_return(*, refund_id: int, at: dt.datetime, by: str) -> Refund:
    """This will call off sending a receipt back, as long as the order did not leave."""
    with transaction.atomic():
        refund = _locked(refund_id, State.REQUESTED, State.APPROVED)
        if refund.state == State.APPROVED:
            posting.undo(entry_id=refund.entry_id or 0, on=receiving.day_of(at), reference=refund.reference, at=at)
        refund.state = State.REJECTED if refund.state == State.REQUESTED else State.FAILED
        refund.decided_by = refund.decided_by or by
        refund.save()
    return refund


def transfer_credit(*, from_account_id: int, to_account_id: int, money: Money, reason: str, at: dt.datetime) -> int:
    """This will move credit between two accounts of one customer and return the ledger entry.

    Raises NotEnoughCredit (credit that waits to be refunded does not count) or RefundRefused; nothing is changed then.
    """
    giver = customer_queries.account_by_id(account_id=from_account_id)
    taker = customer_queries.account_by_id(account_id=to_account_id)
    if giver.customer_id != taker.customer_id or giver.pk == taker.pk:
        raise RefundRefused(reason=gettext_noop("credit moves between two accounts of the same customer."))
    if not giver.currency == taker.currency == money.currency:
        raise RefundRefused(reason=gettext_noop("both accounts and the amount are in one currency."))
    if money.amount <= 0:
        raise errors.NoAmount()
    with transaction.atomic():
        locks.hold_accounts([giver.pk, taker.pk])
        allocating.settle_held(account_id=giver.pk, at=at)
        _require_credit(giver.pk, money, held=_requested(giver.pk))
        sides = [
            ledger_entries.debit(chart.RECEIVABLE, money, account_id=giver.pk),
            ledger_entries.credit(chart.RECEIVABLE, money, account_id=taker.pk),
        ]
        entry_id = posting.post(
            kind=posting.EntryKind.TRANSFER, on=receiving.day_of(at), reference=reason[:100], sides=sides, at=at
        )
        for account_id in sorted((giver.pk, taker.pk)):
            allocating.settle_held(account_id=account_id, at=at)
        telling.changed(account_ids=[giver.pk, taker.pk])
    return entry_id


def _post(refund: Refund, money: Money, at: dt.datetime) -> int:
    code = chart.INCOME_FEES if refund.method == Method.WRITE_BACK else chart.CLEARING
    owed = chart.SUSPENSE if refund.account_id is None else chart.RECEIVABLE
    sides = [ledger_entries.debit(owed, money, account_id=refund.account_id), ledger_entries.credit(code, money)]
    return posting.post(
        kind=posting.EntryKind.REFUND, on=receiving.day_of(at), reference=refund.reference, sides=sides, at=at
    )


def _settle(refund: Refund, at: dt.datetime) -> None:
    if refund.account_id is not None:
        allocating.settle_held(account_id=refund.account_id, at=at)
        telling.changed(account_ids=[refund.account_id])


def _release_line(refund: Refund, at: dt.datetime) -> None:
    """A receipt that is not sent back after all stands in suspense again."""
    for booking in _bookings(refund):
        booking.undone_at = at
        booking.save(update_fields=["undone_at"])
        booking.line.used -= booking.amount
        booking.line.save(update_fields=["used"])


def _bookings(refund: Refund) -> list[LineBooking]:
    found = list(LineBooking.objects.filter(refund=refund, kind="return", undone_at__isnull=True))
    for booking in found:
        booking.line = BankLine.objects.select_for_update().get(pk=booking.line_id)
    return found


def _make(
    *, account_id: int | None, money: Money, method: str, reason: str, requested_by: str, at: dt.datetime,
    payment_id: int | None, payee: Mapping[str, Any],
) -> Refund:  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('payments_refund', 'id'))")
        [key] = cursor.fetchone()
    return Refund.objects.create(
        id=key,
        reference=f"RF{receiving.day_of(at):%y%m%d}{key:06d}",
        account_id=account_id,
        amount=money.amount,
        currency=money.currency,
        method=method,
        payment_id=payment_id,
        payee={name: str(value)[:LONGEST_NAME] for name, value in payee.items()},
        reason=reason[:LONGEST_REASON],
        requested_by=requested_by,
        requested_at=at,
    )


def _check(account: Any, money: Money, method: str, payment_id: int | None, payee: Mapping[str, Any]) -> None:
    if money.amount <= 0:
        raise errors.NoAmount()
    if money.currency != account.currency:
        raise errors.OtherCurrency(
            where="amount", account=account.number, currency=account.currency, given=money.currency
        )
    if method not in Method.values:
        raise RefundRefused(reason=gettext_noop("“{method}” is no way to pay it."), method=method)
    if method == Method.BANK_TRANSFER and not (payee.get("name") and payee.get("account")):
        raise RefundRefused(reason=gettext_noop("a bank transfer needs the payee's name and account."))
    if method == Method.PROVIDER and payment_id is None:
        raise RefundRefused(reason=gettext_noop("to go back the way it came it must name its payment."))


def _require_payment(payment_id: int, account_id: int, money: Money) -> None:
    payment = Payment.objects.filter(pk=payment_id, account=account_id).first()
    if payment is None:
        raise NotFound(what=receiving.PAYMENT, name=payment_id)
    standing = payment.refunds.exclude(state__in=[State.REJECTED, State.FAILED])
    back = standing.aggregate(total=Sum("amount", default=0))["total"] + _gone_elsewhere(payment)
    if hasattr(payment, "reversal") or back + money.amount > payment.amount:
        raise RefundRefused(reason=gettext_noop("more would go back than the payment brought."))


def _gone_elsewhere(payment: Payment) -> Decimal:
    """What the provider sent back without being asked here (disputes, refunds on its pages), less what it returned."""
    gone, came = [Moved.REFUND, Moved.DISPUTE], [Moved.REFUND_FAILED, Moved.DISPUTE_WON]
    moved = ProviderMovement.objects.filter(payment=payment).aggregate(
        gone=Sum("amount", filter=Q(kind__in=gone), default=0), came=Sum("amount", filter=Q(kind__in=came), default=0)
    )
    return Decimal(moved["gone"] - moved["came"])


def _requested(account_id: int) -> Money:
    account = customer_queries.account_by_id(account_id=account_id)
    waiting = Refund.objects.filter(account=account_id, state=State.REQUESTED)
    return Money.rounded(waiting.aggregate(total=Sum("amount", default=0))["total"], account.currency)


def _require_credit(account_id: int, money: Money, *, held: Money) -> None:
    zero = Money.zero(money.currency)
    credit = queries.account_credit(account_ids=[account_id]).get(account_id, zero) - held
    if credit < money:
        available = max(credit.amount, zero.amount)
        raise errors.NotEnoughCredit(where="amount", available=available, asked=money.amount, currency=money.currency)


def _locked(refund_id: int, *states: str) -> Refund:
    found = Refund.objects.filter(pk=refund_id).first()
    if found is None:
        raise NotFound(what=REFUND, name=refund_id)
    if found.account_id is not None:
        locks.hold_accounts([found.account_id])
    refund = Refund.objects.select_for_update().get(pk=refund_id)
    if refund.state not in states:
        raise RefundRefused(reason=gettext_noop("it is in state “{state}”."), state=refund.state)
    return refund
