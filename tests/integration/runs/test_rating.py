"""The first phase: from readings to drafts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from billing.invoices.models import Draft
from billing.runs import operations, queries
from billing.runs.models import BillRunItem
from billing.runs.operations import lifecycle
from harness import supply
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.customers.models import SupplyPoint
from tenants.tariffs import operations as tariff_operations

AT = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
JANUARY = dt.date(2026, 1, 1)
MARCH = Period.of_month(2026, 3)
FLAT = """
tariff: 1
code: flat
title: {en: Flat, zh-hans: 单一费率}
currency: CNY
charges:
  - code: standing
    title: {en: Standing charge}
    price: 12.40
    round: {line: 2}
    payee: retailer
  - code: energy
    title: {en: Energy, zh-hans: 电能量电费}
    quantity: sum(consumption)
    price: 0.5283
    round: {line: 2}
    payee: retailer
"""
pytestmark = pytest.mark.django_db


@pytest.fixture
def flat(in_alder):
    return supply.product(document=FLAT, valid_from=JANUARY)


def _point(number):
    return SupplyPoint.objects.get(identifier=f"P{number}")


def _household(flat, number="1", each=100, start=JANUARY):
    account = supply.supply(number=number, product=flat, start=start)
    channel = supply.channel(point=_point(number))
    supply.read(channel=channel, period=Period(start, dt.date(2026, 4, 1)), each=each)
    return account, channel


def _rated(period=MARCH):
    run = operations.create_run(period=period, at=AT)
    return operations.run_to_review(run=run, at=AT)


def _only(run):
    return queries.items(run=run).get()


def _lines(item):
    return [(part["from"], line["code"], line["posted"]) for part in item.draft.parts for line in part["bill"]["lines"]]


class TestRateRun:
    def test_rates_a_month_of_quarter_hours(self, flat):
        _household(flat)

        run = _rated()

        # 31 days × 96 × 0.1 kWh = 297.6 kWh × 0.5283 = 157.22208
        item = _only(run)
        assert (run.state, item.state, item.total, item.energy_wh) == ("review", "drafted", Decimal("169.62"), 297_600)
        assert _lines(item) == [("2026-03-01", "standing", "12.40"), ("2026-03-01", "energy", "157.22")]

    def test_one_bill_has_a_part_for_each_supply_point(self, flat):
        account, _channel = _household(flat)
        second = supply.add_point(account=account, number="2", product=flat, start=JANUARY)
        supply.read(channel=supply.channel(point=second), period=MARCH, each=50)

        item = _only(_rated())

        assert [(part["identifier"], part["bill"]["total"]) for part in item.draft.parts] == [
            ("P1", "169.62"),
            ("P2", "91.01"),
        ]
        assert item.total == Decimal("260.63")

    def test_registers_of_one_kind_add_up(self, flat):
        _account, _channel = _household(flat)
        night = supply.channel(point=_point("1"), register="E2")
        supply.read(channel=night, period=MARCH, each=100)
        supply.channel(point=_point("1"), register="E3")

        assert _only(_rated()).energy_wh == 595_200

    def test_keeps_the_usage_by_day_for_the_chart(self, flat):
        _household(flat)

        usage = _only(_rated()).draft.parts[0]["usage"]

        assert (usage["first"], len(usage["days"]), usage["days"][0]) == ("2026-03-01", 31, [9600])

    def test_a_second_run_finds_nothing_left(self, flat):
        _household(flat)
        _rated()

        with pytest.raises(lifecycle.NothingToBill):
            operations.create_run(period=MARCH, at=AT)

        assert queries.runs().count() == 1

    def test_rating_again_gives_the_same_draft(self, flat):
        _household(flat)
        run = _rated()
        before = _only(run)

        operations.rerate(run_id=run.pk, at=AT)
        operations.run_to_review(run=run, at=AT)

        after = _only(run)
        assert (after.state, after.total, after.attempts) == ("drafted", before.total, 2)
        assert (after.draft.parts, after.draft.versions) == (before.draft.parts, before.draft.versions)
        assert Draft.objects.count() == 1


class TestSlices:
    def test_a_customer_who_moves_in_pays_from_that_day(self, flat):
        _household(flat, start=dt.date(2026, 3, 22))

        item = _only(_rated())

        # 10 of 31 days: 12.40 × 10 / 31 = 4.00; 96 kWh × 0.5283 = 50.7168
        assert _lines(item) == [("2026-03-22", "standing", "4.00"), ("2026-03-22", "energy", "50.72")]

    def test_a_new_version_starts_a_section_of_its_own(self, flat):
        _household(flat)
        supply.new_version(product=flat, document=FLAT.replace("0.5283", "0.6000"), valid_from=dt.date(2026, 3, 22))

        item = _only(_rated())

        # 21 days: 201.6 kWh × 0.5283 = 106.50528, 8.40; 10 days: 96 kWh × 0.6 = 57.60, 4.00
        assert _lines(item) == [
            ("2026-03-01", "standing", "8.40"),
            ("2026-03-01", "energy", "106.51"),
            ("2026-03-22", "standing", "4.00"),
            ("2026-03-22", "energy", "57.60"),
        ]

    def test_a_changed_parameter_starts_a_slice(self, in_alder):
        document = FLAT.replace("price: 12.40", "quantity: capacity * days / 30\n    price: 23.50").replace(
            "charges:", "parameters:\n  capacity: {unit: kVA}\ncharges:", 1
        )
        product = supply.product(document=document, valid_from=JANUARY)
        account = supply.supply(number="1", product=product, start=JANUARY, parameters={"capacity": 630})
        point = _point("1")
        supply.read(channel=supply.channel(point=point), period=MARCH, each=0 + 100)
        tariff_operations.end_agreement(supply_point=point, on=dt.date(2026, 3, 16))
        tariff_operations.agree(
            account=account,
            supply_point=point,
            product=product,
            start=dt.date(2026, 3, 16),
            parameters={"capacity": 400},
        )

        item = _only(_rated())

        # 630 × 15/30 × 23.50 = 7402.50 and 400 × 16/30 × 23.50 = 5013.33
        cells = item.draft.parts[0]["bill"]["lines"][0]["cells"]
        assert [Decimal(cell["amount"]).quantize(Decimal("0.01")) for cell in cells] == [
            Decimal("7402.50"),
            Decimal("5013.33"),
        ]
        assert item.draft.parts[0]["bill"]["lines"][0]["posted"] == "12415.83"

    def test_a_household_that_moved_out_pays_until_that_day(self, flat):
        account, _channel = _household(flat)
        customer_operations.move_out(supply_point=_point("1"), on=dt.date(2026, 3, 11))
        tariff_operations.end_agreement(supply_point=_point("1"), on=dt.date(2026, 3, 11))

        item = _only(_rated())

        assert (item.account, _lines(item)) == (
            account,
            [("2026-03-01", "standing", "4.00"), ("2026-03-01", "energy", "50.72")],
        )


class TestSetAside:
    def test_missing_readings_park_the_bill_and_the_run_goes_on(self, flat):
        _household(flat)
        supply.supply(number="2", product=flat, start=JANUARY)
        channel = supply.channel(point=_point("2"))
        supply.read(channel=channel, period=Period(MARCH.start, dt.date(2026, 3, 31)), each=100)

        run = _rated()

        states = {item.account.number: (item.state, item.reason) for item in queries.items(run=run)}
        assert states == {"A1": ("drafted", ""), "A2": ("parked", "readings_missing")}
        parked = queries.items(run=run, state="parked").get()
        assert parked.draft is None
        assert queries.reason_sentence(item=parked) == (
            "P2 has no consumption readings for 96 intervals, the first on 2026-03-31."
        )

    def test_what_came_in_meanwhile_is_rated(self, flat):
        supply.supply(number="2", product=flat, start=JANUARY)
        channel = supply.channel(point=_point("2"))
        run = _rated()
        supply.read(channel=channel, period=MARCH, each=100)

        assert operations.rerate(run_id=run.pk, at=AT, reason="readings_missing") == 1
        operations.run_to_review(run=run, at=AT)

        assert _only(run).state == "drafted"

    def test_a_place_without_an_agreement_is_refused(self, flat):
        _household(flat)
        tariff_operations.end_agreement(supply_point=_point("1"), on=dt.date(2026, 3, 20))

        item = _only(_rated())

        assert (item.state, item.reason, queries.reason_sentence(item=item)) == (
            "refused",
            "no_agreement",
            "P1 has no agreement with a price in force on 2026-03-20.",
        )

    @pytest.mark.parametrize(
        ("each", "reason"), [(0, "zero_use"), (301, "far_above_history"), (19, "far_below_history"), (300, "")]
    )
    def test_brakes_park_what_is_implausible(self, flat, each, reason):
        _account, channel = _household(flat)
        february = Period.of_month(2026, 2)
        _issue(_rated(february))
        supply.read(channel=channel, period=MARCH, each=each)

        item = _only(_rated())

        assert (item.state, item.reason) == ("parked" if reason else "drafted", reason)
        assert item.draft is not None

    def test_a_negative_bill_is_parked_and_can_be_released(self, in_alder):
        product = supply.product(document=FLAT.replace("12.40", "-500"), valid_from=JANUARY)
        supply.supply(number="1", product=product, start=JANUARY)
        supply.read(channel=supply.channel(point=_point("1")), period=MARCH, each=100)
        run = _rated()
        item = _only(run)
        assert (item.state, item.reason, item.total) == ("parked", "negative_total", Decimal("-342.78"))

        operations.release(item_id=item.pk, at=AT)

        assert (_only(run).state, _only(run).released) == ("drafted", True)

    def test_a_meter_that_went_to_shorter_intervals_is_billed_by_the_longer(self, flat):
        _account, channel = _household(flat)
        middle = Period(dt.date(2026, 3, 16), MARCH.end)
        supply.read(channel=channel, period=Period(MARCH.start, middle.start), each=lambda day: np.full(48, 200))
        supply.read(channel=channel, period=middle, each=lambda day: np.full(96, 100))
        channel.interval_minutes = 15
        channel.save()

        run = _rated()

        # 12.40 + 31 days × 9.6 kWh × 0.5283 = 12.40 + 157.22208, whatever the interval
        assert (_only(run).state, _only(run).total) == ("drafted", Decimal("169.62"))


class TestBilledOnce:
    def test_the_database_refuses_a_second_item_for_the_days(self, flat):
        from django.db import IntegrityError, transaction

        account, _channel = _household(flat)
        run = _rated()

        with pytest.raises(IntegrityError, match="runs_billrunitem_period_billed_once"), transaction.atomic():
            BillRunItem.objects.create(run=run, account=account, period=run.period, changed_at=AT)

        assert BillRunItem.objects.count() == 1

    def test_a_cancelled_run_gives_its_accounts_back(self, flat):
        _household(flat)
        first = _rated()

        operations.cancel_run(run_id=first.pk, at=AT)
        second = _rated()

        assert (queries.run(number=1).state, _only(second).state) == ("cancelled", "drafted")
        assert Draft.objects.count() == 1


class TestProgress:
    def test_is_counted_in_one_query(self, flat, django_assert_num_queries):
        _household(flat)
        supply.supply(number="2", product=flat, start=JANUARY)
        run = _rated()

        with django_assert_num_queries(1):
            progress = queries.progress(run=run)

        assert (progress.counts, progress.totals) == ({"drafted": 1, "parked": 1}, {"CNY": Decimal("169.62")})
        assert (progress.rated_share, progress.issued_share, progress.for_review) == (100, 0, 1)


def _issue(run):
    return operations.issue_run_now(run=run, billing_date=dt.date(2026, 3, 2), at=AT)
