"""The final bill and the deposit in one flow: set off, given back, refunded to where money came from."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.arrears import operations, tasks
from billing.arrears.models import Deposit, DepositMovement
from billing.ledger import queries as ledger_queries
from billing.payments import queries as payment_queries
from billing.payments.models import KnownPayer, Refund
from billing.runs import operations as run_operations
from billing.runs import queries as run_queries
from harness import bill_cast, supply
from harness.bill_cast import AT
from kernel.money import Money
from kernel.periods import Period
from tenants.customers import queries as customer_queries

pytestmark = pytest.mark.django_db
JANUARY, CLOSED = dt.date(2026, 1, 1), dt.date(2026, 3, 11)


def cny(amount):
    return Money(Decimal(amount), "CNY")


def book(code):
    return sum((row.balance for row in ledger_queries.trial_balance() if row.code == code), Decimal(0))


@pytest.fixture
def household(in_alder):
    """It was supplied from January on and billed nothing yet."""
    channels = bill_cast.households("1", document=bill_cast.STANDING)
    supply.read(channel=channels["1"], period=Period(JANUARY, dt.date(2026, 3, 1)), each=100)
    return customer_queries.account(number="A1")


def hold(account, amount, *, kind="cash"):
    asked = operations.ask_deposit(account_id=account.pk, kind=kind, amount=cny(amount), on=JANUARY, at=AT)
    if kind == "guarantee":
        return operations.take_guarantee(
            deposit_id=asked.pk, guarantor="Bank", document="G1", expires_on=dt.date(2027, 1, 1), on=JANUARY
        )
    return operations.receive_deposit(
        deposit_id=asked.pk, money=cny(amount), method="cash", reference="D1", received_on=JANUARY, at=AT
    )


def finish():
    return [
        ended
        for account_id, invoice_id in run_queries.final_invoices()
        for ended in operations.settle_final_bill(account_id=account_id, invoice_id=invoice_id, on=CLOSED, at=AT)
    ]


def owed(account):
    found = payment_queries.open_debits(account_ids=[account.pk])
    return sum((row.open.amount for row in found), Decimal(0))


def leave(account):
    for run in run_operations.close_account(account_id=account.pk, moved_out_on=CLOSED, at=AT):
        bill_cast.issued(run_operations.run_to_review(run=run, at=AT))


class TestAFinalBill:
    def test_is_paid_by_the_deposit_and_the_rest_is_put_up_for_refund(self, household):
        hold(household, "1000.00")
        KnownPayer.objects.create(
            party_account="6222000011112222", account=household, party_name="Li", last_on=dt.date(2026, 2, 1)
        )
        leave(household)
        before = owed(household)

        finish()
        again = finish()

        [taken] = DepositMovement.objects.filter(kind="set_off")
        refund = Refund.objects.get()
        assert before > 0 and again == []
        assert (owed(household), book("deposits")) == (0, 0)
        assert refund.amount == -taken.amount - before
        assert (refund.state, refund.payee["account"]) == ("requested", "6222000011112222")

    def test_without_a_known_bank_account_the_rest_stays_as_credit(self, household):
        hold(household, "1000.00")
        leave(household)

        finish()

        assert Refund.objects.count() == 0
        assert payment_queries.account_credit(account_ids=[household.pk])[household.pk].amount > 0

    def test_too_small_a_deposit_lowers_what_is_owed(self, household):
        hold(household, "10.00")
        leave(household)
        before = owed(household)

        finish()

        [taken] = DepositMovement.objects.filter(kind="set_off")
        assert owed(household) == before + taken.amount
        assert Refund.objects.count() == 0

    def test_keeps_a_guarantee_until_it_is_paid(self, household):
        hold(household, "900.00", kind="guarantee")
        leave(household)

        kept = finish()
        supply_paid(household)
        given_back = finish()

        assert (kept, [each.kind for each in given_back]) == ([], ["guarantee"])

    def test_a_lost_message_is_made_up_for(self, household):
        hold(household, "1000.00")
        leave(household)

        assert operations.finished_accounts() == run_queries.final_invoices()
        finish()
        assert operations.finished_accounts() == []

    def test_leaves_a_deposit_of_a_later_stay_alone(self, household):
        leave(household)
        asked = operations.ask_deposit(
            account_id=household.pk, kind="cash", amount=cny("100.00"), on=dt.date(2030, 1, 1), at=AT
        )

        finish()

        asked.refresh_from_db()
        assert asked.state == Deposit.State.ASKED

    def test_runs_know_the_task_by_this_name(self):
        from billing.runs.operations import final_bills

        assert tasks.settle_final_bill.name == final_bills.FINAL_TASK


class TestADepositThatComesIn:
    def test_pays_no_bill(self, household):
        leave(household)
        before = owed(household)

        hold(household, "1000.00")

        assert (owed(household), book("deposits")) == (before, Decimal("-1000.00"))
        assert all(row.invoice_id for row in payment_queries.open_debits(account_ids=[household.pk]))


def supply_paid(account):
    from billing.payments import operations as payment_operations

    payment_operations.receive(
        account_id=account.pk, money=cny(f"{owed(account):.2f}"), method="cash", source="t", reference="P",
        received_on=CLOSED, at=AT,
    )  # fmt: skip
