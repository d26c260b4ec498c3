"""What sealing costs: customers imported per second, the list page, and searches beside the plain ones they replace.

Run ``make bench-personal-fields ARGS="--customers 200000"``. It works in a database of its own and drops it. The plain
searches run over a table of the same names and mails in the clear: as they stood before (ILIKE, no index), and
with trigram indexes.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "platform"), str(ROOT / "tests"), str(ROOT / "benchmarks")]

PAGE = 50
REPEATS = 5
AT_ONCE = 5000
TYPED = ("william thompson", "chen", "王小明", "李", "w.thompson17@example.com", "1234", "zzzz")


def main(customers: int) -> None:
    import measuring

    from harness import databases

    name = databases.clone(f"gridhall_{os.getpid()}_personal")
    measuring.set_up(name)
    try:
        from tenancy import context

        print(measuring.machine())
        with context.use(context.retailer_by_code(code="birch")):
            people = _people(customers)
            _codec(people[:AT_ONCE])
            _fill(people)
            _plain(people)
            _list_page()
            for typed in TYPED:
                _search(typed)
    finally:
        from django.db import connections

        connections.close_all()
        databases.drop(name)


def _people(count: int) -> list[tuple[str, str, str, str]]:
    """Numbers, names, mails and telephones; two names in three are Latin."""
    draw = random.Random(20260701)  # noqa: S311 (made-up people)
    first = ("William", "Olivia", "Noah", "Amelia", "Jack", "Isla", "Lucas", "Grace", "Henry", "Chloe")
    last = ("Thompson", "Nguyen", "Smith", "Chen", "Patel", "O'Brien", "Kowalski", "Hansen", "Wright", "Murphy")
    family, given = "王李张刘陈杨黄赵吴周", "小明伟芳娜敏静丽强磊军洋勇艳杰娟涛超"
    found = []
    for number in range(count):
        one, other = draw.choice(first), draw.choice(last)
        han = draw.choice(family) + "".join(draw.sample(given, 2))
        name = f"{one} {other}" if number % 3 else han
        mail = f"{one[0].lower()}.{other.lower().replace(chr(39), '')}{number}@example.com"
        found.append((f"C{number:07d}", name, mail, f"04{draw.randrange(10**8):08d}"))
    return found


def _codec(people: list[tuple[str, str, str, str]]) -> None:
    from tenancy import sealed_fields
    from tenants.customers.models import Customer

    fields = {each.name: each for each in sealed_fields.sealed_of(Customer)}
    names = [name for _number, name, _mail, _phone in people]
    place = fields["name"].place
    sealing = _seconds(lambda: sealed_fields.seal_many(texts=names, place=place), times=1)
    sealed = sealed_fields.seal_many(texts=names, place=place)
    opening = _seconds(lambda: [sealed_fields.unseal(sealed=each, place=place) for each in sealed], times=1)
    rows = [{fields["name"]: n, fields["email"]: m, fields["phone"]: p} for _number, n, m, p in people]
    marking = _seconds(lambda: [sealed_fields.row_marks(texts=row) for row in rows], times=1)
    for word, seconds in (("sealed", sealing), ("opened", opening), ("rows marked", marking)):
        print(f"{len(people) / seconds:>12,.0f} {word} per second")


def _fill(people: list[tuple[str, str, str, str]]) -> None:
    from django.db import connection

    from tenants.customers.models import Customer

    began = time.perf_counter()
    for start in range(0, len(people), AT_ONCE):
        Customer.objects.bulk_create(
            Customer(number=number, name=name, email=mail, phone=phone)
            for number, name, mail, phone in people[start : start + AT_ONCE]
        )
    seconds = time.perf_counter() - began
    with connection.cursor() as cursor:
        sizes = "SELECT pg_total_relation_size('customers_customer'), pg_relation_size('customers_customer_marks')"
        cursor.execute(sizes)
        size, index = cursor.fetchone()
    print(f"{len(people) / seconds:>12,.0f} customers stored per second; {size / len(people):,.0f} bytes each, "
          f"{index / len(people):,.0f} of them the index of marks")  # fmt: skip


def _plain(people: list[tuple[str, str, str, str]]) -> None:
    """The same in the clear, once without and once with trigram indexes, in tables of this session."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in ("plain_rows", "trigram_rows"):
            cursor.execute(f"CREATE TEMP TABLE {table} (number text, name text, email text, phone text)")
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in people:
                    copy.write_row(row)
        for column in ("name", "email"):
            cursor.execute(f"CREATE INDEX ON trigram_rows USING gin ({column} public.gin_trgm_ops)")
        cursor.execute("ANALYZE plain_rows")
        cursor.execute("ANALYZE trigram_rows")


def _list_page() -> None:
    from tenants.customers import queries

    print(f"{_seconds(lambda: list(queries.customers()[:PAGE])) * 1000:>12.1f} ms for the first page of the list")


def _search(typed: str) -> None:
    from tenants.customers import queries

    sealed = _seconds(lambda: list(queries.customers(search=typed)[:PAGE]))
    count = queries.customers(search=typed).count()
    plain, trigram = (_seconds(lambda table=table: _ask(table, typed)) for table in ("plain_rows", "trigram_rows"))
    print(
        f"{sealed * 1000:>12.1f} ms for “{typed}” ({count:,} found); plain {plain * 1000:.1f} ms "
        f"(x{sealed / plain:.2f}), trigram {trigram * 1000:.1f} ms (x{sealed / trigram:.2f})"
    )


def _ask(table: str, typed: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        asked = [f"{typed}%", f"%{typed}%", f"%{typed}%"]
        found = "number ILIKE %s OR name ILIKE %s OR email ILIKE %s"
        cursor.execute(f"SELECT * FROM {table} WHERE {found} ORDER BY number LIMIT {PAGE}", asked)
        return cursor.fetchall()


def _seconds(work: Callable[[], Any], *, times: int = REPEATS) -> float:
    """The middle of several runs."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=200_000)
    main(parser.parse_args().customers)
