"""Corrections beside money that moved: payments, late fees, shut books, final and collective bills, long chains."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest
from django.db.models import Sum

from billing.arrears import operations as arrears_operations
from billing.charges.models import AccountCharge
from billing.corrections import operations, queries
from billing.corrections.models import Correction
from billing.invoices import operations as invoice_operations
from billing.invoices.models import Invoice
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.ledger.models import Entry
from billing.payments import operations as payment_operations
from billing.payments import queries as payment_queries
from billing.payments.models import Allocation, OpenItem
from billing.runs import operations as run_operations
from billing.runs import queries as run_queries
from harness import arrears_cast, bill_cast, supply
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.customers.models import Account
from tenants.metering import operations as metering_operations

LATER = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
ON = dt.date(2026, 5, 4)
APRIL = Period.of_month(2026, 4)
pytestmark = pytest.mark.django_db


def reread(channel, *, each=110, day=dt.date(2026, 3, 10), at=LATER):
    """Change a day of 96 × 100 Wh: 110 makes the bill 0.51 more, 90 makes it 0.51 less."""
    days = [metering_operations.DayReadings(channel.pk, day, np.full(96, each, np.int64))]
    metering_operations.store_interval_days(days=days, at=at)


def in_force(number="1"):
    """The invoices of an account that stand, by days."""
    items = run_queries.issued_items().filter(account__number=f"A{number}").order_by("period")
    return [Invoice.objects.get(pk=item.invoice_id) for item in items]


def settle(on):
    keys = payment_queries.accounts_to_settle(limit=10)
    payment_operations.settle_accounts(account_ids=keys, at=arrears_cast.at(on))
    return keys


def odd_items():
    """Open items whose allocations are not what stands on them as settled, or are more than they come to."""
    totals = Counter()
    for debit, credit, amount in Allocation.objects.values_list("debit", "credit", "amount"):
        totals[debit] += amount
        totals[credit] += amount
    rows = OpenItem.objects.values_list("pk", "settled", "amount")
    return [pk for pk, settled, amount in rows if not 0 <= totals[pk] == settled <= abs(amount)]


def receivable():
    """The control account of the books."""
    return sum(row.balance for row in ledger_queries.trial_balance() if row.code == "receivable")


@pytest.fixture
def home(in_alder):
    """A household, billed 157.22 for March."""
    channels = bill_cast.households("1")
    bill_cast.issued(bill_cast.reviewed())
    return channels["1"]


class TestAPaidBill:
    @pytest.mark.parametrize(("each", "owed", "credit"), [(110, "0.51", "0"), (90, "0", "0.51")])
    def test_gives_its_money_to_the_bill_in_its_place(self, home, each, owed, credit):
        [old] = in_force()
        payment = arrears_cast.pay(old.account, "157.22", dt.date(2026, 4, 10))
        settle(dt.date(2026, 4, 10))
        assert payment_queries.outstanding() == []
        reread(home, each=each)

        operations.work(at=LATER)
        swept = settle(ON)

        [new] = in_force()
        assert swept == [old.account_id]
        assert {row.invoice_id: row.open.amount for row in payment_queries.outstanding()} == (
            {new.pk: Decimal(owed)} if Decimal(owed) else {}
        )
        held = payment_queries.account_credit(account_ids=[old.account_id])
        assert sum(money.amount for money in held.values()) == Decimal(credit)
        paid = Allocation.objects.filter(credit__entry_id=payment.entry_id).values_list("debit__invoice")
        by_bill = dict(paid.annotate(total=Sum("amount")).order_by())
        assert by_bill == {old.pk: 0, new.pk: Decimal("157.22") - Decimal(credit)}
        assert odd_items() == []
        balance = ledger_queries.balance(account_id=old.account_id, currency="CNY").amount
        assert balance == receivable() == Decimal(owed) - Decimal(credit)

    def test_paid_late_gives_back_the_fee_of_the_bill_that_is_credited(self, home):
        [old] = in_force()
        late = old.due_on + dt.timedelta(days=20)
        arrears_cast.pay(old.account, "157.22", late)
        arrears_cast.settle(old.account, late)
        [fee] = AccountCharge.objects.values_list("amount", flat=True)
        reread(home, each=90, at=arrears_cast.at(late))

        operations.work(at=arrears_cast.at(late, hour=3))
        settle(late)
        for _again in range(2):
            arrears_operations.assess_late_fees(on=late, at=arrears_cast.at(late, hour=4))

        assert fee > 0
        assert list(AccountCharge.objects.order_by("pk").values_list("amount", flat=True)) == [fee, -fee]


class TestShutBooks:
    def test_credit_and_new_bill_are_booked_on_the_first_open_day(self, home):
        [old] = in_force()
        ledger_operations.close_day(day=ON, today=ON + dt.timedelta(days=1), at=LATER)
        before = ledger_queries.trial_balance(on=ON)
        reread(home)

        operations.work(at=LATER)

        row = Correction.objects.get()
        posted = Entry.objects.filter(reference__in=[row.credit_note.number, in_force()[0].number])
        assert list(posted.values_list("business_date", flat=True)) == [ON + dt.timedelta(days=1)] * 2
        assert row.credit_note.issued_on == ON + dt.timedelta(days=1)
        assert Entry.objects.get(reference=old.number).business_date == bill_cast.BILLED
        assert ledger_queries.trial_balance(on=ON) == before
        assert ledger_queries.verify_chain().intact


class TestACollectiveInvoice:
    def test_is_corrected_as_a_unit_and_the_bill_beside_it_stands(self, in_alder):
        channels = bill_cast.households("1", "2", "3")
        customer = Account.objects.get(number="A1").customer
        Account.objects.update(customer=customer)
        customer_operations.open_account(customer=customer, number="HEAD", currency="CNY", opened_on=bill_cast.JANUARY)
        for number in ("A1", "A2"):
            invoice_operations.arrange_billing(account_number=number, collective_number="HEAD", tax_number="")
        bill_cast.issued(bill_cast.reviewed())
        [old], [beside] = in_force("2"), in_force("3")
        reread(channels["1"])

        operations.work(at=LATER)

        row = Correction.objects.get()
        [one], [other] = in_force("1"), in_force("2")
        assert (one, other) == (other, row.rebills.get().invoice)
        assert (old.account.number, one.account.number) == ("HEAD", "HEAD")
        assert (row.invoice, old.gross, one.gross) == (old, Decimal("314.44"), Decimal("314.95"))
        assert in_force("3") == [beside]
        assert Counter(Invoice.objects.values_list("kind", flat=True)) == {"invoice": 3, "credit_note": 1}
        assert ledger_queries.balance(account_id=one.account_id, currency="CNY").amount == one.gross


class TestAFinalBill:
    def test_is_corrected_after_the_customer_moved_out(self, in_alder, django_capture_on_commit_callbacks):
        home = bill_cast.households("1", document=bill_cast.STANDING, period=Period(bill_cast.JANUARY, APRIL.start))
        for month in (1, 2):
            bill_cast.issued(bill_cast.reviewed(Period.of_month(2026, month)))
        account = Account.objects.get(number="A1")
        [run] = run_operations.close_account(account_id=account.pk, moved_out_on=dt.date(2026, 3, 11), at=bill_cast.AT)
        bill_cast.issued(run_operations.run_to_review(run=run, at=bill_cast.AT))
        old = in_force()[-1]
        operations.work(at=LATER)
        reread(home["1"], day=dt.date(2026, 3, 20))
        assert operations.work(at=LATER) == 0
        reread(home["1"], each=200, day=dt.date(2026, 3, 5))

        with django_capture_on_commit_callbacks() as told:
            assert operations.work(at=LATER + dt.timedelta(hours=2)) == 1

        # 4.00 for ten days and (96 + 9.6) kWh × 0.5283 = 55.79
        new = in_force()[-1]
        assert (old.gross, new.gross) == (Decimal("54.72"), Decimal("59.79"))
        assert run_queries.final_invoices() == [(account.pk, new.pk)]
        assert any(new.pk in getattr(each, "args", ()) for each in told)


class TestALongChain:
    def test_of_three_bills_is_traced_from_each_of_them(self, home):
        bills = in_force()
        for number, each in enumerate((110, 120)):
            at = LATER + dt.timedelta(days=number)
            reread(home, each=each, at=at)
            assert operations.work(at=at) == 1
            bills += in_force()

        first, second, third = bills
        steps = [(first.number, (second.number,)), (second.number, (third.number,))]
        notes = [row.credit_note for row in Correction.objects.order_by("position")]
        traces = [queries.trace_of(invoice_id=each.pk) for each in (*bills, *notes)]
        assert [[(step.number, step.rebills) for step in trace.steps] for trace in traces] == [steps] * 5
        assert [trace.replaces and trace.replaces.number for trace in traces[:3]] == [None, first.number, second.number]
        assert [trace.replaced_by and trace.replaced_by.credit_note for trace in traces] == [
            notes[0].number, notes[1].number, None, notes[0].number, notes[1].number
        ]  # fmt: skip
        assert [each.gross for each in bills] == [Decimal("157.22"), Decimal("157.73"), Decimal("158.24")]


class TestOneLeftAsItIs:
    def test_stays_so_while_a_later_bill_is_corrected_until_it_changes_itself(self, home):
        supply.read(channel=home, period=APRIL, each=100, at=bill_cast.AT)
        bill_cast.issued(bill_cast.reviewed(APRIL), day=dt.date(2026, 5, 2))
        march, april = in_force()
        reread(home, each=20_000)
        operations.work(at=LATER)
        left = operations.dismiss(correction_id=Correction.objects.get().pk, note="Agreed.", at=LATER)
        at = LATER + dt.timedelta(days=1)
        reread(home, day=dt.date(2026, 4, 5), at=at)

        assert operations.work(at=at, everything=True) == 1

        left.refresh_from_db()
        assert left.state == "dismissed"
        assert in_force()[0] == march
        assert in_force()[1] not in (march, april)
        reread(home, each=110, at=at + dt.timedelta(days=1))
        assert operations.work(at=at + dt.timedelta(days=1)) == 1
        assert in_force()[0].gross == march.gross + Decimal("0.51")
