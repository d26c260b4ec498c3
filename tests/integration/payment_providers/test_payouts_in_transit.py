"""A payout is counted once: in transit until the line of a bank statement shows it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.ledger import queries as ledger_queries
from billing.payments import operations, queries
from billing.payments.models import BankAccount, BankLine, LineBooking, ProviderMovement
from billing.payments.providers import queries as provider_queries
from billing.payments.providers.operations import follow_page
from config.stripe_server import balances
from harness import stripe_desk
from harness.bank_files import IBAN, camt, entry

pytestmark = pytest.mark.django_db


def book(code):
    return sum((row.balance for row in ledger_queries.trial_balance() if row.code == code), Decimal(0))


@pytest.fixture
def bank_account(in_alder):
    return BankAccount.objects.create(name="House bank", number=IBAN, currency="CNY", holder="Alder Power")


@pytest.fixture
def payout(bank_account, begin, stripe_server, connection):
    """113.00 were paid by card; 1.79 are kept, 111.21 are on their way to the bank."""
    begun = begin()
    stripe_desk.pay(begun.page.url)
    follow_page(attempt=begun.attempt, at=timezone.now())
    with stripe_server.lock:
        made = balances.pay_out(stripe_server.desk(connection.reference), "cny")
    stripe_desk.hear_all(stripe_server)
    return made


def told(amount="111.21", *, text="", name="", days=0, side="CRDT", opening="0.00", closing="111.21", number="S1"):
    day = (timezone.now().date() + dt.timedelta(days=days)).isoformat()
    line = entry(amount, text=text, name=name, day=day, side=side, reference=number)
    operations.import_statement(
        content=camt([line], opening=opening, closing=closing, name=number), file_name="s.xml", imported_by="t",
        at=timezone.now(),
    )  # fmt: skip
    operations.match_lines(at=timezone.now())
    return BankLine.objects.latest("pk")


class TestAPayout:
    def test_is_in_transit_until_a_line_shows_it_and_counted_once(self, payout):
        before = (book("bank"), book("clearing.transit"), book("clearing"))

        line = told(text=f"STRIPE PAYMENTS {payout['id']}")

        booking = LineBooking.objects.get()
        assert before == (0, Decimal("111.21"), 0)
        assert (book("bank"), book("clearing.transit"), book("suspense")) == (Decimal("111.21"), 0, 0)
        assert (booking.kind, booking.reasons, line.is_done) == ("payout", ["payout"], True)

    def test_is_known_by_its_amount_when_the_line_names_the_provider(self, payout):
        line = told(name="STRIPE TECHNOLOGY EUROPE LTD", days=2)

        assert (line.is_done, book("clearing.transit")) == (True, 0)

    def test_of_the_amount_alone_is_only_suggested(self, payout):
        line = told(text="Sammelueberweisung")

        [suggested] = queries.payouts_like(line=line)
        assert (line.used, suggested.reference) == (0, payout["id"])

    def test_is_booked_by_hand_once_and_taken_back(self, payout):
        line = told(text="x")
        [suggested] = queries.payouts_like(line=line)
        part = operations.Part("payout", line.amount, payout_id=suggested.pk)
        [booking] = operations.book_line(line_id=line.pk, parts=[part], booked_by="t", at=timezone.now())
        second = told(text="y", opening="111.21", closing="222.42", number="S2")

        with pytest.raises(operations.LineRefused):
            operations.book_line(line_id=second.pk, parts=[part], booked_by="t", at=timezone.now())
        operations.undo_booking(booking_id=booking.pk, undone_by="t", at=timezone.now())

        assert (book("clearing.transit"), book("suspense")) == (Decimal("111.21"), Decimal("-222.42"))

    def test_that_fails_stands_at_the_provider_again(self, payout, stripe_server, connection):
        with stripe_server.lock:
            balances.fail_payout(stripe_server.desk(connection.reference), payout["id"])

        stripe_desk.hear_all(stripe_server)

        assert (book("bank"), book("clearing.transit"), book("clearing")) == (0, 0, Decimal("111.21"))

    def test_that_is_paid_again_after_it_failed_is_ours(self, payout, stripe_server, connection):
        desk = stripe_server.desk(connection.reference)
        with stripe_server.lock:
            balances.fail_payout(desk, payout["id"])
            balances.pay_out(desk, "cny")

        stripe_desk.hear_all(stripe_server)

        assert (book("clearing.transit"), book("clearing"), book("suspense")) == (Decimal("111.21"), 0, 0)
        assert ProviderMovement.objects.filter(kind="payout").count() == 2

    def test_without_statements_it_is_taken_to_be_in_the_bank(self, begin, stripe_server, connection):
        begun = begin()
        stripe_desk.pay(begun.page.url)
        follow_page(attempt=begun.attempt, at=timezone.now())
        with stripe_server.lock:
            balances.pay_out(stripe_server.desk(connection.reference), "cny")

        stripe_desk.hear_all(stripe_server)

        assert (book("bank"), book("clearing.transit")) == (Decimal("111.21"), 0)
        assert provider_queries.payouts().get().amount == Decimal("111.21")
