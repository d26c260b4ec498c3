"""An import is taken back: what stood before stands again, nothing is forgotten, and later work is not undone."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from kernel.errors import Invalid
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations, queries
from tenants.metering.models import IntervalDay, IntervalDayRevision, ReadingImport
from tenants.metering.operations import taking_back

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
HEAD = "nmi,date," + ",".join(f"P{n}" for n in range(1, 97))


def table(value, days=(1, 2)):
    rows = [f"PT1,2026-02-{day:02d}," + ",".join([str(value)] * 96) for day in days]
    return ("\n".join([HEAD, *rows]) + "\n").encode()


@pytest.fixture
def point(in_birch):
    premises = Premises.objects.create(address="1 Meter Street", time_zone="Australia/Brisbane")
    return SupplyPoint.objects.create(identifier="PT1", premises=premises)


def bring(value, hour, days=(1, 2)):
    at = AT + dt.timedelta(hours=hour)
    return operations.import_file(file=io.BytesIO(table(value, days)), file_name="a", source="test", at=at).pk


def take_back(import_id, hour=10):
    at = AT + dt.timedelta(hours=hour)
    operations.order_taking_back(import_id=import_id, by="ada@example.com", because="wrong file", at=at)
    return operations.continue_import(import_id=import_id, at=at)


def stands():
    return {day.day: (day.total // 96, day.version, day.import_id) for day in IntervalDay.objects.all()}


@pytest.mark.django_db
class TestTakingBack:
    def test_brings_back_former_days_as_new_versions_and_removes_new_ones(self, point):
        first = bring(1, 0, days=[1])
        wrong = bring(2, 1, days=[1, 2])

        done = take_back(wrong)

        assert done.state == "taken_back"
        assert stands() == {dt.date(2026, 2, 1): (1000, 3, first)}
        assert list(
            IntervalDayRevision.objects.order_by("day", "version").values_list("day", "version", "removed")
        ) == [
            (dt.date(2026, 2, 1), 1, False),
            (dt.date(2026, 2, 1), 2, False),
            (dt.date(2026, 2, 2), 1, True),
        ]
        assert queries.import_report(import_id=wrong).count() == 2

    def test_makes_bills_that_used_the_readings_look_again(self, point):
        wrong = bring(2, 1)
        used = {(day.channel_id, day.day): day.version for day in IntervalDay.objects.all()}

        take_back(wrong)

        assert queries.readings_changed_since(versions=used) == sorted(used)

    def test_leaves_a_day_that_comes_again_a_later_version(self, point):
        wrong = bring(2, 1, days=[1])
        take_back(wrong)

        bring(3, 12, days=[1])
        bring(2, 13, days=[1])

        assert stands()[dt.date(2026, 2, 1)][:2] == (3000, 2)

    def test_lets_the_file_come_again(self, point):
        wrong = bring(2, 1, days=[1])
        take_back(wrong)

        again = bring(2, 12, days=[1])

        assert stands() == {dt.date(2026, 2, 1): (2000, 2, again)}

    def test_twice_changes_nothing_the_second_time(self, point):
        bring(1, 0)
        wrong = bring(2, 1)
        take_back(wrong)
        before = stands()

        operations.continue_import(import_id=wrong, at=AT)
        taking_back.take_back(import_id=wrong, at=AT)

        assert stands() == before

    def test_is_refused_when_a_later_import_changed_a_day(self, point):
        wrong = bring(1, 0)
        bring(2, 1, days=[2])
        before = stands()

        with pytest.raises(taking_back.ChangedSince, match="1 days .* 2026-02-02"):
            take_back(wrong)

        assert (stands(), ReadingImport.objects.get(pk=wrong).state) == (before, "done")

    def test_ends_without_a_change_when_a_day_is_changed_after_the_order(self, point):
        wrong = bring(1, 0)
        operations.order_taking_back(import_id=wrong, by="ada", because="wrong", at=AT)
        bring(2, 1, days=[2])
        before = stands()

        ended = operations.continue_import(import_id=wrong, at=AT)

        assert (ended.state, stands()) == ("done", before)

    def test_is_refused_without_a_reason_and_for_what_does_not_stand(self, point):
        wrong = bring(1, 0)

        with pytest.raises(Invalid):
            operations.order_taking_back(import_id=wrong, by="ada", because=" ", at=AT)
        take_back(wrong)
        with pytest.raises(taking_back.NotTakenBack):
            operations.order_taking_back(import_id=wrong, by="ada", because="again", at=AT)

        assert stands() == {}
