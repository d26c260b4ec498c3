"""Bring days of readings into their table: staged by COPY, then compared and stored set by set.

A day that is new is stored; one that says the same is left alone; one that changes what stands becomes the next version
and the former one is kept (docs/algorithms/readings.md, Corrections; ``tenants.metering.merging`` has the rule).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import connection, transaction

from tenants.metering import faults
from tenants.metering.operations import validating
from tenants.metering.operations.staging import DayReadings, Stage, Stored, staged

__all__ = ["DayReadings", "Stage", "Stored", "staged", "store", "store_interval_days"]


def store_interval_days(*, days: Iterable[DayReadings], at: dt.datetime, import_id: int | None = None) -> Stored:
    """This will store all days or none, recorded ``at``; a day that comes twice is refused by the database."""
    with transaction.atomic(), staged() as stage:
        stage.copy(days, at=at)
        stage.lock_channels()
        validating.silence_known(stage_table=stage.table)
        stage.compare()
        return store(stage=stage, at=at, import_id=import_id)


def store(*, stage: Stage, at: dt.datetime, import_id: int | None) -> Stored:
    """Store and validate the compared days, recorded ``at``; the channels are locked before comparing."""
    found = stage.outcomes()
    with connection.cursor() as cursor:
        if found.corrected:
            cursor.execute(_KEEP_FORMER.format(stage=stage.table), [at])
            cursor.execute(_REPLACE.format(stage=stage.table), [at, import_id])
        if found.accepted:
            cursor.execute("SELECT EXISTS (SELECT 1 FROM metering_intervaldayrevision WHERE removed)")
            version = _VERSION_AFTER_REMOVAL if cursor.fetchone()[0] else "1"
            cursor.execute(_INSERT.format(stage=stage.table, version=version), [at, import_id])
        if found.unchanged or found.outdated:
            cursor.execute(_STAMP.format(stage=stage.table))
        if found.accepted or found.corrected:
            cursor.execute(_TOUCH.format(stage=stage.table), [at])
    faults.reach("import.stored")
    validating.validate_stored(stage_table=stage.table, import_id=import_id, at=at)
    faults.reach("import.validated")
    return found


_KEEP_FORMER = """
INSERT INTO metering_intervaldayrevision
    (channel_id, day, version, "values", quality, total, missing, stamped_at, slot_stamps, recorded_at, import_id,
    replaced_at, removed)
SELECT d.channel_id, d.day, d.version, d."values", d.quality, d.total, d.missing, d.stamped_at, d.slot_stamps,
    d.recorded_at, d.import_id, %s, false
FROM {stage} s JOIN metering_intervalday d ON d.channel_id = s.channel_id AND d.day = s.day
WHERE s.outcome = 'corrected'
"""

_REPLACE = """
UPDATE metering_intervalday d SET "values" = s."values", quality = s.quality, total = s.total, missing = s.missing,
    stamped_at = s.stamped_at, slot_stamps = s.slot_stamps, version = d.version + 1, recorded_at = %s, import_id = %s
FROM {stage} s WHERE d.channel_id = s.channel_id AND d.day = s.day AND s.outcome = 'corrected'
"""

_TOUCH = """
INSERT INTO metering_touched (work, day, touched_at)
SELECT DISTINCT 'load', s.day, %s::timestamptz FROM {stage} s WHERE s.outcome IN ('accepted', 'corrected')
"""

_STAMP = """
UPDATE metering_intervalday d SET stamped_at = s.stamped_at, slot_stamps = s.slot_stamps
FROM {stage} s JOIN {stage}_met m ON m.channel_id = s.channel_id AND m.day = s.day
WHERE d.channel_id = s.channel_id AND d.day = s.day
    AND (m.simple AND s.outcome = 'unchanged' AND s.stamped_at > m.stamped_at
        OR NOT m.simple AND s.outcome IN ('unchanged', 'outdated')
            AND (s.stamped_at, s.slot_stamps) IS DISTINCT FROM (d.stamped_at, d.slot_stamps))
"""

_INSERT = """
INSERT INTO metering_intervalday
    (channel_id, day, "values", quality, total, missing, version, stamped_at, slot_stamps, recorded_at, import_id)
SELECT s.channel_id, s.day, s."values", s.quality, s.total, s.missing, {version}, s.stamped_at, NULL, %s, %s
FROM {stage} s WHERE s.outcome = 'accepted'
"""

_VERSION_AFTER_REMOVAL = """1 + coalesce((
    SELECT max(r.version) FROM metering_intervaldayrevision r
    WHERE r.removed AND r.channel_id = s.channel_id AND r.day = s.day), 0)"""
