"""Readings as others ask for them: blocks on one grid, totals by local day and month, gaps, versions."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from kernel.periods import Period
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import intervals, operations, queries
from tenants.metering.formats.base import Quality
from tenants.metering.models import Channel, IntervalDay, IntervalDayRevision

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
SYDNEY = ZoneInfo("Australia/Sydney")
JANUARY = Period(dt.date(2026, 1, 1), dt.date(2026, 2, 1))


def channel(identifier="NEM1204000", register="E1", minutes=30, zone="Etc/GMT-10", **more):
    point = SupplyPoint.objects.filter(identifier=identifier).first()
    if point is None:
        premises = Premises.objects.create(address="1 Meter Street", time_zone="Australia/Sydney")
        point = SupplyPoint.objects.create(identifier=identifier, premises=premises)
    given = {"kind": "consumption", "interval_minutes": minutes, "recording_zone": zone, **more}
    return Channel.objects.create(supply_point=point, register_code=register, **given)


def readings(channel, period, each=1, slots=48, **more):
    values = np.full(slots, each, dtype=np.int32)
    return [operations.DayReadings(channel_id=channel.pk, day=day, values=values, **more) for day in period]


def store(*days, at=AT):
    return operations.store_interval_days(days=days, at=at)


@pytest.mark.django_db
class TestStoreIntervalDays:
    def test_stores_new_days_and_leaves_equal_ones_alone(self, in_birch):
        days = readings(channel(), JANUARY)

        first, again = store(*days), store(*days, at=LATER)

        assert (first, again) == (operations.Stored(accepted=31), operations.Stored(unchanged=31))
        assert set(IntervalDay.objects.values_list("total", "version", "recorded_at")) == {(48, 1, AT)}

    def test_keeps_former_versions_in_order(self, in_birch):
        power = channel()
        day = Period(dt.date(2026, 1, 1), dt.date(2026, 1, 2))

        for each in (1, 2, 3):
            store(*readings(power, day, each))

        former = queries.former_versions(channel_id=power.pk, day=day.start).values_list("version", "total")
        assert list(former) == [(1, 48), (2, 96)]
        assert IntervalDay.objects.values_list("version", "total").get() == (3, 144)

    def test_stores_nothing_when_a_day_comes_twice(self, in_birch):
        days = readings(channel(), JANUARY)

        with pytest.raises(IntegrityError), transaction.atomic():
            store(*days, days[0])

        assert IntervalDay.objects.count() == 0

    def test_lets_an_older_delivery_fill_gaps_only(self, in_birch):
        power, day = channel(), dt.date(2026, 1, 1)
        quality = np.array([Quality.ACTUAL] * 24 + [Quality.MISSING] * 24, dtype=np.uint8)
        values = np.array([5] * 24 + [0] * 24, dtype=np.int32)
        store(operations.DayReadings(power.pk, day, values, quality, stamped_at=LATER))

        done = store(*readings(power, Period(day, dt.date(2026, 1, 2)), 1, stamped_at=AT), at=LATER)

        kept = IntervalDay.objects.get()
        assert done == operations.Stored(corrected=1)
        assert (kept.total, kept.missing, kept.stamped_at) == (5 * 24 + 24, 0, LATER)

    def test_keeps_former_versions_from_being_changed(self, in_birch):
        power, day = channel(), Period(dt.date(2026, 1, 1), dt.date(2026, 1, 2))
        store(*readings(power, day, 1))
        store(*readings(power, day, 2))

        with pytest.raises(Exception, match="permission denied"), transaction.atomic():
            IntervalDayRevision.objects.update(total=0)

        assert IntervalDayRevision.objects.get().total == 48


@pytest.mark.django_db
class TestIntervalBlock:
    def test_reads_a_year_of_a_channel_in_one_query(self, in_birch, django_assert_num_queries):
        """The readings in one; the other tells the channel's zone and unit."""
        power = channel()
        store(*readings(power, Period(dt.date(2025, 12, 31), dt.date(2027, 1, 1)), 2))
        start, end = Period(dt.date(2026, 1, 1), dt.date(2027, 1, 1)).instants(SYDNEY)

        with django_assert_num_queries(2):
            block = queries.interval_block(channel_ids=[power.pk], start=start, end=end, minutes=30)

        assert block.values.shape == (1, 365 * 48)
        assert (int(block.values.sum()), int(block.missing.sum())) == (365 * 96, 0)
        assert block.starts[0] == np.datetime64("2025-12-31T13:00:00")
        assert len(block.versions) == 366

    def test_gives_a_row_to_each_channel_in_the_order_asked(self, in_birch):
        one, two, none = channel(), channel(register="E2"), channel(register="B1")
        store(*readings(one, JANUARY, 1), *readings(two, JANUARY, 2))
        start, end = Period(dt.date(2026, 1, 2), dt.date(2026, 1, 3)).instants(SYDNEY)

        block = queries.interval_block(channel_ids=[two.pk, none.pk, one.pk], start=start, end=end, minutes=60)

        assert block.values.sum(axis=1).tolist() == [96, 0, 48]
        assert block.missing.all(axis=1).tolist() == [False, True, False]

    def test_refuses_intervals_shorter_than_recorded(self, in_birch):
        power = channel()
        store(*readings(power, JANUARY))
        start, end = JANUARY.instants(SYDNEY)

        with pytest.raises(intervals.TooFine):
            queries.interval_block(channel_ids=[power.pk], start=start, end=end, minutes=15)


@pytest.mark.django_db
class TestTotals:
    def test_follow_local_days_and_months_whatever_the_recording_zone(self, in_birch):
        market, local = channel(), channel(register="E2", zone="Australia/Sydney")
        days = Period(dt.date(2025, 12, 31), dt.date(2026, 2, 2))
        store(*readings(market, days, 1), *readings(local, days, 1))

        totals = queries.day_totals(channel_ids=[market.pk, local.pk], period=JANUARY, zone="Australia/Sydney")
        months = queries.month_totals(channel_ids=[market.pk, local.pk], period=JANUARY, zone="Australia/Sydney")

        assert set(totals.values()) == {48}
        assert len(totals) == 62
        assert months == {(market.pk, dt.date(2026, 1, 1)): 31 * 48, (local.pk, dt.date(2026, 1, 1)): 31 * 48}

    def test_survive_a_change_of_the_interval(self, in_birch):
        power = channel()
        first, second = (
            Period(dt.date(2026, 1, 1), dt.date(2026, 1, 16)),
            Period(dt.date(2026, 1, 16), dt.date(2026, 2, 1)),
        )
        store(*readings(power, first, 6), *readings(power, second, 1, slots=288))

        totals = queries.day_totals(channel_ids=[power.pk], period=JANUARY, zone="Australia/Sydney")

        assert totals[power.pk, dt.date(2026, 1, 10)] == totals[power.pk, dt.date(2026, 1, 20)] == 288
        assert queries.recorded_minutes(channel_ids=[power.pk], period=JANUARY) == {power.pk: 30}

    def test_count_the_hours_of_clock_change_days(self, in_birch):
        power = channel()
        around = Period(dt.date(2026, 4, 3), dt.date(2026, 4, 8))
        store(*readings(power, around, 1))

        totals = queries.day_totals(
            channel_ids=[power.pk], period=Period(dt.date(2026, 4, 4), dt.date(2026, 4, 7)), zone="Australia/Sydney"
        )

        assert list(totals.values()) == [48, 50, 48]


@pytest.mark.django_db
class TestGapsAndVersions:
    def test_lists_days_that_are_absent_or_have_gaps(self, in_birch):
        power = channel()
        period = Period(dt.date(2026, 1, 1), dt.date(2026, 1, 5))
        gap = np.array([Quality.MISSING] + [Quality.ACTUAL] * 47, dtype=np.uint8)
        first, _, third, fourth = readings(power, period)
        store(first, third, operations.DayReadings(power.pk, fourth.day, fourth.values, gap))

        found = queries.missing_days(channel_ids=[power.pk], period=period)

        assert found == {power.pk: [dt.date(2026, 1, 2), dt.date(2026, 1, 4)]}

    def test_tells_what_changed_since_a_bill_was_made(self, in_birch):
        power = channel()
        start, end = Period(dt.date(2026, 1, 2), dt.date(2026, 1, 5)).instants(ZoneInfo("Etc/GMT-10"))
        store(*readings(power, Period(dt.date(2026, 1, 1), dt.date(2026, 1, 4))))
        used = queries.versions_of(channel_ids=[power.pk], start=start, end=end)

        store(*readings(power, Period(dt.date(2026, 1, 3), dt.date(2026, 1, 6)), 9))

        assert used == {(power.pk, dt.date(2026, 1, 2)): 1, (power.pk, dt.date(2026, 1, 3)): 1}
        assert queries.readings_changed_since(versions=used) == [(power.pk, dt.date(2026, 1, 3))]
        assert queries.readings_changed_since(versions=used, channel_ids=[power.pk], start=start, end=end) == [
            (power.pk, dt.date(2026, 1, 3)),
            (power.pk, dt.date(2026, 1, 4)),
        ]

    def test_asks_one_block_and_its_versions_for_the_same_days(self, in_birch):
        power = channel()
        store(*readings(power, Period(dt.date(2025, 12, 25), dt.date(2026, 2, 8))))
        start, end = JANUARY.instants(SYDNEY)

        block = queries.interval_block(channel_ids=[power.pk], start=start, end=end, minutes=30)

        assert block.versions == queries.versions_of(channel_ids=[power.pk], start=start, end=end)
        assert (min(block.versions)[1], max(block.versions)[1]) == (dt.date(2025, 12, 31), dt.date(2026, 1, 31))
