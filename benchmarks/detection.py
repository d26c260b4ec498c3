"""Bills to correct are looked for among very many: readings of some come late, and nothing else changed.

Run ``python benchmarks/detection.py [--accounts 200000] [--late 2000]``. So many accounts as come late are billed as in
``billing_chain.py``; their bills are then copied, inside the database and with all their rows, to the other accounts.
Measured are a look at which nothing changed, one after the late readings came, and the check of the bills it noted;
each with its statements. The last line has the whole time until the bills to correct stand in the queue.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Sequence
from typing import Any

import arrears
import billing_chain
import measuring

HOUR = dt.timedelta(hours=1)


def main(arguments: Sequence[str]) -> None:
    given = _arguments(arguments)
    print(measuring.machine(), flush=True)
    with measuring.database(f"detection{given.accounts}") as name, billing_chain.alder():
        bills(name, given.accounts, given.late)
        measured(given.accounts, given.late)


def bills(name: str, accounts: int, late: int) -> None:
    """This will bill ``late`` accounts with all they have, and give the others bills that are copies of theirs."""
    from billing.runs import operations
    from harness import portfolio

    billing_chain.seed(late)
    run = billing_chain._create_run()
    run = operations.run_to_review(run=run, at=portfolio.AT)
    operations.issue_run_now(run=run, billing_date=portfolio.AT.date(), at=portfolio.AT)
    product = _product()
    for first in range(late, accounts, portfolio.AT_ONCE):
        portfolio._register(product, range(first, min(first + portfolio.AT_ONCE, accounts)))
    copy_bills(name, late)


def copy_bills(name: str, late: int) -> None:
    """This will copy drafts, items, sections, invoices, lines and billed days to the accounts without any."""
    import psycopg
    from django.db import connection

    from harness import databases

    schema = connection.schema_name  # type: ignore[attr-defined]
    with psycopg.connect(databases.server().superuser_url(name)) as session:
        session.execute(psycopg.sql.SQL("SET search_path = {}, public").format(psycopg.sql.Identifier(schema)))
        session.execute("SET session_replication_role = replica")
        session.execute(_TWINS, [late])
        for table, columns in _COPIED.items():
            names = [
                row[0]
                for row in session.execute(
                    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                    " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
                    [table],
                )
            ]
            quoted = ", ".join(f'"{each}"' for each in names)
            values = ", ".join(columns.get(each, f'old."{each}"') for each in names)
            session.execute(
                f"INSERT INTO {table} ({quoted}) OVERRIDING SYSTEM VALUE"
                f" SELECT {values} FROM twins t JOIN {table} old ON {columns['on']}"
            )
        for table in (*_COPIED, "customers_account", "customers_occupancy", "customers_supplypoint"):
            session.execute(f"ANALYZE {table}")


_TWINS = """
CREATE TEMP TABLE twins AS
WITH billed AS (
    SELECT i.id AS item, i.account_id, i.draft_id AS draft, i.invoice_id AS invoice, o.supply_point_id,
           row_number() OVER (ORDER BY i.id) - 1 AS place
      FROM runs_billrunitem i JOIN customers_occupancy o ON o.account_id = i.account_id),
others AS (
    SELECT o.account_id, o.supply_point_id, row_number() OVER (ORDER BY o.account_id) AS number
      FROM customers_occupancy o WHERE NOT EXISTS (SELECT FROM billed b WHERE b.account_id = o.account_id))
SELECT b.item, b.draft, b.invoice, b.supply_point_id AS old_point, o.account_id, o.supply_point_id AS point,
       100000000 + o.number AS key
  FROM others o JOIN billed b ON b.place = o.number %% %s
"""
_NUMBER, _POINT = "'S' || t.key", "'\"supply_point\":'"
_COPIED: dict[str, dict[str, str]] = {
    "invoices_draft": {
        "on": "old.id = t.draft",
        "id": "t.key",
        "account_id": "t.account_id",
        "run_item": "t.key",
        "versions": f"replace(old.versions::text, {_POINT} || t.old_point, {_POINT} || t.point)::json",
    },
    "invoices_invoice": {
        "on": "old.id = t.invoice",
        "id": "t.key",
        "account_id": "t.account_id",
        "draft_id": "t.key",
        "number": _NUMBER,
        "sequence": "t.key",
        "entry_id": "NULL",
    },
    "invoices_invoiceline": {
        "on": "old.invoice_id = t.invoice",
        "id": "t.key * 100 + old.position",
        "invoice_id": "t.key",
        "supply_point_id": "t.point",
    },
    "invoices_billedperiod": {
        "on": "old.invoice_id = t.invoice",
        "id": "t.key",
        "invoice_id": "t.key",
        "supply_point_id": "t.point",
    },
    "runs_billrunitem": {
        "on": "old.id = t.item",
        "id": "t.key",
        "account_id": "t.account_id",
        "draft_id": "t.key",
        "invoice_id": "t.key",
    },
    "runs_ratedsection": {
        "on": "old.item_id = t.item",
        "id": "t.key",
        "item_id": "t.key",
        "supply_point_id": "t.point",
    },
}


def measured(accounts: int, late: int) -> None:
    """This will look twice, with late readings in between, and tell what each look and the check cost."""
    import numpy as np

    from billing.corrections import operations, queries
    from billing.corrections.models import Correction, Look
    from billing.invoices.models import BilledPeriod
    from harness import portfolio
    from tenants.metering import operations as metering_operations
    from tenants.metering.models import Channel

    bills = BilledPeriod.objects.count()
    if bills != accounts:
        raise SystemExit(f"{bills:,} bills instead of {accounts:,}")
    # What was laid out just now lies before the overlap of two looks.
    at = dt.datetime.now(dt.UTC) + HOUR
    Look.objects.create(seen_at=at, seen_clock=at, looked_at=at)
    quiet, sent, _used = arrears.counted(lambda: operations.look(at=at))
    print(f"nothing changed: {queries.suspects()} bills noted in {quiet:.2f} s, {sent} statements", flush=True)
    Look.objects.update(seen_at=at, seen_clock=at)
    days = (
        metering_operations.DayReadings(channel, portfolio.MONTH.start, np.full(portfolio.SLOTS, 99, np.int64))
        for channel in Channel.objects.order_by("pk").values_list("pk", flat=True)[:late]
    )
    metering_operations.store_interval_days(days=days, at=at)
    looked, sent, _used = arrears.counted(lambda: operations.look(at=at + HOUR))
    suspects = queries.suspects()
    print(f"look: {suspects:,} bills noted in {looked:.2f} s, {sent} statements", flush=True)
    checked, sent, used = arrears.counted(lambda: _check(at + HOUR))
    found = Correction.objects.count()
    print(f"check: {found:,} to correct in {checked:.2f} s, {sent} statements, processor {used:.1f} s")
    if found != late:
        raise SystemExit(f"{found:,} bills to correct instead of {late:,}")
    print(
        f"{accounts:,} bills, readings of {late:,} late: all {found:,} in the queue after {looked + checked:.1f} s"
        f" ({suspects / found:.2f} bills checked for each); {measuring.load()}"
    )


def _check(at: dt.datetime) -> int:
    from billing.corrections import operations

    done = 0
    while count := operations.check_suspects(at=at):
        done += count
    return done


def _product() -> Any:
    from tenants.tariffs.models import Product

    return Product.objects.get(code="portfolio")


def _arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument("--late", type=int, default=2_000)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
