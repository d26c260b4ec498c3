"""A year of one household in Jiangsu: peak and valley, annual tiers, a fifth person in September, a late correction."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.corrections import operations as corrections
from billing.invoices import operations as invoice_operations
from billing.invoices import terms as invoice_terms
from billing.runs import operations, queries
from billing.runs.models import BillRunItem
from harness import correction_law, supply
from kernel.periods import Period
from tenants.customers.models import SupplyPoint
from tenants.tariffs import operations as tariff_operations

YEAR = Period(dt.date(2025, 1, 1), dt.date(2026, 2, 1))
SEPTEMBER = dt.date(2025, 9, 1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def household(in_alder):
    """150 Wh in every quarter-hour: 14.4 kWh a day, 7.8 of them from 8 to 21 o'clock."""
    product = supply.product(document="cn-residential-tiered", valid_from=YEAR.start)
    account = supply.supply(number="1", product=product, start=YEAR.start, parameters={"extra_household": 0})
    point = SupplyPoint.objects.get(identifier="P1")
    channel = supply.channel(point=point)
    supply.read(channel=channel, period=YEAR, each=150, at=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    return account, point, product, channel


def _bill(year, month):
    period = Period.of_month(year, month)
    at = dt.datetime(period.end.year, period.end.month, 2, tzinfo=dt.UTC)
    run = operations.run_to_review(run=operations.create_run(period=period, at=at), at=at)
    return operations.issue_run_now(run=run, billing_date=at.date(), at=at)


def _figures(run):
    """The amounts of energy and tier, and the quantity in each band."""
    item = queries.items(run=run, state="issued").get()
    lines = {line["code"]: line for line in item.draft.parts[0]["bill"]["lines"]}
    bands = {cell["band"]: f"{Decimal(cell['quantity']).normalize():f}" for cell in lines["tier"]["cells"]}
    return (lines["energy"]["posted"], lines["tier"]["posted"], bands)


class TestHouseholdYear:
    def test_every_month_to_the_fen(self, household):
        account, point, product, _channel = household
        billed = {}
        for month in range(1, 13):
            if month == SEPTEMBER.month:
                tariff_operations.end_agreement(supply_point=point, on=SEPTEMBER)
                tariff_operations.agree(
                    account=account,
                    supply_point=point,
                    product=product,
                    start=SEPTEMBER,
                    parameters={"extra_household": 400},
                )
            billed[month] = _figures(_bill(2025, month))
        billed[13] = _figures(_bill(2026, 1))

        # 31 days: 241.8 kWh × 0.5583 = 135.00 and 204.6 kWh × 0.3583 = 73.31; 2760 kWh are used up on 11 July.
        long, short, february = "208.31", "201.58", "188.14"
        assert billed == {
            1: (long, "0.00", {1: "446.4"}),
            2: (february, "0.00", {1: "403.2"}),
            3: (long, "0.00", {1: "446.4"}),
            4: (short, "0.00", {1: "432"}),
            5: (long, "0.00", {1: "446.4"}),
            6: (short, "0.00", {1: "432"}),
            7: (long, "14.64", {1: "153.6", 2: "292.8"}),
            8: (long, "22.32", {2: "446.4"}),
            # The limits grow by 400 kWh: what was billed in band 2 stays there, band 1 is open again.
            9: (short, "1.60", {1: "400", 2: "32"}),
            10: (long, "22.32", {2: "446.4"}),
            11: (short, "21.60", {2: "432"}),
            12: (long, "36.32", {2: "390.4", 3: "56"}),
            13: (long, "0.00", {1: "446.4"}),
        }

    def test_a_corrected_bill_counts_in_later_tiers_with_its_correction(self, household, alder):
        _account, _point, _product, channel = household
        runs = {month: _bill(2025, month) for month in range(1, 8)}
        june, july = runs[6], runs[7]
        assert _figures(july)[2] == {1: "153.6", 2: "292.8"}

        # In August it turns out that the meter counted 100 kWh too little on 30 June; the bill of June is credited.
        extra = [150 + 1000] * 95 + [150 + 5000]
        late = dt.datetime(2025, 8, 10, tzinfo=dt.UTC)
        supply.read(
            channel=channel, period=Period(dt.date(2025, 6, 30), dt.date(2025, 7, 1)), each=lambda _day: extra, at=late
        )
        item = queries.items(run=june).get()
        terms = invoice_terms.of_retailer(retailer=alder, issued_on=late.date(), posted_at=late)
        invoice_operations.credit(invoice_id=item.invoice_id, terms=terms)
        asked = corrections.ask(invoice_id=item.invoice_id, at=late)
        outcome = corrections.approve(correction_id=asked.pk, at=late, by=correction_law.people_of_company()[0])
        august = _bill(2025, 8)

        # June is billed anew with what it saw then, and July, which builds on it, with 100 kWh less in the first band.
        assert (outcome.done, len(outcome.corrections)) == (True, 2)
        assert _figures(june)[2] == {1: "532"}
        assert _figures(july)[2] == {1: "53.6", 2: "392.8"}
        assert _figures(august)[2] == {2: "446.4"}
        assert BillRunItem.objects.filter(state="issued").count() == 8
        assert _used_in_year() == {1: Decimal("2760"), 2: Decimal("839.2")}


def _used_in_year():
    """The sum of the bands over the bills in force."""
    bands = {}
    for item in BillRunItem.objects.filter(state="issued").select_related("draft"):
        for line in item.draft.parts[0]["bill"]["lines"]:
            if line["code"] == "tier":
                for cell in line["cells"]:
                    bands[cell["band"]] = bands.get(cell["band"], Decimal(0)) + Decimal(cell["quantity"])
    return bands
