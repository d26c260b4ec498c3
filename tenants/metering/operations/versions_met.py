"""What a stored version meets: proposals made for the former one, determinations it replaces, final days, doubles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
from django.db import connection
from django.db.backends.postgresql.psycopg_any import NumericRange

from tenants.metering import packing
from tenants.metering.models import Determination
from tenants.metering.operations import findings
from tenants.metering.operations.findings import Found
from tenants.metering.operations.staged_days import Place
from tenants.metering.validation import runs, states
from tenants.metering.validation.codes import Check
from tenants.metering.validation.limits import Limits


def overtake_proposals(*, stage_table: str, at: dt.datetime) -> int:
    """This will close the proposals whose day has another version now; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERTAKE.format(stage=stage_table), [at])
        return int(cursor.rowcount)


def replace_determinations(*, stage_table: str, at: dt.datetime) -> int:
    """This will end the determinations whose slots have other values now; the rest of their ranges stands on."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING.format(stage=stage_table))
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    ended = 0
    for standing in Determination.objects.filter(pk__in=rows):
        values, quality = (bytes(packed) for packed in rows[standing.pk])
        ended += _replace(standing, values, quality, at)
    return ended


def _replace(standing: Determination, values: bytes, quality: bytes, at: dt.datetime) -> int:
    now = packing.unpack_values(values)
    qualities = packing.unpack_quality(quality, slots=now.size)
    first, end = standing.slots.lower, standing.slots.upper
    mine = packing.unpack_values(standing.values)
    kept = np.zeros(mine.size, dtype=np.bool_)
    if now.size >= end:
        wanted = states.QUALITY_OF[states.Method(standing.method)]
        kept = (now[first:end] == mine) & (qualities[first:end] == wanted)
    if kept.all():
        return 0
    Determination.objects.filter(pk=standing.pk).update(replaced_at=at)
    Determination.objects.bulk_create(rest_of(standing, part) for part in runs.runs_of(kept))
    return 1


def rest_of(standing: Determination, part: runs.Slots) -> Determination:
    """This will build the determination of a part of ``standing``'s slots, counted from its first."""
    first = standing.slots.lower
    former = packing.unpack_values(standing.former_values)
    former_quality = packing.unpack_quality(standing.former_quality, slots=former.size)
    return Determination(
        channel_id=standing.channel_id,
        day=standing.day,
        slots=NumericRange(first + part.first, first + part.end),
        method=standing.method,
        scaled=standing.scaled,
        reference_days=standing.reference_days,
        values=packing.pack_values(packing.unpack_values(standing.values)[part.first : part.end]),
        former_values=packing.pack_values(former[part.first : part.end]),
        former_quality=packing.pack_quality(former_quality[part.first : part.end]),
        former_version=standing.former_version,
        version=standing.version,
        reason=standing.reason,
        by=standing.by,
        at=standing.at,
        proposal_id=standing.proposal_id,
    )


def doubles_and_final_days(
    *, stage_table: str, places: Mapping[int, Place], limits: Mapping[str, Limits]
) -> list[Found]:
    """This will find days told twice at one time of change (V12), and final days that a delivery changed."""
    found: list[Found] = []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {stage_table} WHERE outcome = 'corrected')")
        if not cursor.fetchone()[0]:
            return found
        cursor.execute(_DOUBLES.format(stage=stage_table))
        doubles = cursor.fetchall()
        cursor.execute(_FINAL.format(stage=stage_table))
        final = cursor.fetchall()
    for channel_id, day, now, former in doubles:
        at = limits[places[channel_id].kind]
        changed = _differing(bytes(now), bytes(former))
        found.append(
            findings.found_on(limits=at, channel_id=channel_id, day=day, check=Check.DUPLICATE, changed=changed)
        )
    for channel_id, day, difference in final:
        at, unit = limits[places[channel_id].kind], places[channel_id].unit
        params = {"changed": int(difference), "unit": unit}
        found.append(findings.found_on(limits=at, channel_id=channel_id, day=day, check=Check.FINAL, **params))
    return found


def silence_known(*, stage_table: str) -> int:
    """This will make a staged slot missing where it repeats what stood there before somebody determined the slot.

    So a file that is given again undoes no edit: it says nothing that was not known. To be called before the stage is
    compared; returns how many days were touched.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REPEATED.format(stage=stage_table))
        rows = cursor.fetchall()
    days: dict[tuple[int, dt.date], list[tuple]] = {}
    for channel_id, day, values, quality, *former in rows:
        days.setdefault((channel_id, day), []).append((bytes(values), bytes(quality), *former))
    silenced = [(*_silenced(group), *key) for key, group in days.items()]
    with connection.cursor() as cursor:
        cursor.executemany(
            f'UPDATE {stage_table} SET "values" = %s, quality = %s, total = %s, missing = %s'
            " WHERE channel_id = %s AND day = %s",
            silenced,
        )
    return len(silenced)


def _silenced(group: list[tuple]) -> tuple[bytes, bytes, int, int]:
    values = packing.unpack_values(group[0][0]).copy()
    quality = packing.unpack_quality(group[0][1], slots=values.size).copy()
    for _values, _quality, slots, former_values, former_quality in group:
        former = packing.unpack_values(bytes(former_values))
        known = packing.unpack_quality(bytes(former_quality), slots=former.size)
        if slots.upper > values.size:
            continue
        place = slice(slots.lower, slots.upper)
        says_nothing_new = (values[place] == former) & (quality[place] == known)
        quality[place] = np.where(says_nothing_new, _MISSING, quality[place])
    values[quality == _MISSING] = 0
    missing = int((quality == _MISSING).sum())
    total = int(values.sum(dtype=np.int64))
    return packing.pack_values(values), packing.pack_quality(quality), total, missing


def _differing(now: bytes, former: bytes) -> int:
    if len(now) != len(former):
        return max(len(now), len(former)) // packing.VALUE_BYTES
    return int((packing.unpack_values(now) != packing.unpack_values(former)).sum())


_MISSING = int(packing.Quality.MISSING)

_REPEATED = """
SELECT s.channel_id, s.day, s."values", s.quality, t.slots, t.former_values, t.former_quality
FROM metering_determination t JOIN {stage} s ON s.channel_id = t.channel_id AND s.day = t.day
WHERE t.replaced_at IS NULL
"""

_OVERTAKE = """
UPDATE metering_dayproposal p SET state = 'overtaken', decided_at = %s FROM {stage} s
WHERE p.channel_id = s.channel_id AND p.day = s.day AND p.state = 'proposed' AND s.outcome IN ('accepted', 'corrected')
"""

_STANDING = """
SELECT t.id, s."values", s.quality FROM metering_determination t
JOIN {stage} s ON s.channel_id = t.channel_id AND s.day = t.day
WHERE t.replaced_at IS NULL AND s.outcome IN ('accepted', 'corrected')
"""

_DOUBLES = """
SELECT s.channel_id, s.day, s."values", r."values" FROM {stage} s
JOIN metering_intervalday d ON d.channel_id = s.channel_id AND d.day = s.day
JOIN metering_intervaldayrevision r
    ON r.channel_id = d.channel_id AND r.day = d.day AND r.version = d.version - 1 AND r.stamped_at = s.stamped_at
WHERE s.outcome = 'corrected' AND s.slot_stamps IS NULL AND r.slot_stamps IS NULL AND r.missing = 0
"""

_FINAL = """
SELECT s.channel_id, s.day, d.total - r.total FROM {stage} s
JOIN metering_finalperiod f ON f.channel_id = s.channel_id AND f.period @> s.day
JOIN metering_intervalday d ON d.channel_id = s.channel_id AND d.day = s.day
JOIN metering_intervaldayrevision r ON r.channel_id = d.channel_id AND r.day = d.day AND r.version = d.version - 1
WHERE s.outcome = 'corrected'
"""
