"""A missing hour is filled by policy and the invoice says so; more than that waits."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest

from billing.invoices import queries as invoice_queries
from billing.runs import operations, queries
from harness import bill_cast, supply
from harness.bill_cast import AT, MARCH
from kernel.periods import Period
from tenants.metering.operations import DayReadings, store_interval_days

DAY = dt.date(2026, 3, 17)
MISSING = 255
pytestmark = pytest.mark.django_db


@pytest.fixture
def channel(in_alder):
    """All of March but 17 March."""
    found = bill_cast.households("1", period=Period(MARCH.start, DAY))["1"]
    supply.read(channel=found, period=Period(DAY + dt.timedelta(days=1), MARCH.end), each=100)
    return found


def _but(channel, slots):
    """17 March without ``slots`` quarters from noon on."""
    values, quality = np.full(96, 100, dtype=np.int64), np.ones(96, dtype=np.uint8)
    values[48 : 48 + slots], quality[48 : 48 + slots] = 0, MISSING
    store_interval_days(days=[DayReadings(channel_id=channel.pk, day=DAY, values=values, quality=quality)], at=AT)


class TestAMissingHour:
    def test_does_not_stop_the_invoice(self, channel):
        _but(channel, 4)

        run = bill_cast.issued(bill_cast.reviewed())

        item = bill_cast.item(run, "1")
        assert (run.state, item.total) == ("done", Decimal("157.22"))
        found = invoice_queries.invoice_by_id(invoice_id=item.invoice_id).invoice
        assert found.buyer["supply"][0]["estimated_days"] == 1

    def test_more_than_the_limit_waits(self, channel):
        _but(channel, 25)

        item = bill_cast.item(bill_cast.reviewed(), "1")

        assert (item.state, item.reason) == ("parked", "readings_missing")

    def test_a_day_that_never_came_waits(self, channel):
        assert bill_cast.item(bill_cast.reviewed(), "1").state == "parked"

    def test_the_company_may_allow_more(self, channel):
        _but(channel, 25)
        operations.set_rules(rules={"estimates": {"household": {"max_hours": "8", "max_share": "0.02"}}})

        assert bill_cast.item(bill_cast.reviewed(), "1").state == "drafted"

    def test_a_lot_waits_for_its_billing_day(self, channel):
        _but(channel, 4)
        operations.create_cycle(code="m1", titles={"en": "M"}, months=1, cut_off_day=1, first_month=dt.date(2026, 1, 1))
        lot = operations.create_lot(cycle_code="m1", code="L1", titles={"en": "L"}, billing_days=5)
        operations.assign(lot_code="L1", account_numbers=["A1"], at=AT)
        run = operations.create_lot_run(lot=queries.lot(code=lot.code), period=MARCH, at=AT)

        early = operations.run_to_review(run=run, at=AT)
        assert bill_cast.item(early, "1").state == "parked"

        on_the_day = dt.datetime(2026, 4, 6, tzinfo=dt.UTC)
        woken = [operations.wake(at=on_the_day) for _ in range(2)]
        run = operations.run_to_review(run=queries.run_by_id(run_id=run.pk), at=on_the_day)

        assert (woken, bill_cast.item(run, "1").state) == ([1, 0], "drafted")
