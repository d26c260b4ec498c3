"""Bill runs by messages: a real broker, real workers, one of them killed in the middle."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from billing.invoices.models import Invoice
from billing.runs import operations, queries, tasks
from config.embedded import valkey
from harness import databases, supply
from kernel.periods import Period
from tenancy import context
from tenancy.tasks import TaskWithoutRetailer
from tenants.customers.models import SupplyPoint

AT = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
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
BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
STATE = "SELECT state FROM {}.runs_billrun WHERE number = 1"
PATIENCE_SECONDS = 60


@pytest.fixture
def broker(fresh_db):
    """A Valkey of the test's own."""
    with tempfile.TemporaryDirectory(prefix="gridhall-broker-") as folder:
        server = valkey.Server(Path(folder), durable=False).start()
        yield server
        server.stop()


@pytest.fixture
def run(fresh_db, alder):
    with context.use(alder):
        product = supply.product(document=FLAT, valid_from=MARCH.start)
        for number in ("1", "2", "3"):
            supply.supply(number=number, product=product, start=MARCH.start)
            register = supply.channel(point=SupplyPoint.objects.get(identifier=f"P{number}"))
            supply.read(channel=register, period=MARCH, each=100)
        yield operations.create_run(period=MARCH, at=AT)


def _send(database, broker, words):
    """Send from a process of its own, as a web process does."""
    lines = ["import django", "django.setup()", "from billing.runs import operations, queries, tasks"]
    lines += [
        "from tenancy import context",
        "with context.use(context.retailer_by_code(code='alder')):",
        f"    {words}",
    ]
    environment = {**databases.environment(database), "CELERY_BROKER_URL": broker.broker_url()}
    subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=databases.ROOT, env=environment, check=True)


def _worker(database, broker, log):
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "1", "--pool", "solo", "-n", "test@%h"],
        cwd=databases.ROOT,
        env={**databases.environment(database), "CELERY_BROKER_URL": broker.broker_url()},
        stdout=log.open("ab"),
        stderr=subprocess.STDOUT,
    )


def _end(worker):
    worker.send_signal(signal.SIGKILL)
    worker.wait(PATIENCE_SECONDS)


def _wait(database, worker, log, statement, *parameters, until):
    with psycopg.connect(databases.server().owner_url(database), autocommit=True) as watcher:
        for _ in range(PATIENCE_SECONDS * 10):
            if watcher.execute(statement, parameters).fetchone()[0] == until:
                return
            assert worker.poll() is None, log.read_text()
            watcher.execute("SELECT pg_sleep(0.1)")
    raise AssertionError(f"{statement} never came to {until}: {log.read_text()}")


class TestBillRunByMessages:
    def test_goes_through_both_phases_although_a_worker_is_killed(self, broker, fresh_db, alder, run, tmp_path):
        log = tmp_path / "worker.log"
        table = f"{alder.schema_name}.invoices_draft"
        state = STATE.format(alder.schema_name)

        _send(fresh_db, broker, "operations.begin(run=queries.run(number=1))")
        with psycopg.connect(databases.server().owner_url(fresh_db)) as holder:
            holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            killed = _worker(fresh_db, broker, log)
            _wait(fresh_db, killed, log, BLOCKED, table, until=1)
            _end(killed)
        connection.close()
        assert queries.progress(run=run).counts == {"waiting": 3}

        _send(fresh_db, broker, "tasks.sweep_runs.delay()")
        worker = _worker(fresh_db, broker, log)
        try:
            _wait(fresh_db, worker, log, state, until="review")
            operations.start_issuing(run_id=run.pk, billing_date=AT.date())
            _send(fresh_db, broker, "operations.begin(run=queries.run(number=1))")
            _wait(fresh_db, worker, log, state, until="done")
        finally:
            _end(worker)

        assert list(Invoice.objects.order_by("sequence").values_list("sequence", "gross")) == [
            (number, Decimal("157.22")) for number in (1, 2, 3)
        ]


@pytest.mark.django_db
class TestTasks:
    def test_refuse_to_be_sent_without_a_retailer(self):
        with pytest.raises(TaskWithoutRetailer):
            tasks.rate_run.delay(1)
