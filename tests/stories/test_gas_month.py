"""A month of gas, dated: cubic metres by the hour, a heat content that changes in its middle, one that was wrong."""

from __future__ import annotations

import datetime as dt
import io
from decimal import ROUND_HALF_UP, Decimal

import pytest

from billing.runs import operations, queries
from harness import supply
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.customers.models import SupplyPoint
from tenants.metering import operations as metering
from tenants.metering import queries as metering_queries

AT = dt.datetime(2026, 2, 3, tzinfo=dt.UTC)
JANUARY = Period(dt.date(2026, 1, 1), dt.date(2026, 2, 1))
MIDDLE = dt.date(2026, 1, 16)
ZONE = "Europe/Berlin"
GAS = """
tariff: 1
code: gas
title: {en: Gas, zh-hans: 天然气}
currency: EUR
charges:
  - code: energy
    title: {en: Energy}
    quantity: sum(consumption)
    price: 0.1
    round: {line: 2}
    payee: retailer
"""
pytestmark = pytest.mark.django_db


def wh(cubic_metres, *factors):
    """A day's energy by hand: Decimal all the way, one rounding."""
    product = Decimal(cubic_metres) * 1000
    for factor in factors:
        product *= Decimal(factor)
    return int(product.to_integral_value(ROUND_HALF_UP))


def table(day_cells):
    head = "nmi,date," + ",".join(f"P{n}" for n in range(1, 25))
    rows = [f"P1,{day}," + ",".join(cells) for day, cells in day_cells]
    return "\n".join([head, *rows]) + "\n"


@pytest.fixture
def home(in_alder):
    product = supply.product(document=GAS, valid_from=JANUARY.start, market="de")
    supply.supply(number="1", product=product, start=JANUARY.start, currency="EUR", zone=ZONE)
    return SupplyPoint.objects.get(identifier="P1")


def bring(each="0.137", days=JANUARY, hours=0):
    content = table([(day, [each] * 24) for day in days])
    at = AT + dt.timedelta(hours=hours)
    file = io.BytesIO(content.encode())
    return metering.import_file(file=file, file_name="gas.csv", source="test", at=at, unit="m³")


def gas_channel(home):
    return metering.add_channel(
        supply_point_id=home.pk, register="E1", energy="gas", kind="consumption", unit="L", minutes=60, zone=ZONE
    )


def factor(channel, kind, value, since, at=AT):
    metering.change_channel_factor(channel_id=channel.pk, kind=kind, value=Decimal(value), since=since, at=at, by="ada")


def drafted(run=None):
    run = run or operations.create_run(period=JANUARY, at=AT)
    run = operations.run_to_review(run=run, at=AT)
    return run, queries.items(run=run).get()


class TestAMonthOfGas:
    def test_is_billed_by_the_heat_of_each_day(self, home):
        channel = gas_channel(home)
        factor(channel, "volume_correction", "0.9636", JANUARY.start)
        factor(channel, "energy_content", "11.2005", JANUARY.start)
        factor(channel, "energy_content", "10.9", MIDDLE)
        assert bring().state == "done"

        _run, item = drafted()

        early, late = wh("3.288", "0.9636", "11.2005"), wh("3.288", "0.9636", "10.9")
        assert (early, late) == (35_487, 34_535)
        assert (item.state, item.energy_wh) == ("drafted", 15 * early + 16 * late)
        assert item.total == Decimal("108.49")  # 1,084.865 kWh at 0.1

    def test_waits_without_a_heat_content(self, home):
        channel = gas_channel(home)
        factor(channel, "energy_content", "11", MIDDLE)
        bring()

        _run, item = drafted()

        assert item.state == "parked"

    def test_is_rated_anew_when_a_heat_content_was_wrong(self, home):
        channel = gas_channel(home)
        factor(channel, "energy_content", "11", JANUARY.start)
        bring()
        run, before = drafted()

        factor(channel, "energy_content", "10", MIDDLE)
        operations.rerate(run_id=run.pk, at=AT)
        _run, after = drafted(run)

        assert before.energy_wh == 31 * 36_168
        assert after.energy_wh == 15 * 36_168 + 16 * 32_880

    def test_drifts_by_less_than_half_a_watt_hour_a_day(self, home):
        """Litres times an odd factor: each day is the exact sum, rounded once; no slot carries an error on."""
        channel = gas_channel(home)
        factor(channel, "volume_correction", "0.953333333", JANUARY.start)
        factor(channel, "energy_content", "10.777777777", JANUARY.start)
        bring("0.001")

        totals = metering_queries.day_totals(channel_ids=[channel.pk], period=JANUARY, zone=ZONE)

        exact = Decimal(24) * Decimal("0.953333333") * Decimal("10.777777777")
        assert set(totals.values()) == {int(exact.to_integral_value(ROUND_HALF_UP))}
        assert abs(sum(totals.values()) - 31 * exact) < Decimal("15.5")

    def test_in_litres_is_the_same_as_in_cubic_metres(self, home):
        channel = gas_channel(home)
        factor(channel, "energy_content", "11", JANUARY.start)
        bring()

        again = table([(day, ["137"] * 24) for day in JANUARY])
        done = metering.import_file(
            file=io.BytesIO(again.encode()), file_name="l.csv", source="test", at=AT + dt.timedelta(hours=1), unit="L"
        )

        assert (done.state, done.days_unchanged) == ("done", 31)


class TestAFileOfVolumes:
    def test_is_refused_where_nobody_has_said_what_flows(self, home):
        metering.add_channel(
            supply_point_id=home.pk, register="V9", energy="water", kind="consumption", unit="L", minutes=60, zone=ZONE
        )

        done = bring(days=[JANUARY.start])

        [row] = metering_queries.import_report(import_id=done.pk)
        assert (done.state, row.code, row.row) == ("refused", "volume_register", 2)
        assert [each.register_code for each in metering_queries.channels_of(supply_point_ids=[home.pk])] == ["V9"]

    def test_is_refused_where_no_register_counts_volumes(self, home):
        done = bring(days=[JANUARY.start])

        [row] = metering_queries.import_report(import_id=done.pk)
        assert (done.state, row.code) == ("refused", "unit")

    def test_of_a_register_of_kwh_is_refused(self, home):
        gas_channel(home)
        other = customer_operations.add_supply_point(identifier="P2", address="2 Lane", time_zone=ZONE)
        supply.channel(point=other, minutes=60)
        content = table([(JANUARY.start, ["1"] * 24)]).replace("\nP1,", "\nP2,")

        done = metering.import_file(file=io.BytesIO(content.encode()), file_name="a", source="test", at=AT, unit="m3")

        [row] = metering_queries.import_report(import_id=done.pk)
        assert (done.state, row.code) == ("refused", "channel_differs")
