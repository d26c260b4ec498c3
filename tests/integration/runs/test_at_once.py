"""Two people press at the same moment, and messages arrive twice, late and out of order: nothing is billed twice."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction

from billing.invoices.models import BilledPeriod, Invoice, NumberSeries
from billing.ledger import queries as ledger_queries
from billing.runs import operations, queries, tasks
from billing.runs.operations import lifecycle
from harness import supply
from kernel.periods import Period
from tenancy import context
from tenants.customers.models import SupplyPoint

AT = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
BILLED = dt.date(2026, 4, 2)
MARCH = Period.of_month(2026, 3)
FLAT = """
tariff: 1
code: flat
title: {en: Flat}
currency: CNY
charges:
  - code: energy
    title: {en: Energy}
    quantity: sum(consumption)
    price: 0.5283
    round: {line: 2}
    payee: retailer
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
ORDERS = [("issue", "rate", "rate_all"), ("rate_all", "issue_all", "rate"), ("issue_all", "issue", "rate")]


@pytest.fixture
def households(fresh_db, alder):
    """Four households with readings, really committed; the test works for alder."""
    with context.use(alder):
        product = supply.product(document=FLAT, valid_from=MARCH.start)
        for number in "1234":
            supply.supply(number=number, product=product, start=MARCH.start)
            register = supply.channel(point=SupplyPoint.objects.get(identifier=f"P{number}"))
            supply.read(channel=register, period=MARCH, each=100)
        yield alder


def aside(retailer: Any, work: Callable[[], Any], said: list[Any]) -> threading.Thread:
    """Do ``work`` on a connection of its own; what it returns or raises is put into ``said``."""

    def run() -> None:
        try:
            with context.use(retailer):
                said.append(work())
        except Exception as refusal:
            said.append(refusal)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_until_somebody_waits() -> None:
    for _ in range(3000):
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        threading.Event().wait(0.01)
    raise AssertionError("nobody waits")


def assert_billed_once() -> None:
    assert Invoice.objects.count() == 4
    assert BilledPeriod.objects.count() == 4
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == [1, 2, 3, 4]
    assert NumberSeries.objects.get().next_number == 5
    assert ledger_queries.verify_chain().intact


class TestTwoRunsForOnePeriod:
    def test_share_no_account(self, households):
        said: list[Any] = []
        with transaction.atomic():
            operations.create_run(period=MARCH, at=AT)
            rival = aside(households, lambda: operations.create_run(period=MARCH, at=AT), said)
            wait_until_somebody_waits()
        rival.join()

        assert [type(each) for each in said] == [lifecycle.AnotherStarted]
        assert queries.runs().count() == 1


class TestTwoPressesOfIssue:
    def test_start_one_phase(self, households):
        run = operations.run_to_review(run=operations.create_run(period=MARCH, at=AT), at=AT)
        said: list[Any] = []

        def press() -> Any:
            return lifecycle.start_issuing(run_id=run.pk, billing_date=BILLED)

        with transaction.atomic():
            press()
            rival = aside(households, press, said)
            wait_until_somebody_waits()
        rival.join()

        assert [type(each) for each in said] == [lifecycle.WrongState]

    def test_and_four_workers_issue_each_bill_once(self, households):
        run = operations.run_to_review(run=operations.create_run(period=MARCH, at=AT), at=AT)
        lifecycle.start_issuing(run_id=run.pk, billing_date=BILLED)

        def work() -> None:
            while operations.issue_chunk(run_id=run.pk, at=AT, limit=1).claimed:
                pass

        threads = [aside(households, work, []) for _ in range(4)]
        for thread in threads:
            thread.join()

        assert_billed_once()


class TestCancelWhileIssuing:
    def test_waits_for_the_chunk_and_is_refused(self, households):
        run = operations.run_to_review(run=operations.create_run(period=MARCH, at=AT), at=AT)
        lifecycle.start_issuing(run_id=run.pk, billing_date=BILLED)
        said: list[Any] = []

        with transaction.atomic():
            operations.issue_chunk(run_id=run.pk, at=AT, limit=2)
            rival = aside(households, lambda: operations.cancel_run(run_id=run.pk, at=AT), said)
            wait_until_somebody_waits()
        rival.join()

        assert [type(each) for each in said] == [lifecycle.AlreadyIssued]
        assert queries.run_by_id(run_id=run.pk).state == "issuing"
        assert queries.progress(run=run).counts == {"issued": 2, "drafted": 2}


class TestMessages:
    @pytest.mark.parametrize("order", ORDERS, ids="-".join)
    def test_twice_and_out_of_order_change_nothing_that_is_done(self, households, order, monkeypatch):
        run = operations.create_run(period=MARCH, at=AT)
        work = {
            "rate": tasks.rate_chunk,
            "issue": tasks.issue_chunk,
            "rate_all": tasks.rate_run,
            "issue_all": tasks.issue_run,
        }
        for task in work.values():
            monkeypatch.setattr(task, "delay", lambda *_: None)

        for name in [*order, *order]:
            work[name].run(run.pk)
        run = operations.run_to_review(run=run, at=AT)
        operations.issue_run_now(run=run, billing_date=BILLED, at=AT)
        for name in [*order, *order]:
            work[name].run(run.pk)

        assert_billed_once()
        assert queries.run_by_id(run_id=run.pk).state == "done"


class TestBillingDate:
    @pytest.mark.parametrize("slip", [dt.date(2026, 2, 28), dt.date(2206, 4, 2), dt.date(9999, 12, 31), dt.date.min])
    def test_that_is_a_slip_of_the_pen_is_refused(self, households, slip):
        run = operations.run_to_review(run=operations.create_run(period=MARCH, at=AT), at=AT)

        with pytest.raises(lifecycle.BillingDateImplausible):
            lifecycle.start_issuing(run_id=run.pk, billing_date=slip)

        assert queries.run_by_id(run_id=run.pk).state == "review"
