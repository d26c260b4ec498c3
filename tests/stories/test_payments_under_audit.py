"""What an auditor tries on payments: money taken back by every way, and the books, the drawer and the bank agreeing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from billing.ledger import chart
from billing.ledger import queries as ledger_queries
from billing.payments import operations, queries
from billing.payments.models import BankAccount, BankLine, CashDesk, LineBooking, OpenItem, Payment, PaymentReversal
from harness import billing_cast
from harness.bank_files import IBAN, camt, entry
from harness.issued import issue
from kernel.money import Money

pytestmark = pytest.mark.django_db
AT = dt.datetime(2026, 5, 5, 4, 0, tzinfo=dt.UTC)
BILL = "113.00"


def cny(amount: Any) -> Money:
    return Money(Decimal(amount), "CNY")


def held(code: str) -> Decimal:
    return sum((row.balance for row in ledger_queries.trial_balance() if row.code == code), Decimal(0))


def owed(account: Any) -> Decimal:
    return ledger_queries.balance(account_id=account.pk, currency="CNY").amount


def everything_agrees() -> None:
    """The books sum to nothing; suspense is what lines have left; cash is what drawers hold; items are receivables."""
    lines = BankLine.objects.all()
    assert sum((row.balance for row in ledger_queries.trial_balance()), Decimal(0)) == 0
    assert held(chart.BANK) == sum((line.amount for line in lines), Decimal(0))
    left = [(abs(line.amount) - line.used) * (1 if line.amount > 0 else -1) for line in lines]
    assert held(chart.SUSPENSE) == -sum(left, Decimal(0))
    assert held(chart.CASH) == sum((desk.balance for desk in CashDesk.objects.all()), Decimal(0))
    assert held(chart.RECEIVABLE) == sum((item.amount for item in OpenItem.objects.all()), Decimal(0))
    assert ledger_queries.verify_chain().intact


@pytest.fixture
def billed(in_alder: Any) -> tuple[Any, Any]:
    """An account with one bill over 113.00, due on 17 April 2026."""
    account, point = billing_cast.make_account("1", name="王小明")
    return account, issue(in_alder, account, point, BILL)


@pytest.fixture
def bank(in_alder: Any) -> BankAccount:
    return BankAccount.objects.create(name="House bank", number=IBAN, currency="CNY", holder="Alder Power")


def load(*entries: str, opening: str, closing: str, name: str = "S1") -> list[BankLine]:
    content = camt(list(entries), opening=opening, closing=closing, name=name)
    [statement] = operations.import_statement(content=content, file_name="s.xml", imported_by="ann", at=AT)
    return list(statement.lines.order_by("row"))


def book(line: BankLine, kind: str = "payment", amount: str = BILL, **part: Any) -> LineBooking:
    [made] = operations.book_line(
        line_id=line.pk, parts=[operations.Part(kind, Decimal(amount), **part)], booked_by="ann", at=AT
    )
    return made


class TestAReceiptBookedForTheWrongAccount:
    """4 May: 113.00 come in and are booked for account 1; they were for account 2."""

    def test_taken_back_as_a_payment_it_waits_in_the_queue_again(self, billed, bank):
        [line] = load(entry(BILL), opening="0.00", closing=BILL)
        booking = book(line, account_id=billed[0].pk)

        operations.reverse(payment_id=booking.payment_id, reason="wrong account", at=AT)

        line.refresh_from_db()
        booking.refresh_from_db()
        assert (line.used, booking.undone_at, owed(billed[0])) == (0, AT, Decimal(BILL))
        assert held(chart.SUSPENSE) == Decimal("-113.00")
        other, _point = billing_cast.make_account("2")
        book(line, account_id=other.pk)
        assert (owed(other), held(chart.SUSPENSE)) == (Decimal("-113.00"), 0)
        everything_agrees()

    def test_undone_at_the_line_and_taken_back_again_has_one_effect(self, billed, bank):
        [line] = load(entry(BILL), opening="0.00", closing=BILL)
        booking = book(line, account_id=billed[0].pk)

        operations.undo_booking(booking_id=booking.pk, undone_by="ben", at=AT)
        operations.reverse(payment_id=booking.payment_id, reason="again", at=AT)
        operations.undo_booking(booking_id=booking.pk, undone_by="ben", at=AT)

        assert (PaymentReversal.objects.count(), owed(billed[0])) == (1, Decimal(BILL))
        everything_agrees()

    def test_a_transfer_told_before_its_statement_gives_the_line_back(self, billed, bank):
        told = operations.receive(
            account_id=billed[0].pk, money=cny(BILL), method="bank_transfer", source="api", reference="TX9",
            received_on=dt.date(2026, 5, 3), at=AT,
        )  # fmt: skip
        [line] = load(entry(BILL, text="TX9"), opening="0.00", closing=BILL)
        operations.match_lines(at=AT)

        operations.reverse(payment_id=told.pk, reason="of somebody else", at=AT)

        line.refresh_from_db()
        assert (line.used, held(chart.CLEARING), held(chart.SUSPENSE)) == (0, 0, Decimal("-113.00"))
        everything_agrees()


class TestAPaymentThatTheBankTakesBack:
    """4 May in, 6 May out again with the same end-to-end reference."""

    @pytest.fixture
    def returned(self, billed, bank):
        [came] = load(entry(BILL, end_to_end="E1"), opening="0.00", closing=BILL)
        booking = book(came, account_id=billed[0].pk)
        [went] = load(
            entry(BILL, end_to_end="E1", side="DBIT", day="2026-05-06", reversal=True), opening=BILL, closing="0.00",
            name="S2",
        )  # fmt: skip
        operations.match_lines(at=AT)
        return booking, came, went

    def test_the_bill_is_open_again(self, returned, billed):
        assert owed(billed[0]) == Decimal(BILL)
        assert held(chart.SUSPENSE) == held(chart.BANK) == 0
        everything_agrees()

    def test_its_first_line_cannot_be_booked_a_second_time(self, returned, billed):
        booking, came, _went = returned

        with pytest.raises(operations.LineRefused, match="took that payment back"):
            operations.undo_booking(booking_id=booking.pk, undone_by="ben", at=AT)

        came.refresh_from_db()
        assert (came.used, owed(billed[0])) == (Decimal(BILL), Decimal(BILL))
        everything_agrees()

    def test_after_it_was_refunded_the_customer_owes_both(self, billed, bank):
        """150.00 for a bill of 113.00; 37.00 are refunded; then the bank takes the 150.00 back."""
        account = billed[0]
        [came] = load(entry("150.00", end_to_end="E2"), opening="0.00", closing="150.00")
        book(came, amount="150.00", account_id=account.pk)
        refund = operations.request_refund(
            account_id=account.pk, money=cny("37.00"), method="bank_transfer", reason="too much", requested_by="ann",
            at=AT, payee={"name": "王小明", "account": "6222"},
        )  # fmt: skip
        operations.approve_refund(refund_id=refund.pk, approved_by="ben", at=AT)
        load(
            entry("37.00", side="DBIT", day="2026-05-06", text=refund.reference),
            entry("150.00", side="DBIT", day="2026-05-07", end_to_end="E2", reversal=True),
            opening="150.00", closing="-37.00", name="S2",
        )  # fmt: skip
        operations.match_lines(at=AT)

        refund.refresh_from_db()
        assert (refund.state, owed(account)) == ("paid", Decimal("150.00"))
        assert queries.account_credit(account_ids=[account.pk]) == {}
        assert (held(chart.CLEARING), held(chart.SUSPENSE), held(chart.BANK)) == (0, 0, Decimal("-37.00"))
        everything_agrees()


class TestCashTakenForTheWrongAccount:
    @pytest.fixture
    def taken(self, billed):
        desk = operations.add_desk(code="K1", name="Counter", currency="CNY")
        session = operations.open_session(desk_id=desk.pk, cashier="cy", opening=cny("100.00"), at=AT)
        payment, movement = operations.take_payment(
            session_id=session.pk, account_id=billed[0].pk, money=cny(BILL), at=AT
        )
        return session, payment, movement

    def test_taken_back_in_the_office_the_cash_still_lies_in_the_drawer(self, taken, billed):
        session, payment, _movement = taken

        operations.reverse(payment_id=payment.pk, reason="wrong account", at=AT)

        assert held(chart.CASH) == queries.desk(desk_id=session.desk_id).balance == Decimal("213.00")
        assert held(chart.CLEARING) == Decimal("-213.00")  # 100.00 fetched as a float, 113.00 that wait
        closed = operations.count_out(session_id=session.pk, pieces={"100": 2, "10": 1, "1": 3}, reason="", at=AT)
        assert closed.state == "closed"
        everything_agrees()

    def test_what_the_office_took_back_the_desk_cannot_hand_out_again(self, taken):
        session, payment, movement = taken
        operations.reverse(payment_id=payment.pk, reason="wrong account", at=AT)

        with pytest.raises(operations.CashRefused):
            operations.take_back(session_id=session.pk, movement_id=movement.pk, reason="again", at=AT)

        assert held(chart.CASH) == queries.desk(desk_id=session.desk_id).balance
        everything_agrees()

    def test_handed_back_at_the_desk_and_taken_back_in_the_office_has_one_effect(self, taken, billed):
        session, payment, movement = taken
        operations.take_back(session_id=session.pk, movement_id=movement.pk, reason="wrong", at=AT)

        operations.reverse(payment_id=payment.pk, reason="again", at=AT)

        assert held(chart.CASH) == queries.desk(desk_id=session.desk_id).balance == Decimal("100.00")
        assert (Payment.objects.count(), owed(billed[0])) == (1, Decimal(BILL))
        everything_agrees()
