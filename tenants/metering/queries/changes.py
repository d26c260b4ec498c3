"""What changed of readings, registers and meters since a moment: by supply point and days, in sets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from tenants.metering.models import ReadingImport

AT_ONCE = 20_000
WORKING = (ReadingImport.State.CONFIRMED, ReadingImport.State.IMPORTING, ReadingImport.State.TAKING_BACK)


@dataclass(frozen=True, slots=True)
class PointDays:
    """Days of a supply point from ``start`` up to, not including, ``end``; None: for ever."""

    supply_point_id: int
    start: dt.date
    end: dt.date | None


@dataclass(frozen=True, slots=True)
class DayChange:
    """A day of a channel whose readings are no longer those that stood at a moment; 0 where there was or is none."""

    channel_id: int
    register: str
    day: dt.date
    old_version: int
    new_version: int
    old_total: int
    new_total: int


def changed_since(*, since: dt.datetime, clock: dt.datetime, until: dt.date) -> Iterator[list[PointDays]]:
    """This will give what changed of the days before ``until``, in batches; memory does not grow with their number.

    Rows that carry the time of their recording are compared with ``since``, the others with ``clock``, the database's
    own. A read moves what lies between its neighbours, a factor everything from its first day. Inside a transaction.
    """
    values = {"since": since, "clock": clock, "until": until}
    with transaction.atomic(), connection.chunked_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(_CHANGED, values)
        while rows := cursor.fetchmany(AT_ONCE):
            yield [PointDays(*row) for row in rows]


def working_since() -> dt.datetime | None:
    """This will return since when the oldest import is being stored or taken back; its days may carry that time."""
    found = ReadingImport.objects.filter(state__in=WORKING).order_by("created_at")
    moments = [moment for row in found.values_list("created_at", "taken_back_at") for moment in row if moment]
    return min(moments, default=None)


def days_changed(
    *, channel_ids: Collection[int], start: dt.date, end: dt.date, since: dt.datetime, limit: int
) -> Sequence[DayChange]:
    """This will list the days of [start, end) whose readings are not those that stood at ``since``, by channel and day.

    A day that came later counts as changed from version 0, one taken away as changed to 0.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, {"ids": list(channel_ids), "start": start, "end": end, "since": since, "limit": limit})
        return [DayChange(*row) for row in cursor.fetchall()]


_CHANGED = """
WITH changes (point, first, last) AS (
    SELECT c.supply_point_id, min(d.day), max(d.day) + 1
      FROM metering_intervalday d JOIN metering_channel c ON c.id = d.channel_id
     WHERE d.recorded_at >= %(since)s AND d.day < %(until)s::date + 1
     GROUP BY c.supply_point_id
    UNION ALL
    SELECT c.supply_point_id, min(r.day), max(r.day) + 1
      FROM metering_intervaldayrevision r JOIN metering_channel c ON c.id = r.channel_id
     WHERE r.replaced_at >= %(since)s AND r.day < %(until)s::date + 1
     GROUP BY c.supply_point_id
    UNION ALL
    SELECT m.supply_point_id,
           coalesce((SELECT max(b.day) FROM metering_registerread b WHERE b.register_id = r.register_id
                        AND b.day < r.day AND b.ended_at IS NULL), r.day),
           (SELECT min(a.day) FROM metering_registerread a WHERE a.register_id = r.register_id
               AND a.day > r.day AND a.ended_at IS NULL)
      FROM metering_registerread r
      JOIN metering_register g ON g.id = r.register_id JOIN metering_meter m ON m.id = g.meter_id
     WHERE r.recorded_at >= %(since)s OR r.ended_at >= %(since)s
    UNION ALL
    SELECT m.supply_point_id, lower(f.period), NULL
      FROM metering_registerfactor f
      JOIN metering_register g ON g.id = f.register_id JOIN metering_meter m ON m.id = g.meter_id
     WHERE f.recorded_at >= %(since)s
    UNION ALL
    SELECT p.supply_point_id, lower(p.period), NULL FROM metering_meterpause p WHERE p.recorded_at >= %(since)s
    UNION ALL
    SELECT q.supply_point_id, lower(q.period), upper(q.period)
      FROM metering_quantitycorrection q WHERE q.decided_at >= %(since)s
    UNION ALL
    SELECT m.supply_point_id, lower(m.period), NULL FROM metering_meter m WHERE m.changed_at >= %(clock)s
)
SELECT point, min(first) - 1, CASE WHEN bool_or(last IS NULL) THEN NULL ELSE max(last) + 1 END
  FROM changes WHERE first <= %(until)s GROUP BY point ORDER BY point
"""
"""A day of a recording zone shares hours with the local days beside it: one day is added on each side."""

_DAYS = """
WITH stood AS (
    SELECT DISTINCT ON (channel_id, day) channel_id, day, version, total
      FROM metering_intervaldayrevision
     WHERE channel_id = ANY(%(ids)s) AND day >= %(start)s AND day < %(end)s
       AND recorded_at <= %(since)s AND replaced_at > %(since)s
     ORDER BY channel_id, day, version DESC
), now AS (
    SELECT channel_id, day, version, total, recorded_at FROM metering_intervalday
     WHERE channel_id = ANY(%(ids)s) AND day >= %(start)s AND day < %(end)s
)
SELECT coalesce(n.channel_id, s.channel_id) AS channel_id, c.register_code, coalesce(n.day, s.day) AS day,
       coalesce(s.version, 0), coalesce(n.version, 0), coalesce(s.total, 0), coalesce(n.total, 0)
  FROM now n FULL JOIN stood s ON s.channel_id = n.channel_id AND s.day = n.day
  JOIN metering_channel c ON c.id = coalesce(n.channel_id, s.channel_id)
 WHERE s.version IS DISTINCT FROM n.version AND (s.version IS NOT NULL OR n.recorded_at > %(since)s)
 ORDER BY 2, 3 LIMIT %(limit)s
"""
