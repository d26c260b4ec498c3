"""What stands in suspense is booked on: to accounts, refunds, clearing, charges; every part can be taken back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from billing.ledger import chart
from billing.payments import ledger_sides
from billing.payments.models import BankLine, KnownPayer, LineBooking, Payment, PaymentMethod, ProviderMovement, Refund
from billing.payments.operations import posting, receiving, refunding
from kernel.errors import GridhallError, NotFound, gettext_noop
from kernel.money import Money

LINE, BOOKING = gettext_noop("line of a statement"), gettext_noop("booking")
LONGEST_NOTE = 200
Kind = LineBooking.Kind


class LineRefused(GridhallError):
    """What was asked for does not fit the line."""

    code = "line_refused"
    template = gettext_noop("The line was not booked: {reason}")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a line, always a positive amount; which key it needs depends on its kind."""

    kind: str
    amount: Decimal
    account_id: int | None = None
    invoice_ids: Sequence[int] = ()
    payment_id: int | None = None
    refund_id: int | None = None
    payee: dict[str, str] | None = None
    payout_id: int | None = None


def book_line(
    *, line_id: int, parts: Sequence[Part], booked_by: str, at: dt.datetime, reasons: Sequence[str] = ()
) -> list[LineBooking]:
    """This will book parts of a line on from suspense, all or none; ``booked_by`` is empty for the program.

    Raises NotFound or LineRefused, or what receiving, reversing and refunding refuse; then nothing was changed.
    """
    with transaction.atomic():
        line = _locked(line_id)
        left = abs(line.amount) - line.used
        asked = sum((part.amount for part in parts), Decimal(0))
        if not parts or any(part.amount <= 0 for part in parts):
            raise LineRefused(reason=gettext_noop("every part needs an amount greater than zero."))
        if asked > left:
            raise LineRefused(
                reason=gettext_noop("{asked} is more than the {left} that is left."),
                asked=f"{asked:f} {line.currency}",
                left=f"{left:f} {line.currency}",
            )
        number = line.bookings.count()
        made = []
        for offset, part in enumerate(parts, start=1):
            booking = LineBooking(line=line, kind=part.kind, amount=part.amount, booked_by=booked_by, booked_at=at)
            booking.reasons = list(reasons)
            _BOOKED.get(part.kind, _unknown)(line, part, booking, f"L{line.pk}-{number + offset}")
            booking.save(force_insert=True)
            made.append(booking)
        line.used += asked
        line.parked = ""
        line.save(update_fields=["used", "parked"])
    return made


def undo_booking(*, booking_id: int, undone_by: str, at: dt.datetime) -> LineBooking:
    """This will take a booking back: the money stands in suspense again. Raises NotFound or LineRefused."""
    with transaction.atomic():
        found = LineBooking.objects.filter(pk=booking_id).first()
        if found is None:
            raise NotFound(what=BOOKING, name=booking_id)
        line = _locked(found.line_id)
        booking = LineBooking.objects.get(pk=booking_id)
        if booking.undone_at is not None:
            return booking
        if booking.kind == Kind.PAYMENT and booking.payment_id is not None:
            _require_not_returned(booking)
            receiving.reverse(payment_id=booking.payment_id, reason=f"L{line.pk}: {undone_by}", at=at)
        elif booking.kind in (Kind.CLEARING, Kind.FEE, Kind.PAYOUT) and booking.entry_id is not None:
            posting.undo(entry_id=booking.entry_id, on=receiving.day_of(at), reference=f"L{line.pk}", at=at)
        elif booking.kind == Kind.RETURN and booking.refund_id is not None:
            refunding.withdraw_return(refund_id=booking.refund_id, at=at, by=undone_by)
        else:
            raise LineRefused(reason=gettext_noop("a refund or reversal that the bank confirmed stays as it is."))
        booking.undone_at = at
        booking.save(update_fields=["undone_at"])
        line.used -= booking.amount
        line.save(update_fields=["used"])
    return booking


def _require_not_returned(booking: LineBooking) -> None:
    """Money that the bank took back again belongs to nobody, and cannot be booked a second time."""
    returned = LineBooking.objects.filter(
        kind=Kind.REVERSAL, payment=booking.payment_id, undone_at__isnull=True
    )  # fmt: skip
    if returned.exists():
        raise LineRefused(reason=gettext_noop("the bank took that payment back; another line shows it."))


def park(*, line_id: int, reason: str) -> BankLine:
    """This will leave a line in suspense with a note of why; an empty one puts it back into the queue."""
    with transaction.atomic():
        line = _locked(line_id)
        line.parked = reason.strip()[:LONGEST_NOTE]
        line.save(update_fields=["parked"])
    return line


def _payment(line: BankLine, part: Part, booking: LineBooking, reference: str) -> None:
    if line.amount < 0 or part.account_id is None:
        raise LineRefused(reason=gettext_noop("only money that came in is booked to an account."))
    booking.payment = receiving.receive(
        account_id=part.account_id,
        money=Money.rounded(part.amount, line.currency),
        method=PaymentMethod.BANK_TRANSFER,
        source=f"bank:{line.bank_account_id}",
        reference=reference,
        received_on=line.value_on,
        at=booking.booked_at,
        invoice_ids=part.invoice_ids,
        payer={"name": line.party_name, "account": line.party_account, "text": line.text},
        debited=chart.SUSPENSE,
    )
    if line.party_account:
        KnownPayer.objects.update_or_create(
            party_account=line.party_account,
            account_id=part.account_id,
            defaults={"party_name": line.party_name, "last_on": line.booked_on},
        )


def _reversal(line: BankLine, part: Part, booking: LineBooking, reference: str) -> None:
    payment = Payment.objects.filter(pk=part.payment_id or 0).first()
    if line.amount > 0 or payment is None or payment.amount != part.amount or payment.currency != line.currency:
        raise LineRefused(reason=gettext_noop("a returned payment has the amount of the line, which went out."))
    if hasattr(payment, "reversal"):
        raise LineRefused(reason=gettext_noop("that payment was taken back before."))
    receiving.reverse(payment_id=payment.pk, reason=line.text or reference, at=booking.booked_at, on=line.booked_on)
    booking.payment = payment
    side = ledger_sides.of_payment(payment)
    if side != chart.SUSPENSE:
        booking.entry_id = _moved(line, part, booking, reference, debit=side, credit=chart.SUSPENSE)


def _refund(line: BankLine, part: Part, booking: LineBooking, reference: str) -> None:
    refund = Refund.objects.filter(pk=part.refund_id or 0).first()
    if line.amount > 0 or refund is None or refund.amount != part.amount or refund.currency != line.currency:
        raise LineRefused(reason=gettext_noop("a refund has the amount of the line, which went out."))
    booking.refund = refunding.confirm_paid(refund_id=refund.pk, paid_on=line.booked_on)
    booking.entry_id = _moved(line, part, booking, reference, debit=chart.CLEARING, credit=chart.SUSPENSE)


def _clearing(line: BankLine, part: Part, booking: LineBooking, reference: str) -> None:
    booking.entry_id = _onward(line, part, booking, reference, chart.CLEARING)
    booking.payment_id = part.payment_id


def _payout(line: BankLine, part: Part, booking: LineBooking, reference: str) -> None:
    """A payout arrives, or one that failed leaves again: what was in transit is in the bank."""
    wanted = ProviderMovement.Kind.PAYOUT if line.amount > 0 else ProviderMovement.Kind.PAYOUT_FAILED
    found = ProviderMovement.objects.filter(pk=part.payout_id or 0, kind=wanted, currency=line.currency).first()
    if found is None or found.amount != part.amount:
        raise LineRefused(reason=gettext_noop("a payout has the amount and the direction of the line."))
    if not ledger_sides.is_in_transit(found):
        raise LineRefused(reason=gettext_noop("that payout was taken to be in the bank before statements were kept."))
    if LineBooking.objects.filter(movement=found, undone_at__isnull=True).exists():
        raise LineRefused(reason=gettext_noop("another line brought that payout."))
    booking.movement = found
    booking.entry_id = _onward(line, part, booking, reference, chart.IN_TRANSIT)


def _fee(line: BankLine, part: Part, booking: LineBooking, reference: str) -> None:
    booking.entry_id = _onward(line, part, booking, reference, chart.PROVIDER_FEES)


def _return(line: BankLine, part: Part, booking: LineBooking, reference: str) -> None:
    if line.amount < 0:
        raise LineRefused(reason=gettext_noop("only money that came in is sent back."))
    payee = part.payee or {"name": line.party_name, "account": line.party_account}
    booking.refund = refunding.request_return(
        money=Money.rounded(part.amount, line.currency),
        payee=payee,
        reason=reference,
        requested_by=booking.booked_by,
        at=booking.booked_at,
    )


def _unknown(line: BankLine, part: Part, booking: LineBooking, reference: str) -> None:
    raise LineRefused(reason=gettext_noop("“{kind}” is no way to book a line."), kind=part.kind)


_BOOKED: dict[str, Callable[[BankLine, Part, LineBooking, str], None]] = {
    Kind.PAYMENT: _payment,
    Kind.REVERSAL: _reversal,
    Kind.REFUND: _refund,
    Kind.CLEARING: _clearing,
    Kind.FEE: _fee,
    Kind.RETURN: _return,
    Kind.PAYOUT: _payout,
}


def _onward(line: BankLine, part: Part, booking: LineBooking, reference: str, code: str) -> int:
    came_in = line.amount > 0
    debit, credit = (chart.SUSPENSE, code) if came_in else (code, chart.SUSPENSE)
    return _moved(line, part, booking, reference, debit=debit, credit=credit)


def _moved(line: BankLine, part: Part, booking: LineBooking, reference: str, *, debit: str, credit: str) -> int:
    money = Money.rounded(part.amount, line.currency)
    return posting.move(
        debit=debit, credit=credit, money=money, on=line.booked_on, reference=reference, at=booking.booked_at
    )


def _locked(line_id: int) -> BankLine:
    line = BankLine.objects.select_for_update().filter(pk=line_id).first()
    if line is None:
        raise NotFound(what=LINE, name=line_id)
    return line
