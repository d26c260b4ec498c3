"""One customer's own year on every product; the figures are those of docs/algorithms/simulation.md."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.simulation import comparisons
from harness import supply
from kernel.periods import Period
from tenants.customers.models import SupplyPoint

JANUARY = dt.date(2025, 1, 1)
ON = dt.date(2026, 3, 15)
YEAR = Period(dt.date(2025, 3, 1), dt.date(2026, 3, 1))
FLAT = """
tariff: 1
code: {code}
title: {{en: {code}}}
currency: CNY
charges: [{{code: energy, quantity: sum(consumption), price: {price}, round: {{line: 2}}}}]
"""
STEPS = """
tariff: 1
code: steps
title: {en: steps}
currency: CNY
charges:
  - code: energy
    quantity: sum(consumption)
    round: {line: 2}
    tiers: {mode: graduated, window: year, already: used, bands: [{to: 1200, price: 0.40}, {price: 0.80}]}
"""
pytestmark = pytest.mark.django_db


@pytest.fixture
def flat(in_alder):
    return supply.product(document=FLAT.format(code="flat", price="0.50"), valid_from=JANUARY)


def home(product, *, start=JANUARY, until=YEAR.end, **options):
    """A household that uses 9.6 kWh a day."""
    account = supply.supply(number="1", product=product, start=start, **options)
    channel = supply.channel(point=SupplyPoint.objects.get(identifier="P1"))
    supply.read(channel=channel, period=Period(start, until), each=100)
    return account


def compared(account, **options):
    point = SupplyPoint.objects.select_related("premises").get(identifier="P1")
    return comparisons.compare(account=account, supply_point=point, on=ON, **options)


def costs(found):
    return {offer.version.product.code: offer.cost for offer in found.offers}


class TestCompare:
    def test_ranks_products_over_twelve_whole_months(self, flat):
        account = home(flat)
        supply.product(document=FLAT.format(code="cheap", price="0.45"), valid_from=JANUARY)
        supply.product(document=FLAT.format(code="later", price="0.01"), valid_from=ON + dt.timedelta(days=1))

        found = compared(account)

        # 365 days × 9.6 kWh = 3,504 kWh
        assert (found.period, found.days, found.energy_wh, found.is_whole) == (YEAR, 365, 3_504_000, True)
        assert list(costs(found).items()) == [("cheap", Decimal("1576.80")), ("flat", Decimal("1752.00"))]
        assert (found.best.saving, found.present.cost) == (Decimal("175.20"), Decimal("1752.00"))

    def test_tiers_of_a_year_count_from_its_january(self, flat):
        account = home(flat)
        supply.product(document=STEPS, valid_from=JANUARY)

        # January and February 2025 use 566.4 of the 1,200 kWh; 633.6 are left from March on. 2026 starts anew: 566.4.
        found = compared(account)

        assert costs(found)["steps"] == Decimal(1200) * Decimal("0.40") + Decimal(2304) * Decimal("0.80")

    def test_all_is_reckoned_at_the_prices_of_the_day(self, flat):
        account = home(flat)
        supply.new_version(
            product=flat, document=FLAT.format(code="flat", price="0.60"), valid_from=dt.date(2026, 3, 10)
        )

        assert compared(account).present.cost == Decimal("2102.40")

    def test_who_moved_in_lately_has_fewer_months(self, flat):
        found = compared(home(flat, start=dt.date(2026, 1, 16)))

        assert [month.start for month in found.compared] == [dt.date(2026, 1, 1), dt.date(2026, 2, 1)]
        assert (found.days, found.is_whole, dict(found.missing)) == (44, False, {})
        assert found.present.cost == Decimal("211.20")

    def test_a_month_with_a_gap_is_left_out_for_every_product(self, flat):
        account = home(flat, until=dt.date(2026, 2, 27))
        supply.product(document=FLAT.format(code="cheap", price="0.45"), valid_from=JANUARY)

        found = compared(account)

        assert [(month, refusal.code) for month, refusal in found.missing.items()] == [
            (dt.date(2026, 2, 1), "readings_missing")
        ]
        # 337 days × 9.6 kWh
        assert costs(found) == {"flat": Decimal("1617.60"), "cheap": Decimal("1455.84")}

    def test_says_what_a_product_needs(self, flat):
        account = home(flat)
        supply.product(document=STEPS.replace("sum(consumption)", "sum(reactive)"), valid_from=JANUARY)

        found = compared(account)

        assert [(each.version.product.code, each.refusal.code) for each in found.declined] == [
            ("steps", "channel_missing")
        ]

    def test_a_product_in_another_currency_is_left_out(self, flat):
        account = home(flat)
        supply.product(document=FLAT.format(code="euro", price="0.1").replace("CNY", "EUR"), valid_from=JANUARY)

        assert list(costs(compared(account))) == ["flat"]

    def test_without_an_agreement_there_is_nothing_to_compare(self, flat):
        account = home(flat)
        other = supply.supply(number="2", product=flat, start=JANUARY)

        with pytest.raises(comparisons.NotAgreed):
            comparisons.compare(account=other, supply_point=SupplyPoint.objects.get(identifier="P1"), on=ON)
        assert compared(account).offers

    def test_gathers_once_for_all_products(self, flat):
        account = home(flat)
        supply.product(document=FLAT.format(code="cheap", price="0.45"), valid_from=JANUARY)
        few = counted(account)
        for number in range(4):
            supply.product(document=FLAT.format(code=f"more{number}", price="0.45"), valid_from=JANUARY)

        assert counted(account) == few


def counted(account):
    compared(account)
    with CaptureQueriesContext(connection) as captured:
        compared(account)
    return len(captured)
