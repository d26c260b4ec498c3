"""Batches of days: a result for each row, once for each source and key."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations, queries
from tenants.metering.models import Channel, IntervalDay, ReadingImport

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
