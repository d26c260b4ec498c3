"""Import a meter file: all of it or nothing, with a report for every row.

An import is read into a staging table and stored in one transaction, so a worker that dies leaves nothing behind and
the next one begins anew. Who has it in hand holds a lock of its database connection, which ends with the connection:
a message that is delivered twice does not run it twice at once (docs/algorithms/readings.md, Workers that die).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from django.core.files.base import File
from django.db import transaction
from django.db.models import CharField

from kernel.errors import Invalid, NotFound, gettext_noop
from tenancy.database import connection
from tenants.metering import faults
from tenants.metering.formats import base
from tenants.metering.models import ReadingImport
from tenants.metering.operations import (
    channels,
    profiles,
    reading_files,
    register_rows,
    reporting,
    source_notes,
    storing,
    taking_back,
    validating,
)
from tenants.metering.operations.reading_files import REPORTED

__all__ = [
    "REPORTED",
    "TextTooLong",
    "confirm_import",
    "continue_import",
    "import_file",
    "run_import",
    "sweep_imports",
    "upload_file",
]

MOST_ATTEMPTS = 20
"""A file that kills its workers so often is refused."""

KEPT_FOR = dt.timedelta(days=1)
"""How long a table that was refused at its check waits for its columns to be told better."""

LOST_AFTER = dt.timedelta(minutes=5)
DEAD_AFTER = dt.timedelta(minutes=1)
_SAID = ("zone", "unit", "identifier", "requested_by")
_HASHED = 1 << 20
KEY_RANGE = 2**31
State = ReadingImport.State
WAITING = (State.UPLOADED, State.CONFIRMED)
RUNNING = (State.CHECKING, State.IMPORTING)
ENDED = (State.DONE, State.REFUSED, State.TAKING_BACK, State.TAKEN_BACK)


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
    check_only: bool = False,
    profile: str = "",
) -> ReadingImport:
    """This will keep ``file`` for a later ``run_import``; nothing of it is read yet.

    With ``check_only`` it is checked and then waits for ``confirm_import``; where its columns have to be told, it first
    waits for ``tell_columns``. ``profile`` names the mapping it is read by. Raises NotFound.
    """
    known = profiles.used(profile=profiles.profile_named(name=profile), at=at) if profile else None
    record = record_file(
        file,
        file_name,
        source,
        at,
        (zone, unit, identifier, requested_by),
        check_only=check_only,
        profile=known,
        mapping=known.mapping if known else {},
    )
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
    mapping: dict[str, Any] | None = None,
    profile: str = "",
) -> ReadingImport:
    """This will import ``file`` now, recorded ``at``, or with ``dry_run`` only say what it would change.

    The outcome is in the returned record (``state`` done, checked or refused) and in its rows. A file with any refused
    row leaves no reading, channel or meter behind. ``mapping`` says what the columns of a table are, or ``profile``
    names one that does. Raises NotFound.
    """
    said = (zone, unit, identifier, requested_by)
    known = profiles.used(profile=profiles.profile_named(name=profile), at=at) if profile else None
    told = mapping or (known.mapping if known else {})
    record = record_file(file, file_name, source, at, said, mapping=told, profile=known)
    return _run(record, file, at, dry_run)


def confirm_import(*, import_id: int) -> bool:
    """This will let a checked import go on; tell whether it waited for that."""
    waiting = ReadingImport.objects.filter(pk=import_id, state=State.CHECKED).exclude(file="")
    return bool(waiting.update(state=State.CONFIRMED, heartbeat_at=None))


def run_import(*, import_id: int, at: dt.datetime, dry_run: bool = False) -> ReadingImport:
    """This will import an uploaded file; one that ended is left as it is. Raises NotFound.

    While another worker has it in hand this waits for its end.
    """
    return _run_held(import_id, at, dry_run, wait=True)


def continue_import(*, import_id: int, at: dt.datetime) -> ReadingImport:
    """This will do what is next with an uploaded file, checking or storing; nothing while it waits for a person.

    While another worker has it in hand this returns at once. Raises NotFound.
    """
    return _run_held(import_id, at, None, wait=False)


def _run_held(import_id: int, at: dt.datetime, dry_run: bool | None, *, wait: bool) -> ReadingImport:
    record = _standing(import_id)
    with _in_hand(record, wait=wait) as held:
        if not held:
            return record
        faults.reach("import.held")
        record = _standing(import_id)
        checks = _is_next(record) if dry_run is None else dry_run
        if record.state in ENDED and not _may_be_told_again(record, at):
            _forget_file(record)
        if record.state == State.TAKING_BACK:
            return taking_back.take_back(import_id=import_id, at=at)
        if checks is None or record.state in ENDED or not record.file:
            return record
        if record.check_only and checks and not record.mapping and _waits_for_columns(record, at):
            return record
        if record.attempts >= MOST_ATTEMPTS:
            reporting.refuse(
                record=record, refusals=[base.Refusal("worker_died", params={"times": MOST_ATTEMPTS})], at=at
            )
            _forget_file(record)
            return record
        with record.file.open("rb") as file:
            return _run(record, cast(BinaryIO, file), at, checks)


def _waits_for_columns(record: ReadingImport, at: dt.datetime) -> bool:
    """Have a table whose columns are not known wait for a person; a profile that fits its header is taken at once."""
    with record.file.open("rb") as file:
        if not profiles.needs_mapping(file=cast(BinaryIO, file)):
            return False
    found = profiles.suggestion_for(import_id=record.pk)
    known = found[1] if found else None
    if known is not None:
        reporting.save(record, profile=profiles.used(profile=known, at=at), mapping=known.mapping)
        return False
    reporting.save(record, state=State.MAPPING)
    return True


def sweep_imports(*, at: dt.datetime) -> list[int]:
    """This will list the imports whose message was lost or whose worker died; each once in a while."""
    lost = ReadingImport.objects.filter(
        state__in=(*WAITING, *RUNNING, State.TAKING_BACK), created_at__lt=at - DEAD_AFTER
    )
    ended = ReadingImport.objects.filter(state__in=ENDED, finished_at__lt=at - DEAD_AFTER).exclude(file="")
    left = [record for record in ended if not _may_be_told_again(record, at)]
    silent = [
        record.pk
        for record in lost.only("pk", "state", "heartbeat_at", "created_at")
        if at - (record.heartbeat_at or record.created_at) > (DEAD_AFTER if record.state in RUNNING else LOST_AFTER)
    ]
    ReadingImport.objects.filter(pk__in=silent, state__in=(*WAITING, State.TAKING_BACK)).update(heartbeat_at=at)
    return [*silent, *(record.pk for record in left)]


def _may_be_told_again(record: ReadingImport, at: dt.datetime) -> bool:
    """A table that was refused at its check may have been read by wrong columns: it need not be given again."""
    refused = record.state == State.REFUSED and record.check_only and bool(record.mapping)
    return refused and record.finished_at is not None and at - record.finished_at < KEPT_FOR


def record_file(
    file: BinaryIO, file_name: str, source: str, at: dt.datetime, said: tuple[str, ...], **further: Any
) -> ReadingImport:
    """Make the record of a file that was given; the same bytes rank as when they were first given."""
    for name, text in zip(_SAID, said, strict=True):
        _refuse_long(name, text)
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(_HASHED):
        digest.update(chunk)
        size += len(chunk)
    checksum = digest.hexdigest()
    earlier = ReadingImport.objects.filter(checksum=checksum, given_at__isnull=False).order_by("given_at").first()
    return ReadingImport.objects.create(
        file_name=file_name.replace("\0", "")[-255:],
        source=source,
        checksum=checksum,
        size=size,
        given_at=min(earlier.given_at, at) if earlier is not None and earlier.given_at else at,
        created_at=at,
        **dict(zip(_SAID, said, strict=True)),
        **further,
    )


def _standing(import_id: int) -> ReadingImport:
    record = ReadingImport.objects.filter(pk=import_id).first()
    if record is None:
        raise NotFound(what=gettext_noop("reading import"), name=str(import_id))
    return record


def _is_next(record: ReadingImport) -> bool | None:
    """Whether checking is next (True) or storing (False); None when nothing is."""
    if record.state == State.UPLOADED:
        return record.check_only
    return {State.CHECKING: True, State.CONFIRMED: False, State.IMPORTING: False}.get(State(record.state))


def _refuse_long(name: str, text: str) -> None:
    longest = cast(CharField, ReadingImport._meta.get_field(name)).max_length or 0
    if len(text) > longest or "\0" in text:
        raise TextTooLong(longest=longest, where=name)


@contextmanager
def _in_hand(record: ReadingImport, *, wait: bool) -> Iterator[bool]:
    """Hold the import for this connection, or answer that another one does."""
    key = [zlib.crc32(f"{connection.schema_name}.reading_import".encode()) - KEY_RANGE, record.pk % KEY_RANGE]
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", key)
        else:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        held = wait or bool(cursor.fetchone()[0])
    try:
        yield held
    finally:
        if held and connection.connection is not None and not connection.connection.closed:
            _let_go(key)


def _let_go(key: list[int]) -> None:
    if connection.in_atomic_block and connection.needs_rollback:
        return  # the transaction failed; the lock goes with the connection, or with the next sweep's
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def _run(record: ReadingImport, file: BinaryIO, at: dt.datetime, dry_run: bool) -> ReadingImport:
    state = State.CHECKING if dry_run else State.IMPORTING
    reporting.beat(record, state=state, days_read=0, rows_read=0, bytes_read=0, attempts=record.attempts + 1)
    faults.reach("import.begun")
    directory = channels.Directory()
    with storing.staged() as stage:
        refusals = reading_files.stage_file(record=record, file=file, directory=directory, stage=stage, at=at)
        faults.reach("import.read")
        refusals += [
            base.Refusal("day_twice", row, None, {"other": other}) for row, other in stage.duplicates(limit=REPORTED)
        ]
        refusals += directory.reads.checked(at=at)[:REPORTED]
        faults.reach("import.checked")
        if refusals:
            reporting.refuse(record=record, refusals=refusals, at=at)
        elif dry_run:
            validating.silence_known(stage_table=stage.table)
            stage.compare()
            _finish(record, stage, stage.outcomes(), at, State.CHECKED)
            _finish_reads(record, directory, at, dry_run=True)
        else:
            _store(record, directory, stage, at)
    faults.reach("import.committed")
    if record.state in ENDED and not _may_be_told_again(record, at):
        _forget_file(record)
    faults.reach("import.file_forgotten")
    return record


@transaction.atomic
def _store(record: ReadingImport, directory: channels.Directory, stage: storing.Stage, at: dt.datetime) -> None:
    standing = ReadingImport.objects.select_for_update().get(pk=record.pk)
    if standing.state in ENDED:
        record.refresh_from_db()
        return
    faults.reach("import.locked")
    stage.rename_channels(ids=directory.make_channels())
    faults.reach("import.channels_made")
    stage.lock_channels()
    validating.silence_known(stage_table=stage.table)
    stage.compare()
    faults.reach("import.compared")
    stored = storing.store(stage=stage, at=at, import_id=record.pk)
    source_notes.keep(stage=stage, at=at, import_id=record.pk)
    _finish(record, stage, stored, at, State.DONE)
    _finish_reads(record, directory, at, dry_run=False)


def _finish(
    record: ReadingImport, stage: storing.Stage, stored: storing.Stored, at: dt.datetime, state: ReadingImport.State
) -> None:
    reporting.write_rows(record=record, stage=stage)
    reporting.save(
        record,
        state=state,
        finished_at=at,
        bytes_read=record.bytes_total,
        days_accepted=stored.accepted,
        days_corrected=stored.corrected,
        days_unchanged=stored.unchanged,
        days_outdated=stored.outdated,
        rows_refused=0,
    )
    faults.reach("import.reported")


def _finish_reads(record: ReadingImport, directory: channels.Directory, at: dt.datetime, *, dry_run: bool) -> None:
    """Store register reads, if the file holds any, and add them to the report and its counts."""
    if not directory.reads.placed:
        return
    rows = directory.reads.outcomes(at=at, source=record.source, import_id=record.pk, dry_run=dry_run)
    counted = register_rows.write(record=record, rows=rows)
    reporting.save(
        record,
        days_accepted=record.days_accepted + counted.get("accepted", 0),
        days_corrected=record.days_corrected + counted.get("corrected", 0),
        days_unchanged=record.days_unchanged + counted.get("unchanged", 0),
        days_outdated=record.days_outdated + counted.get("outdated", 0),
    )


def _forget_file(record: ReadingImport) -> None:
    """The file has done its duty, its checksum is kept. The name goes last, so that a sweep finds what is left."""
    if record.file:
        stored, storage = str(record.file.name), record.file.storage
        record.file = ""
        transaction.on_commit(lambda: _delete(record.pk, stored, storage))


def _delete(import_id: int, stored: str, storage: Any) -> None:
    storage.delete(stored)
    ReadingImport.objects.filter(pk=import_id).update(file="")
