"""Take an import back: what it changed stands again as it was, as a new version; nothing is forgotten."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection, transaction

from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from tenants.metering.models import Determination, IntervalDay, ReadingImport
from tenants.metering.operations import reads_taken_back, source_notes, validating, versions_met
from tenants.metering.validation import runs

State = ReadingImport.State
LONGEST_NAME, LONGEST_REASON = 254, 200


class NotTakenBack(Conflict):
    """Only an import that stands can be taken back."""

    code = "import_not_taken_back"
    template = gettext_noop("Import {number} is {state}; only one that is done can be taken back.")


class ChangedSince(Conflict):
    """What came later stands on what the import brought."""

    code = "import_changed_since"
    template = gettext_noop(
        "{count} days of this import were changed by later ones, the first is {day}; take those back first."
    )


def order_taking_back(*, import_id: int, by: str, because: str, at: dt.datetime) -> ReadingImport:
    """This will order that an import be taken back; the work itself is a task's (``take_back``).

    Raises NotTakenBack, ChangedSince, and Invalid without a reason.
    """
    if not because.strip():
        raise Invalid(where="because", reason=gettext_noop("Say why; the report keeps it."))
    with transaction.atomic():
        record = _standing(import_id)
        if record.state != State.DONE:
            raise NotTakenBack(number=import_id, state=record.get_state_display())
        _refuse_changed(import_id)
        record.state, record.heartbeat_at = State.TAKING_BACK, at
        record.taken_back_by, record.taken_back_because = by[:LONGEST_NAME], because.strip()[:LONGEST_REASON]
        record.save(update_fields=["state", "heartbeat_at", "taken_back_by", "taken_back_because"])
    return record


@transaction.atomic
def take_back(*, import_id: int, at: dt.datetime) -> ReadingImport:
    """This will bring back what stood before an import that is ordered to be taken back; done twice it changes nothing.

    Corrected days get their former readings as a new version, days that were new are removed; each version the import
    made is kept. What stands again is checked again; exceptions and proposals of days that are removed are closed.
    Reads of registers are set aside and what they replaced is stored again. What was changed meanwhile ends the order:
    the import stands as it did.
    """
    record = _standing(import_id)
    if record.state != State.TAKING_BACK:
        return record
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [import_id])
        reads_taken_back.lock(import_id=import_id)
        try:
            _refuse_changed(import_id)
        except ChangedSince:
            record.state = State.DONE
            record.save(update_fields=["state"])
            return record
        cursor.execute(_TOUCH, [at, import_id])
        cursor.execute(_KEEP, [at, import_id])
        cursor.execute(_RESTORED, [import_id])
        cursor.execute(_RESTORE, [at, import_id])
        cursor.execute(_REMOVED, [import_id])
        cursor.execute(_REMOVE, [import_id])
        for statement in _CLOSE:
            cursor.execute(statement, [at])
        source_notes.forget(import_id=import_id, at=at)
        reads_taken_back.take_back(record=record, at=at)
        _judge_again(cursor, record, at)
    record.state, record.taken_back_at = State.TAKEN_BACK, at
    record.save(update_fields=["state", "taken_back_at"])
    return record


def _judge_again(cursor: Any, record: ReadingImport, at: dt.datetime) -> None:
    """Check the days that stand again, as if they had just come; how their slots were determined counts again."""
    cursor.execute(_STAGE)
    _revive_determinations(record, at)
    validating.validate_stored(stage_table=_STAGED, import_id=None, at=at)
    cursor.execute(f"DROP TABLE {_STAGED}, metering_days_restored, metering_days_removed")


def _revive_determinations(record: ReadingImport, at: dt.datetime) -> None:
    """Let what determined slots of the restored days stand again, where this import ended it."""
    ended = [
        Determination.objects.filter(channel_id=channel_id, day=day, replaced_at=record.finished_at)
        for channel_id, day in _days_of("metering_days_restored")
    ]
    for standing in (each for found in ended for each in found):
        Determination.objects.filter(
            channel_id=standing.channel_id, day=standing.day, replaced_at=None, slots__overlap=standing.slots
        ).update(replaced_at=at)
        whole = runs.Slots(0, standing.slots.upper - standing.slots.lower)
        versions_met.rest_of(standing, whole).save()


def _days_of(table: str) -> list[tuple[int, dt.date]]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT r.channel_id, r.day FROM {table} r WHERE EXISTS (SELECT FROM metering_determination t"
            " WHERE t.channel_id = r.channel_id AND t.day = r.day) ORDER BY r.channel_id, r.day"
        )
        return list(cursor.fetchall())


def _standing(import_id: int) -> ReadingImport:
    record = ReadingImport.objects.select_for_update().filter(pk=import_id).first()
    if record is None:
        raise NotFound(what=gettext_noop("reading import"), name=str(import_id))
    return record


def _refuse_changed(import_id: int) -> None:
    """Refuse when a version or a read that the import made is a former one already."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, [import_id])
        count, day = cursor.fetchone()
    days = reads_taken_back.changed_since(import_id=import_id)
    if count or days:
        first = min(each for each in (day, *days[:1]) if each is not None)
        raise ChangedSince(count=count + len(days), day=first.isoformat())


def stands_on(*, import_id: int) -> int:
    """This will count the days that stand as the import left them."""
    return IntervalDay.objects.filter(import_id=import_id).count()


_REPORTED = """
metering_readingimportrow w WHERE w.reading_import_id = %s AND w.outcome IN ('accepted', 'corrected')
"""

_LOCK = (
    f"SELECT id FROM metering_channel WHERE id IN (SELECT channel_id FROM {_REPORTED}) ORDER BY id FOR NO KEY UPDATE"
)

_CHANGED = """
SELECT count(*), min(w.day) FROM metering_readingimportrow w
LEFT JOIN metering_intervalday d ON d.channel_id = w.channel_id AND d.day = w.day
    AND d.import_id = w.reading_import_id
WHERE w.reading_import_id = %s AND w.outcome IN ('accepted', 'corrected') AND w.channel_id IS NOT NULL
    AND d.channel_id IS NULL
"""

_MADE = """
FROM metering_readingimportrow w JOIN metering_intervalday d ON d.channel_id = w.channel_id AND d.day = w.day
WHERE w.reading_import_id = %s AND d.import_id = w.reading_import_id AND w.outcome IN ('accepted', 'corrected')
"""

_TOUCH = f"""
INSERT INTO metering_touched (work, day, touched_at) SELECT DISTINCT 'load', d.day, %s::timestamptz {_MADE}
"""

_KEEP = f"""
INSERT INTO metering_intervaldayrevision
    (channel_id, day, version, "values", quality, total, missing, stamped_at, slot_stamps, recorded_at, import_id,
    replaced_at, removed)
SELECT d.channel_id, d.day, d.version, d."values", d.quality, d.total, d.missing, d.stamped_at, d.slot_stamps,
    d.recorded_at, d.import_id, %s, w.outcome = 'accepted'
{_MADE}
"""

_RESTORE = """
UPDATE metering_intervalday d SET "values" = r."values", quality = r.quality, total = r.total, missing = r.missing,
    stamped_at = coalesce(r.stamped_at, r.recorded_at), slot_stamps = r.slot_stamps, version = d.version + 1,
    recorded_at = %s, import_id = r.import_id
FROM metering_readingimportrow w, metering_intervaldayrevision r
WHERE w.reading_import_id = %s AND w.outcome = 'corrected'
    AND d.channel_id = w.channel_id AND d.day = w.day AND d.import_id = w.reading_import_id
    AND r.channel_id = d.channel_id AND r.day = d.day AND r.version = d.version - 1
"""

_RESTORED = f"""
CREATE TEMPORARY TABLE metering_days_restored AS SELECT d.channel_id, d.day {_MADE} AND w.outcome = 'corrected'
"""

_REMOVED = f"""
CREATE TEMPORARY TABLE metering_days_removed AS SELECT d.channel_id, d.day {_MADE} AND w.outcome = 'accepted'
"""

_STAGED = "metering_days_standing_again"
_STAGE = f"""
CREATE TEMPORARY TABLE {_STAGED} AS
SELECT d.channel_id, d.day, d."values", d.quality, d.total, d.missing, d.stamped_at, d.slot_stamps,
    'corrected'::text AS outcome
FROM metering_intervalday d JOIN metering_days_restored r ON r.channel_id = d.channel_id AND r.day = d.day
"""

_CLOSE = (
    """UPDATE metering_readingexception e SET state = 'healed', closed_at = %s FROM metering_days_removed r
    WHERE e.channel_id = r.channel_id AND e.day = r.day AND e.state = 'open'""",
    """UPDATE metering_dayproposal p SET state = 'overtaken', decided_at = %s FROM metering_days_removed r
    WHERE p.channel_id = r.channel_id AND p.day = r.day AND p.state = 'proposed'""",
    """UPDATE metering_determination t SET replaced_at = %s FROM metering_days_removed r
    WHERE t.channel_id = r.channel_id AND t.day = r.day AND t.replaced_at IS NULL""",
)

_REMOVE = """
DELETE FROM metering_intervalday d USING metering_readingimportrow w
WHERE w.reading_import_id = %s AND w.outcome = 'accepted'
    AND d.channel_id = w.channel_id AND d.day = w.day AND d.import_id = w.reading_import_id
"""
