"""What a host costs as it grows: companies, connections, partitions, readings; and what follows for larger hosts.

Run ``python benchmarks/growth.py [--companies 300] [--meters 4000]``. It starts a durable PostgreSQL of its own,
works in a database of its own and drops it. docs/scaling.md states the model and gives the figures of one run. The
last line gives what a million readings cost, and the limit: their bytes alone through the database's socket.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import measuring

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
FIRST = dt.date(2026, 1, 1)
ZONE = "Asia/Shanghai"
STEPS = (1, 50, 100, 200, 300)
TOUCHED_TABLES = 40
PARTITION_COUNTS = (2, 12, 36, 120)
STORED_DAYS = 7
QUARTERS = 96
MILLION = 1_000_000
LARGEST = 1_770_000
USUAL = 5_000


def main(companies: int, meters: int) -> None:
    with measuring.database("growth", folder="growth") as name:
        print(measuring.machine())
        schemas = made(name, companies)
        touched(name, schemas)
        planned(name)
        figures = readings(meters)
        extrapolated(figures, catalogue(name) / max(1, len(schemas)))


def made(name: str, companies: int) -> list[str]:
    """Companies by replay: the time of each and the bytes of catalogue and empty tables, as their number grows."""
    from harness import databases

    (template,) = _asked(name, "SELECT sql FROM tenancy_schematemplate ORDER BY created_at DESC LIMIT 1")[0]
    schemas: list[str] = []
    before = _size(name)
    times: list[float] = []
    with databases.server().connect(database=name) as superuser:
        while len(schemas) < companies:
            schema = f"t_growth{len(schemas):06d}"
            begun = time.perf_counter()
            _replay(superuser, schema, template)
            times.append(time.perf_counter() - begun)
            schemas.append(schema)
            if len(schemas) in STEPS or len(schemas) == companies:
                recent = statistics.median(times[-20:])
                each = (_size(name) - before) / len(schemas)
                print(
                    f"{len(schemas):>4} companies: {recent:.2f} s to replay one; "
                    f"{each / measuring.MEGABYTE:.1f} MB each, "
                    f"the catalogue {catalogue(name) / measuring.MEGABYTE:,.0f} MB"
                )
    return schemas


def _replay(superuser: Any, schema: str, template: str) -> None:
    from tenancy import provisioning

    with superuser.transaction():
        superuser.execute(template.replace(provisioning.TEMPLATE_SCHEMA, schema))
        superuser.execute("RESET ALL")


def touched(name: str, schemas: list[str]) -> None:
    """What one connection remembers of the companies it worked for, and how long the first question takes."""
    from harness import databases

    with databases.server().connect(database=name) as session:
        tables = [
            row[0]
            for row in session.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY tablename LIMIT %s",
                [schemas[0], TOUCHED_TABLES],
            )
        ]
        print(f"a connection at first: {_memory(session) / measuring.MEGABYTE:.1f} MB")
        first: list[float] = []
        for number, schema in enumerate(schemas, 1):
            first.append(_visit(session, schema, tables))
            if number in STEPS or number == len(schemas):
                again = _visit(session, schema, tables)
                print(
                    f"{number:>4} companies touched, {len(tables)} tables each: "
                    f"{_memory(session) / measuring.MEGABYTE:,.1f} MB; "
                    f"{first[-1] * 1000 / len(tables):.2f} ms a table the first time, "
                    f"{again * 1000 / len(tables):.2f} ms after"
                )


def _visit(session: Any, schema: str, tables: list[str]) -> float:
    begun = time.perf_counter()
    session.execute(f"SET search_path = {schema}, public")
    for table in tables:
        session.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall()
    return time.perf_counter() - begun


def _memory(session: Any) -> int:
    return int(session.execute("SELECT sum(total_bytes) FROM pg_backend_memory_contexts").fetchone()[0])


def planned(name: str) -> None:
    """How long a month of one channel is planned over so many partitions of the days."""
    from harness import databases

    with databases.server().connect(database=name) as session:
        for count in PARTITION_COUNTS:
            schema = f"parts_{count}"
            session.execute(f"CREATE SCHEMA {schema}; SET search_path = {schema}, public")
            session.execute(
                "CREATE TABLE days (LIKE t_alder0000000.metering_intervalday INCLUDING ALL) PARTITION BY RANGE (day)"
            )
            for number in range(count):
                start, end = _month(number), _month(number + 1)
                session.execute(
                    f"CREATE TABLE days_{number} PARTITION OF days FOR VALUES FROM ('{start}') TO ('{end}')"
                )
            times = [_planning(session) for _ in range(20)]
            print(f"{count:>4} partitions: a month of one channel planned in {statistics.median(times):.2f} ms")


def _planning(session: Any) -> float:
    rows = session.execute(
        "EXPLAIN (SUMMARY, FORMAT JSON) "
        "SELECT * FROM days WHERE channel_id = 7 AND day >= '2024-03-01' AND day < '2024-04-01'"
    ).fetchone()
    return float(rows[0][0]["Planning Time"])


def _month(number: int) -> str:
    return f"{2024 + number // 12}-{number % 12 + 1:02d}-01"


def readings(meters: int) -> dict[str, float]:
    """Bytes and seconds that a million readings take: stored, corrected, read back."""
    from metering import install, moved
    from metering import readings as curve

    from kernel.periods import Period
    from tenancy import context
    from tenants.metering import operations, queries

    with context.use(context.retailer_by_code(code="alder")):
        ids = install(meters)
        values = curve(meters)
        days = [FIRST + dt.timedelta(days=number) for number in range(STORED_DAYS)]
        count = meters * QUARTERS * STORED_DAYS
        before, begun = _table_size(), time.perf_counter()
        for day in days:
            given = [operations.DayReadings(each, day, row) for each, row in zip(ids, values, strict=True)]
            operations.store_interval_days(days=given, at=AT)
        seconds, size = time.perf_counter() - begun, _table_size() - before
        begun = time.perf_counter()
        queries.recorded_days(channel_ids=ids, period=Period(days[0], days[-1] + dt.timedelta(days=1)))
        read = time.perf_counter() - begun
        bound = moved(values.nbytes * STORED_DAYS)
    million = count / MILLION
    print(f"{count:,} readings as {meters * STORED_DAYS:,} channel days ({measuring.load()}):")
    print(
        f"  on the disk   {size / million / MILLION:.2f} MB a million "
        f"({size / meters / STORED_DAYS:,.0f} bytes a channel day)"
    )
    print(
        f"  stored        {seconds / million:.2f} s a million, read back {read / million:.2f} s; "
        f"their bytes alone {bound / million:.3f} s"
    )
    return {"bytes": size / count, "seconds": seconds / count, "bound": bound / count}


def extrapolated(figures: dict[str, float], catalogue_each: float) -> None:
    """What follows by multiplication, for a usual company and for the largest; said, not measured."""
    print("\nBy multiplication, one channel a customer, 96 readings a day:")
    for customers in (USUAL, LARGEST):
        daily = customers * QUARTERS
        yearly = daily * 365 * figures["bytes"] / 1e9
        print(
            f"  {customers:>9,} customers: {daily / MILLION:,.1f} M readings and {customers:,} rows a day, stored in "
            f"{daily * figures['seconds']:,.0f} s of one process; {yearly:,.1f} GB a year"
        )
    print(f"  300 companies: {300 * catalogue_each / measuring.MEGABYTE:,.0f} MB of catalogue")
    print(
        f"\na million readings: {figures['seconds'] * MILLION:.2f} s stored, {figures['bytes']:.2f} bytes each, "
        f"{figures['seconds'] / figures['bound']:.0f} times their bytes alone"
    )


def catalogue(name: str) -> int:
    """The bytes of PostgreSQL's own tables, in which every relation of every company stands."""
    question = (
        "SELECT sum(pg_total_relation_size(oid)) FROM pg_class "
        "WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r' AND NOT relisshared"
    )
    return int(_asked(name, question)[0][0])


def _table_size() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE c.relkind = 'r' "
            "AND c.relnamespace = current_schema()::regnamespace AND c.relname LIKE 'metering_intervalday%%'"
        )
        return int(cursor.fetchone()[0])


def _size(name: str) -> int:
    return int(_asked(name, "SELECT pg_database_size(current_database())")[0][0])


def _asked(name: str, question: str) -> list[Any]:
    from harness import databases

    with databases.server().connect(database=name) as superuser:
        return list(superuser.execute(question).fetchall())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=300)
    parser.add_argument("--meters", type=int, default=4000)
    asked = parser.parse_args()
    main(asked.companies, asked.meters)
