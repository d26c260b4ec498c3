"""Charges and credits go out with the next bill, each once, and come back when that is credited."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.charges import operations as charge_operations
from billing.charges import queries as charge_queries
from billing.charges.models import AccountCharge
from billing.corrections import operations as corrections
from billing.invoices import operations as invoice_operations
from billing.invoices import queries as invoice_queries
from billing.invoices import terms as invoice_terms
from billing.ledger import queries as ledger_queries
from billing.ledger.models import Posting
from billing.runs import operations, queries
from harness import bill_cast, correction_law, supply
from harness.bill_cast import AT, BILLED, JANUARY, MARCH
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries

APRIL = Period.of_month(2026, 4)
pytestmark = pytest.mark.django_db


@pytest.fixture
def channels(in_alder):
    return bill_cast.households("1", "2")


def _charge(number, amount, kind="late_fee", reference="", on=dt.date(2026, 3, 20)):
    account = customer_queries.account(number=f"A{number}")
    return charge_operations.add(
        account_id=account.pk,
        kind=kind,
        source="test",
        reference=reference or f"{number}{kind}",
        amount=bill_cast.cny(amount),
        on=on,
        at=AT,
    )


def _lines(run, number):
    item = queries.items(run=run, state="issued").get(account__number=f"A{number}")
    found = invoice_queries.invoice_by_id(invoice_id=item.invoice_id).lines
    return [(line.code, line.amount, line.tax) for line in found]


class TestChargesInBills:
    def test_stand_on_the_bill_as_lines_of_their_own(self, channels):
        _charge("1", "12.00")
        _charge("1", "-5.00", kind="solar_credit")

        run = bill_cast.issued(bill_cast.reviewed())

        # 157.22 ÷ 1.13 = 139.13; (157.22 + 12.00) ÷ 1.13 = 149.75, so the fee's net is 10.62; the credit bears no tax
        assert _lines(run, "1") == [
            ("energy", Decimal("157.22"), Decimal("18.09")),
            ("late_fee", Decimal("12.00"), Decimal("1.38")),
            ("solar_credit", Decimal("-5.00"), Decimal("0.00")),
        ]
        assert _lines(run, "2") == [("energy", Decimal("157.22"), Decimal("18.09"))]

    def test_are_earned_by_the_account_of_their_kind(self, channels):
        _charge("1", "12.00")

        bill_cast.issued(bill_cast.reviewed())

        fees = Posting.objects.filter(ledger_account__code="income.fees").values_list("amount", flat=True)
        assert list(fees) == [Decimal("-10.62")]
        assert ledger_queries.verify_chain().intact

    def test_added_after_rating_send_the_draft_back(self, channels):
        run = bill_cast.reviewed()
        _charge("1", "12.00")

        run = bill_cast.issued(run)

        assert (run.state, bill_cast.item(run, "1").total) == ("done", Decimal("169.22"))

    def test_cancelled_after_rating_are_not_billed(self, channels):
        charge = _charge("1", "12.00")
        run = bill_cast.reviewed()
        charge_operations.cancel(charge_id=charge.pk, reason="waived", at=AT)

        run = bill_cast.issued(run)

        assert (run.state, bill_cast.item(run, "1").total) == ("done", Decimal("157.22"))

    def test_in_two_drafts_go_out_with_the_first(self, channels):
        supply.read(channel=channels["1"], period=APRIL, each=100)
        supply.read(channel=channels["2"], period=APRIL, each=100)
        charge = _charge("1", "12.00")
        march, april = bill_cast.reviewed(), bill_cast.reviewed(APRIL)

        april = bill_cast.issued(april, dt.date(2026, 5, 2))
        march = bill_cast.issued(march)

        assert AccountCharge.objects.get().invoice_id == bill_cast.item(april, "1").invoice_id
        assert charge.pk and _lines(march, "1") == [("energy", Decimal("157.22"), Decimal("18.09"))]

    def test_a_credited_bill_gives_them_back_to_its_rebill(self, channels, in_alder):
        _charge("1", "12.00")
        run = bill_cast.issued(bill_cast.reviewed())
        first = bill_cast.item(run, "1")
        terms = invoice_terms.of_retailer(retailer=in_alder, issued_on=BILLED, posted_at=AT)

        invoice_operations.credit(invoice_id=first.invoice_id, terms=terms)
        asked = corrections.ask(invoice_id=first.invoice_id, at=AT)
        corrections.approve(correction_id=asked.pk, at=AT, by=correction_law.people_of_company()[0])

        assert _lines(run, "1") == [
            ("energy", Decimal("157.22"), Decimal("18.09")),
            ("late_fee", Decimal("12.00"), Decimal("1.38")),
        ]
        owed = invoice_queries.owed(accounts=[customer_queries.account(number="A1")])[0]
        assert owed.balance == bill_cast.cny("169.22")

    def test_alone_make_a_bill_of_an_account_without_supply(self, in_alder):
        customer = customer_operations.create_customer(number="C9", name="Former", kind="household")
        customer_operations.open_account(customer=customer, number="A9", currency="CNY", opened_on=JANUARY)
        _charge("9", "30.00", kind="exit_fee")

        run = bill_cast.issued(bill_cast.reviewed())

        assert (run.state, _lines(run, "9")) == ("done", [("exit_fee", Decimal("30.00"), Decimal("3.45"))])
        found = invoice_queries.invoice_by_id(invoice_id=bill_cast.item(run, "9").invoice_id).invoice
        assert found.supply_period.lower == MARCH.start

    def test_wait_while_the_energy_cannot_be_rated(self, in_alder):
        bill_cast.households("1", period=Period(MARCH.start, dt.date(2026, 3, 31)))
        charge = _charge("1", "12.00")

        run = bill_cast.reviewed()

        assert (bill_cast.item(run, "1").state, bill_cast.item(run, "1").draft) == ("parked", None)
        assert charge_queries.pending(account_ids=[charge.account_id], until=MARCH.end)[charge.account_id] == [charge]

    def test_a_monthly_fee_is_shared_by_days_and_then_whole(self, channels):
        for channel in channels.values():
            supply.read(channel=channel, period=APRIL, each=100)
        charge_operations.agree_add_on(
            account_id=customer_queries.account(number="A1").pk,
            kind="service_fee",
            source="test",
            reference="fee",
            amount=bill_cast.cny("9.90"),
            start=dt.date(2026, 3, 22),
            at=AT,
        )

        march = bill_cast.issued(bill_cast.reviewed())
        april = bill_cast.issued(bill_cast.reviewed(APRIL), dt.date(2026, 5, 2))

        assert [_lines(run, "1")[1][:2] for run in (march, april)] == [
            ("service_fee", Decimal("3.19")),
            ("service_fee", Decimal("9.90")),
        ]

    def test_rating_again_makes_no_second_fee(self, channels):
        charge_operations.agree_add_on(
            account_id=customer_queries.account(number="A1").pk,
            kind="service_fee",
            source="test",
            reference="fee",
            amount=bill_cast.cny("9.90"),
            start=JANUARY,
            at=AT,
        )
        run = bill_cast.reviewed()
        operations.rerate(run_id=run.pk, at=AT)

        run = operations.run_to_review(run=queries.run_by_id(run_id=run.pk), at=AT)

        assert list(AccountCharge.objects.values_list("amount", flat=True)) == [Decimal("29.70")]
        assert bill_cast.item(run, "1").total == Decimal("186.92")
