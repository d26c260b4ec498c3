"""The report of an import: what became of each row, and where the import stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from tenants.metering.formats import base
from tenants.metering.models import ReadingImport, ReadingImportRow
from tenants.metering.operations import storing


def write_rows(*, record: ReadingImport, stage: storing.Stage) -> None:
    """This will write a row for each staged day, in the order of the file, in the place of an earlier report."""
    record.rows.all().delete()
    names = stage.write_names()
    with connection.cursor() as cursor:
        notes = _NOTES.format(stage=stage.table) if stage.has_notes else ""
        params = "coalesce(told.params, '{}')" if stage.has_notes else "'{}'"
        cursor.execute(_REPORT.format(stage=stage.table, names=names, notes=notes, params=params), [record.pk])


@transaction.atomic
def refuse(*, record: ReadingImport, refusals: Sequence[base.Refusal], at: dt.datetime) -> None:
    """This will end the import as refused; the report lists why, and nothing else of the file is kept."""
    record.rows.all().delete()
    ReadingImportRow.objects.bulk_create(
        ReadingImportRow(
            reading_import=record,
            outcome=ReadingImportRow.Outcome.REFUSED,
            row=refusal.row,
            column=refusal.column,
            code=refusal.code,
            params=refusal.params,
        )
        for refusal in refusals
    )
    save(record, state=ReadingImport.State.REFUSED, finished_at=at, rows_refused=len(refusals))


def save(record: ReadingImport, **changes: Any) -> None:
    """Change the record and save just that."""
    for name, value in changes.items():
        setattr(record, name, value)
    record.save(update_fields=list(changes))


def beat(record: ReadingImport, **changes: Any) -> None:
    """Change the record, save just that and that the worker is alive, by the clock of the database."""
    for name, value in changes.items():
        setattr(record, name, value)
    ReadingImport.objects.filter(pk=record.pk).update(**changes, heartbeat_at=Now())


_NOTES = """
LEFT JOIN (
    SELECT channel_id, day, jsonb_build_object('notes', jsonb_agg(jsonb_build_object('first', first, 'end', behind,
        'quality', letter, 'method', method, 'reason', reason, 'words', words) ORDER BY first, behind)) AS params
    FROM {stage}_notes GROUP BY channel_id, day) told ON told.channel_id = s.channel_id AND told.day = s.day
"""

_REPORT = """
INSERT INTO metering_readingimportrow
    (reading_import_id, outcome, row, "column", code, params, channel_id, identifier, register_code,
    day, total, missing)
SELECT %s, s.outcome, s.row, NULL, '', {params}, CASE WHEN s.channel_id > 0 THEN s.channel_id END, n.identifier,
    n.register_code, s.day, s.total, s.missing
FROM {stage} s JOIN {names} n ON n.channel_id = s.channel_id {notes} ORDER BY s.row
"""
