"""Nothing is stored that lies ahead of the moment it is given, by whichever way it comes; what is over is taken."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import numpy as np
import pytest

from harness import supply
from tenants.customers import operations as customer_operations
from tenants.metering import operations, present, queries
from tenants.metering.formats.base import Quality
from tenants.metering.models import Channel, IntervalDay, Meter, ReadingImport, Register, RegisterRead
from tenants.metering.operations import editing, estimating

ZONE = "Australia/Brisbane"
NOON = dt.datetime(2026, 3, 10, 2, tzinfo=dt.UTC)
"""Noon of 10 March in Brisbane (UTC+10)."""
TODAY = dt.date(2026, 3, 10)
TOMORROW = TODAY + dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def point(in_birch):
    return customer_operations.add_supply_point(identifier="PT1", address="1 Meter Street", time_zone=ZONE)


@pytest.fixture
def hourly(point):
    return supply.channel(point=point, minutes=60)


def bring(content, at=NOON, **more):
    return operations.import_file(file=io.BytesIO(content.encode()), file_name="a", source="test", at=at, **more)


def refused(record):
    rows = queries.import_report(import_id=record.pk)
    return [(each.row, each.column, each.code) for each in rows if each.outcome == "refused"]


def columns(*days, count=24):
    """A day a row; ``days`` are dates with how many of their cells are filled."""
    head = "nmi,date," + ",".join(f"P{n}" for n in range(1, count + 1))
    rows = [f"PT1,{day}," + ",".join(["1"] * filled + [""] * (count - filled)) for day, filled in days]
    return "\n".join([head, *rows]) + "\n"


def nem12(day, values, quality="A"):
    cells = ",".join(values)
    stamp = "20260309120000"
    head = "100,NEM12,202603091200,MDP,RET\n200,PT1,E1,1,E1,N1,S1,kWh,30,\n"
    return f"{head}300,{day},{cells},{quality},,,{stamp},\n900\n"


class TestDaysInRows:
    def test_are_refused_with_row_column_and_remedy(self, point):
        found = bring(columns((TODAY, 12), (TOMORROW, 24)))

        assert (found.state, refused(found)) == ("refused", [(3, 3, "reading_in_future")])
        [row] = queries.import_report(import_id=found.pk)
        assert queries.refusal_sentence(row=row) == (
            "The interval from 2026-03-11 00:00 to 2026-03-11 01:00 has not ended: it is 2026-03-10 12:00 there "
            "(Australia/Brisbane). Correct the day, or leave the interval out until it has ended."
        )
        assert (IntervalDay.objects.count(), Channel.objects.count(), Meter.objects.count()) == (0, 0, 0)

    def test_of_the_running_day_are_taken_as_far_as_it_has_come(self, point):
        taken = bring(columns((TODAY, 12)))

        [day] = IntervalDay.objects.all()
        assert (taken.state, day.total, day.missing) == ("done", 12_000, 12)

    def test_of_the_running_day_are_refused_at_the_first_cell_that_lies_ahead(self, point):
        found = bring(columns((TODAY, 13)))

        assert refused(found) == [(2, 15, "reading_in_future")]

    @pytest.mark.parametrize(("minutes", "state"), [(-3, "done"), (-4, "refused")])
    def test_may_be_ahead_by_what_the_market_lets_a_clock_drift(self, point, minutes, state):
        found = bring(columns((TODAY, 12)), at=NOON + minutes * MINUTE)

        assert found.state == state

    def test_are_held_against_their_own_clock(self, in_birch):
        for name, zone in (("AKL", "Pacific/Auckland"), ("PER", "Australia/Perth")):
            customer_operations.add_supply_point(identifier=name, address="1 Coast Road", time_zone=zone)
        content = columns((TOMORROW, 3))
        late = dt.datetime(2026, 3, 10, 14, tzinfo=dt.UTC)  # 03:00 of the 11th in Auckland, 22:00 of the 10th in Perth

        east, west = (bring(content.replace("PT1", name), at=late) for name in ("AKL", "PER"))

        assert (east.state, west.state) == ("done", "refused")

    @pytest.mark.parametrize("count", [24, 48, 96])
    def test_of_a_day_that_has_not_begun_are_refused_even_without_a_reading(self, point, count):
        found = bring(columns((TOMORROW, 0), count=count))

        assert found.state == "refused"

    def test_that_are_refused_today_are_taken_when_the_day_is_over(self, point):
        content = columns((TODAY, 24))

        early, late = bring(content), bring(content, at=NOON + dt.timedelta(hours=12))

        assert (early.state, late.state) == ("refused", "done")

    def test_are_refused_in_a_dry_run_too(self, point):
        assert bring(columns((TOMORROW, 24)), dry_run=True).state == "refused"

    def test_of_a_day_of_half_an_hour_more_end_later(self, in_birch):
        customer_operations.add_supply_point(identifier="PT1", address="1 Beach", time_zone="Australia/Lord_Howe")
        day = dt.date(2026, 4, 5)  # the clock goes back from 02:00 (+11) to 01:30 (+10:30): 24.5 hours
        content = columns((day, 49), count=50)

        early = bring(content, at=dt.datetime(2026, 4, 5, 13, 20, tzinfo=dt.UTC))
        late = bring(content, at=dt.datetime(2026, 4, 5, 13, 30, tzinfo=dt.UTC))

        assert (early.state, refused(early)) == ("refused", [(2, 51, "reading_in_future")])
        assert (late.state, IntervalDay.objects.get().total) == ("done", 49_000)


class TestNem12:
    def test_is_refused_with_row_and_column(self, point):
        found = bring(nem12("20260310", ["1"] * 48))

        assert refused(found) == [(3, 3 + 24, "reading_in_future")]

    def test_that_has_nothing_yet_for_the_rest_of_the_day_is_taken(self, point):
        events = "400,1,24,A,,\n400,25,48,N,,\n900\n"
        content = nem12("20260310", ["1"] * 24 + ["0"] * 24, quality="V").replace("900\n", events)

        assert bring(content).state == "done"


class TestRowsOfOneReading:
    SAID = {"layout": "long", "columns": {"identifier": 0, "stamp": 1, "value": 2}, "minutes": 60, "zone": ZONE}

    def rows(self, *hours):
        return "nmi,t,kWh\n" + "".join(f"PT1,{day} {hour:02d}:00,2\n" for day, hour in hours)

    def test_are_refused_one_by_one(self, point):
        content = self.rows((TODAY, 10), (TODAY, 11), (TODAY, 12), (TOMORROW, 0))

        found = bring(content, mapping=self.SAID)

        assert refused(found) == [(4, 2, "reading_in_future"), (5, 2, "reading_in_future")]
        assert IntervalDay.objects.count() == 0

    def test_that_are_over_are_taken(self, point):
        found = bring(self.rows((TODAY, 10), (TODAY, 11)), mapping=self.SAID)

        assert (found.state, IntervalDay.objects.get().total) == ("done", 4000)

    def test_without_a_value_may_name_the_rest_of_the_day(self, point):
        content = self.rows((TODAY, 11)) + f"PT1,{TODAY} 12:00,\n"

        assert bring(content, mapping=self.SAID).state == "done"


class TestBatches:
    def test_refuse_the_rows_that_lie_ahead_and_take_the_others(self, hourly):
        def row(day, filled):
            values = [1] * filled + [None] * (24 - filled)
            return operations.BatchRow(supply_point="PT1", register="E1", day=day, values=values)

        rows = [row(TODAY, 12), row(TOMORROW, 24)]
        done = operations.store_batch(source="hes", key="1", rows=rows, at=NOON)

        outcomes = queries.import_report(import_id=done.pk).order_by("row").values_list("row", "outcome", "code")
        assert list(outcomes) == [(1, "accepted", ""), (2, "refused", "reading_in_future")]
        assert [day.day for day in IntervalDay.objects.all()] == [TODAY]

    def test_of_single_readings_refuse_the_hour_that_runs(self, hourly):
        rows = [
            operations.BatchReading("PT1", "E1", NOON + hours * dt.timedelta(hours=1), 5) for hours in (-2, -1, 0, 24)
        ]

        done = operations.store_batch(source="hes", key="1", rows=rows, at=NOON)

        found = (
            queries.import_report(import_id=done.pk).exclude(row=None).order_by("row").values_list("outcome", "code")
        )
        assert list(found)[:2] == [("accepted", ""), ("accepted", "")]
        assert list(found)[2:] == [("refused", "reading_in_future")] * 2
        assert IntervalDay.objects.get().total == 10


class TestRegisters:
    HEAD = "supply_point,meter,register,day,read\n"

    @pytest.fixture
    def register(self, point):
        meter = operations.NewMeter(
            point.pk, "M1", dt.date(2026, 1, 1), ZONE, dials=[operations.Dial("1", "consumption")]
        )
        operations.install_meter(meter=meter, at=NOON, by="ada")
        return Register.objects.get()

    def test_of_a_file_are_refused_by_row(self, register):
        found = bring(f"{self.HEAD}PT1,M1,1,{TODAY},100\nPT1,M1,1,{TOMORROW},110\n")

        assert (found.state, refused(found)) == ("refused", [(3, None, "read_in_future")])
        assert RegisterRead.objects.count() == 0

    def test_of_a_nem13_file_are_refused_by_row(self, point):
        row = "250,PT1,11,1,11,11,M1,E,100,20260201000000,A,,,130,20260312000000,E,,,30,KWH,20260601,20260310000000,\n"

        found = bring(f"100,NEM13,202603101200,MDP,RET\n{row}900\n")

        assert (found.state, refused(found)) == ("refused", [(2, None, "read_in_future")])
        assert Register.objects.count() == 0

    def test_given_one_by_one_are_refused_alone(self, register):
        reads = [operations.NewRead(register.pk, day, Decimal(value)) for day, value in ((TODAY, 100), (TOMORROW, 110))]

        taken, not_taken = operations.store_each(reads=reads, at=NOON, source="api")

        assert taken.outcome == "accepted"
        assert isinstance(not_taken, present.ReadNotTakenYet)
        assert RegisterRead.objects.get().day == TODAY

    def test_given_together_are_all_refused(self, register):
        reads = [operations.NewRead(register.pk, day, Decimal(value)) for day, value in ((TODAY, 100), (TOMORROW, 110))]

        with pytest.raises(present.ReadNotTakenYet):
            operations.store_reads(reads=reads, at=NOON, source="console")

        assert RegisterRead.objects.count() == 0

    def test_with_a_time_that_has_not_come_are_refused(self, register):
        later = operations.NewRead(register.pk, TODAY, Decimal(1), read_at=NOON + dt.timedelta(hours=1))

        with pytest.raises(present.ReadNotTakenYet):
            operations.store_reads(reads=[later], at=NOON, source="console")

    def test_at_an_exchange_that_is_still_to_come_are_refused_with_it(self, register):
        new = operations.NewMeter(register.meter.supply_point_id, "M2", TOMORROW, ZONE)

        with pytest.raises(present.ReadNotTakenYet):
            operations.exchange_meter(
                old=register.meter_id, on=TOMORROW, removal={"1": Decimal(5)}, new=new, at=NOON, by="ada"
            )

        assert [meter.serial for meter in Meter.objects.all()] == ["M1"]


class TestEditsAndEstimates:
    def test_of_what_lies_ahead_are_refused(self, hourly):
        with pytest.raises(present.NotMeasuredYet):
            editing.edit(channel_id=hourly.pk, day=TODAY, values={12: 5}, reason="why", by="ada", at=NOON)

        assert IntervalDay.objects.count() == 0

    def test_fill_the_running_day_only_as_far_as_it_has_come(self, hourly):
        values = np.full(24, 100, dtype=np.int32)
        yesterday = TODAY - dt.timedelta(days=1)
        operations.store_interval_days(
            days=[operations.DayReadings(hourly.pk, yesterday, values)], at=NOON - dt.timedelta(hours=6)
        )

        estimating.estimate(channel_id=hourly.pk, day=TODAY, at=NOON)

        shown = queries.day_shown(channel_id=hourly.pk, day=TODAY)
        assert shown.quality.tolist()[12:] == [Quality.MISSING] * 12
        assert shown.counts() == {"estimated": 12, "missing": 12}

    def test_have_nothing_to_fill_in_a_day_to_come(self, hourly):
        with pytest.raises(estimating.NothingToEstimate):
            estimating.estimate(channel_id=hourly.pk, day=TOMORROW, at=NOON)

        assert ReadingImport.objects.count() == 0
