"""A factory on the two-part tariff of Hubei: January 2026 to the fen, more capacity in the middle of February."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.runs import operations, queries
from harness import supply
from kernel.periods import Period
from tenants.customers.models import SupplyPoint
from tenants.tariffs import operations as tariff_operations

JANUARY, FEBRUARY = Period.of_month(2026, 1), Period.of_month(2026, 2)
TERMS = {"flat_price": "0.38447", "capacity": "630"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def factory(in_alder):
    """100 kWh and 40 kvarh in every quarter-hour."""
    product = supply.product(document="cn-two-part-industrial", valid_from=JANUARY.start)
    account = supply.supply(number="1", product=product, start=JANUARY.start, parameters=TERMS, kind="business")
    point = SupplyPoint.objects.get(identifier="P1")
    both = Period(JANUARY.start, FEBRUARY.end)
    supply.read(channel=supply.channel(point=point), period=both, each=100_000)
    supply.read(channel=supply.channel(point=point, kind="reactive", register="Q1"), period=both, each=40_000)
    return account, point, product


def _bill(period):
    at = dt.datetime(period.end.year, period.end.month, 2, tzinfo=dt.UTC)
    run = operations.run_to_review(run=operations.create_run(period=period, at=at), at=at)
    return operations.issue_run_now(run=run, billing_date=at.date(), at=at)


def _lines(run):
    item = queries.items(run=run).get()
    return {line["code"]: line["posted"] for line in item.draft.parts[0]["bill"]["lines"]}


class TestFactory:
    def test_january_to_the_fen(self, factory):
        run = _bill(JANUARY)

        # Every day has 2 h tip, 6 h peak, 8 h flat and 8 h valley: 24,800 + 74,400 + 99,200 + 99,200 kWh.
        # 40 kvarh on 100 kWh is a power factor of 0.93: −0.45 % of all but the funds.
        assert _lines(run) == {
            "energy": "117278.77",
            "losses": "4161.67",
            "network": "37586.88",
            "system_operation": "24484.44",
            "capacity": "17121.30",
            "power_factor": "-902.85",
            "funds": "13451.52",
        }
        item = queries.items(run=run).get()
        assert (item.total, item.invoice.gross, item.energy_wh) == (
            Decimal("213181.73"),
            Decimal("213181.73"),
            297_600_000,
        )

    def test_the_cells_of_energy_say_how_they_came_about(self, factory):
        run = _bill(JANUARY)

        item = queries.items(run=run).get()
        cells = item.draft.parts[0]["bill"]["lines"][0]["cells"]
        assert [(cell["label"], cell["quantity"], cell["price"], cell["amount"]) for cell in cells] == [
            ("tip", "24800", "0.768940", "19069.71"),
            ("peak", "74400", "0.576705", "42906.85"),
            ("flat", "99200", "0.384470", "38139.42"),
            ("valley", "99200", "0.173012", "17162.79"),
        ]

    def test_more_capacity_from_the_fifteenth(self, factory):
        account, point, product = factory
        tariff_operations.end_agreement(supply_point=point, on=dt.date(2026, 2, 15))
        tariff_operations.agree(
            account=account,
            supply_point=point,
            product=product,
            start=dt.date(2026, 2, 15),
            parameters={**TERMS, "capacity": "1000"},
        )

        run = _bill(FEBRUARY)

        # 630 × 14/30 × 26.3 = 7,732.20 and 1000 × 14/30 × 26.3 = 12,273.33
        lines = _lines(run)
        assert lines["capacity"] == "20005.53"
        assert sum(map(Decimal, lines.values())) == queries.items(run=run).get().invoice.gross
