"""A segment's past months under another tariff: what was billed, what it would have been."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.simulation import operations, queries
from harness import portal_cast, supply
from kernel.periods import Period
from tenants.customers.models import SupplyPoint

AT = dt.datetime(2026, 5, 2, tzinfo=dt.UTC)
JANUARY = dt.date(2026, 1, 1)
MARCH, APRIL = Period.of_month(2026, 3), Period.of_month(2026, 4)
SPRING = Period(MARCH.start, APRIL.end)
FLAT = """
tariff: 1
code: flat
title: {en: Flat, zh-hans: 单一费率}
currency: CNY
charges:
  - {code: standing, title: {en: Standing}, price: 12.40, round: {line: 2}, payee: grid}
  - {code: energy, title: {en: Energy}, quantity: sum(consumption), price: 0.50, round: {line: 2}, payee: retailer}
"""
DEARER = """
tariff: 1
code: proposed
title: {en: Proposed, zh-hans: 拟议}
currency: CNY
parameters: {margin: {unit: CNY/kWh, min: 0, max: 0.20}}
charges:
  - {code: energy, title: {en: Energy}, quantity: sum(consumption), price: 0.45 + margin, round: {line: 2}}
"""
pytestmark = pytest.mark.django_db


def draft(document):
    from tenants.tariffs import operations as tariff_operations
    from tenants.tariffs import tariff_documents

    read = tariff_documents.read(document)
    return tariff_operations.create_product(
        code=read["code"], titles=read["title"], market="cn", document=read, valid_from=JANUARY
    )


def household(number, product, each, *, until=APRIL.end, **options):
    account = supply.supply(number=number, product=product, start=JANUARY, **options)
    channel = supply.channel(point=SupplyPoint.objects.get(identifier=f"P{number}"))
    supply.read(channel=channel, period=Period(JANUARY, until), each=each)
    return account


@pytest.fixture
def flat(in_alder):
    return supply.product(document=FLAT, valid_from=JANUARY)


class TestSimulate:
    def test_billed_and_simulated_by_account_and_month(self, flat):
        household("1", flat, 100)
        household("2", flat, 10)
        portal_cast.bill(MARCH, issued=dt.date(2026, 4, 2))

        made = operations.create_simulation(version=draft(DEARER), period=SPRING, at=AT, parameters={"margin": "0.07"})
        done = operations.run_now(simulation=made, at=AT)

        # March: 31 × 9.6 kWh = 297.6 kWh; 12.40 + 148.80 = 161.20 against 297.6 × 0.52 = 154.752
        rows = queries.months(simulation=done).values_list(
            "simulated_account__account__number", "month", "source", "energy_wh", "billed", "simulated"
        )
        assert done.state == "done"
        assert list(rows) == [
            ("A1", MARCH.start, "invoiced", 297_600, Decimal("161.20"), Decimal("154.75")),
            ("A1", APRIL.start, "rated", 288_000, Decimal("156.40"), Decimal("149.76")),
            ("A2", MARCH.start, "invoiced", 29_760, Decimal("27.28"), Decimal("15.48")),
            ("A2", APRIL.start, "rated", 28_800, Decimal("26.80"), Decimal("14.98")),
        ]
