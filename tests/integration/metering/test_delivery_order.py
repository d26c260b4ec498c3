"""Deliveries may come in any order and any number of times: what stands in the end is the same."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.customers.models import Premises, SupplyPoint
from tenants.metering import operations
from tenants.metering.models import Channel, IntervalDay, IntervalDayRevision

BASE = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DELIVERIES = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 9), st.integers(1, 3)),
    min_size=1,
    max_size=6,
    unique_by=lambda d: (d[0], d[1]),
)


class Rollback(Exception):
    pass


def deliver(channel, order):
    """Bring (day, stamp, value) deliveries in ``order``; return what stands afterwards, and undo it."""
    found = {}
    try:
        with transaction.atomic():
            for at, (day, stamp, value) in enumerate(order):
                readings = operations.DayReadings(
                    channel_id=channel.pk,
                    day=dt.date(2026, 1, day),
                    values=np.full(24, value, dtype=np.int32),
                    stamped_at=BASE + dt.timedelta(hours=stamp),
                )
                operations.store_interval_days(days=[readings], at=BASE + dt.timedelta(minutes=at))
            found = dict(IntervalDay.objects.values_list("day", "total"))
            versions = dict(IntervalDay.objects.values_list("day", "version"))
            former = IntervalDayRevision.objects.count()
            assert former == sum(version - 1 for version in versions.values())
            raise Rollback
    except Rollback:
        connection.cursor().close()
    return found


@pytest.mark.django_db
class TestOrderOfDeliveries:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(deliveries=DELIVERIES, data=st.data())
    def test_does_not_matter_and_repeating_changes_nothing(self, in_alder, deliveries, data):
        point, _ = SupplyPoint.objects.get_or_create(
            identifier="3300000000001",
            defaults={"premises": Premises.objects.create(address="A", time_zone="Asia/Shanghai")},
        )
        channel, _ = Channel.objects.get_or_create(
            supply_point=point,
            register_code="E1",
            defaults={"kind": "consumption", "interval_minutes": 60, "recording_zone": "Asia/Shanghai"},
        )
        shuffled = data.draw(st.permutations(deliveries))

        assert deliver(channel, shuffled + deliveries) == deliver(channel, deliveries)
        newest = {dt.date(2026, 1, day): 24 * value for day, stamp, value in sorted(deliveries, key=lambda d: d[1])}
        assert deliver(channel, shuffled) == newest
