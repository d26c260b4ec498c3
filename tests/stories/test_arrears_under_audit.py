"""What an auditor tries on collections: bounces, write-offs at agencies, closed days, plans that do not divide."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.arrears import operations
from billing.arrears.models import Instalment, InstalmentPlan, LateFee, Placement, WriteOff
from billing.charges.models import AccountCharge
from billing.invoices import operations as invoice_operations
from billing.ledger import queries as ledger_queries
from billing.payments import operations as payment_operations
from billing.payments.models import Payment
from harness import arrears_cast, billing_cast
from harness.arrears_cast import at
from identity import operations as identity_operations
from identity.capabilities import Role
from kernel.money import Money
from tenants.service.models import SupplyOrder

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


def book(code: str) -> Decimal:
    return sum((row.balance for row in ledger_queries.trial_balance() if row.code == code), Decimal(0))


def person(role: Role, email: str) -> Any:
    return identity_operations.create_user(email=email, name=email, roles=[role], at=billing_cast.AT, password="x" * 12)


@pytest.fixture
def factory(in_alder: Any) -> tuple[Any, Any, Any]:
    """A factory with 1,000.00 due on 14 March 2026."""
    account, point = arrears_cast.account("1", kind="business")
    return account, point, arrears_cast.bill(in_alder, account, point, "1000.00", issued_on=day("2026-02-27"))


class TestAPaymentInTimeThatComesBack:
    """Paid on 10 March, back on the 20th, paid again on the 31st: 11 days at 2 ‰ of 1,000.00 are 22.00."""

    def test_costs_the_days_from_then_on(self, factory):
        account, _point, _invoice = factory
        paid = arrears_cast.pay(account, "1000.00", day("2026-03-10"))
        payment_operations.reverse(payment_id=paid.pk, reason="bounced", at=at(day("2026-03-20")))
        arrears_cast.pay(account, "1000.00", day("2026-03-31"))

        for _again in range(2):
            arrears_cast.settle(account, day("2026-03-31"))

        assert [(each.kind, each.amount) for each in AccountCharge.objects.all()] == [("late_fee", Decimal("22.00"))]
        [part] = LateFee.objects.all()
        assert [(span["first"], span["until"]) for span in part.calculation["spans"]] == [("2026-03-21", "2026-04-01")]


class TestADebtAtAnAgency:
    """1,000.00 are handed over on 1 June for a share of 15 %; the agency earns on what came in alone."""

    @pytest.fixture
    def placed(self, factory):
        operations.add_agency(code="acme", name="Acme", commission=Decimal("0.15"))
        on = day("2026-06-01")
        return operations.place(account_id=factory[0].pk, agency="acme", on=on, at=at(on))

    def write_off(self, account: Any, amount: str, on: dt.date) -> WriteOff:
        clerk, chief = person(Role.COLLECTIONS, "a@x.test"), person(Role.FINANCE, "b@x.test")
        asked = operations.ask_write_off(
            account_id=account.pk, amount=cny(amount), reason="gone", by=clerk, on=on, at=at(on)
        )
        return operations.decide_write_off(write_off_id=asked.pk, approved=True, by=chief, on=on, at=at(on))

    def settled(self, account: Any, on: str) -> tuple[Decimal, str]:
        arrears_cast.settle(account, day(on))
        found = Placement.objects.get()
        return found.collected, found.state

    def test_a_write_off_is_no_collection_and_what_comes_in_for_it_is(self, factory, placed):
        account = factory[0]
        self.write_off(account, "1000.00", day("2026-10-15"))

        written_off = self.settled(account, "2026-10-15")
        arrears_cast.pay(account, "400.00", day("2026-11-02"))
        part = self.settled(account, "2026-11-02")
        arrears_cast.pay(account, "600.00", day("2026-11-20"))
        whole = self.settled(account, "2026-11-20")

        assert written_off == (0, "placed")
        assert part == (400, "placed")
        assert whole == (1000, "paid")
        assert (book("expense.bad_debt"), book("receivable")) == (0, 0)

    def test_a_credit_note_is_no_collection_and_ends_it(self, factory, placed, in_alder):
        terms = billing_cast.terms_of(in_alder, issued_on=day("2026-06-10"))
        invoice_operations.credit(invoice_id=factory[2].pk, terms=terms, reason="wrong")
        payment_operations.settle_accounts(account_ids=[factory[0].pk], at=at(day("2026-06-10")))

        assert self.settled(factory[0], "2026-06-10") == (0, "recalled")

    def test_a_payment_in_part_and_a_bounce_count_as_they_stand(self, factory, placed):
        paid = arrears_cast.pay(factory[0], "250.00", day("2026-06-05"))
        first = self.settled(factory[0], "2026-06-05")
        payment_operations.reverse(payment_id=paid.pk, reason="bounced", at=at(day("2026-06-09")))

        assert first == (250, "placed")
        assert self.settled(factory[0], "2026-06-09") == (0, "placed")


class TestAWriteOffThatWaitsTooLong:
    def test_newer_bills_are_not_written_off_in_its_place(self, factory, in_alder):
        account, point, _invoice = factory
        clerk, chief = person(Role.COLLECTIONS, "a@x.test"), person(Role.FINANCE, "b@x.test")
        on, later = day("2026-10-15"), day("2026-11-05")
        asked = operations.ask_write_off(
            account_id=account.pk, amount=cny("1000.00"), reason="gone", by=clerk, on=on, at=at(on)
        )
        arrears_cast.pay(account, "1000.00", day("2026-10-20"))
        arrears_cast.bill(in_alder, account, point, "1200.00", issued_on=day("2026-11-02"))

        with pytest.raises(operations.NotSoMuchOverdue):
            operations.decide_write_off(write_off_id=asked.pk, approved=True, by=chief, on=later, at=at(later))

        assert (book("expense.bad_debt"), book("receivable")) == (0, 1200)


class TestAStopBeforeTheNationalDay:
    """The path comes to its stop on 30 September 2026, the eve of a seven-day break: nobody is cut before the 8th."""

    def test_waits_for_the_morning_after_the_break(self, in_alder):
        steps = [
            {"code": "demand", "wait": 1, "channel": "none", "action": "demand", "title": {"en": "d"}},
            {"code": "notice", "wait": 0, "channel": "none", "action": "stop_notice", "title": {"en": "n"}},
            {"code": "stop", "wait": 31, "channel": "none", "action": "stop", "title": {"en": "s"}},
        ]
        first = day("2026-01-01")
        operations.save_path(code="standard", titles={"en": "S"}, document={"steps": steps}, by=None, at=at(first))
        operations.publish_path(code="standard", at=at(first))
        account, point = arrears_cast.account("7")
        invoice = arrears_cast.bill(in_alder, account, point, "300.00", issued_on=day("2026-08-13"))
        assert invoice.due_on == day("2026-08-28")

        arrears_cast.on_days("2026-08-29", "2026-08-30", "2026-09-30")

        order = SupplyOrder.objects.get()
        assert order.earliest_at == dt.datetime(2026, 10, 8, 8, 0, tzinfo=SHANGHAI)
        for early in ("2026-09-30", "2026-10-03", "2026-10-07"):
            assert operations.prepare_stops(at=at(day(early))) == 0
        seven = dt.datetime(2026, 10, 8, 7, 0, tzinfo=SHANGHAI)
        assert operations.prepare_stops(at=seven - dt.timedelta(minutes=1)) == 0
        assert operations.prepare_stops(at=seven) == 1


class TestAPlanThatDoesNotDivide:
    """1,000.00 in three parts from 31 March: 333.34, 333.33 and 333.33, on the last days of the months."""

    def test_is_kept_to_the_cent_and_missed_for_one(self, factory):
        account = factory[0]
        on = day("2026-03-25")
        operations.make_plan(
            account_id=account.pk, count=3, first_on=day("2026-03-31"), source="staff", by=None, on=on, at=at(on)
        )
        parts = list(Instalment.objects.order_by("position").values_list("due_on", "amount"))
        arrears_cast.pay(account, "333.34", day("2026-03-31"))
        arrears_cast.pay(account, "333.32", day("2026-04-30"))

        operations.judge(on=day("2026-05-03"), at=at(day("2026-05-03")))
        in_grace = InstalmentPlan.objects.get().state
        operations.judge(on=day("2026-05-04"), at=at(day("2026-05-04")))

        assert parts == [
            (day("2026-03-31"), Decimal("333.34")), (day("2026-04-30"), Decimal("333.33")),
            (day("2026-05-31"), Decimal("333.33")),
        ]  # fmt: skip
        assert (in_grace, InstalmentPlan.objects.get().state) == ("active", "defaulted")


class TestADepositWhosePaymentComesBack:
    """3,600.00 on 10 January, back on the 20th: what was never there bears no interest, and nothing is given back."""

    def test_ends_without_interest_and_without_a_gift(self, in_alder):
        account, _point = arrears_cast.account("2", kind="business")
        on, end = day("2026-01-10"), day("2026-04-10")
        asked = operations.ask_deposit(account_id=account.pk, kind="cash", amount=cny("3600.00"), on=on, at=at(on))
        operations.receive_deposit(
            deposit_id=asked.pk, money=cny("3600.00"), method="bank_transfer", reference="R", received_on=on, at=at(on)
        )
        paid = Payment.objects.get()
        payment_operations.reverse(payment_id=paid.pk, reason="bounced", at=at(day("2026-01-20")))
        owed = book("receivable")

        operations.end_deposit(deposit_id=asked.pk, set_off=False, on=end, at=at(end))

        assert owed == 3600
        assert (book("deposits"), book("receivable"), book("expense.customer_credits")) == (0, 0, 0)
