"""A process that is killed in the middle of a chunk loses nothing and doubles nothing.

The killed process is real: it is stopped at a named table by a lock that the test holds, then killed with signal 9.
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

from billing.invoices.models import Draft, Invoice
from billing.ledger import queries as ledger_queries
from billing.runs import operations, queries
from billing.runs.models import RatedSection
from harness import databases, supply
from kernel.periods import Period
from tenancy import context
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
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
PATIENCE = 60


def slowly(table):
    """One table of each phase is tried always, the others in the long run of tests."""
    return pytest.param(table, marks=pytest.mark.slow)


@pytest.fixture
def households(fresh_db, alder):
    """Two households with readings, really committed."""
    with context.use(alder):
        product = supply.product(document=FLAT, valid_from=MARCH.start)
        for number in ("1", "2"):
            supply.supply(number=number, product=product, start=MARCH.start)
            register = supply.channel(point=SupplyPoint.objects.get(identifier=f"P{number}"))
            supply.read(channel=register, period=MARCH, each=100)
        yield fresh_db


def _bill_run(database, *options):
    command = [sys.executable, "manage.py", "bill_run", "--retailer", "alder", "--month", "2026-03", *options]
    return subprocess.Popen(
        command,
        cwd=databases.ROOT,
        env=databases.environment(database),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _kill_at(database, schema, table, *options):
    """Start a bill run, let it come to ``table`` and kill it there."""
    with psycopg.connect(databases.server().owner_url(database)) as holder:
        holder.execute(f'LOCK TABLE "{schema}"."{table}" IN ACCESS EXCLUSIVE MODE')
        process = _bill_run(database, *options)
        try:
            _wait_until_blocked(database, f"{schema}.{table}", process)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)


def _wait_until_blocked(database, table, process):
    with psycopg.connect(databases.server().owner_url(database), autocommit=True) as watcher:
        for _ in range(PATIENCE * 10):
            if watcher.execute(WAITING, [table]).fetchone()[0]:
                return
            assert process.poll() is None, process.stdout.read()
            watcher.execute("SELECT pg_sleep(0.1)")
    raise AssertionError("The bill run never came to the locked table.")


def _run_through(database, *options):
    process = _bill_run(database, *options)
    output, _none = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    return output


def _figures():
    return {
        "items": sorted(queries.items(run=queries.run(number=1)).values_list("account__number", "state", "total")),
        "sections": RatedSection.objects.count(),
        "drafts": Draft.objects.count(),
        "invoices": list(Invoice.objects.order_by("sequence").values_list("sequence", "gross")),
    }


NOTHING = {"sections": 0, "drafts": 0, "invoices": []}
RATED = {"sections": 2, "drafts": 2, "invoices": []}


class TestKilledWhileRating:
    @pytest.mark.parametrize("table", [slowly("metering_intervalday"), "invoices_draft", slowly("runs_ratedsection")])
    def test_leaves_every_item_waiting_and_the_next_process_goes_on(self, households, alder, table):
        _kill_at(households, alder.schema_name, table)
        connection.close()
        before = _figures()

        output = _run_through(households)

        assert before == {**NOTHING, "items": [("A1", "waiting", None), ("A2", "waiting", None)]}
        assert _figures() == {**RATED, "items": [(f"A{n}", "drafted", Decimal("157.22")) for n in (1, 2)]}
        assert output.startswith("Bill run 1 is in state review: 2 drafted; 314.44 CNY.")


class TestKilledWhileIssuing:
    @pytest.mark.parametrize(
        "table", [slowly("invoices_numberseries"), slowly("invoices_invoice"), "ledger_entry", slowly("ledger_seal")]
    )
    def test_leaves_every_draft_and_no_gap_in_the_numbers(self, households, alder, table):
        run = operations.create_run(period=MARCH, at=AT)
        operations.run_to_review(run=run, at=AT)

        _kill_at(households, alder.schema_name, table, "--issue")
        connection.close()
        before = _figures()
        _run_through(households, "--issue")

        assert before == {**RATED, "items": [(f"A{n}", "drafted", Decimal("157.22")) for n in (1, 2)]}
        assert _figures() == {
            "sections": 2,
            "drafts": 2,
            "items": [(f"A{n}", "issued", Decimal("157.22")) for n in (1, 2)],
            "invoices": [(1, Decimal("157.22")), (2, Decimal("157.22"))],
        }
        assert queries.run(number=1).state == "done"
        assert ledger_queries.verify_chain().intact


class TestTwoAtOnce:
    def test_two_processes_share_the_work(self, households):
        run = operations.create_run(period=MARCH, at=AT)
        operations.run_to_review(run=run, at=AT)

        both = [_bill_run(households, "--issue") for _ in range(2)]
        outputs = [process.communicate(timeout=PATIENCE)[0] for process in both]

        assert any(process.returncode == 0 for process in both), outputs
        assert [sequence for sequence, _gross in _figures()["invoices"]] == [1, 2], outputs
