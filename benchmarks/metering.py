"""Interval readings per second: import of a 96-column file with every check, validation, storage, and reading back.

Run ``python benchmarks/metering.py [supply points] [days] [meters]``. It starts the PostgreSQL of the tests, works in a
database of its own and drops it. Each figure stands beside what the machine can do at all: a plain COPY of the same
bytes into a one-column table, or moving the same bytes through memory; NEM12 is compared with nemreader, which reads
without storing. The last line gives the import and its ratio.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import pathlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "platform"), str(ROOT / "tests")]

import numpy as np  # noqa: E402

FIRST = dt.date(2026, 1, 1)
AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
ZONE = "Asia/Shanghai"
NEM12_DAYS = 2000
LONG_ROWS = 1_000_000
LONG_MAPPING = {"layout": "long", "columns": {"identifier": 0, "stamp": 1, "value": 2}, "minutes": 15, "unit": "kWh"}


def main(points: int, days: int, meters: int) -> None:
    from harness import databases

    name = databases.clone(f"gridhall_{os.getpid()}_benchmark")
    os.environ.update(databases.environment(name))
    try:
        import django

        django.setup()
        measure(points, days, meters)
    finally:
        from django.db import connections

        connections.close_all()
        databases.drop(name)


def measure(points: int, days: int, meters: int) -> None:
    from tenancy import context

    values = readings(points * days)
    with context.use(context.retailer_by_code(code="alder")):
        fleet(meters)
        register(points)
        content = table(values, days)
        nem12(values[:NEM12_DAYS])
        store(values, points, days)
        plain = timed("plain COPY of the same bytes", values.size, lambda: copy(content))
        imported = timed("import, checked, validated and stored", values.size, lambda: bring(content, "done"))
        timed("the same file again, all unchanged", values.size, lambda: bring(content, "done"))
        read(values.size, days)
        rows_of_readings(values[: LONG_ROWS // values.shape[1]], days)
    megabytes = len(content) / 1e6
    print(
        f"{points} supply points x {days} days, {megabytes:.1f} MB: {values.size / imported:,.0f} readings/s imported,"
        f" {imported / plain:.1f} times the plain COPY, which is the bound of this machine"
    )


def fleet(meters: int) -> None:
    """A day of many meters stored and corrected, their month read, a year of one of them."""
    from kernel.periods import Period
    from tenants.metering import operations, queries

    ids = install(meters)
    month = Period(FIRST, FIRST + dt.timedelta(days=31))
    values = readings(meters)
    for number, day in enumerate(month):
        given = [operations.DayReadings(each, day, row) for each, row in zip(ids, values, strict=True)]
        if number == 0:
            start = time.perf_counter()
        operations.store_interval_days(days=given, at=AT)
        if number == 0:
            told(f"{meters:,} meters, a new day", time.perf_counter() - start, values.nbytes)
    given = [operations.DayReadings(each, FIRST, row) for each, row in zip(ids, values + 1, strict=True)]
    start = time.perf_counter()
    operations.store_interval_days(days=given, at=AT + dt.timedelta(days=1))
    told(f"{meters:,} meters, a day corrected", time.perf_counter() - start, values.nbytes)
    start = time.perf_counter()
    found = queries.recorded_days(channel_ids=ids, period=month)
    told(
        f"{meters:,} meters, a month into numpy", time.perf_counter() - start, sum(each.values.nbytes for each in found)
    )
    if sum(each.values.size for each in found) != meters * 31 * 96:
        raise SystemExit("The month was not read back whole.")
    year(ids[0])


def year(channel_id: int) -> None:
    """A year of 15-minute readings of one customer, in one query."""
    from zoneinfo import ZoneInfo

    from kernel.periods import Period
    from tenants.metering import operations, queries

    whole = Period(dt.date(2025, 1, 1), dt.date(2026, 1, 1))
    rows = readings(len(list(whole)))
    given = [operations.DayReadings(channel_id, day, row) for day, row in zip(whole, rows, strict=True)]
    operations.store_interval_days(days=given, at=AT)
    start, end = whole.instants(ZoneInfo(ZONE))
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        queries.interval_block(channel_ids=[channel_id], start=start, end=end, minutes=15)
        times.append(time.perf_counter() - begun)
    told("one customer, a year", sorted(times)[2], rows.nbytes)


def install(meters: int) -> list[int]:
    """Channels of so many meters; their ids."""
    from tenants.customers.models import Premises, SupplyPoint
    from tenants.metering.models import Channel

    premises = Premises.objects.create(address="Fleet", time_zone=ZONE)
    points = SupplyPoint.objects.bulk_create(
        SupplyPoint(identifier=f"44{number:011d}", premises=premises) for number in range(meters)
    )
    made = Channel.objects.bulk_create(
        Channel(supply_point=point, register_code="E1", kind="consumption", interval_minutes=15, recording_zone=ZONE)
        for point in points
    )
    return [channel.pk for channel in made]


def told(what: str, seconds: float, size: int) -> None:
    """Print a time and how it compares with sending the same bytes through the database's socket and memory."""
    bound = moved(size)
    print(
        f"{what:<38}{seconds * 1000:>11,.0f} ms; the bytes alone {bound * 1000:,.1f} ms: {seconds / bound:,.0f} times"
    )


def moved(size: int) -> float:
    """The time in which ``size`` bytes come from the database to this process: a COPY of one column, no table."""
    from django.db import connection

    rows = max(1, size >> 13)
    with connection.cursor() as cursor:
        start = time.perf_counter()
        with cursor.copy(
            f"COPY (SELECT repeat('x', 8192) FROM generate_series(1, {rows})) TO STDOUT (FORMAT BINARY)"
        ) as copy:
            for _ in copy:
                pass
        return time.perf_counter() - start


def readings(days: int) -> np.ndarray:
    """Wh of a 15-minute load curve, rows × 96, always the same."""
    return np.random.default_rng(7).integers(20, 2500, size=(days, 96), dtype=np.int32)


def register(points: int, prefix: str = "33") -> None:
    from tenants.customers.models import Premises, SupplyPoint

    premises = Premises.objects.create(address="Benchmark", time_zone=ZONE)
    SupplyPoint.objects.bulk_create(
        SupplyPoint(identifier=f"{prefix}{number:011d}", premises=premises) for number in range(points)
    )


def table(values: np.ndarray, days: int) -> bytes:
    """The file: 户号, 日期, 00:15 … 24:00 in kWh."""
    stamps = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(15, 1441, 15)]
    lines = [",".join(["户号", "日期", *stamps])]
    for number, row in enumerate(values.tolist()):
        day = FIRST + dt.timedelta(days=number % days)
        lines.append(f"33{number // days:011d},{day}," + ",".join(f"{each / 1000:.3f}" for each in row))
    return ("\r\n".join(lines) + "\r\n").encode()


def rows_of_readings(values: np.ndarray, days: int) -> None:
    """A row per reading, of supply points of their own, imported with report."""
    register(len(values) // days + 1, prefix="55")
    lines = ["nmi,time,kWh"]
    for number, row in enumerate(values.tolist()):
        start = dt.datetime.combine(FIRST + dt.timedelta(days=number % days), dt.time())
        lines += [
            f"55{number // days:011d},{start + dt.timedelta(minutes=15 * slot):%Y-%m-%d %H:%M},{each / 1000:.3f}"
            for slot, each in enumerate(row)
        ]
    content = ("\n".join(lines) + "\n").encode()
    timed("a row per reading, imported", values.size, lambda: bring(content, "done", mapping=LONG_MAPPING))


def copy(content: bytes) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE plain (line text)")
        with cursor.copy("COPY plain FROM STDIN (FORMAT CSV, DELIMITER E'\\x01', QUOTE E'\\x02')") as target:
            target.write(content)
        cursor.execute("DROP TABLE plain")


def bring(content: bytes, state: str, **more: Any) -> None:
    from tenants.metering import operations

    file = io.BytesIO(content)
    done = operations.import_file(file=file, file_name="benchmark.csv", source="benchmark", at=AT, **more)
    if done.state != state:
        raise SystemExit(f"The import ended {done.state}: {[row.code for row in done.rows.all()[:5]]}")


def store(values: np.ndarray, points: int, days: int) -> None:
    """Bring days that are already arrays, as the API and the demonstration do; rolled back."""
    from django.db import transaction

    from tenants.customers.models import SupplyPoint
    from tenants.metering import operations
    from tenants.metering.models import Channel

    with transaction.atomic():
        channels = Channel.objects.bulk_create(
            Channel(
                supply_point=point,
                register_code="E1",
                kind="consumption",
                interval_minutes=15,
                recording_zone=ZONE,
            )
            for point in SupplyPoint.objects.filter(identifier__startswith="33").order_by("pk")[:points]
        )
        given = [
            operations.DayReadings(channels[number // days].pk, FIRST + dt.timedelta(days=number % days), row)
            for number, row in enumerate(values)
        ]
        timed("days as arrays, stored", values.size, lambda: operations.store_interval_days(days=given, at=AT))
        transaction.set_rollback(True)


def read(size: int, days: int) -> None:
    from zoneinfo import ZoneInfo

    from kernel.periods import Period
    from tenants.metering import queries
    from tenants.metering.models import Channel

    ids = list(
        Channel.objects.filter(supply_point__identifier__startswith="33").order_by("pk").values_list("pk", flat=True)
    )
    start, end = Period(FIRST, FIRST + dt.timedelta(days=days)).instants(ZoneInfo(ZONE))
    timed(
        "read back as one block",
        size,
        lambda: queries.interval_block(channel_ids=ids, start=start, end=end, minutes=15),
    )


def nem12(values: np.ndarray) -> None:
    from nemreader import nem_reader

    from tenants.metering.formats import detect

    content = "".join(nem12_rows(values)).encode()
    ours = timed("NEM12, read strictly", values.size, lambda: list(detect.read(source=io.BytesIO(content)).items))
    theirs = timed(
        "NEM12, nemreader",
        values.size,
        lambda: nem_reader.NEMFile("a").parse_nem_file(io.StringIO(content.decode())),
    )
    print(f"{'NEM12, nemreader takes':<38}{theirs / ours:>14.1f} times as long")


def nem12_rows(values: np.ndarray) -> Iterator[str]:
    yield "100,NEM12,202601010000,MDP,RET\r\n"
    for number, row in enumerate(values.tolist()):
        if number % 365 == 0:
            yield f"200,N{number:09d},E1,1,E1,N1,S,kWh,15,\r\n"
        day = FIRST + dt.timedelta(days=number % 365)
        yield f"300,{day:%Y%m%d}," + ",".join(f"{each / 1000:.3f}" for each in row) + ",A,,,20260301000000,\r\n"
    yield "900\r\n"


def timed(what: str, count: int, work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    print(f"{what:<38}{count / seconds:>14,.0f} readings/s{seconds:>9.2f} s")
    return seconds


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:4]]
    main(*(given + [1000, 31, 20_000][len(given) :]))
