"""The load of a company: always what its channels add up to, whatever came in which order."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from harness import supply
from kernel import market_time
from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.customers import queries as customer_queries
from tenants.metering import operations, queries
from tenants.metering.formats.base import Quality
from tenants.metering.intervals import TooFine
from tenants.metering.models import LoadDay, Touched
from tenants.metering.operations import load_days
from tenants.metering.queries import load_curves

AT = dt.datetime(2026, 4, 20, tzinfo=dt.UTC)
SYDNEY, MARKET, SHANGHAI = "Australia/Sydney", "Etc/GMT-10", "Asia/Shanghai"
CHANGES = Period(dt.date(2026, 4, 4), dt.date(2026, 4, 7))
"""In Sydney the clock goes back on 5 April 2026: that day has 25 hours."""
pytestmark = pytest.mark.django_db


@pytest.fixture
def points(in_alder):
    return [
        customer_operations.add_supply_point(identifier=f"P{n}", address=f"{n} Load Street", time_zone=SYDNEY)
        for n in range(5)
    ]


def catch_up():
    while load_days.sum_touched(at=AT):
        pass


def curve(period=CHANGES, zone=SYDNEY, minutes=60, **more):
    wanted = {"carrier": "electricity", "kind": "consumption", "period": period, "zone": zone, "minutes": minutes}
    return queries.load_curve(**wanted | more)


def by_hand(channels, period=CHANGES, zone=SYDNEY, minutes=60):
    start, end = period.instants(ZoneInfo(zone))
    block = queries.interval_block(channel_ids=[each.pk for each in channels], start=start, end=end, minutes=minutes)
    return block.values.sum(axis=0).tolist()


def stored():
    rows = LoadDay.objects.values_list("day", "kind", "zone", "unit", "minutes", "channels", "energy", "estimated")
    return sorted((*row[:6], bytes(row[6]), bytes(row[7])) for row in rows)


def varied(channel, seed):
    """Another number in each slot, so that a slot in the wrong place shows."""
    chance = np.random.default_rng(seed)

    def of(day):
        slots = market_time.slots_of_day(day, ZoneInfo(channel.recording_zone), channel.interval_minutes)
        return chance.integers(0, 5000, slots)

    return of


class TestSum:
    def test_of_mixed_intervals_and_zones_is_exact_over_a_day_of_25_hours(self, points):
        makes = [(5, MARKET), (15, SYDNEY), (30, MARKET), (60, SYDNEY), (15, SHANGHAI)]
        channels = [
            supply.channel(point=point, minutes=minutes, zone=zone)
            for point, (minutes, zone) in zip(points, makes, strict=True)
        ]
        around = Period(dt.date(2026, 4, 3), dt.date(2026, 4, 8))
        for seed, channel in enumerate(channels):
            supply.read(channel=channel, period=around, each=varied(channel, seed))

        catch_up()

        assert curve().energy.tolist() == by_hand(channels)
        assert curve().energy.size == 73
        assert queries.load_minutes(carrier="electricity", kind="consumption", period=CHANGES) == 60
        with pytest.raises(TooFine):
            curve(minutes=30)

    def test_counts_what_is_estimated_and_what_is_missing(self, points):
        first, second = (supply.channel(point=point, minutes=60, zone=SYDNEY) for point in points[:2])
        day = dt.date(2026, 4, 6)
        supply.read(channel=second, period=Period(day - load_curves.ONE_DAY, day), each=1000)
        quality = np.full(24, Quality.ACTUAL, np.uint8)
        quality[0], quality[1] = Quality.ESTIMATED, Quality.MISSING
        values = np.full(24, 700, np.int64)
        values[1] = 0
        row = operations.DayReadings(channel_id=first.pk, day=day, values=values, quality=quality)
        operations.store_interval_days(days=[row], at=AT)

        catch_up()

        found = curve(period=Period(day, day + load_curves.ONE_DAY))
        assert (found.total, int(found.estimated.sum())) == (23 * 700, 700)
        assert (int(found.known_minutes.sum()), int(found.guessed_minutes.sum())) == (23 * 60, 60)
        assert int(found.expected_minutes.sum()) == 2 * 24 * 60
        assert [round(share, 4) for share in found.shares()] == [0.4583, 0.0208, 0.5208]

    def test_leaves_a_channel_out_while_nothing_hangs_there(self, points):
        meter = operations.NewMeter(
            points[0].pk, "M1", dt.date(2026, 4, 1), SYDNEY, registers=(operations.Register("E1", "consumption"),)
        )
        operations.install_meter(meter=meter, at=AT, by="test")
        [channel] = queries.channels_of(supply_point_ids=[points[0].pk])
        other = supply.channel(point=points[1], zone=SYDNEY)
        supply.read(channel=channel, period=Period(dt.date(2026, 4, 1), dt.date(2026, 4, 5)), each=10)
        supply.read(channel=other, period=Period(dt.date(2026, 4, 1), dt.date(2026, 4, 7)), each=10)
        hanging = queries.meters_of(supply_point_ids=[points[0].pk]).get()
        operations.remove_meter(
            meter_id=hanging.pk, on=dt.date(2026, 4, 6), removal={}, reason="Rebuilt", at=AT, by="test"
        )
        catch_up()

        found = curve(period=Period(dt.date(2026, 4, 5), dt.date(2026, 4, 7)), minutes=15)

        assert int(found.expected_minutes[:100].sum()) == 2 * 25 * 60
        assert int(found.expected_minutes[100:].sum()) == 24 * 60


class TestUpkeep:
    def test_ends_where_summing_from_scratch_ends(self, points):
        channels = [supply.channel(point=point, zone=SYDNEY) for point in points[:3]]
        for seed, channel in enumerate(channels):
            supply.read(channel=channel, period=CHANGES, each=varied(channel, seed))
            catch_up()
        supply.read(channel=channels[0], period=CHANGES, each=77, at=AT)
        catch_up()
        kept = stored()

        load_days.sum_days(days=list(CHANGES), at=AT)

        assert kept == stored()
        assert curve(minutes=15).energy.tolist() == by_hand(channels, minutes=15)

    def test_does_nothing_where_nothing_changed(self, points):
        channel = supply.channel(point=points[0], zone=SYDNEY)
        supply.read(channel=channel, period=CHANGES, each=5)
        catch_up()

        supply.read(channel=channel, period=CHANGES, each=5)

        assert queries.load_days_waiting() == 0
        assert load_days.sum_touched(at=AT) == 0

    def test_takes_the_latest_days_first_and_a_few_at_a_time(self, points):
        channel = supply.channel(point=points[0], zone=SYDNEY)
        supply.read(channel=channel, period=Period(dt.date(2026, 3, 1), dt.date(2026, 3, 11)), each=5)

        done = load_days.sum_touched(at=AT, most=4)

        assert (done, queries.load_days_waiting()) == (4, 6)
        assert {row.day.day for row in LoadDay.objects.all()} == {7, 8, 9, 10}

    def test_loses_no_note_when_summing_fails(self, points, monkeypatch):
        channel = supply.channel(point=points[0], zone=SYDNEY)
        supply.read(channel=channel, period=CHANGES, each=5)
        monkeypatch.setattr(load_days, "ROWS_A_BATCH", 0)

        with pytest.raises(Exception, match="division by zero"):
            load_days.sum_touched(at=AT)

        assert Touched.objects.filter(work="load").values("day").distinct().count() == 3


class TestFilter:
    def test_sums_only_the_days_on_which_the_customer_was_there(self, in_alder):
        product = supply.product(document="cn-residential-tiered", valid_from=dt.date(2026, 1, 1))
        start = dt.date(2026, 3, 1)
        supply.supply(number="1", product=product, start=start)
        supply.supply(number="2", product=product, start=start, kind="business")
        points = [customer_queries.supply_point_by_identifier(identifier=number) for number in ("P1", "P2")]
        channels = [supply.channel(point=point) for point in points]
        march = Period.of_month(2026, 3)
        for channel, each in zip(channels, (10, 1000), strict=True):
            supply.read(channel=channel, period=march, each=each)
        customer_operations.move_out(supply_point=points[0], on=dt.date(2026, 3, 11))
        catch_up()

        homes = curve(march, SHANGHAI, 15, only=queries.Only(kind="household"))
        firms = curve(march, SHANGHAI, 15, only=queries.Only(kind="business"))

        assert (homes.total, firms.total) == (10 * 96 * 10, 31 * 96 * 1000)
        assert int(homes.expected_minutes.sum()) == 10 * 24 * 60
        assert curve(march, SHANGHAI, 15).total == 31 * 96 * 1010
