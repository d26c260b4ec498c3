"""Bills per second through both phases of a bill run, in one process: rate and store, then check, issue and post.

Run ``python benchmarks/bill_runs.py [households] [months]``. It starts the PostgreSQL of the tests, works in a database
of its own and drops it. Every household has 15-minute readings and a tariff with annual tiers.
"""

from __future__ import annotations

import datetime as dt
import os
import pathlib
import sys
import time
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "platform"), str(ROOT / "tests")]

import numpy as np  # noqa: E402

FIRST = dt.date(2026, 1, 1)
ZONE = "Asia/Shanghai"
SLOTS = 96


def main(households: int, months: int) -> None:
    from harness import databases

    name = databases.clone(f"gridhall_{os.getpid()}_benchmark")
    os.environ.update(databases.environment(name))
    try:
        import django

        django.setup()
        measure(households, months)
    finally:
        from django.db import connections

        connections.close_all()
        databases.drop(name)


def measure(households: int, months: int) -> None:
    from tenancy import context

    with context.use(context.retailer_by_code(code="alder")):
        register(households)
        store(months)
        for month in range(1, months + 1):
            rated, issued = bill(month)
            print(
                f"month {month}: {households} bills rated in {rated:.2f} s ({households / rated:,.0f}/s), "
                f"issued in {issued:.2f} s ({households / issued:,.0f}/s)"
            )


def register(households: int) -> None:
    """Households with supply points and agreements under a tariff with annual tiers."""
    from harness import supply
    from tenants.customers import operations, queries
    from tenants.tariffs import operations as tariff_operations

    product = supply.product(document="cn-residential-tiered", valid_from=FIRST)
    numbers = [f"{number:06d}" for number in range(households)]
    rows = [
        {
            "customer_number": f"C{number}",
            "name": f"Household {number}",
            "account_number": f"A{number}",
            "supply_point": f"P{number}",
            "address": "Benchmark",
            "move_in": FIRST.isoformat(),
        }
        for number in numbers
    ]
    operations.import_customers(rows=rows, currency="CNY", time_zone=ZONE)
    points = queries.supply_points_by_identifier(identifiers=[f"P{number}" for number in numbers])
    accounts = {account.number: account for account in queries.accounts()}
    terms = [
        tariff_operations.Terms(
            accounts[f"A{number}"], points[f"P{number}"], product, FIRST, parameters={"extra_household": "0"}
        )
        for number in numbers
    ]
    tariff_operations.agree_many(terms=terms)


def store(months: int) -> None:
    from harness import supply
    from tenants.customers.models import SupplyPoint
    from tenants.metering import operations

    generator = np.random.default_rng(7)
    days = [day for month in range(1, months + 1) for day in _period(month)]
    channels = [supply.channel(point=point) for point in SupplyPoint.objects.select_related("premises")]
    operations.store_interval_days(
        days=(
            operations.DayReadings(channel_id=channel.pk, day=day, values=generator.integers(10, 100, SLOTS))
            for channel in channels
            for day in days
        ),
        at=dt.datetime(2026, 1, 5, tzinfo=dt.UTC),
    )


def bill(month: int) -> tuple[float, float]:
    """Seconds to rate and to issue a month."""
    from billing.runs import operations

    period = _period(month)
    at = dt.datetime(period.end.year, period.end.month, 2, tzinfo=dt.UTC)
    run = operations.create_run(period=period, at=at)
    started = time.perf_counter()
    run = operations.run_to_review(run=run, at=at)
    rated = time.perf_counter()
    operations.issue_run_now(run=run, billing_date=at.date(), at=at)
    return rated - started, time.perf_counter() - rated


def _period(month: int) -> Any:
    from kernel.periods import Period

    return Period.of_month(FIRST.year, month)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [1000, 3][len(given) :]))
