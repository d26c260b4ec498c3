"""Late fees as charges, waivers, deposits in the books, write-offs and what comes in after them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.utils import Error

from billing.arrears import operations, queries
from billing.arrears.models import DepositMovement, LateFee, Waiver, WriteOff
from billing.charges.models import AccountCharge
from billing.invoices import operations as invoice_operations
from billing.ledger import queries as ledger_queries
from billing.payments import operations as payment_operations
from harness import arrears_cast, billing_cast
from harness.arrears_cast import at
from identity import operations as identity_operations
from identity.capabilities import Role
from kernel.errors import Conflict, Invalid
from kernel.money import Money
from tenants.notices.models import Message

pytestmark = pytest.mark.django_db


def day(text):
    return dt.date.fromisoformat(text)


def cny(amount):
    return Money(Decimal(amount), "CNY")


def person(role, email):
    return identity_operations.create_user(email=email, name=email, roles=[role], at=billing_cast.AT, password="x" * 12)


def charged():
    return [each.amount for each in AccountCharge.objects.order_by("pk")]


def book(code):
    return sum((row.balance for row in ledger_queries.trial_balance() if row.code == code), Decimal(0))


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


class TestLateFees:
    def test_a_bill_that_is_credited_takes_its_fee_back(self, paid_late, in_alder):
        _account, _point, invoice = paid_late
        terms = billing_cast.terms_of(in_alder, issued_on=day("2026-03-30"))
        invoice_operations.credit(invoice_id=invoice.pk, terms=terms, reason="wrong")
        payment_operations.settle_accounts(account_ids=[invoice.account_id], at=at(day("2026-03-30")))

        for _again in range(2):
            operations.assess_late_fees(on=day("2026-03-30"), at=at(day("2026-03-30")))

        assert charged() == [Decimal("20.00"), Decimal("-20.00")]
        assert [(part.corrects, part.total) for part in LateFee.objects.order_by("number")] == [(False, 20), (True, 0)]

    def test_a_payment_that_bounces_lets_the_days_go_on(self, paid_late):
        account, _point, _invoice = paid_late
        payment = payment_operations.receive(
            account_id=account.pk, money=cny("1000.00"), method="card", source="test",
            reference=f"{account.pk} 1000.00 2026-03-24", received_on=day("2026-03-24"), at=at(day("2026-03-24")),
        )  # fmt: skip
        payment_operations.reverse(payment_id=payment.pk, reason="bounced", at=at(day("2026-03-27")))
        arrears_cast.pay(account, "1000.00", day("2026-03-31"))

        arrears_cast.settle(account, day("2026-03-31"))

        # 15 to 24 March, then from the day after the bounce, 28 to 31 March
        assert charged() == [Decimal("20.00"), Decimal("8.00")]

    def test_parts_are_never_changed_and_never_overlap(self, paid_late):
        part = LateFee.objects.get()

        with pytest.raises(Error), transaction.atomic():
            LateFee.objects.filter(pk=part.pk).update(amount=1)
        with pytest.raises(Error), transaction.atomic():
            LateFee.objects.create(
                invoice_id=part.invoice_id, account_id=part.account_id, number=2, days=part.days, amount=1, total=21,
                currency="CNY", calculation={}, charge_id=part.charge_id + 1000, assessed_at=part.assessed_at,
            )  # fmt: skip

    def test_the_fee_of_a_fee_is_nothing(self, in_alder):
        """A bill that carries an older late fee of 500 bears fees on its principal alone."""
        account, point = arrears_cast.account("5", kind="business")
        lines = [billing_cast.line("energy", "1000.00"), billing_cast.line("late_fee", "500.00")]
        draft = billing_cast.make_draft(account, point, lines=lines)
        [key] = invoice_operations.store_drafts(drafts=[draft], created_at=billing_cast.AT)
        made = invoice_operations.issue_drafts(
            draft_ids=[key], terms=billing_cast.terms_of(in_alder, issued_on=day("2026-04-02"))
        )
        charge = _older_fee(account, made[key])
        arrears_cast.pay(account, "1500.00", day("2026-04-27"))

        arrears_cast.settle(account, day("2026-04-27"))

        assert AccountCharge.objects.exclude(pk=charge.pk).get().amount == Decimal("20.00")


def _older_fee(account, invoice_id):
    from billing.charges import operations as charge_operations

    made = charge_operations.add(
        account_id=account.pk, kind="late_fee", source="test", reference="old", amount=cny("500.00"),
        on=day("2026-03-01"), at=at(day("2026-03-01")),
    )  # fmt: skip
    charge_operations.mark_billed(charges={invoice_id: [made.pk]})
    return made


class TestWaivers:
    def test_needs_four_eyes_and_is_credited(self, paid_late):
        clerk, chief = person(Role.COLLECTIONS, "a@x.test"), person(Role.FINANCE, "b@x.test")
        invoice = paid_late[2]
        asked = operations.ask_waiver(
            invoice_id=invoice.pk, amount=cny("20.00"), reason="flood", by=clerk, at=at(day("2026-03-25"))
        )

        with pytest.raises(operations.SamePerson):
            operations.decide_waiver(waiver_id=asked.pk, approved=True, by=clerk, at=at(day("2026-03-25")))
        before = charged()
        operations.decide_waiver(waiver_id=asked.pk, approved=True, by=chief, at=at(day("2026-03-25")))
        with pytest.raises(operations.AlreadyDecided):
            operations.decide_waiver(waiver_id=asked.pk, approved=True, by=chief, at=at(day("2026-03-25")))

        assert (before, charged()) == ([20], [20, -20])

    def test_no_more_than_was_charged(self, paid_late):
        with pytest.raises(operations.NothingToWaive):
            operations.ask_waiver(
                invoice_id=paid_late[2].pk, amount=cny("20.01"), reason="x", by=None, at=at(day("2026-03-25"))
            )

        assert not Waiver.objects.exists()


class TestDeposits:
    def test_goes_through_the_books_and_comes_back_with_interest(self, in_alder):
        account, _point = arrears_cast.account("2", kind="business")
        on = day("2026-01-10")
        asked = operations.ask_deposit(account_id=account.pk, kind="cash", amount=cny("3600.00"), on=on, at=at(on))
        operations.receive_deposit(
            deposit_id=asked.pk, money=cny("3600.00"), method="bank_transfer", reference="R", received_on=on, at=at(on)
        )
        held = (book("deposits"), book("receivable"))

        operations.end_deposit(deposit_id=asked.pk, set_off=False, on=day("2026-04-10"), at=at(day("2026-04-10")))

        # 90 days of 360 at 0.35 %
        assert held == (Decimal("-3600"), 0)
        assert [(row.kind, row.amount) for row in DepositMovement.objects.order_by("pk")] == [
            ("received", Decimal("3600.00")), ("interest", Decimal("3.15")), ("returned", Decimal("-3603.15")),
        ]  # fmt: skip
        assert (book("deposits"), book("receivable")) == (0, Decimal("-3603.15"))
        assert Message.objects.filter(template="deposit_asked").count() == 1

    def test_is_set_off_against_what_is_open(self, factory):
        account, _point, _invoice = factory
        on = day("2026-03-01")
        asked = operations.ask_deposit(account_id=account.pk, kind="cash", amount=cny("1000.00"), on=on, at=at(on))
        with pytest.raises(operations.NotTheAmount):
            operations.receive_deposit(
                deposit_id=asked.pk, money=cny("999.00"), method="cash", reference="R", received_on=on, at=at(on)
            )

        operations.receive_deposit(
            deposit_id=asked.pk, money=cny("1000.00"), method="cash", reference="R", received_on=on, at=at(on)
        )
        operations.end_deposit(deposit_id=asked.pk, set_off=True, on=on, at=at(on))

        assert queries.collection_of(account_id=account.pk, on=day("2026-03-20")).owed is None
        assert (book("deposits"), book("receivable")) == (0, 0)

    def test_the_rule_asks_weak_businesses_for_months_of_their_bill(self, factory):
        account, _point, _invoice = factory
        before = operations.expect_deposit(account_id=account.pk)
        operations.set_standing(
            account_id=account.pk, credit_class="weak", flags=[], note="", by=None, at=at(day("2026-03-20"))
        )

        assert (before, operations.expect_deposit(account_id=account.pk)) == (0, Decimal("1000.00"))

    def test_a_guarantee_is_reminded_of_once(self, factory):
        account, _point, _invoice = factory
        on = day("2026-03-01")
        asked = operations.ask_deposit(account_id=account.pk, kind="guarantee", amount=cny("900.00"), on=on, at=at(on))
        operations.take_guarantee(
            deposit_id=asked.pk, guarantor="Bank", document="G1", expires_on=day("2026-06-30"), on=on
        )

        told = [
            operations.remind_guarantees(on=day(text), at=at(day(text)))
            for text in ("2026-05-30", "2026-05-31", "2026-06-01")
        ]

        assert told == [0, 1, 0]

    def test_a_guarantee_holds_to_its_last_day_and_another_takes_its_place(self, factory):
        account, _point, _invoice = factory
        on = day("2026-03-01")
        asked = operations.ask_deposit(account_id=account.pk, kind="guarantee", amount=cny("900.00"), on=on, at=at(on))
        bank = {"deposit_id": asked.pk, "guarantor": "Bank", "document": "G1"}
        operations.take_guarantee(**bank, expires_on=day("2026-06-30"), on=on)

        ended = [operations.expire_guarantees(on=day(text)) for text in ("2026-06-30", "2026-07-01", "2026-07-02")]
        expired = queries.deposit(deposit_id=asked.pk)
        with pytest.raises(Conflict):
            operations.end_deposit(deposit_id=asked.pk, set_off=False, on=day("2026-07-02"), at=at(on))
        with pytest.raises(Invalid) as caught:
            operations.take_guarantee(**bank, expires_on=day("2026-06-30"), on=day("2026-06-01"))
        again = operations.take_guarantee(**bank, expires_on=day("2027-06-30"), on=day("2026-07-03"))

        assert ended == [0, 1, 0]
        assert (expired.state, expired.ended_on) == ("expired", day("2026-07-01"))
        assert caught.value.where == "expires_on"
        assert (again.state, again.held_since, again.ended_on) == ("held", day("2026-07-03"), None)
        assert operations.remind_guarantees(on=day("2027-06-15"), at=at(day("2027-06-15"))) == 1


class TestWriteOffs:
    def write_off(self, account, amount="1000.00"):
        clerk, chief = person(Role.COLLECTIONS, "a@x.test"), person(Role.FINANCE, "b@x.test")
        on = day("2026-10-15")
        asked = operations.ask_write_off(
            account_id=account.pk, amount=cny(amount), reason="gone", by=clerk, on=on, at=at(on)
        )
        return operations.decide_write_off(write_off_id=asked.pk, approved=True, by=chief, on=on, at=at(on))

    def test_posts_to_bad_debt_and_is_taken_back_by_what_comes_in(self, factory):
        account, _point, _invoice = factory
        self.write_off(account)
        after = (book("expense.bad_debt"), book("receivable"))

        arrears_cast.pay(account, "400.00", day("2026-11-02"))
        arrears_cast.settle(account, day("2026-11-02"))
        arrears_cast.settle(account, day("2026-11-02"))

        assert after == (1000, 0)
        assert (book("expense.bad_debt"), book("receivable")) == (600, 0)
        assert WriteOff.objects.get().recovered == 400

    def test_what_was_paid_meanwhile_is_not_written_off(self, factory):
        account, _point, _invoice = factory
        clerk, chief = person(Role.COLLECTIONS, "a@x.test"), person(Role.FINANCE, "b@x.test")
        on = day("2026-10-15")
        asked = operations.ask_write_off(
            account_id=account.pk, amount=cny("1000.00"), reason="gone", by=clerk, on=on, at=at(on)
        )
        arrears_cast.pay(account, "0.01", on)

        with pytest.raises(operations.NotSoMuchOverdue):
            operations.decide_write_off(write_off_id=asked.pk, approved=True, by=chief, on=on, at=at(on))

        assert book("expense.bad_debt") == 0

    def test_only_what_is_overdue_long_enough(self, factory):
        with pytest.raises(operations.NotSoMuchOverdue):
            operations.ask_write_off(
                account_id=factory[0].pk, amount=cny("1000.00"), reason="x", by=None, on=day("2026-05-01"),
                at=at(day("2026-05-01")),
            )  # fmt: skip

        assert not WriteOff.objects.exists()


class TestAgeing:
    def test_adds_up_to_the_ledger_whatever_happens(self, factory, in_alder):
        account, point, _invoice = factory
        arrears_cast.bill(in_alder, account, point, "70.00", issued_on=day("2026-04-02"))
        other, _place = arrears_cast.account("3")
        arrears_cast.pay(account, "100.00", day("2026-04-03"))
        arrears_cast.pay(other, "25.00", day("2026-04-03"))

        [found] = queries.ageing(on=day("2026-04-10"))

        assert found.agrees
        assert {each.code: each.amount for each in found.buckets if each.amount} == {
            "not_due": 70, "to_30": 900, "credit": -25,
        }  # fmt: skip
        assert (found.overdue, found.overdue_accounts, found.receivable) == (900, 1, 945)
