"""Before issue the run sees every change of what a draft was rated from, also one that moves no watt-hour."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from billing.runs import operations
from billing.runs.operations import lifecycle
from harness import supply
from kernel.periods import Period
from tenants.customers.models import SupplyPoint
from tenants.metering import operations as metering_operations
from tenants.metering.formats.base import Quality

AT = dt.datetime(2026, 4, 12, tzinfo=dt.UTC)
APRIL = Period.of_month(2026, 4)
MARCH = Period.of_month(2026, 3)
FLAT = """
tariff: 1
code: flat
title: {en: Flat}
currency: AUD
charges:
  - code: energy
    title: {en: Energy}
    quantity: sum(consumption)
    price: 0.5283
    round: {line: 2}
    payee: retailer
"""
pytestmark = pytest.mark.django_db
SYDNEY = "Australia/Sydney"


@pytest.fixture
def register(in_birch):
    """A home in Sydney whose meter records in standard time; April has the hour that comes twice."""
    product = supply.product(document=FLAT, valid_from=dt.date(2026, 1, 1), market="au")
    supply.supply(number="1", product=product, start=dt.date(2026, 1, 1), currency="AUD", zone=SYDNEY)
    made = supply.channel(point=SupplyPoint.objects.get(identifier="P1"), minutes=30, zone="Etc/GMT-10")
    supply.read(channel=made, period=Period(MARCH.start, dt.date(2026, 5, 2)), each=100)
    return made


def issuing(period: Period):
    run = operations.run_to_review(run=operations.create_run(period=period, at=AT), at=AT)
    return lifecycle.start_issuing(run_id=run.pk, billing_date=dt.date(2026, 5, 4))


def change(channel, day: dt.date, *, each: int = 100, quality: Quality = Quality.ACTUAL) -> None:
    days = [metering_operations.DayReadings(channel.pk, day, np.full(48, each, dtype=np.int64), quality)]
    metering_operations.store_interval_days(days=days, at=AT)


class TestChanged:
    @pytest.mark.parametrize(
        ("day", "sent_back"),
        [
            (dt.date(2026, 3, 30), 0),
            (dt.date(2026, 3, 31), 1),  # in Sydney it ends at one o'clock of 1 April
            (dt.date(2026, 4, 1), 1),
            (dt.date(2026, 4, 5), 1),
            (dt.date(2026, 4, 30), 1),
            (dt.date(2026, 5, 1), 0),
        ],
    )
    def test_is_a_day_of_the_meter_that_shares_an_hour_with_the_period(self, register, day, sent_back):
        run = issuing(APRIL)
        change(register, day, each=101)

        done = operations.issue_chunk(run_id=run.pk, at=AT)

        assert (done.sent_back, done.issued) == (sent_back, 1 - sent_back)

    def test_is_a_reading_that_turns_out_to_be_estimated(self, register):
        run = issuing(APRIL)
        change(register, dt.date(2026, 4, 10), quality=Quality.ESTIMATED)

        assert operations.issue_chunk(run_id=run.pk, at=AT).sent_back == 1

    def test_is_not_the_same_reading_told_again(self, register):
        run = issuing(APRIL)
        change(register, dt.date(2026, 4, 10))

        assert operations.issue_chunk(run_id=run.pk, at=AT).issued == 1

    def test_is_a_register_that_was_not_there(self, register):
        run = issuing(APRIL)
        point = SupplyPoint.objects.get(identifier="P1")
        supply.read(
            channel=supply.channel(point=point, minutes=30, register="E2", zone="Etc/GMT-10"), period=APRIL, each=1
        )

        assert operations.issue_chunk(run_id=run.pk, at=AT).sent_back == 1


class TestClockChange:
    def test_bills_the_hour_that_comes_twice_and_not_the_one_that_is_left_out(self, register):
        run = operations.run_to_review(run=operations.create_run(period=APRIL, at=AT), at=AT)

        assert run.items.get().energy_wh == (30 * 24 + 1) * 2 * 100
