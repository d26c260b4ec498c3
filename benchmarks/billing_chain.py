"""Bills per second through the whole chain: readings, rated, drafted, checked, issued, posted, open items.

Run ``python benchmarks/billing_chain.py [--accounts 20000] [--workers 2] [--against 20000]``. Every account has a month
of 15-minute readings and a tariff of eight charges, two of them by the five labels of Shandong's calendar. The workers
are processes of their own that share one run, as in production; the database is durable. The bound stands in the same
run: the bytes that the chain reads and writes (readings in; sections, drafts, lines, invoices, entries, postings, items
out) moved by plain COPY, out of the tables and into bare ones, by as many connections at once. With ``--against`` the
same is measured at that size first, and memory of a worker and bills a second are compared. The last line gives figure
and ratio.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import measuring

READ = ("metering_intervalday",)
WRITTEN = (
    "runs_ratedsection",
    "invoices_draft",
    "invoices_invoiceline",
    "invoices_invoice",
    "invoices_billedperiod",
    "ledger_entry",
    "ledger_posting",
    "payments_openitem",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one size came to: seconds of both phases, those of the bound, bytes, and a worker's memory in MB."""

    accounts: int
    rated: float
    issued: float
    bound: float
    moved: int
    memory: float

    @property
    def per_second(self) -> float:
        return self.accounts / (self.rated + self.issued)


def main(arguments: Sequence[str]) -> None:
    given = _arguments(arguments)
    if given.work:
        work(given.database, given.work, given.run)
        return
    print(measuring.machine(), flush=True)
    before = measure(given.against, given.workers) if given.against else None
    found = measure(given.accounts, given.workers)
    if before is not None:
        memory, speed = found.memory / before.memory, found.per_second / before.per_second
        sizes = f"{found.accounts:,} against {before.accounts:,} accounts"
        print(f"{sizes}: memory of a worker {memory:.2f} times, bills a second {speed:.2f} times")
    print(
        f"{found.accounts:,} accounts, readings to ledger, {given.workers} workers: {found.per_second:,.0f} bills/s,"
        f" {(found.rated + found.issued) / found.bound:.1f} times the time in which plain COPY moves the same bytes"
    )


def measure(accounts: int, workers: int) -> Figures:
    """This will bill a month of so many accounts in a database of its own and move the same bytes afterwards."""
    with measuring.database(f"billing{accounts}") as name, alder():
        seeded = _timed(lambda: seed(accounts))
        print(f"{accounts:,} accounts with 2,976 readings each: laid out in {seeded:.0f} s", flush=True)
        run = _create_run()
        rated, memory = together(name, "rate", run.pk, workers)
        _expect(run.pk, "drafted", accounts)
        print(f"rated and drafted in {rated:.1f} s: {accounts / rated:,.0f}/s; {measuring.load()}", flush=True)
        _start_issuing(run.pk)
        issued, more = together(name, "issue", run.pk, workers)
        _expect(run.pk, "issued", accounts)
        print(
            f"checked, issued and posted in {issued:.1f} s: {accounts / issued:,.0f}/s; {measuring.load()}", flush=True
        )
        proven(accounts)
        bound, moved = plain_copy(name, workers)
        print(
            f"plain COPY of the same {moved / measuring.MEGABYTE:,.0f} MB: {bound:.1f} s;"
            f" memory of a worker {max(memory, more):.0f} MB",
            flush=True,
        )
    return Figures(accounts, rated, issued, bound, moved, max(memory, more))


def seed(accounts: int) -> None:
    """This will lay out the accounts, and let the planner know of them."""
    from harness import portfolio

    portfolio.lay_out(accounts)
    measuring.analyze()


def _create_run() -> Any:
    from billing.runs import operations
    from harness import portfolio

    return operations.create_run(period=portfolio.MONTH, at=portfolio.AT)


def _start_issuing(run_id: int) -> None:
    from billing.runs import operations
    from harness import portfolio

    operations.finish_rating(run_id=run_id)
    operations.start_issuing(run_id=run_id, billing_date=portfolio.AT.date())


def together(name: str, phase: str, run_id: int, workers: int) -> tuple[float, float]:
    """This will let the workers go through a phase at once: seconds from their start to the last one's end, and MB."""
    command = [sys.executable, __file__, "--work", phase, "--database", name, "--run", str(run_id)]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(workers)
    ]
    for process in started:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise SystemExit("A worker did not come up.")
    begun = time.perf_counter()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [json.loads(process.communicate()[0]) for process in started]
    seconds = time.perf_counter() - begun
    print(f"  processor of the workers: {sum(each['processor'] for each in told):.1f} s of {workers * seconds:.1f} s")
    return seconds, max(each["memory"] for each in told)


def work(name: str, phase: str, run_id: int) -> None:
    """This will work through one phase of a run, chunk by chunk, as a worker of the queue does."""
    measuring.own_server("benchmark")
    measuring.set_up(name)
    from billing.runs import operations
    from harness import portfolio

    chunk = {"rate": operations.rate_chunk, "issue": operations.issue_chunk}[phase]
    from config import celery

    celery.collect_rarely()
    with alder():
        print("ready", flush=True)
        sys.stdin.readline()
        before = time.process_time()
        while chunk(run_id=run_id, at=portfolio.AT).claimed:
            pass
    used = {"memory": measuring.peak_memory_mb(), "processor": time.process_time() - before}
    print(json.dumps(used), flush=True)


def alder() -> Any:
    """This will give the context of the retailer that bills."""
    from tenancy import context

    return context.use(context.retailer_by_code(code="alder"))


def proven(accounts: int) -> None:
    """This will stop the benchmark unless every account has one invoice, posted and open, under an intact chain."""
    from django.db import connection

    from billing.ledger import queries as ledger_queries

    with connection.cursor() as cursor:
        cursor.execute(_PROOF)
        invoices, gross, receivable, items = cursor.fetchone()
    if invoices != accounts or not gross == receivable == items:
        raise SystemExit(f"{invoices} invoices over {gross}, receivable {receivable}, open items {items}")
    if accounts <= 20_000 and not ledger_queries.verify_chain().intact:
        raise SystemExit("The chain of seals is broken.")


_PROOF = """
SELECT (SELECT count(DISTINCT account_id) FROM invoices_invoice), (SELECT sum(gross) FROM invoices_invoice),
    (SELECT sum(p.amount) FROM ledger_posting p JOIN ledger_ledgeraccount l ON l.id = p.ledger_account_id
      WHERE l.code = 'receivable'), (SELECT sum(amount) FROM payments_openitem)
"""


def plain_copy(name: str, workers: int) -> tuple[float, int]:
    """This will move the bytes of the chain by COPY with so many connections: seconds and bytes."""
    from django.db import connection
    from psycopg import connect, sql

    from harness import databases

    schema = sql.Identifier(connection.schema_name)  # type: ignore[attr-defined]
    url = databases.server().owner_url(name)
    with connect(url) as session:
        session.execute(sql.SQL("SET search_path = {}, public").format(schema))
        for table in WRITTEN:
            session.execute(f'CREATE TABLE "plain_{table}" (LIKE "{table}")')
    moved: list[tuple[float, int]] = []

    def share(place: int) -> None:
        with connect(url) as session:
            session.execute(sql.SQL("SET search_path = {}, public").format(schema))
            moved.append(_move(session, place, workers))

    threads = [threading.Thread(target=share, args=(place,)) for place in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(seconds for seconds, _size in moved), sum(size for _seconds, size in moved)


def _move(session: Any, place: int, workers: int) -> tuple[float, int]:
    seconds, size = 0.0, 0
    for table in READ:
        begun = time.perf_counter()
        size += sum(
            map(
                len,
                _out(
                    session,
                    f'SELECT channel_id, day, "values", quality, version FROM {table}'
                    f" WHERE channel_id % {workers} = {place}",
                ),
            )
        )
        seconds += time.perf_counter() - begun
    for table in WRITTEN:
        # They are read before the clock runs: only writing them counts.
        content = _out(session, f"SELECT * FROM {table} WHERE id % {workers} = {place}")
        begun = time.perf_counter()
        with session.cursor().copy(f'COPY "plain_{table}" FROM STDIN (FORMAT BINARY)') as target:
            for block in content:
                target.write(block)
        session.commit()
        seconds += time.perf_counter() - begun
        size += sum(map(len, content))
    return seconds, size


def _out(session: Any, query: str) -> list[bytes]:
    with session.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT BINARY)") as copy:
        return [bytes(block) for block in copy]


def _expect(run_id: int, state: str, accounts: int) -> None:
    from billing.runs import queries

    counts = queries.progress(run=queries.run_by_id(run_id=run_id)).counts
    if counts.get(state) != accounts:
        raise SystemExit(f"{accounts} bills were to be {state}; the run has {counts}")


def _timed(task: Callable[[], object]) -> float:
    begun = time.perf_counter()
    task()
    return time.perf_counter() - begun


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--against", type=int, default=0, help="measure this many accounts first and compare")
    parser.add_argument("--work", choices=("rate", "issue"), help=argparse.SUPPRESS)
    parser.add_argument("--database", help=argparse.SUPPRESS)
    parser.add_argument("--run", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
