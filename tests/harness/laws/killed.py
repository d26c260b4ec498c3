"""Workers are killed, the database goes down, messages come twice: every account has one bill in the end.

The workers are real processes on a real broker. A random one is killed with signal 9 every so often (now and then the
whole program that minds two of them) and another takes its place; the messages that wait in the broker are copied, so
that the same message comes twice; in each phase the database is stopped in the middle of everything and started again.
What the schedule does every minute (send unfinished runs again) is done every second here.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import kombu
import redis
from django.db import InterfaceError, OperationalError, connection

from billing.runs import operations, queries, tasks
from config.embedded import valkey
from harness import databases, portfolio
from tenancy import fair_transport

QUEUE = "default"
MOST_COPIES = 8
PROGRAMS = 2
PROGRAM_EVERY = 10
PATIENCE_SECONDS = 1800
TURN_SECONDS = 0.25
AGAIN_SECONDS = 1.0


@dataclass(slots=True)
class Told:
    """What was done to the run, and what came of it."""

    accounts: int
    seconds: float = 0.0
    kills: int = 0
    copied: int = 0
    restarts: int = 0
    invoices: int = 0
    doubled: int = 0
    missing: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Crew:
    """Two programs of Celery with as many worker processes as asked for; one of these is killed now and then.

    Every ``PROGRAM_EVERY`` kills the victim is a whole program, and another is started.
    """

    count: int
    environment: dict[str, str]
    log: Path
    chance: random.Random
    made: int = 0
    kills: int = 0
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def fill(self) -> None:
        """Start programs until there are enough."""
        self.programs = [program for program in self.programs if program.poll() is None]
        while len(self.programs) < min(PROGRAMS, self.count):
            self.made += 1
            name, processes = f"law{os.getpid()}-{self.made}@%h", str(-(-self.count // PROGRAMS))
            command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", processes, "-n", name]
            with self.log.open("ab") as log:
                self.programs.append(
                    subprocess.Popen(
                        [*command, "--without-gossip", "--without-mingle", "--without-heartbeat"],
                        cwd=databases.ROOT,
                        env=self.environment,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )

    def kill_one(self) -> None:
        """Kill a random worker process without warning; nothing happens while none is up."""
        workers = [worker for program in self.programs for worker in _children(program.pid)]
        if not workers:
            return
        self.kills += 1
        if self.kills % PROGRAM_EVERY == 0:
            program = self.chance.choice(self.programs)
            program.kill()
            program.wait()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.chance.choice(workers), signal.SIGKILL)

    def end(self) -> None:
        """Kill them all, with what they left behind."""
        for program in self.programs:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()


def _children(number: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
    except OSError:
        return []


def bill(
    *,
    database: str,
    retailer: Any,
    accounts: int,
    workers: int,
    kill_every: float,
    stop_database: Callable[[], None],
    seed: int = 20261122,
) -> Told:
    """Bill ``accounts`` laid out in the present company, and count; ``stop_database`` breaks every connection."""
    told = Told(accounts)
    chance = random.Random(seed)
    run = operations.create_run(period=portfolio.MONTH, at=portfolio.AT)
    begun = time.monotonic()
    with broker() as (address, messages), tempfile.TemporaryDirectory(prefix="gridhall-law-") as folder:
        environment = {**databases.environment(database), "CELERY_BROKER_URL": address}
        crew = Crew(workers, environment, Path(folder) / "workers.log", chance)
        try:
            drive(run.pk, "review", crew, messages, kill_every, stop_database, told)
            operations.start_issuing(run_id=run.pk, billing_date=portfolio.AT.date())
            drive(run.pk, "done", crew, messages, kill_every, stop_database, told)
        finally:
            crew.end()
    told.seconds = time.monotonic() - begun
    count(told, retailer)
    return told


@contextmanager
def broker() -> Iterator[tuple[str, redis.Redis]]:
    """Run a Valkey of the law's own; yields its address for Celery and a view of its messages."""
    with tempfile.TemporaryDirectory(prefix="gridhall-broker-") as folder:
        server = valkey.Server(Path(folder), durable=False).start()
        try:
            yield server.broker_url(), redis.Redis(unix_socket_path=str(server.socket))
        finally:
            server.stop()


def drive(
    run_id: int,
    goal: str,
    crew: Crew,
    messages: redis.Redis,
    kill_every: float,
    stop_database: Callable[[], None],
    told: Told,
) -> None:
    """Let the crew work until the run is in state ``goal``, and disturb it all the while."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    killed = sent = time.monotonic()
    stopped = False
    crew.fill()
    while (seen := _seen(run_id))[0] != goal:
        now = time.monotonic()
        if now > deadline:
            raise AssertionError(f"the run never came to {goal}: {crew.log.read_text()[-4000:]}")
        if now - sent >= AGAIN_SECONDS:
            send_twice(tasks.sweep_runs, crew.environment["CELERY_BROKER_URL"])
            told.copied += copy_messages(messages)
            sent = now
        if now - killed >= kill_every:
            crew.kill_one()
            crew.fill()
            told.kills = crew.kills
            killed = now
        if not stopped and seen[1] >= told.accounts * 0.3:
            stop_database()
            told.restarts += 1
            stopped = True
        time.sleep(TURN_SECONDS)


def send_twice(task: Any, address: str) -> None:
    """Send a task of the present company two times."""
    with kombu.Connection(address) as channel:
        for _ in range(2):
            task.apply_async(connection=channel)


def copy_messages(messages: redis.Redis) -> int:
    """Put some of the waiting messages into the queue a second time, byte by byte the same."""
    members: Any = messages.zrange(fair_transport.key_of(QUEUE), 0, MOST_COPIES - 1)
    for member in members:
        message = fair_transport.waiting(member=member)[1]
        company = fair_transport.company_of(json.loads(message))
        messages.eval(*fair_transport.call(queue=QUEUE, company=company, message=message))
    return len(members)


def _seen(run_id: int) -> tuple[str, int]:
    """The run's state, and how many of its items are through its present phase; asked again while nobody answers."""
    for _ in range(PATIENCE_SECONDS):
        try:
            run = queries.run_by_id(run_id=run_id)
            counts = queries.progress(run=run).counts
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(TURN_SECONDS)
        else:
            return run.state, counts.get("issued" if run.state == "issuing" else "drafted", 0)
    raise AssertionError("the database never came back")


_COUNTS = """
SELECT (SELECT count(*) FROM invoices_invoice),
       (SELECT count(*) FROM (SELECT account_id FROM invoices_invoice GROUP BY 1 HAVING count(*) > 1) twice),
       (SELECT count(*) FROM customers_account a
         WHERE NOT EXISTS (SELECT FROM invoices_invoice i WHERE i.account_id = a.id))
"""
_FAULTS = {
    "numbers with gaps": """
        SELECT count(*) FROM (SELECT max(i.sequence) - min(i.sequence) + 1 - count(*) + abs(min(i.sequence) - 1)
        + abs(s.next_number - 1 - max(i.sequence)) AS gap FROM invoices_invoice i
        JOIN invoices_numberseries s ON s.id = i.series_id GROUP BY s.id) found WHERE gap <> 0""",
    "accounts whose invoices, receivable and open items differ": """
        SELECT count(*) FROM customers_account a
        LEFT JOIN (SELECT account_id, sum(gross) AS sum FROM invoices_invoice GROUP BY 1) i ON i.account_id = a.id
        LEFT JOIN (SELECT l.account_id, sum(p.amount) AS sum FROM ledger_posting p JOIN ledger_ledgeraccount l
                   ON l.id = p.ledger_account_id WHERE l.code = 'receivable' GROUP BY 1) r ON r.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(amount) AS sum FROM payments_openitem GROUP BY 1) o ON o.account_id = a.id
        WHERE (i.sum, i.sum) IS DISTINCT FROM (r.sum, o.sum)""",
    "invoices whose lines do not sum to them": """
        SELECT count(*) FROM invoices_invoice i LEFT JOIN (SELECT invoice_id, sum(gross) AS sum
        FROM invoices_invoiceline GROUP BY 1) l ON l.invoice_id = i.id WHERE l.sum IS DISTINCT FROM i.gross""",
    "items without their invoice": """
        SELECT count(*) FROM runs_billrunitem WHERE state <> 'issued' OR invoice_id IS NULL""",
    "drafts that belong to no invoice": """
        SELECT count(*) FROM invoices_draft d WHERE NOT EXISTS
        (SELECT FROM invoices_invoice i WHERE i.draft_id = d.id)""",
    "items without exactly one rated section": """
        SELECT count(*) FROM runs_billrunitem t WHERE
        (SELECT count(*) FROM runs_ratedsection s WHERE s.item_id = t.id) <> 1""",
    "currencies in which the books do not sum to zero": """
        SELECT count(*) FROM (SELECT currency FROM ledger_posting GROUP BY 1 HAVING sum(amount) <> 0) found""",
}


def count(told: Told, retailer: Any) -> None:
    """Count what came of the run, and look for everything that could be wrong with it."""
    from billing.ledger import queries as ledger_queries

    with connection.cursor() as cursor:
        cursor.execute(_COUNTS)
        told.invoices, told.doubled, told.missing = cursor.fetchone()
        for what, query in _FAULTS.items():
            cursor.execute(query)
            [found] = cursor.fetchone()
            if found:
                told.faults.append(f"{found} {what}")
    verified = ledger_queries.verify_chain()
    told.faults += [f"{retailer.code}: {fault}" for fault in verified.faults]
