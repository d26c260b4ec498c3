"""Partitions of the table of readings, made ahead: a year each, or a month each for very large companies.

Only an owner process comes here (the provision queue): tables are made and dropped by their owner.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from psycopg import sql

from kernel.periods import Period
from tenancy.database import connection
from tenants.metering.models import Channel

TABLE = "metering_intervalday"
REST = f"{TABLE}_other"
YEARS_AHEAD = 1
LAST_MONTH = 12
MONTHLY_ABOVE = 100_000
"""Channels of a company; with more of them a year's partition is too large to vacuum in a night."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A table for the days of a period."""

    name: str
    period: Period


def make_partitions(*, at: dt.datetime) -> list[str]:
    """This will make what is missing for this year and the next, and return the names of new tables.

    A year of a company that has become very large is cut into months while its table is empty. Days that stand in the
    partition of all other days move over. May be run again and by two processes at once.
    """
    by_month = Channel.objects.count() > MONTHLY_ABOVE
    made: list[str] = []
    for year in range(at.year, at.year + YEARS_AHEAD + 1):
        with transaction.atomic():
            _execute(sql.SQL("LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE"), TABLE)
            made += _make_year(year, by_month=by_month)
    return made


def partitions() -> list[str]:
    """This will list the partitions that stand, in order of their names."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = %s::regclass ORDER BY c.relname",
            [TABLE],
        )
        return [name for (name,) in cursor.fetchall()]


def _make_year(year: int, *, by_month: bool) -> list[str]:
    standing = set(partitions())
    whole = Partition(f"{TABLE}_{year}", Period(dt.date(year, 1, 1), dt.date(year + 1, 1, 1)))
    if by_month and whole.name in standing and _is_empty(whole.name):
        _execute(sql.SQL("DROP TABLE {}"), whole.name)
        standing.remove(whole.name)
    if whole.name in standing:
        return []
    wanted = list(_months(year)) if by_month or _has_months(year, standing) else [whole]
    missing = [each for each in wanted if each.name not in standing]
    for each in missing:
        _make(each)
    return [each.name for each in missing]


def _months(year: int) -> Iterator[Partition]:
    for month in range(1, LAST_MONTH + 1):
        yield Partition(f"{TABLE}_{year}_{month:02d}", Period.of_month(year, month))


def _has_months(year: int, standing: set[str]) -> bool:
    return any(each.name in standing for each in _months(year))


def _is_empty(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT NOT EXISTS (SELECT 1 FROM {})").format(sql.Identifier(name)))
        return bool(cursor.fetchone()[0])


def _make(partition: Partition) -> None:
    """Make the table beside the others, move what belongs there, and attach it."""
    bounds = [partition.period.start, partition.period.end]
    _execute(sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"), partition.name, TABLE)
    _execute(
        sql.SQL(
            "WITH moved AS (DELETE FROM {} WHERE day >= {} AND day < {} RETURNING *) INSERT INTO {} SELECT * FROM moved"
        ),
        REST, *bounds, partition.name,
    )  # fmt: skip
    _execute(sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})"), TABLE, partition.name, *bounds)
    _execute(sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {}"), partition.name, connection.schema_name)


def _execute(statement: sql.SQL, *names: str | dt.date) -> None:
    placed = [sql.Identifier(each) if isinstance(each, str) else sql.Literal(each.isoformat()) for each in names]
    with connection.cursor() as cursor:
        cursor.execute(statement.format(*placed))
