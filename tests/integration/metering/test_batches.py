"""Batches of days: a result for each row, once for each source and key."""

from __future__ import annotations

import dataclasses
import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations, packing, queries
from tenants.metering.models import Channel, IntervalDay, ReadingImport
from tenants.metering.operations import editing

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.date(2026, 2, 1)


@pytest.fixture
def channel(in_birch):
    premises = Premises.objects.create(address="1 Meter Street", time_zone="Australia/Brisbane")
    point = SupplyPoint.objects.create(identifier="PT1", premises=premises)
    return Channel.objects.create(
        supply_point=point, register_code="E1", kind="consumption", interval_minutes=60,
        recording_zone="Australia/Brisbane",
    )  # fmt: skip


def row(day=DAY, value=5, count=24, **changes):
    given = operations.BatchRow(supply_point="PT1", register="E1", day=day, values=[value] * count)
    return dataclasses.replace(given, **changes)


def store(*rows, key="k1", hour=0, source="hes"):
    return operations.store_batch(source=source, key=key, rows=rows, at=AT + dt.timedelta(hours=hour))


def results(record):
    return [(each.row, each.outcome, each.code) for each in queries.import_report(import_id=record.pk).order_by("row")]


@pytest.mark.django_db
class TestABatch:
    def test_stores_what_fits_and_says_of_each_row_what_became_of_it(self, channel):
        store(row(), row(dt.date(2026, 2, 2)))

        found = store(
            row(value=6), row(dt.date(2026, 2, 2)), row(dt.date(2026, 2, 3)), row(dt.date(2026, 2, 4), count=23),
            row(supply_point="PT9"), row(register="B1"), row(dt.date(2026, 2, 3)), row(dt.date(2026, 2, 5), value=-1),
            row(dt.date(2026, 2, 6), value=2**31), row(changed_at=AT - dt.timedelta(days=30), day=dt.date(2026, 2, 7)),
            key="k2", hour=1,
        )  # fmt: skip

        assert results(found) == [
            (1, "corrected", ""),
            (2, "unchanged", ""),
            (3, "accepted", ""),
            (4, "refused", "values_missing"),
            (5, "refused", "unknown_register"),
            (6, "refused", "unknown_register"),
            (7, "refused", "day_twice"),
            (8, "refused", "negative"),
            (9, "refused", "too_big"),
            (10, "accepted", ""),
        ]
        assert dict(IntervalDay.objects.values_list("day", "total"))[DAY] == 144
        assert all(
            queries.refusal_sentence(row=each) for each in queries.import_report(import_id=found.pk, outcome="refused")
        )

    def test_given_again_has_the_same_answer_and_changes_nothing(self, channel):
        first = store(row())
        store(row(value=7), key="other", hour=1)

        again = store(row(), hour=2)

        assert again.pk == first.pk
        assert IntervalDay.objects.get().total == 7 * 24
        assert ReadingImport.objects.count() == 2

    def test_refuses_other_rows_under_the_same_key(self, channel):
        store(row())

        with pytest.raises(operations.OtherContent):
            store(row(value=9))

        assert IntervalDay.objects.get().total == 5 * 24

    def test_keeps_the_keys_of_two_sources_apart(self, channel):
        store(row())

        store(row(value=9), source="mdms", hour=1)

        assert IntervalDay.objects.get().total == 9 * 24

    def test_says_that_older_changes_come_too_late(self, channel):
        store(row(changed_at=AT))

        late = store(row(value=9, changed_at=AT - dt.timedelta(days=1)), key="k2", hour=1)

        assert results(late) == [(1, "outdated", "")]

    def test_given_again_under_another_key_undoes_no_edit(self, channel):
        store(row())
        later = AT + dt.timedelta(hours=1)
        editing.edit(channel_id=channel.pk, day=DAY, values={3: 7}, reason="read on site", by="ada", at=later)
        before = IntervalDay.objects.get().total

        again = store(row(), key="k2", hour=2)

        assert results(again) == [(1, "unchanged", "")]
        assert (before, IntervalDay.objects.get().total) == (122, 122)


def reading(hour, value=5, day=DAY, **changes):
    start = dt.datetime.combine(day, dt.time(hour), tzinfo=ZoneInfo("Australia/Brisbane"))
    return operations.BatchReading(supply_point="PT1", register="E1", start=start, value=value, **changes)


def slots():
    day = IntervalDay.objects.get()
    values = packing.unpack_values(bytes(day.values))
    return {
        slot: int(values[slot])
        for slot, quality in enumerate(packing.unpack_quality(bytes(day.quality), slots=values.size))
        if quality != 255
    }


@pytest.mark.django_db
class TestSingleReadings:
    def test_fill_their_slots_and_leave_the_others(self, channel):
        store(reading(0), reading(1, 6))

        found = store(reading(1, 7), reading(0), reading(5, 9), key="k2", hour=1)

        assert slots() == {0: 5, 1: 7, 5: 9}
        numbered = [each for each in results(found) if each[0] is not None]
        assert numbered == [(1, "corrected", ""), (2, "unchanged", ""), (3, "accepted", "")]
        assert (found.days_corrected, IntervalDay.objects.get().version) == (1, 2)

    def test_are_refused_one_by_one(self, channel):
        half = dataclasses.replace(reading(0), start=reading(0).start + dt.timedelta(minutes=30))

        found = store(
            reading(0),
            reading(0, 6),
            half,
            reading(1, -1),
            reading(2, 2**31),
            dataclasses.replace(reading(3), supply_point="PT9"),
            row(),
            row(dt.date(2026, 2, 2)),
            reading(4, day=dt.date(2026, 2, 2)),
        )

        numbered = [each for each in results(found) if each[0] is not None]
        assert numbered == [
            (1, "accepted", ""),
            (2, "refused", "long_twice"),
            (3, "refused", "off_grid"),
            (4, "refused", "negative"),
            (5, "refused", "too_big"),
            (6, "refused", "unknown_register"),
            (7, "refused", "day_twice"),
            (8, "accepted", ""),
            (9, "refused", "day_twice"),
        ]

    def test_are_taken_back_like_days(self, channel):
        store(reading(0), reading(1, 6))
        wrong = store(reading(1, 7), reading(2, 8), key="k2", hour=1)

        operations.order_taking_back(import_id=wrong.pk, by="ada", because="wrong", at=AT)
        done = operations.continue_import(import_id=wrong.pk, at=AT)

        assert (done.state, slots()) == ("taken_back", {0: 5, 1: 6})

    def test_fall_on_the_interval_that_a_day_stands_in(self, channel):
        store(row(count=48))

        found = store(
            dataclasses.replace(reading(0, 9), start=reading(0).start + dt.timedelta(minutes=30)), key="k2", hour=1
        )

        assert [each for each in results(found) if each[0]] == [(1, "corrected", "")]
        assert (slots()[0], slots()[1]) == (5, 9)

    def test_by_thousands_are_stored_in_few_questions(self, channel, django_assert_max_num_queries):
        first = DAY - dt.timedelta(days=99)
        many = [reading(number % 24, 1, first + dt.timedelta(days=number // 24)) for number in range(2400)]

        with django_assert_max_num_queries(80):
            found = store(*many)

        assert (found.days_accepted, IntervalDay.objects.count()) == (100, 100)
        assert sum(day.total for day in IntervalDay.objects.all()) == 2400
