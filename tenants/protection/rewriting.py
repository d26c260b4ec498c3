"""Words in rows that are kept: what people wrote freely becomes a mark, the fact, its day and its author stay.

Rows that triggers hold as they are, and of which the company's role may change nothing, are written by the owner of the
tables: found and put down with the erasure, written by ``write_guarded``, which lets the triggers rest meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from psycopg import sql

from tenancy import subjects
from tenancy.subjects import Holding, Subject

Guarded = dict[str, Any]
"""``table``, ``key`` of the row, ``changes``: no word of the person stands there."""
OWNER = "owner"


def is_owner() -> bool:
    """This will tell whether this process may write what is guarded."""
    return bool(settings.PROCESS_ROLE == OWNER)


def write_open(*, holding: Holding, rows: Any, subject: Subject) -> int:
    """This will write the words of rows that the company's role may change; return how many rows had some."""
    count = 0
    for row, changes in _changes(holding, rows, subject):
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=list(changes))
        count += 1
    return count


def guarded(*, holding: Holding, rows: Any, subject: Subject) -> list[Guarded]:
    """This will return what the owner has to write."""
    return [
        {"table": holding.table, "key": row.pk, "changes": changes} for row, changes in _changes(holding, rows, subject)
    ]


def write_guarded(*, entries: Iterable[Guarded]) -> int:
    """This will write what was put down; owner processes only. Again it is the same. Return how many rows."""
    models = {holding.table: holding.rows(Subject(0, "")).model for holding in subjects.holdings()}
    count = 0
    with transaction.atomic():
        for table, found in groupby(sorted(entries, key=_table), key=_table):
            _triggers(table, "DISABLE")
            for entry in found:
                count += models[table]._base_manager.filter(pk=entry["key"]).update(**entry["changes"])
            _triggers(table, "ENABLE")
    return count


def _table(entry: Guarded) -> str:
    return str(entry["table"])


def _changes(holding: Holding, rows: Any, subject: Subject) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    if holding.words is None:
        return
    for row in list(rows):
        changes = {name: value for name, value in holding.words(row, subject).items() if value != getattr(row, name)}
        if changes:
            yield row, changes


def _triggers(table: str, what: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("ALTER TABLE {} " + what + " TRIGGER USER").format(sql.Identifier(table)))
