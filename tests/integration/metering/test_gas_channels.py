"""Gas in litres becomes kWh by the factors of its day, to the Wh, and other factors are another version."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from harness import supply
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.metering import queries
from tenants.metering.operations import channel_factors

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAYS = Period(dt.date(2026, 2, 1), dt.date(2026, 2, 4))
ZONE = "Europe/Berlin"
pytestmark = pytest.mark.django_db


@pytest.fixture
def gas(in_alder):
    point = customer_operations.add_supply_point(identifier="G1", address="1 Gas Street", time_zone=ZONE)
    channel = supply.channel(point=point, minutes=60)
    channel.unit, channel.energy = "L", "gas"
    channel.save()
    supply.read(channel=channel, period=DAYS, each=101)
    return channel


def change(channel, kind, value, since):
    channel_factors.change_channel_factor(
        channel_id=channel.pk, kind=kind, value=Decimal(value), since=since, at=AT, by="x"
    )


def block(channel, **more):
    start, end = DAYS.instants(ZoneInfo(ZONE))
    return queries.interval_block(channel_ids=[channel.pk], start=start, end=end, minutes=60, **more)


class TestEnergyOfGas:
    def test_follows_the_factors_of_each_day_and_rounds_on_the_running_sum(self, gas):
        change(gas, "volume_correction", "0.9636", DAYS.start)
        change(gas, "energy_content", "11.2005", DAYS.start)
        change(gas, "energy_content", "10.5", dt.date(2026, 2, 3))

        values = block(gas).values[0].reshape(3, 24).sum(axis=1).tolist()

        first = round(Decimal(24 * 101) * Decimal("0.9636") * Decimal("11.2005"))
        last = round(Decimal(24 * 101) * Decimal("0.9636") * Decimal("10.5"))
        assert values == [first, first, last]
        assert block(gas, as_recorded=True).values.sum() == 3 * 24 * 101
        totals = queries.day_totals(channel_ids=[gas.pk], period=DAYS, zone=ZONE)
        assert sorted(totals.values()) == sorted(values)

    def test_is_missing_on_days_without_a_heat_content(self, gas):
        change(gas, "energy_content", "11", dt.date(2026, 2, 2))

        missing = block(gas).missing[0].reshape(3, 24).all(axis=1).tolist()

        assert missing == [True, False, False]

    def test_another_factor_is_another_version_of_its_days_only(self, gas):
        change(gas, "energy_content", "11", DAYS.start)
        before = block(gas).versions

        change(gas, "energy_content", "10.8", dt.date(2026, 2, 3))

        assert queries.readings_changed_since(versions=before) == [(gas.pk, dt.date(2026, 2, 3))]
        start, end = DAYS.instants(ZoneInfo(ZONE))
        assert queries.versions_of(channel_ids=[gas.pk], start=start, end=end) == block(gas).versions

    def test_refuses_factors_of_what_is_no_volume(self, gas):
        other = supply.channel(point=gas.supply_point, register="E9")

        with pytest.raises(channel_factors.NoLitres):
            change(other, "energy_content", "11", DAYS.start)
        with pytest.raises(channel_factors.BadFactor):
            change(gas, "energy_content", "0", DAYS.start)
