"""A payment is taken back wherever it came in: the books, the drawer and the lines of the bank go on agreeing.

Cash that was taken at a desk stays in its drawer: what the books took out of it is put back against clearing, where it
waits to be entered for the right account or paid out. What a bank line brought stands in suspense again.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from billing.ledger import chart
from billing.payments import locks
from billing.payments.models import BankLine, CashMovement, LineBooking, Payment, PaymentReversal
from billing.payments.operations import posting, receiving
from kernel.errors import NotFound
from kernel.money import Money

Kind = LineBooking.Kind


def reverse(*, payment_id: int, reason: str, at: dt.datetime, on: dt.date | None = None) -> PaymentReversal:
    """This will take a payment back (bounce, chargeback, mistake), with what it left at the desk and at the bank.

    See ``receiving.reverse`` for the books and the bills. Taken back before: returns that reversal and changes
    nothing. Raises NotFound.
    """
    payment = Payment.objects.filter(pk=payment_id).first()
    if payment is None:
        raise NotFound(what=receiving.PAYMENT, name=payment_id)
    with transaction.atomic():
        bookings = _held_bookings(payment)
        locks.hold_accounts([payment.account_id])
        before = PaymentReversal.objects.filter(payment=payment).first()
        if before is not None:
            return before
        reversal = receiving.reverse(payment_id=payment_id, reason=reason, at=at, on=on)
        if CashMovement.objects.filter(payment=payment, kind=CashMovement.Kind.PAYMENT).exists():
            _keep_in_drawer(payment, reversal, at)
        for booking in bookings:
            _release(booking, reversal, at)
    return reversal


def _held_bookings(payment: Payment) -> list[LineBooking]:
    """What stands booked of lines for the payment; the lines are locked before the account, as everywhere."""
    standing = LineBooking.objects.filter(
        payment=payment, kind__in=[Kind.PAYMENT, Kind.CLEARING], undone_at__isnull=True
    ).order_by("pk")
    lines = sorted({booking.line_id for booking in standing})
    list(BankLine.objects.select_for_update().filter(pk__in=lines).order_by("pk"))
    return list(standing.all())


def _keep_in_drawer(payment: Payment, reversal: PaymentReversal, at: dt.datetime) -> None:
    money = Money.rounded(payment.amount, payment.currency)
    posting.move(
        debit=chart.CASH, credit=chart.CLEARING, money=money, on=reversal.reversed_on, reference=payment.reference,
        at=at,
    )  # fmt: skip


def _release(booking: LineBooking, reversal: PaymentReversal, at: dt.datetime) -> None:
    """The line's money belongs to nobody again; what it had cleared is taken back with it."""
    line = BankLine.objects.get(pk=booking.line_id)
    if booking.kind == Kind.CLEARING and booking.entry_id is not None:
        posting.undo(entry_id=booking.entry_id, on=reversal.reversed_on, reference=f"L{line.pk}", at=at)
    booking.undone_at = at
    booking.save(update_fields=["undone_at"])
    line.used -= booking.amount
    line.save(update_fields=["used"])
