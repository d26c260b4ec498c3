"""Late fees of bills that are corrected, waivers beside corrections, and days that are closed before money is read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.arrears import operations
from billing.arrears.models import LateFee
from billing.charges.models import AccountCharge
from billing.invoices import operations as invoice_operations
from billing.ledger import operations as ledger_operations
from billing.ledger.models import Entry
from billing.payments import operations as payment_operations
from billing.payments import queries as payment_queries
from harness import arrears_cast, billing_cast
from harness.arrears_cast import at
from identity import operations as identity_operations
from identity.capabilities import Role
from kernel.money import Money

pytestmark = pytest.mark.django_db


def day(text):
    return dt.date.fromisoformat(text)


def cny(amount):
    return Money(Decimal(amount), "CNY")


def person(role, email):
    return identity_operations.create_user(email=email, name=email, roles=[role], at=billing_cast.AT, password="x" * 12)


def charged():
    return [each.amount for each in AccountCharge.objects.order_by("pk")]


def credit_part(retailer, invoice, amount, on):
    terms = billing_cast.terms_of(retailer, issued_on=on)
    return invoice_operations.credit_part(
        invoice_id=invoice.pk, amounts={1: Decimal(amount)}, terms=terms, reason="wrong price"
    )


def close(text):
    ledger_operations.close_day(day=day(text), today=day(text) + dt.timedelta(days=1), at=at(day(text)))


@pytest.fixture
def factory(in_alder):
    """A factory with 1,000.00 due on 14 March 2026."""
    account, point = arrears_cast.account("1", kind="business")
    invoice = arrears_cast.bill(in_alder, account, point, "1000.00", issued_on=day("2026-02-27"))
    return account, point, invoice


@pytest.fixture
def paid_late(factory):
    """It paid on 24 March: ten days at 2 ‰ are 20.00."""
    arrears_cast.pay(factory[0], "1000.00", day("2026-03-24"))
    arrears_cast.settle(factory[0], day("2026-03-24"))
    return factory


class TestABillCreditedInPart:
    def test_bears_its_fee_on_what_was_really_owed(self, paid_late, in_alder):
        credit_part(in_alder, paid_late[2], "500.00", day("2026-03-30"))

        for _again in range(2):
            arrears_cast.settle(paid_late[0], day("2026-03-31"))

        # ten days at 2 ‰ of 500.00
        assert charged() == [Decimal("20.00"), Decimal("-10.00")]

    def test_what_was_paid_in_time_covers_what_was_really_owed(self, factory, in_alder):
        arrears_cast.pay(factory[0], "600.00", day("2026-03-14"))
        credit_part(in_alder, factory[2], "400.00", day("2026-03-24"))

        arrears_cast.settle(factory[0], day("2026-03-31"))

        assert charged() == []

    def test_is_lowered_itself_and_not_an_older_one(self, factory, in_alder):
        account, point, older = factory
        newer = arrears_cast.bill(in_alder, account, point, "300.00", issued_on=day("2026-03-20"), month=(2026, 2))
        credit_part(in_alder, newer, "100.00", day("2026-03-21"))

        payment_operations.settle_accounts(account_ids=[account.pk], at=at(day("2026-03-21")))

        left = {row.invoice_id: row.open.amount for row in payment_queries.outstanding(account_ids=[account.pk])}
        assert left == {older.pk: Decimal("1000.00"), newer.pk: Decimal("200.00")}


class TestAWaiverBesideACorrection:
    def test_is_not_given_twice(self, paid_late, in_alder):
        clerk, chief = person(Role.COLLECTIONS, "a@x.test"), person(Role.FINANCE, "b@x.test")
        account, _point, invoice = paid_late
        asked = operations.ask_waiver(
            invoice_id=invoice.pk, amount=cny("15.00"), reason="flood", by=clerk, at=at(day("2026-03-25"))
        )
        operations.decide_waiver(waiver_id=asked.pk, approved=True, by=chief, at=at(day("2026-03-25")))
        terms = billing_cast.terms_of(in_alder, issued_on=day("2026-03-30"))
        invoice_operations.credit(invoice_id=invoice.pk, terms=terms, reason="wrong")

        payment_operations.settle_accounts(account_ids=[account.pk], at=at(day("2026-03-30")))
        for _again in range(2):
            operations.assess_late_fees(on=day("2026-03-30"), at=at(day("2026-03-30")))

        assert charged() == [20, -15, -5]

    def test_is_looked_at_again_when_it_is_approved(self, paid_late, in_alder):
        clerk, chief = person(Role.COLLECTIONS, "a@x.test"), person(Role.FINANCE, "b@x.test")
        account, _point, invoice = paid_late
        asked = operations.ask_waiver(
            invoice_id=invoice.pk, amount=cny("20.00"), reason="flood", by=clerk, at=at(day("2026-03-25"))
        )
        terms = billing_cast.terms_of(in_alder, issued_on=day("2026-03-30"))
        invoice_operations.credit(invoice_id=invoice.pk, terms=terms, reason="wrong")
        payment_operations.settle_accounts(account_ids=[account.pk], at=at(day("2026-03-30")))
        operations.assess_late_fees(on=day("2026-03-30"), at=at(day("2026-03-30")))

        with pytest.raises(operations.NothingToWaive):
            operations.decide_waiver(waiver_id=asked.pk, approved=True, by=chief, at=at(day("2026-03-31")))

        assert charged() == [20, -20]


class TestDaysThatAreClosed:
    def test_nobody_is_late_because_his_payment_was_read_late(self, factory):
        close("2026-03-17")
        payment = payment_operations.receive(
            account_id=factory[0].pk, money=cny("1000.00"), method="bank_transfer", source="bank:1", reference="L1",
            received_on=day("2026-03-14"), at=at(day("2026-03-18")),
        )  # fmt: skip

        arrears_cast.settle(factory[0], day("2026-03-18"))

        assert LateFee.objects.count() == 0
        assert Entry.objects.get(pk=payment.entry_id).business_date == day("2026-03-18")
        assert payment_queries.outstanding(account_ids=[factory[0].pk], on=day("2026-03-15")) == []

    def test_bills_and_credit_notes_keep_their_day_and_are_posted_on_an_open_one(self, factory, in_alder):
        account, point, _invoice = factory
        close("2026-04-10")

        bill = arrears_cast.bill(in_alder, account, point, "80.00", issued_on=day("2026-04-02"))
        terms = billing_cast.terms_of(in_alder, issued_on=day("2026-04-03"))
        note = invoice_operations.credit(invoice_id=bill.pk, terms=terms, reason="wrong")

        posted = Entry.objects.filter(reference__in=[bill.number]).get()
        assert (bill.issued_on, posted.business_date) == (day("2026-04-02"), day("2026-04-11"))
        found = payment_queries.open_debits(account_ids=[account.pk])
        assert [row.open.amount for row in found] == [Decimal("1000.00")]
        assert note

    def test_write_offs_recoveries_and_deposits_are_posted_on_an_open_one(self, factory):
        account = factory[0]
        on = day("2026-09-20")
        close("2026-09-20")

        written = operations.ask_write_off(
            account_id=account.pk, amount=cny("10.00"), reason="small", by=None, on=on, at=at(on)
        )
        chief = person(Role.FINANCE, "b@x.test")
        written = operations.decide_write_off(write_off_id=written.pk, approved=True, by=chief, on=on, at=at(on))
        deposit = operations.ask_deposit(account_id=account.pk, kind="cash", amount=cny("100.00"), on=on, at=at(on))
        arrears_cast.pay(account, "990.00", on)
        operations.receive_deposit(
            deposit_id=deposit.pk, money=cny("100.00"), method="cash", reference="D1", received_on=on, at=at(on)
        )
        operations.end_deposit(deposit_id=deposit.pk, set_off=False, on=on, at=at(on))
        arrears_cast.settle(account, on)

        late = Entry.objects.filter(posted_at=at(on), business_date__lte=day("2026-09-20"))
        assert (written.state, late.count()) == ("approved", 0)
        written.refresh_from_db()
        assert written.recovered == Decimal("10.00")
