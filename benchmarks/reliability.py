"""Tries the laws of reliability at full size and prints a figure for each; docs/reliability.md reports them.

Run ``python benchmarks/reliability.py [--only killed,doors,...] [--accounts 10000] [--workers 4] [--kill-every 2]``.
PostgreSQL is a durable server of its own (that of the benchmarks), which the trial stops; Valkey and the workers are
real processes. Ends with a line of all laws; a law that does not hold makes it fail.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import measuring

FOLDER = "benchmark"


@dataclass(frozen=True, slots=True)
class Result:
    """A law's figure, and whether it held."""

    law: str
    holds: bool
    figure: str


def main(arguments: Sequence[str]) -> None:
    given = _arguments(arguments)
    print(measuring.machine(), flush=True)
    results: list[Result] = []
    for name in given.only.split(","):
        begun = time.monotonic()
        for result in LAWS[name](given):
            seconds = time.monotonic() - begun
            results.append(result)
            held = "holds" if result.holds else "BROKEN"
            print(f"{result.law}: {held}. {result.figure} ({seconds:.0f} s, {measuring.load()})", flush=True)
    broken = [result.law for result in results if not result.holds]
    print(
        f"{len(results) - len(broken)} of {len(results)} laws hold" + (f"; broken: {', '.join(broken)}" * bool(broken))
    )
    sys.exit(bool(broken))


def killed(given: argparse.Namespace) -> Iterator[Result]:
    """Workers killed, database restarted, messages doubled; then the same run again, and every bill rated again."""
    with opened("killed") as name:
        from harness import portfolio
        from harness.laws import killed as law
        from harness.laws import twice
        from tenancy import context

        retailer = context.current_retailer()
        portfolio.lay_out(given.accounts)
        told = law.bill(
            database=name,
            retailer=retailer,
            accounts=given.accounts,
            workers=given.workers,
            kill_every=given.kill_every,
            stop_database=stop_and_start,
        )
        figure = (
            f"{told.accounts:,} accounts, {given.workers} workers, {told.kills} killed, {told.copied} messages doubled,"
            f" the database stopped {told.restarts} times, {told.seconds:.0f} s: {told.doubled} duplicate and"
            f" {told.missing} missing bills, {len(told.faults)} faults of numbers, chain, lines and ledger"
        )
        held = not (told.doubled or told.missing or told.faults) and told.invoices == given.accounts
        yield Result("no bill twice, none missing", held and told.restarts > 0, "; ".join([figure, *told.faults]))
        from billing.runs import queries

        run = queries.run(number=1)
        again = twice.run_again(run=run, billing_date=portfolio.AT.date(), at=portfolio.AT + dt.timedelta(days=1))
        figure = f"{again.rows:,} rows of {again.tables} tables compared, {len(again.changed)} tables changed"
        yield Result("a run again writes nothing", not again.changed, "; ".join([figure, *again.changed]))
        checked = twice.rate_again()
        figure = (
            f"{checked.same:,} issued invoices rated again to the same bytes, {len(checked.changed)} with newer inputs,"
            f" {len(checked.different)} different"
        )
        yield Result("an issued bill rates the same", checked.same == given.accounts and not checked.different, figure)


def invented(given: argparse.Namespace) -> Iterator[Result]:
    """Tariffs invented by hypothesis through the whole chain; postings in statements that balance or not."""
    with opened("invented"):
        from harness.laws import invented as law

        told = law.billed(tariffs=given.tariffs)
        figure = f"{told.tariffs:,} invented tariffs, {told.lines:,} lines, {told.postings:,} postings: difference 0.00"
        yield Result("lines = total = postings", True, figure)
        written = law.statements(count=given.statements)
        figure = f"{written.made:,} statements, {written.refused:,} refused; Σ of all accounts 0 after each"
        yield Result("the books sum to zero", 0 < written.refused < written.made, figure)


def owner(given: argparse.Namespace) -> Iterator[Result]:
    """Changes made by the owner of the database with all triggers and constraints out of the way."""
    with opened("owner") as name:
        from harness.laws import owner_changes as law
        from tenancy import context

        law.post_batches()
        told = law.tried(database=name, retailer=context.current_retailer(), changes=given.changes)
        figure = (
            f"{given.changes:,} statements changed {told.made:,} rows, {told.newest:,} of them of the newest rows:"
            f" {len(told.missed)} not found"
        )
        held = not told.missed and told.made > 0.9 * given.changes
        yield Result("changes by the owner are found", held, "; ".join([figure, *told.missed[:5]]))


def doors(given: argparse.Namespace) -> Iterator[Result]:
    """One bill paid at once through three doors by HTTP."""
    with opened("doors"):
        from django.conf import settings

        from harness.laws import doors as law
        from tenancy import context

        told = law.pay_at_once(retailer=context.current_retailer(), calls=given.calls, settings=settings)
        answers = ", ".join(
            f"{len(found)} by {name} ({'/'.join(map(str, sorted(set(found))))})"
            for name, found in told.statuses.items()
        )
        figure = (
            f"{told.calls} calls at once, {answers}: {told.payments} payments, {len(told.allocations)} allocation over"
            f" {sum(told.allocations)}, credit {told.credit} of {told.credit_due} expected, {told.owed} owed"
        )
        yield Result("paid fifty times, settled once", told.holds, figure)


def corrections(given: argparse.Namespace) -> Iterator[Result]:
    """Changes after issue in random order, compared with a twin that was billed once, when everything was known."""
    with opened("corrections"):
        from harness import correction_law as law

        told = law.measure(sequences=given.corrections, seed=20261122, changes=6)
        held = told.worst == 0 and not told.odd and told.bills_corrected >= told.sequences
        yield Result("corrections equal a bill from scratch", held, "; ".join([str(told), *told.odd[:5]]))


LAWS: dict[str, Callable[[argparse.Namespace], Iterator[Result]]] = {
    "killed": killed,
    "invented": invented,
    "owner": owner,
    "doors": doors,
    "corrections": corrections,
}


@contextmanager
def opened(word: str) -> Iterator[str]:
    """This will open a database of the trial's own and work for a company in it."""
    with measuring.database(word, folder=FOLDER) as name:
        from tenancy import context

        with context.use(context.retailer_by_code(code="alder")):
            yield name


def stop_and_start() -> None:
    """This will stop the database as ``pg_ctl stop -m immediate`` does, and start it: it recovers by its log."""
    from harness import databases

    server = databases.server()
    pid = server.pid
    if pid is None:
        raise SystemExit("The database did not run.")
    os.kill(pid, signal.SIGQUIT)
    while server.is_running():
        time.sleep(0.05)
    server.start()


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(LAWS))
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kill-every", type=float, default=2.0)
    parser.add_argument("--tariffs", type=int, default=300)
    parser.add_argument("--statements", type=int, default=3000)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--corrections", type=int, default=200)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
