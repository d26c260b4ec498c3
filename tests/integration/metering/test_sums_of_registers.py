"""Intervals against registers: the sum check (V3), and gaps that hold exactly what the register counted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from kernel.periods import Period
from tenants.customers import operations as customer_operations
from tenants.metering import operations, queries
from tenants.metering.formats.base import Quality
from tenants.metering.models import Channel, ReadingException
from tenants.metering.operations import estimating, validating

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
FIRST = dt.date(2026, 2, 1)
WEEK = Period(FIRST, dt.date(2026, 2, 8))
pytestmark = pytest.mark.django_db


@pytest.fixture
def power(in_alder):
    """A channel, and beside it a register that reads 0 on 1 February, in whole kWh."""
    point = customer_operations.add_supply_point(identifier="41", address="1 Sum Street", time_zone="Asia/Shanghai")
    dial = operations.Dial("1", "consumption", digits=5, shows=Decimal(0))
    meter = operations.NewMeter(point.pk, "M1", FIRST, "Asia/Shanghai", dials=(dial,), position="1")
    operations.install_meter(meter=meter, at=AT, by="reader@alder")
    return Channel.objects.create(
        supply_point=point,
        register_code="E1",
        kind="consumption",
        interval_minutes=15,
        recording_zone="Asia/Shanghai",
    )


def read(power, on, value):
    register = power.supply_point.meters.get().registers.get()
    given = operations.NewRead(register.pk, on, Decimal(value))
    operations.store_reads(reads=[given], at=AT, source="test", by="reader@alder")


def store(power, day, *, gaps=(), each=100, at=AT):
    values = np.array([each + slot % 7 for slot in range(96)], dtype=np.int32)
    quality = np.full(96, Quality.ACTUAL, dtype=np.uint8)
    for first, end in gaps:
        values[first:end], quality[first:end] = 0, Quality.MISSING
    operations.store_interval_days(days=[operations.DayReadings(power.pk, day, values, quality, stamped_at=at)], at=at)


def total(power):
    return sum(shown.total for shown in queries.days_shown(channel_id=power.pk, days=list(WEEK)).values())


class TestTheSumCheck:
    @pytest.mark.parametrize(("kwh", "opens"), [("70", False), ("71", False), ("72", True), ("66", True)])
    def test_allows_two_steps_of_the_register(self, power, kwh, opens):
        """7 × 9,883 Wh = 69.181 kWh; a step is 1 kWh, so 2 kWh are tolerated."""
        for day in WEEK:
            store(power, day)
        read(power, WEEK.end, kwh)

        validating.check_recent_sums(since=AT, at=AT)

        found = list(ReadingException.objects.filter(code="sum", state="open"))
        assert bool(found) is opens
        assert not found or found[0].params["intervals"] == 69_181

    def test_heals_when_better_readings_come(self, power):
        read(power, WEEK.end, "72")
        for day in WEEK:
            store(power, day)
        before = queries.exception_counts()

        store(power, FIRST, each=125, at=LATER)

        assert (before, queries.exception_counts()) == ({"sum": 1}, {})


class TestAGapBetweenReads:
    def test_holds_exactly_what_the_register_counted(self, power):
        for day in WEEK:
            store(power, day, gaps=[(20, 60)] if day == dt.date(2026, 2, 6) else ())
        read(power, WEEK.end, "73")

        done = estimating.estimate(channel_id=power.pk, day=dt.date(2026, 2, 6), at=LATER)

        assert (total(power), [part["scaled"] for part in done.parts]) == (73_000, [True])

    def test_of_several_days_is_scaled_as_one(self, power):
        gaps = {dt.date(2026, 2, 5), dt.date(2026, 2, 6)}
        for day in WEEK:
            store(power, day, gaps=[(20, 60)] if day in gaps else ())
        read(power, WEEK.end, "80")

        estimating.estimate(channel_id=power.pk, day=dt.date(2026, 2, 5), at=LATER)

        assert (total(power), queries.exception_counts()) == (80_000, {})

    def test_that_is_estimated_already_is_mended_by_a_read_that_comes_later(self, power):
        for day in WEEK:
            store(power, day, gaps=[(20, 60)] if day.day in {5, 6} else ())
        estimating.estimate(channel_id=power.pk, day=dt.date(2026, 2, 5), at=LATER)
        read(power, WEEK.end, "80")

        estimating.estimate(channel_id=power.pk, day=dt.date(2026, 2, 6), at=LATER)

        assert (total(power), queries.proposals().count()) == (80_000, 0)

    def test_without_history_is_shared_evenly(self, power):
        for day in WEEK:
            store(power, day, gaps=[(0, 96)])
        read(power, WEEK.end, "7")

        estimating.propose(channel_id=power.pk, day=FIRST, at=LATER)

        proposed = [queries.proposal_shown(proposal=each) for each in queries.proposals()]
        assert (len(proposed), sum(each.total for each in proposed)) == (7, 7000)
        assert max(int(each.values.max()) for each in proposed) == 11
