"""A process that is killed in the middle of a chunk leaves every account waiting, and another goes on.

The killed process is real: it is stopped at a table by a lock that the test holds, then killed with signal 9.
"""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import sys
from decimal import Decimal

import psycopg
import pytest
from django.db import connection

from billing.simulation import operations, queries, tasks
from billing.simulation.models import SimulatedMonth
from harness import databases, supply
from kernel.periods import Period
from tenancy import context
from tenancy.tasks import TaskWithoutRetailer
from tenants.customers.models import SupplyPoint
from tenants.tariffs import queries as tariff_queries

AT = dt.datetime(2026, 4, 2, tzinfo=dt.UTC)
MARCH = Period.of_month(2026, 3)
FLAT = """
tariff: 1
code: flat
title: {en: Flat}
currency: CNY
charges: [{code: energy, quantity: sum(consumption), price: 0.50, round: {line: 2}}]
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
PATIENCE = 60
RUN = """
import datetime as dt, django
django.setup()
from billing.simulation import operations, queries
from tenancy import context
with context.use(context.retailer_by_code(code="alder")):
    operations.run_now(simulation=queries.simulation(number=1), at=dt.datetime(2026, 4, 2, tzinfo=dt.UTC))
"""


@pytest.fixture
def simulation(fresh_db, alder):
    """A simulation of two households with readings, really committed."""
    with context.use(alder):
        product = supply.product(document=FLAT, valid_from=MARCH.start)
        for number in ("1", "2"):
            supply.supply(number=number, product=product, start=MARCH.start)
            register = supply.channel(point=SupplyPoint.objects.get(identifier=f"P{number}"))
            supply.read(channel=register, period=MARCH, each=100)
        version = tariff_queries.version(product_code="flat", number=1)
        yield operations.create_simulation(version=version, period=MARCH, at=AT)


def _process(database):
    return subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=databases.ROOT,
        env=databases.environment(database),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _wait_until_blocked(database, table, process):
    with psycopg.connect(databases.server().owner_url(database), autocommit=True) as watcher:
        for _ in range(PATIENCE * 10):
            if watcher.execute(WAITING, [table]).fetchone()[0]:
                return
            assert process.poll() is None, process.stdout.read()
            watcher.execute("SELECT pg_sleep(0.1)")
    raise AssertionError("The simulation never came to the locked table.")


def _kill_at(database, schema, table):
    with psycopg.connect(databases.server().owner_url(database)) as holder:
        holder.execute(f'LOCK TABLE "{schema}"."{table}" IN ACCESS EXCLUSIVE MODE')
        process = _process(database)
        try:
            _wait_until_blocked(database, f"{schema}.{table}", process)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)


class TestKilled:
    def test_leaves_every_account_waiting_and_the_next_process_goes_on(self, fresh_db, alder, simulation):
        _kill_at(fresh_db, alder.schema_name, "simulation_simulatedmonth")
        connection.close()
        before = (queries.progress(simulation=simulation).counts, SimulatedMonth.objects.count())

        process = _process(fresh_db)
        output, _none = process.communicate(timeout=PATIENCE)

        assert process.returncode == 0, output
        assert before == ({"waiting": 2}, 0)
        found = queries.simulation(number=1)
        assert (found.state, queries.progress(simulation=found).counts) == ("done", {"compared": 2})
        assert queries.results(simulation=found).then == Decimal("297.60")


@pytest.mark.slow
class TestTwoAtOnce:
    def test_two_processes_simulate_each_account_once(self, fresh_db, simulation):
        both = [_process(fresh_db) for _ in range(2)]
        outputs = [process.communicate(timeout=PATIENCE)[0] for process in both]

        assert [process.returncode for process in both] == [0, 0], outputs
        assert SimulatedMonth.objects.count() == 2
        assert queries.simulation(number=1).state == "done"


@pytest.mark.django_db
class TestTasks:
    def test_refuse_to_be_sent_without_a_retailer(self):
        with pytest.raises(TaskWithoutRetailer):
            tasks.simulate.delay(1)
