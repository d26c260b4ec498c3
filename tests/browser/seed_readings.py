"""Fill the database of the queue's browser test: one point with a gap, a spike, a day that never came, and an edit."""

from __future__ import annotations

import datetime as dt

import django

django.setup()

import numpy as np

from identity import operations as identity_operations
from identity.capabilities import Role
from tenancy import context
from tenants.customers import operations as customer_operations
from tenants.metering import operations
from tenants.metering.formats.base import Quality
from tenants.metering.models import Channel
from tenants.metering.operations import editing, validating

AT = dt.datetime(2026, 3, 2, 3, 20, tzinfo=dt.UTC)
FIRST = dt.date(2026, 2, 1)
PASSWORD = "correct horse battery"


def day(number: int) -> tuple[np.ndarray, np.ndarray]:
    hours = np.arange(96) / 4
    base = 40 + 85 * np.exp(-((hours - 7.5) ** 2) / 2) + 190 * np.exp(-((hours - 19.5) ** 2) / 6)
    values = (base * (1 + 0.1 * np.sin(number * 1.7 + hours))).astype(np.int32)
    return values, np.full(96, Quality.ACTUAL, dtype=np.uint8)


def main() -> None:
    with context.use(context.retailer_by_code(code="alder")):
        identity_operations.create_user(
            email="ben@alder.test", name="Ben", roles=[Role.METERING], at=AT, password=PASSWORD
        )
        point = customer_operations.add_supply_point(
            identifier="P3200771278", address="8 Meter Lane", time_zone="Asia/Shanghai"
        )
        channel = Channel.objects.create(
            supply_point=point,
            register_code="E1",
            kind="consumption",
            interval_minutes=15,
            recording_zone="Asia/Shanghai",
        )
        days = []
        for number in range(20):
            values, quality = day(number)
            if number == 16:
                values[30:33], quality[30:33] = 0, Quality.MISSING
            if number == 17:
                values[50] = 2900
            if number == 18:
                values[10:60], quality[10:60] = 0, Quality.MISSING
            if number != 15:
                at = FIRST + dt.timedelta(days=number)
                days.append(operations.DayReadings(channel.pk, at, values, quality, stamped_at=AT))
        operations.store_interval_days(days=days, at=AT)
        validating.find_absent(since=FIRST, until=FIRST + dt.timedelta(days=20), at=AT)
        validating.keep_flags(
            flags=[validating.Flag(channel.pk, FIRST + dt.timedelta(days=19), 3, 6, "outage", code="79")], at=AT
        )
        editing.edit(
            channel_id=channel.pk,
            day=FIRST + dt.timedelta(days=19),
            values={40: 4000},
            reason="Read from the dial",
            by="ben@alder.test",
            at=AT,
        )


main()
