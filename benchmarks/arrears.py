"""A day's dunning of very many overdue accounts: cases opened, first steps taken, late fees charged.

Run ``python benchmarks/arrears.py [--accounts 20000]``. The accounts are billed as in ``billing_chain.py`` and pay
nothing. Then days go by: the day on which every case is opened, the day on which every case takes a step, a day on
which nothing is due, and the first day of a month, when late fees are charged; each in one process. Printed are
seconds, accounts a second, statements sent to the database, and processor time; the last line has the slowest day.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import billing_chain
import measuring


def main(arguments: Sequence[str]) -> None:
    given = _arguments(arguments)
    print(measuring.machine(), flush=True)
    with measuring.database(f"arrears{given.accounts}") as name, billing_chain.alder():
        billed(name, given.accounts)
        slowest = max(days(given.accounts))
    print(f"{given.accounts:,} overdue accounts, the slowest day: {slowest:.1f} s, {given.accounts / slowest:,.0f}/s")


def billed(name: str, accounts: int) -> None:
    """This will bill the accounts with two processes."""
    from tenants.customers.models import Customer

    billing_chain.seed(accounts)
    # In some markets a household's late fee is charged when it has paid; a business's comes each month.
    Customer.objects.update(kind="business")
    run = billing_chain._create_run()
    billing_chain.together(name, "rate", run.pk, 2)
    billing_chain._start_issuing(run.pk)
    billing_chain.together(name, "issue", run.pk, 2)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE invoices_invoice; ANALYZE payments_openitem; ANALYZE customers_customer")


def days(accounts: int) -> list[float]:
    """This will let the days go by that matter and return the seconds of each."""
    from billing.arrears import operations, queries
    from billing.arrears.models import Case, CaseEvent, LateFee
    from billing.invoices.models import Invoice

    due = Invoice.objects.order_by("due_on").values_list("due_on", flat=True)[0]
    seconds: list[float] = []
    day, steps = due, 0
    seen = {"opened": 0, "quiet": 0}
    for _ in range(60):
        day += dt.timedelta(days=1)
        at = dt.datetime.combine(day, dt.time(1), dt.UTC)
        before, events = Case.objects.count(), CaseEvent.objects.count()
        took, sent, used = counted(lambda day=day, at=at: operations.advance(on=day, at=at))
        opened, taken = Case.objects.count() - before, CaseEvent.objects.count() - events
        steps += taken > 0
        what = "opened" if opened else "stepped" if taken else "quiet"
        if opened or taken or not seen["quiet"]:
            _tell(day, f"{opened:,} cases opened, {taken:,} steps taken", took, sent, used)
            seconds.append(took)
        seen[what] = seen.get(what, 0) + 1
        if day.day == 1:
            took, sent, used = counted(lambda day=day, at=at: operations.assess_late_fees(on=day, at=at))
            if LateFee.objects.exists():
                _tell(day, f"{LateFee.objects.count():,} late fees charged", took, sent, used)
                seconds.append(took)
                took, sent, used = counted(lambda day=day, at=at: operations.assess_late_fees(on=day, at=at))
                _tell(day, "the same asked again", took, sent, used)
        if steps > 1 and LateFee.objects.exists():
            break
    if Case.objects.count() != accounts or LateFee.objects.count() != accounts:
        raise SystemExit(f"{Case.objects.count()} cases and {LateFee.objects.count()} late fees")
    assert queries
    return seconds


def counted(task: Callable[[], Any]) -> tuple[float, int, float]:
    """This will do a task and return seconds, statements and seconds of the processor."""
    from django.db import connection

    sent = 0

    def count(execute: Any, *rest: Any) -> Any:
        nonlocal sent
        sent += 1
        return execute(*rest)

    begun, used = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        task()
    return time.perf_counter() - begun, sent, time.process_time() - used


def _tell(day: dt.date, what: str, took: float, sent: int, used: float) -> None:
    print(f"{day}: {what}: {took:.1f} s, {sent:,} statements, processor {used:.1f} s; {measuring.load()}", flush=True)


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=20_000)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
