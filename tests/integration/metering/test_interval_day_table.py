"""The table of readings: partitioned, keyed by channel and day, replayed for a new company like any other."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from tenants.customers.models import Premises, SupplyPoint
from tenants.metering.models import Channel, IntervalDay

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.fixture
def channel(in_alder):
    premises = Premises.objects.create(address="Somewhere", time_zone="Asia/Shanghai")
    point = SupplyPoint.objects.create(identifier="3300000000001", premises=premises)
    return Channel.objects.create(
        supply_point=point, register_code="E1", kind="consumption", interval_minutes=15, recording_zone="Asia/Shanghai"
    )


def day(channel, on, **changes):
    given = {"values": b"\1\0\0\0" * 96, "quality": b"\1", "total": 96, "missing": 0, "recorded_at": AT}
    return IntervalDay.objects.create(channel=channel, day=on, **{**given, **changes})


@pytest.mark.django_db
class TestIntervalDayTable:
    def test_puts_a_day_into_the_partition_of_its_year(self, channel):
        day(channel, dt.date(2026, 1, 1))
        day(channel, dt.date(2004, 2, 1))

        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass::text, day FROM metering_intervalday ORDER BY day")
            found = [(name.split(".")[-1], on) for name, on in cursor.fetchall()]
        assert found == [
            ("metering_intervalday_other", dt.date(2004, 2, 1)),
            ("metering_intervalday_2026", dt.date(2026, 1, 1)),
        ]

    def test_keeps_one_row_a_channel_and_day(self, channel):
        day(channel, dt.date(2026, 1, 1))

        with pytest.raises(IntegrityError, match="pk"), transaction.atomic():
            day(channel, dt.date(2026, 1, 1))

    @pytest.mark.parametrize("changes", [{"values": b""}, {"values": b"\1\2\3"}, {"quality": b"\1\1"}, {"version": 0}])
    def test_refuses_a_day_that_cannot_be_unpacked(self, channel, changes):
        with pytest.raises(IntegrityError), transaction.atomic():
            day(channel, dt.date(2026, 1, 1), **changes)

        assert IntervalDay.objects.count() == 0
