"""What a bill is rated from besides consumption: indices, feed-in, carried values, dated facts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.runs import operations, queries
from harness import supply
from kernel.periods import Period
from tenants.customers.models import SupplyPoint
from tenants.tariffs import indices
from tenants.tariffs.models import IndexSeries

JANUARY, FEBRUARY, MARCH = (Period.of_month(2026, month) for month in (1, 2, 3))
LINKED = """
tariff: 1
code: linked
title: {en: Linked}
currency: CNY
charges:
  - code: energy
    title: {en: Energy}
    quantity: sum(consumption)
    price: index(agency) + 0.02
    round: {line: 2}
    payee: retailer
"""
SPOT = LINKED.replace("quantity: sum(consumption)", "quantity: sum(consumption * index(spot))").replace(
    "price: index(agency) + 0.02", "price: 1"
)
RATCHET = """
tariff: 1
code: ratchet
title: {en: Ratchet}
currency: CNY
carried:
  past_peak: {next: peak(demand), keep: 11, first: 0}
charges:
  - code: demand
    title: {en: Demand}
    quantity: max(peak(demand), peak(past_peak))
    price: 10
    round: {line: 2}
    payee: grid
"""
pytestmark = pytest.mark.django_db


def _point():
    return SupplyPoint.objects.get(identifier="P1")


def _rate(period):
    at = dt.datetime(period.end.year, period.end.month, 2, tzinfo=dt.UTC)
    return operations.run_to_review(run=operations.create_run(period=period, at=at), at=at)


def _bill(period):
    run = _rate(period)
    return operations.issue_run_now(run=run, billing_date=period.end, at=supply.AT)


def _item(run):
    return queries.items(run=run).get()


def _supply(document, each=100, period=MARCH, parameters=None):
    product = supply.product(document=document, valid_from=JANUARY.start)
    supply.supply(number="1", product=product, start=JANUARY.start, parameters=parameters)
    channel = supply.channel(point=_point())
    supply.read(channel=channel, period=period, each=each)
    return channel


class TestIndices:
    @pytest.fixture
    def agency(self, in_alder):
        return IndexSeries.objects.create(code="agency", titles={"en": "Agency price"}, unit="CNY/kWh")

    def test_a_published_value_prices_the_month(self, agency):
        _supply(LINKED)
        indices.publish(series=agency, period=MARCH, values=[Decimal("0.4143")], at=supply.AT)

        # 297.6 kWh × (0.4143 + 0.02) = 129.24768
        assert _item(_rate(MARCH)).total == Decimal("129.25")

    def test_what_is_not_published_parks_the_bill_by_name(self, agency):
        _supply(LINKED)

        item = _item(_rate(MARCH))

        assert (item.state, item.reason, queries.reason_sentence(item=item)) == (
            "parked",
            "rating_not_ready",
            "not ready: index agency 2026-03",
        )

    def test_a_later_publication_sends_the_draft_back(self, agency):
        _supply(LINKED)
        indices.publish(series=agency, period=MARCH, values=[Decimal("0.4143")], at=supply.AT)
        run = _rate(MARCH)
        indices.publish(series=agency, period=MARCH, values=[Decimal("0.4243")], at=supply.AT)

        run = operations.issue_run_now(run=run, billing_date=MARCH.end, at=supply.AT)

        assert (run.state, _item(run).attempts, _item(run).total) == ("done", 3, Decimal("132.22"))

    def test_a_series_has_a_value_for_every_interval(self, in_alder):
        spot = IndexSeries.objects.create(
            code="spot", titles={"en": "Spot"}, unit="CNY/kWh", shape="interval", interval_minutes=15
        )
        _supply(SPOT)
        for day in MARCH:
            values = [Decimal("0.2")] * 48 + [Decimal("0.6")] * 48
            whole = Period(day, day + dt.timedelta(days=1))
            indices.publish(series=spot, period=whole, values=values, at=supply.AT)

        # 148.8 kWh × 0.2 + 148.8 kWh × 0.6
        assert _item(_rate(MARCH)).total == Decimal("119.04")


class TestFeedIn:
    def test_a_roof_earns_and_uses(self, in_alder):
        _supply("cn-solar-surplus", parameters={"feed_in_price": "0.391"})
        export = supply.channel(point=_point(), kind="feed_in", register="B1")
        supply.read(channel=export, period=MARCH, each=300)

        item = _item(_rate(MARCH))

        # 161.2 kWh × 0.5583 + 136.4 kWh × 0.3583 = 90.00 + 48.87; 892.8 kWh × 0.391 = 349.08
        lines = {line["code"]: line["posted"] for line in item.draft.parts[0]["bill"]["lines"]}
        assert (item.state, lines) == ("drafted", {"energy": "138.87", "feed_in": "-349.08"})

    def test_a_home_without_an_export_register_feeds_nothing_in(self, in_alder):
        _supply("cn-solar-surplus", parameters={"feed_in_price": "0.391"})

        lines = _item(_rate(MARCH)).draft.parts[0]["bill"]["lines"]

        assert {line["code"]: line["posted"] for line in lines} == {"energy": "138.87", "feed_in": "0.00"}


class TestCarried:
    def test_a_ratchet_remembers_the_months_before(self, in_alder):
        channel = _supply(RATCHET, period=JANUARY, each=100)
        supply.read(channel=channel, period=FEBRUARY, each=80)

        totals = [_item(_bill(period)).total for period in (JANUARY, FEBRUARY)]

        # 100 Wh in a quarter-hour is a mean of 0.4 kW; February used 0.32 kW and pays for January's.
        assert totals == [Decimal("4.00"), Decimal("4.00")]

    def test_waits_for_the_bill_before(self, in_alder):
        channel = _supply(RATCHET, period=JANUARY, each=100)
        supply.read(channel=channel, period=FEBRUARY, each=80)
        january = _rate(JANUARY)

        february = _rate(FEBRUARY)
        assert (_item(february).state, _item(february).reason) == ("parked", "earlier_bill_open")
        operations.issue_run_now(run=january, billing_date=JANUARY.end, at=supply.AT)
        operations.rerate(run_id=february.pk, at=supply.AT, reason="earlier_bill_open")
        operations.run_to_review(run=february, at=supply.AT)

        assert (_item(february).state, _item(february).total) == ("drafted", Decimal("4.00"))
