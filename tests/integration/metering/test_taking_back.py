"""An import is taken back: what stood before stands again, nothing is forgotten, and later work is not undone."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from kernel.errors import Invalid
from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations, queries
from tenants.metering.models import (
    DayProposal,
    Determination,
    IntervalDay,
    IntervalDayRevision,
    ReadingException,
    ReadingImport,
)
from tenants.metering.operations import estimating, taking_back

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


def uneven(day, gap=False, spike=False):
    """A row with a usual curve, perhaps with a gap of three slots or a spike."""
    cells = [str(1 + slot % 7 / 10) for slot in range(96)]
    if gap:
        cells[40:43] = ["", "", ""]
    if spike:
        cells[50] = "900"
    return f"PT1,2026-02-{day:02d}," + ",".join(cells)


def bring_rows(*rows, hour):
    content = ("\n".join([HEAD, *rows]) + "\n").encode()
    at = AT + dt.timedelta(hours=hour)
    return operations.import_file(file=io.BytesIO(content), file_name="a", source="test", at=at).pk


def open_checks():
    return set(ReadingException.objects.filter(state="open").values_list("day", "code"))


@pytest.mark.django_db
class TestWhatStandsAgain:
    def test_is_checked_again(self, point):
        bring_rows(uneven(1, spike=True), hour=0)
        before = open_checks()
        healed = bring_rows(uneven(1), hour=1)
        between = open_checks()

        take_back(healed)

        assert before and all(day == dt.date(2026, 2, 1) for day, _code in before)
        assert between == set()
        assert open_checks() == before

    def test_closes_what_was_found_on_days_that_are_gone(self, point):
        bring_rows(uneven(1), hour=0)
        wrong = bring_rows(uneven(2, spike=True), uneven(3, gap=True), hour=1)
        found = {day for day, _code in open_checks()}

        take_back(wrong)

        assert {dt.date(2026, 2, 2), dt.date(2026, 2, 3)} <= found
        assert open_checks() == set()
        assert not DayProposal.objects.filter(state="proposed").exists()

    def test_knows_again_how_its_slots_were_estimated(self, point):
        bring_rows(uneven(1, gap=True), hour=0)
        day = IntervalDay.objects.get()
        estimating.estimate(channel_id=day.channel_id, day=day.day, at=AT + dt.timedelta(hours=1), by="ada")
        told = bring_rows(uneven(1), hour=2)
        without = Determination.objects.filter(replaced_at=None).count()

        take_back(told)

        [again] = Determination.objects.filter(replaced_at=None)
        shown = queries.day_shown(channel_id=day.channel_id, day=day.day)
        assert without == 0
        assert (again.slots.lower, again.slots.upper, again.method, again.by) == (40, 43, "linear", "ada")
        assert shown.counts() == {"actual": 93, "estimated": 3}
