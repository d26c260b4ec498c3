"""Import a meter file: all of it or nothing, with a report for every row."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import itertools
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from django.core.files.base import File
from django.db import connection, transaction
from django.db.models import CharField

from kernel.errors import Invalid, NotFound, gettext_noop
from tenants.metering.formats import base, detect
from tenants.metering.models import ReadingImport, ReadingImportRow
from tenants.metering.operations import channels, storing

REPORTED = 1000
"""After so many refusals the rest of a file is not read."""

_CHUNK = 2000
_SAID = ("zone", "unit", "identifier", "requested_by")
_HASHED = 1 << 20
State = ReadingImport.State


class TextTooLong(Invalid):
    """What was said about a file does not fit."""

    code = "text_too_long"
    template = gettext_noop("At most {longest} characters are expected here.")


def upload_file(
    *,
    file: BinaryIO,
    file_name: str,
    source: str,
    at: dt.datetime,
    zone: str = "",
    unit: str = "",
    identifier: str = "",
    requested_by: str = "",
) -> ReadingImport:
    """This will keep ``file`` for a later ``run_import``; nothing of it is read yet."""
    record = _record(file, file_name, source, at, zone, unit, identifier, requested_by)
    file.seek(0)
    record.file.save(f"{record.checksum[:16]}-{record.pk}", File(file), save=False)
    record.save(update_fields=["file"])
    return record


def import_file(
    *,
    file: BinaryIO,
    file_name: str,
    source: str,
    at: dt.datetime,
    zone: str = "",
    unit: str = "",
    identifier: str = "",
    requested_by: str = "",
    dry_run: bool = False,
) -> ReadingImport:
    """This will import ``file`` now, recorded ``at``, or with ``dry_run`` only say what it would change.

    The outcome is in the returned record (``state`` done, checked or refused) and in its rows. A file with any refused
    row leaves no reading, channel or meter behind.
    """
    record = _record(file, file_name, source, at, zone, unit, identifier, requested_by)
    return _run(record, file, at, dry_run)


def run_import(*, import_id: int, at: dt.datetime, dry_run: bool = False) -> ReadingImport:
    """This will import an uploaded file; one that is done or refused is left as it is. Raises NotFound."""
    record = ReadingImport.objects.filter(pk=import_id).first()
    if record is None:
        raise NotFound(what=gettext_noop("reading import"), name=str(import_id))
    if record.state in {State.DONE, State.REFUSED} or not record.file:
        return record
    with record.file.open("rb") as file:
        return _run(record, cast(BinaryIO, file), at, dry_run)


def _record(file: BinaryIO, file_name: str, source: str, at: dt.datetime, *said: str) -> ReadingImport:
    for name, text in zip(_SAID, said, strict=True):
        _refuse_long(name, text)
    zone, unit, identifier, requested_by = said
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(_HASHED):
        digest.update(chunk)
        size += len(chunk)
    return ReadingImport.objects.create(
        file_name=file_name.replace("\0", "")[-255:],
        source=source,
        requested_by=requested_by,
        checksum=digest.hexdigest(),
        size=size,
        zone=zone,
        unit=unit,
        identifier=identifier,
        created_at=at,
    )


def _refuse_long(name: str, text: str) -> None:
    longest = cast(CharField, ReadingImport._meta.get_field(name)).max_length or 0
    if len(text) > longest or "\0" in text:
        raise TextTooLong(longest=longest, where=name)


def _run(record: ReadingImport, file: BinaryIO, at: dt.datetime, dry_run: bool) -> ReadingImport:
    _save(record, state=State.CHECKING if dry_run else State.IMPORTING, days_read=0)
    directory = channels.Directory()
    with storing.staged() as stage:
        refusals = _stage(record, file, directory, stage)
        refusals += [
            base.Refusal("day_twice", row, None, {"other": other}) for row, other in stage.duplicates(limit=REPORTED)
        ]
        if refusals:
            _refuse(record, refusals, at)
        elif dry_run:
            stage.compare()
            _finish(record, stage, stage.outcomes(), at, State.CHECKED)
        else:
            _store(record, directory, stage, at)
    if record.state in {State.DONE, State.REFUSED}:
        _forget_file(record)
    return record


def _stage(
    record: ReadingImport, file: BinaryIO, directory: channels.Directory, stage: storing.Stage
) -> list[base.Refusal]:
    """Read the whole file into the stage; return what is refused, at most REPORTED and a note that there is more."""
    refusals: list[base.Refusal] = []
    options = base.ReadOptions(
        zone=record.zone or None,
        unit=record.unit or None,
        identifier=record.identifier or None,
        zone_of=directory.zone_of,
    )
    try:
        reading = detect.read(source=file, options=options)
        with contextlib.closing(reading.items):
            items = _to_the_end(reading.items)
            while chunk := list(itertools.islice(items, _CHUNK)):
                stage.copy(list(_placed(chunk, directory, refusals)))
                _save(record, days_read=record.days_read + len(chunk), format=reading.format)
                if len(refusals) > REPORTED:
                    return [*refusals[:REPORTED], base.Refusal("already_refused", None, None, {"limit": REPORTED})]
    except base.FileRefused as refused:
        refusals.append(refused.refusal)
    else:
        if not refusals and record.days_read == 0:
            refusals.append(base.Refusal("no_readings"))
    return refusals


def _to_the_end(items: base.Items) -> base.Items:
    """Hand out the items, and last what ends the file: the refusals before it are told too."""
    try:
        yield from items
    except base.FileRefused as refused:
        yield refused.refusal


def _placed(
    items: list[base.Item], directory: channels.Directory, refusals: list[base.Refusal]
) -> Iterator[storing.DayReadings]:
    for item in items:
        if isinstance(item, base.Refusal):
            refusals.append(item)
            continue
        found = directory.channel_of(item)
        if isinstance(found, base.Refusal):
            refusals.append(found)
            continue
        yield storing.DayReadings(
            channel_id=found,
            day=item.day,
            values=item.values,
            quality=item.quality,
            stamped_at=item.stamped_at,
            row=item.row,
            identifier=item.identifier[:64],
            register_code=item.register_code,
        )


@transaction.atomic
def _store(record: ReadingImport, directory: channels.Directory, stage: storing.Stage, at: dt.datetime) -> None:
    standing = ReadingImport.objects.select_for_update().get(pk=record.pk)
    if standing.state in {State.DONE, State.REFUSED}:
        record.refresh_from_db()
        return
    stage.rename_channels(ids=directory.make_channels())
    stage.lock_channels()
    stage.compare()
    _finish(record, stage, stage.store(at=at, import_id=record.pk), at, State.DONE)


def _finish(
    record: ReadingImport, stage: storing.Stage, stored: storing.Stored, at: dt.datetime, state: ReadingImport.State
) -> None:
    record.rows.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(_REPORT.format(stage=stage.table), [record.pk])
    _save(
        record,
        state=state,
        finished_at=at,
        days_accepted=stored.accepted,
        days_corrected=stored.corrected,
        days_unchanged=stored.unchanged,
        days_outdated=stored.outdated,
        rows_refused=0,
    )


@transaction.atomic
def _refuse(record: ReadingImport, refusals: list[base.Refusal], at: dt.datetime) -> None:
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
    _save(record, state=State.REFUSED, finished_at=at, rows_refused=len(refusals))


def _forget_file(record: ReadingImport) -> None:
    """The file has done its duty; its checksum is kept."""
    if record.file:
        stored = str(record.file.name)
        record.file = ""
        record.save(update_fields=["file"])
        transaction.on_commit(lambda: record.file.storage.delete(stored))


def _save(record: ReadingImport, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(record, name, value)
    record.save(update_fields=list(changes))


_REPORT = """
INSERT INTO metering_readingimportrow
    (reading_import_id, outcome, row, "column", code, params, channel_id, identifier, register_code,
    day, total, missing)
SELECT %s, outcome, row, NULL, '', '{{}}', CASE WHEN channel_id > 0 THEN channel_id END, identifier, register_code,
    day, total, missing
FROM {stage} ORDER BY row
"""
