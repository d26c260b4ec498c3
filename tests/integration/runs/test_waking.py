"""A run heals by itself: what waited for readings, an index or an earlier bill is rated when it comes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.runs import operations, queries
from harness import bill_cast, supply
from harness.bill_cast import AT, JANUARY, MARCH
from kernel.periods import Period
from tenants.customers import queries as customer_queries
from tenants.customers.models import SupplyPoint

LAST = Period(dt.date(2026, 3, 31), dt.date(2026, 4, 1))
PAID = """
tariff: 1
code: paid
title: {en: Prompt payment, zh-hans: 按时缴费}
currency: CNY
facts: {paid_after: {unit: day}}
charges:
  - code: energy
    title: {en: Energy, zh-hans: 电能量电费}
    quantity: sum(consumption)
    price: 0.5283
    round: {line: 2}
  - code: late
    title: {en: Late, zh-hans: 逾期}
    quantity: 1
    price: 0.50 * paid_after
    round: {line: 2}
"""
pytestmark = pytest.mark.django_db


class TestWake:
    @pytest.fixture
    def waiting(self, in_alder):
        """Account 1 has all readings of March, account 2 lacks the last day."""
        channels = bill_cast.households("1", "2", period=Period(MARCH.start, LAST.start))
        supply.read(channel=channels["1"], period=LAST, each=100)
        return channels, bill_cast.reviewed()

    def test_nothing_came_nothing_is_written(self, waiting):
        _channels, run = waiting
        before = list(queries.items(run=run).values_list("pk", "state", "attempts", "changed_at"))

        assert operations.wake(at=AT) == 0
        assert list(queries.items(run=run).values_list("pk", "state", "attempts", "changed_at")) == before

    def test_readings_that_came_have_the_bill_rated(self, waiting):
        channels, run = waiting
        supply.read(channel=channels["2"], period=LAST, each=100)

        woken = operations.wake(at=AT)
        run = operations.run_to_review(run=queries.run_by_id(run_id=run.pk), at=AT)

        assert (woken, bill_cast.item(run, "2").state, bill_cast.item(run, "2").total) == (
            1,
            "drafted",
            Decimal("157.22"),
        )

    def test_the_others_are_issued_meanwhile(self, waiting):
        channels, run = waiting
        run = bill_cast.issued(run)
        assert (run.state, bill_cast.item(run, "1").state) == ("review", "issued")

        supply.read(channel=channels["2"], period=LAST, each=100)
        operations.wake(at=AT)
        run = operations.run_to_review(run=queries.run_by_id(run_id=run.pk), at=AT)

        assert bill_cast.issued(run).state == "done"

    def test_a_held_run_is_left_alone(self, waiting):
        channels, run = waiting
        operations.hold_run(run_id=run.pk, note="wait", at=AT)
        supply.read(channel=channels["2"], period=LAST, each=100)

        assert operations.wake(at=AT) == 0

    def test_a_thousand_waiting_bills_take_the_same_queries(self, waiting, django_assert_max_num_queries):
        with django_assert_max_num_queries(8):
            operations.wake(at=AT)


class TestFacts:
    @pytest.fixture
    def account(self, in_alder):
        supply.supply(number="1", product=supply.product(document=PAID, valid_from=JANUARY), start=JANUARY)
        channel = supply.channel(point=SupplyPoint.objects.get(identifier="P1"))
        supply.read(channel=channel, period=MARCH, each=100)
        return customer_queries.account(number="A1")

    def _state(self, account, value, start=JANUARY):
        return operations.state_fact(
            account_id=account.pk, name="paid_after", value=Decimal(value), start=start, at=AT, source="test"
        )

    def test_a_fact_nobody_stated_parks_the_bill_by_name(self, account):
        run = bill_cast.reviewed()

        item = bill_cast.item(run, "1")
        assert (item.state, item.reason_params["missing"]) == ("parked", "fact paid_after")

    def test_a_stated_fact_is_charged(self, account):
        self._state(account, "4")

        # 157.22 and 4 × 0.50
        assert bill_cast.item(bill_cast.reviewed(), "1").total == Decimal("159.22")

    def test_a_fact_stated_at_last_wakes_the_bill(self, account):
        run = bill_cast.reviewed()
        assert operations.wake(at=AT) == 0

        self._state(account, "4")
        operations.wake(at=AT)

        run = operations.run_to_review(run=queries.run_by_id(run_id=run.pk), at=AT)
        assert bill_cast.item(run, "1").total == Decimal("159.22")

    def test_a_fact_that_changes_sends_the_draft_back(self, account):
        self._state(account, "4")
        run = bill_cast.reviewed()
        self._state(account, "6", start=dt.date(2026, 3, 15))

        run = bill_cast.issued(run)

        assert (run.state, bill_cast.item(run, "1").total) == ("done", Decimal("160.22"))
