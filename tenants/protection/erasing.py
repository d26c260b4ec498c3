"""A person erased: every registered table worked through by its deed, then looked for by words, then certified."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection

from tenancy import context, subjects, traces
from tenancy.subjects import Deed, Holding, Subject
from tenants.protection import rewriting

KIND = "gridhall-person-erased"
TOLD = ("place", "provider", "at", "outcome")
"""What a certificate says of an entry elsewhere: whose account there. Who is left there bears the customer's number."""


@dataclass(slots=True)
class Erased:
    """What was done: tables with their rows by deed, the files that are still to be removed."""

    tables: list[dict[str, Any]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    guarded: list[rewriting.Guarded] = field(default_factory=list)
    """Words in rows that only the owner of the tables may write."""


def erase_rows(*, subject: Subject) -> Erased:
    """This will remove and blank the person's rows, in the caller's transaction; files are only named."""
    done = Erased()
    for holding in subjects.holdings():
        rows = holding.rows(subject)
        spoken = 0
        if holding.deed is Deed.KEEP:
            count, spoken = rows.count(), _rewrite(holding, rows, subject, done)
        else:
            named = list(_files(holding, rows))
            count = _blank(holding, rows) if holding.deed is Deed.BLANK else _remove(rows)
            done.files += [name for name in named if not _is_needed(holding, name)]
        if count:
            entry = {"table": holding.table, "deed": str(holding.deed), "rows": count}
            entry |= {"words": spoken} if spoken else {}
            done.tables.append(entry | ({"why": holding.why} if holding.deed is Deed.KEEP else {}))
    return done


def _rewrite(holding: Holding, rows: Any, subject: Subject, done: Erased) -> int:
    """Mark what people wrote in rows that stay, or put it down for the owner; return in how many rows."""
    if not holding.guarded:
        return rewriting.write_open(holding=holding, rows=rows, subject=subject)
    found = rewriting.guarded(holding=holding, rows=rows, subject=subject)
    done.guarded += found
    return len(found)


def remove_files(*, names: list[str]) -> int:
    """This will remove files from the company's storage; what is gone already is left alone."""
    for name in names:
        default_storage.delete(name)
    return len(names)


def found_by_words(*, subject: Subject, guarded: Sequence[rewriting.Guarded] = ()) -> list[dict[str, Any]]:
    """This will look through every table of the company for the person's words; sealed columns cannot be searched.

    Tables that keep rows are among them: the certificate names both. Another person may bear the same name. Rows that
    the owner's worker is about to rewrite are not counted.
    """
    words = sorted(word for word in {*subject.words, *subject.emails} if len(word) >= traces.SHORTEST)
    if not words:
        return []
    schema, found = context.required_schema(), []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p') "
            "AND NOT relispartition ORDER BY relname",
            [schema],
        )
        for (table,) in cursor.fetchall():
            rewritten = [entry["key"] for entry in guarded if entry["table"] == table]
            if count := traces.rows_holding(cursor, schema, table, words, but=rewritten):
                found.append({"table": table, "rows": count})
    return found


def body(
    *, subject: Subject, request: Any, done: list[dict[str, Any]], found: list[dict[str, Any]], files: int,
    at: dt.datetime, elsewhere: list[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """This will return what is certified: numbers and tables, no word of the person."""
    retailer = context.current_retailer()
    kept = {entry["table"] for entry in done if entry["deed"] == Deed.KEEP}
    return {
        "number": f"{retailer.code}-E{request.pk}", "host": retailer.legal_name or retailer.code,
        "customer": subject.number,
        "asked": {"at": request.asked_at.isoformat(), "by": request.source},
        "checked_by": request.checked_by_id, "approved_by": request.decided_by_id,
        "tables": done, "files": files,
        "outside": [{name: entry[name] for name in TOLD} for entry in elsewhere],
        "words_found": [{**each, "kept": each["table"] in kept} for each in found],
        "finished_at": at.isoformat(),
    }  # fmt: skip


def _remove(rows: Any) -> int:
    keys = list(rows.values_list("pk", flat=True))
    rows.model._default_manager.filter(pk__in=keys).delete()
    return len(keys)


def _blank(holding: Holding, rows: Any) -> int:
    """Give each row its marks, one by one: sealed fields and the marks they are searched by follow."""
    count = 0
    if holding.blank is None:
        return 0
    for row in list(rows):
        changes = dict(holding.blank(row))
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=list(changes))
        count += 1
    return count


def _is_needed(holding: Holding, name: str) -> bool:
    """A file whose bytes stand once for several rows stays while another row names it."""
    model = holding.rows(Subject(0, "")).model
    return any(model._default_manager.filter(**{each: name}).exists() for each in holding.files)


def _files(holding: Holding, rows: Any) -> Iterator[str]:
    for name in holding.files:
        for value in rows.values_list(name, flat=True):
            if value:
                yield str(value)
