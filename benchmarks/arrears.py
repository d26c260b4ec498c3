"""A day's dunning of very many overdue accounts: cases, reminders, stops, hand-overs, and late fees when they paid.

Run ``python benchmarks/arrears.py [--accounts 20000]``. The accounts are billed as in ``billing_chain.py`` and pay
nothing. Then the days go by on which something is due, and one on which nothing is: cases are opened, reminders and
notices sent, stops ordered and told for the last time, debts handed to an agency. In the end everybody pays and late
fees are charged; each in one process. Printed are
seconds, accounts a second, statements sent to the database, and processor time; the last line has the slowest day.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
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
    Customer.objects.update(kind="business")
    run = billing_chain._create_run()
    billing_chain.together(name, "rate", run.pk, 2)
    billing_chain._start_issuing(run.pk)
    billing_chain.together(name, "issue", run.pk, 2)
    measuring.analyze()


def days(accounts: int) -> list[float]:
    """This will let the days go by that matter, to the agency and to the payment, and return the seconds of each."""
    from django.db.models import Min

    from billing.arrears import operations
    from billing.arrears.models import Case, CaseEvent, LateFee, Placement
    from billing.invoices.models import Invoice
    from tenants.service.models import SupplyOrder

    operations.add_agency(code="agency", name="Agency", commission=Decimal("0.15"))
    due = Invoice.objects.order_by("due_on").values_list("due_on", flat=True)[0]
    seconds: list[float] = []

    def measured(at: dt.datetime, what: Callable[[], str], task: Callable[[], Any]) -> None:
        took, sent, used = counted(task)
        seconds.append(took)
        _tell(at.date(), what(), took, sent, used)

    day, quiet = due, False
    while not Placement.objects.exists():
        ahead = Case.objects.filter(closed_on__isnull=True).aggregate(day=Min("next_on"))["day"]
        day = max(day + dt.timedelta(days=1), ahead or due) if quiet else day + dt.timedelta(days=1)
        at = dt.datetime.combine(day, dt.time(1), dt.UTC)
        before, events = Case.objects.count(), CaseEvent.objects.count()

        def found(before: int = before, events: int = events) -> str:
            opened, taken = Case.objects.count() - before, CaseEvent.objects.count() - events
            orders, placed = SupplyOrder.objects.count(), Placement.objects.count()
            return f"{opened:,} cases opened, {taken:,} steps taken, {orders:,} stops, {placed:,} at the agency"

        measured(at, found, lambda day=day, at=at: operations.advance(on=day, at=at))
        quiet = quiet or CaseEvent.objects.count() == events
        waiting = SupplyOrder.objects.filter(final_notice_at__isnull=True).aggregate(at=Min("earliest_at"))["at"]
        if waiting is not None:
            measured(waiting, lambda: "last notices given", lambda at=waiting: operations.prepare_stops(at=at))
    _pay(day)
    at = dt.datetime.combine(day, dt.time(5), dt.UTC)
    for what in ("late fees charged", "the same asked again"):
        measured(at, lambda what=what: f"{LateFee.objects.count():,} {what}",
                 lambda day=day, at=at: operations.assess_late_fees(on=day, at=at))  # fmt: skip
    told = SupplyOrder.objects.filter(final_notice_at__isnull=False)
    stood = [kind.objects.count() for kind in (Case, SupplyOrder, Placement, LateFee)]
    if stood != [accounts] * len(stood) or told.count() != accounts:
        raise SystemExit(f"{stood} cases, stops, hand-overs and late fees; {told.count()} last notices")
    return seconds


def _pay(on: dt.date) -> None:
    """Everybody pays all his bills."""
    from billing.payments import operations, queries

    collected = [
        operations.Collected(row.account_id, row.open, "bank_transfer", str(row.item_id), on)
        for row in queries.open_debits()
    ]
    at = dt.datetime.combine(on, dt.time(4), dt.UTC)
    took, sent, used = counted(lambda: operations.receive_many(collected=collected, source="bench", at=at))
    _tell(on, f"{len(collected):,} payments", took, sent, used)


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
