"""Cash at the counter: counted in, taken with receipts that have no gaps, counted out, brought to the bank.

The desk knows what should lie in its drawer. What is counted differently is booked to cash differences with a reason;
a difference needs the approval of another person before the session is closed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from django.db import transaction

from billing.ledger import chart
from billing.payments.models import CashDesk, CashMovement, CashSession, Payment, PaymentMethod, Refund
from billing.payments.operations import posting, receiving, refunding
from kernel.errors import GridhallError, NotFound, gettext_noop
from kernel.money import Money
from tenants.customers import refusals

DESK, SESSION = gettext_noop("cash desk"), gettext_noop("cash desk session")
LONGEST_REASON = 200
MOST_PIECES = 1_000_000
State, Kind = CashSession.State, CashMovement.Kind


class CashRefused(GridhallError):
    """The drawer or its session does not allow it."""

    code = "cash_refused"
    template = gettext_noop("This cannot be done at the cash desk: {reason}")


class DeskTaken(GridhallError):
    """A desk has one session at a time."""

    code = "cash_desk_taken"
    template = gettext_noop("The cash desk already has an open session. Close it first.")


def add_desk(*, code: str, name: str, currency: str) -> CashDesk:
    """This will add a cash desk; raises CashRefused when its code is taken."""
    taken = CashRefused(reason=gettext_noop("the code “{code}” is taken."), code=code)
    with refusals.named({"payments_desk_code_once": taken}):
        return CashDesk.objects.create(code=code, name=name, currency=currency)


def open_session(*, desk_id: int, cashier: str, opening: Money, at: dt.datetime) -> CashSession:
    """This will open a desk with the float counted in it.

    What the drawer holds more or less than the last session left was fetched from the bank or brought there: it is
    posted against clearing, until the bank's statement shows it. Raises DeskTaken.
    """
    with transaction.atomic():
        desk = _desk(desk_id)
        _require_currency(desk, opening)
        if opening.amount < 0:
            raise CashRefused(reason=gettext_noop("a float is not less than nothing."))
        with refusals.named({"payments_session_one_open": DeskTaken()}):
            session = CashSession.objects.create(desk=desk, cashier=cashier, opened_at=at, opening=opening.amount)
        fetched = opening.amount - desk.balance
        if fetched:
            _move(session, desk, Kind.FLOAT, fetched, reference="", at=at, counterpart=chart.CLEARING)
    return session


def take_payment(
    *, session_id: int, account_id: int, money: Money, at: dt.datetime, invoice_ids: Sequence[int] = (), payer: str = ""
) -> tuple[Payment, CashMovement]:
    """This will take cash for an account and return the payment with its receipt; numbers have no gaps."""
    with transaction.atomic():
        session, desk = _open(session_id)
        _require_currency(desk, money)
        number = desk.next_receipt
        payment = receiving.receive(
            account_id=account_id,
            money=money,
            method=PaymentMethod.CASH,
            source=f"desk:{desk.code}",
            reference=receipt_number(desk.code, number),
            received_on=receiving.day_of(at),
            at=at,
            invoice_ids=invoice_ids,
            payer={"name": payer} if payer else {},
        )
        desk.next_receipt += 1
        movement = _move(
            session,
            desk,
            Kind.PAYMENT,
            money.amount,
            reference=payment.reference,
            at=at,
            receipt=number,
            payment=payment,
        )
    return payment, movement


def take_back(*, session_id: int, movement_id: int, reason: str, at: dt.datetime) -> CashMovement:
    """This will take back a payment of this session: the cash goes out again, the receipt keeps its number."""
    with transaction.atomic():
        session, desk = _open(session_id)
        taken = session.movements.filter(pk=movement_id, kind=Kind.PAYMENT).select_related("payment").first()
        if taken is None or taken.payment is None:
            raise NotFound(what=receiving.PAYMENT, name=movement_id)
        if hasattr(taken.payment, "reversal"):
            raise CashRefused(reason=gettext_noop("that payment was taken back before."))
        receiving.reverse(payment_id=taken.payment.pk, reason=reason, at=at)
        return _move(
            session, desk, Kind.REVERSAL, -taken.amount, reference=taken.reference, at=at, payment=taken.payment
        )


def pay_refund(*, session_id: int, refund_id: int, at: dt.datetime) -> CashMovement:
    """This will hand an approved refund out in cash. Raises CashRefused when the drawer holds less."""
    with transaction.atomic():
        session, desk = _open(session_id)
        refund = Refund.objects.filter(pk=refund_id).first()
        if refund is None or refund.method != Refund.Method.CASH or refund.currency != desk.currency:
            raise CashRefused(reason=gettext_noop("only a refund in cash is handed out."))
        if refund.state == Refund.State.PAID:
            raise CashRefused(reason=gettext_noop("it was handed out before."))
        refund = refunding.confirm_paid(refund_id=refund_id, paid_on=receiving.day_of(at))
        return _move(
            session, desk, Kind.REFUND, -refund.amount, reference=refund.reference, at=at, counterpart=chart.CLEARING
        )


def bring_to_bank(*, session_id: int, money: Money, reference: str, at: dt.datetime) -> CashMovement:
    """This will take cash out of the drawer for the bank; it clears when the statement shows ``reference``."""
    with transaction.atomic():
        session, desk = _open(session_id)
        _require_currency(desk, money)
        if money.amount <= 0 or not reference.strip():
            raise CashRefused(reason=gettext_noop("a deposit needs an amount and the reference on its slip."))
        reference = reference.strip().upper()[:100]
        return _move(session, desk, Kind.DEPOSIT, -money.amount, reference=reference, at=at, counterpart=chart.CLEARING)


def count_out(*, session_id: int, pieces: Mapping[str, int], reason: str, at: dt.datetime) -> CashSession:
    """This will close a session by what was counted: how many pieces of each denomination.

    Without a difference it is closed; with one, and a ``reason``, it waits for approval. Raises CashRefused.
    """
    with transaction.atomic():
        session, desk = _open(session_id)
        total = counted(pieces)
        session.counted, session.counted_total = {str(k): v for k, v in pieces.items() if v}, total
        session.expected, session.reason = desk.balance, reason.strip()[:LONGEST_REASON]
        if total == desk.balance:
            session.state, session.closed_at = State.CLOSED, at
        elif not session.reason:
            raise CashRefused(
                reason=gettext_noop("{difference} differs from what should be there: say why."),
                difference=total - desk.balance,
            )
        else:
            session.state = State.COUNTED
        session.save()
    return session


def approve_difference(*, session_id: int, approved_by: str, at: dt.datetime) -> CashSession:
    """This will book the difference of a counted session and close it. Raises SamePerson or CashRefused."""
    with transaction.atomic():
        session, desk = _session(session_id, State.COUNTED)
        if session.cashier == approved_by:
            raise refunding.SamePerson()
        difference = (session.counted_total or Decimal(0)) - desk.balance
        _move(
            session,
            desk,
            Kind.DIFFERENCE,
            difference,
            reference=session.reason[:100],
            at=at,
            counterpart=chart.CASH_DIFFERENCES,
        )
        session.state, session.closed_at, session.approved_by = State.CLOSED, at, approved_by
        session.save()
    return session


def count_again(*, session_id: int) -> CashSession:
    """This will open a counted session again, to be counted anew."""
    with transaction.atomic():
        session, _ = _session(session_id, State.COUNTED)
        session.state = State.OPEN
        session.save(update_fields=["state"])
    return session


def counted(pieces: Mapping[str, int]) -> Decimal:
    """This will return the sum of counted pieces by denomination; raises CashRefused for what cannot be."""
    total = Decimal(0)
    for denomination, count in pieces.items():
        try:
            value = Decimal(denomination)
        except InvalidOperation:
            value = Decimal(0)
        if value <= 0 or not 0 <= count <= MOST_PIECES:
            raise CashRefused(reason=gettext_noop("“{piece}” cannot be counted."), piece=denomination)
        total += value * count
    return total


def receipt_number(code: str, number: int) -> str:
    """This will return a receipt's number as printed: the desk and its count."""
    return f"{code}-{number:06d}"


def _move(
    session: CashSession, desk: CashDesk, kind: str, amount: Decimal, *, reference: str, at: dt.datetime,
    counterpart: str = "", receipt: int | None = None, payment: Payment | None = None,
) -> CashMovement:  # fmt: skip
    """Write a movement; with a ``counterpart`` post it too. The drawer never holds less than nothing."""
    if desk.balance + amount < 0:
        holds = Money.rounded(desk.balance, desk.currency)
        raise CashRefused(reason=gettext_noop("the drawer holds {balance} only."), balance=holds)
    desk.balance += amount
    desk.save(update_fields=["balance", "next_receipt"])
    money = Money.rounded(amount, desk.currency)
    entry_id = None
    if counterpart:
        day = receiving.day_of(at)
        name = reference or f"{desk.code} {session.pk}"
        entry_id = posting.move(debit=chart.CASH, credit=counterpart, money=money, on=day, reference=name, at=at)
    return CashMovement.objects.create(
        session=session,
        desk=desk,
        kind=kind,
        amount=money.amount,
        reference=reference,
        receipt=receipt,
        payment=payment,
        entry_id=entry_id,
        moved_at=at,
    )


def _open(session_id: int) -> tuple[CashSession, CashDesk]:
    return _session(session_id, State.OPEN)


def _session(session_id: int, state: str) -> tuple[CashSession, CashDesk]:
    """The session and its desk, which is locked first: whatever happens at a desk happens in turn."""
    found = CashSession.objects.filter(pk=session_id).first()
    if found is None:
        raise NotFound(what=SESSION, name=session_id)
    desk = _desk(found.desk_id)
    session = CashSession.objects.get(pk=session_id)
    if session.state != state:
        raise CashRefused(reason=gettext_noop("its session is in state “{state}”."), state=session.state)
    return session, desk


def _desk(desk_id: int) -> CashDesk:
    desk = CashDesk.objects.select_for_update().filter(pk=desk_id).first()
    if desk is None:
        raise NotFound(what=DESK, name=desk_id)
    return desk


def _require_currency(desk: CashDesk, money: Money) -> None:
    if money.currency != desk.currency:
        raise CashRefused(reason=gettext_noop("it is kept in {currency}."), currency=desk.currency)
