"""Keep what sources say of readings beside their values, and raise the flags that reasons stand for (V8)."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from tenants.metering.models import MeterFlag
from tenants.metering.operations import storing, validating
from tenants.metering.validation import nem12_reasons


def keep(*, stage: storing.Stage, at: dt.datetime, import_id: int) -> int:
    """This will keep the notes of a delivery, whatever became of its days, and flag its meters; return how many.

    Called in the transaction that stored the days. What was said before, by whichever delivery, is kept once; one that
    was taken back and says it again says it anew.
    """
    if not stage.has_notes:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_KEEP.format(stage=stage.table), [at, import_id])
        kept = int(cursor.rowcount)
        cursor.execute(_FLAGGED.format(stage=stage.table), [[str(code) for code in nem12_reasons.FLAG_OF_REASON]])
        rows = cursor.fetchall()
    flags = [
        validating.Flag(channel_id, day, first, end, str(nem12_reasons.flag_of(reason)), code=reason)
        for channel_id, day, first, end, reason in rows
    ]
    validating.keep_flags(flags=flags, at=at)
    return kept


def forget(*, import_id: int, at: dt.datetime) -> None:
    """This will take back the flags that only an import raised which is taken back; its notes stand no more with it.

    Open exceptions of days that are left without a flag are healed.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNFLAG, [[str(code) for code in nem12_reasons.FLAG_OF_REASON], import_id])
        days = set(cursor.fetchall())
        held = set(
            MeterFlag.objects.filter(channel_id__in={channel_id for channel_id, _ in days}).values_list(
                "channel_id", "day"
            )
        )
        bare = sorted(days - held)
        cursor.execute(_HEAL, [at, [channel_id for channel_id, _ in bare], [day for _, day in bare]])


_KEEP = """
INSERT INTO metering_sourcenote AS standing
    (channel_id, day, slots, day_slots, letter, method, reason, words, stamped_at, recorded_at, import_id)
SELECT DISTINCT n.channel_id, n.day, int4range(n.first, n.behind), n.day_slots, n.letter, n.method, n.reason, n.words,
    n.stamped_at, %s::timestamptz, %s::bigint
FROM {stage}_notes n
ON CONFLICT (channel_id, day, stamped_at, slots, day_slots, letter, method, reason, words)
DO UPDATE SET import_id = excluded.import_id, recorded_at = excluded.recorded_at
WHERE EXISTS (SELECT FROM metering_readingimport i WHERE i.id = standing.import_id AND i.state = 'taken_back')
"""

_FLAGGED = """
SELECT DISTINCT n.channel_id, n.day, n.first, n.behind, n.reason FROM {stage}_notes n WHERE n.reason = ANY(%s)
ORDER BY 1, 2, 3, 4, 5
"""

_UNFLAG = """
WITH mine AS (
    SELECT DISTINCT n.channel_id, n.day, n.slots, n.reason FROM metering_sourcenote n
    WHERE n.reason = ANY(%s) AND n.import_id = %s
      AND NOT EXISTS (
        SELECT FROM metering_sourcenote o LEFT JOIN metering_readingimport i ON i.id = o.import_id
        WHERE o.channel_id = n.channel_id AND o.day = n.day AND o.slots = n.slots AND o.reason = n.reason
          AND o.import_id IS DISTINCT FROM n.import_id AND i.state IS DISTINCT FROM 'taken_back'))
DELETE FROM metering_meterflag f USING mine
WHERE f.channel_id = mine.channel_id AND f.day = mine.day AND f.slots = mine.slots AND f.code = mine.reason
RETURNING f.channel_id, f.day
"""

_HEAL = """
UPDATE metering_readingexception e SET state = 'healed', closed_at = %s
FROM unnest(%s::bigint[], %s::date[]) bare(channel_id, day)
WHERE e.channel_id = bare.channel_id AND e.day = bare.day AND e.state = 'open' AND e.code IN ('meter_flag', 'clock')
"""
