"""A run that is gone through again writes nothing, and every issued bill is rated again to the same bytes."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from billing.runs import operations, rerating

_TABLES = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
   AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1
"""
_DIGEST = """
SELECT count(*), coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint::numeric), 0) FROM "{}" t
"""


@dataclass(slots=True)
class Again:
    """How many tables and rows were compared, and the tables that changed."""

    tables: int
    rows: int
    changed: list[str] = field(default_factory=list)


def contents() -> dict[str, tuple[int, Any]]:
    """The rows of every table of the company: how many, and the sum of a hash of each."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        names = [name for (name,) in cursor.fetchall()]
        found = {}
        for name in names:
            cursor.execute(_DIGEST.format(name))
            found[name] = cursor.fetchone()
    return found


def run_again(*, run: Any, billing_date: dt.date, at: dt.datetime) -> Again:
    """Do all that the messages of a finished run would do, once more and later, and compare every row."""
    before = contents()
    operations.rate_chunk(run_id=run.pk, at=at)
    operations.finish_rating(run_id=run.pk)
    operations.run_to_review(run=run, at=at)
    operations.issue_chunk(run_id=run.pk, at=at)
    operations.finish_issuing(run_id=run.pk, at=at)
    operations.wake(at=at)
    operations.start_due_runs(on=at.date(), at=at)
    with contextlib.suppress(operations.lifecycle.NothingToBill):
        operations.create_run(period=_period(run), at=at)
    return compared(before, contents())


def compared(before: Mapping[str, tuple[int, Any]], after: Mapping[str, tuple[int, Any]]) -> Again:
    """Name the tables whose rows differ."""
    changed = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return Again(len(before), sum(rows for rows, _digest in before.values()), changed)


def rate_again() -> rerating.Checked:
    """Rate every issued bill of the company again and compare the bytes."""
    return rerating.check()


def _period(run: Any) -> Any:
    from tenants.customers import date_ranges

    return date_ranges.to_period(run.period)
