"""Compare intervals with registers again where a register was read, corrected or believed (V3), set by set."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from kernel.periods import Period
from tenants.metering.models import Channel, Touched
from tenants.metering.operations import findings, register_sums, staged_days
from tenants.metering.validation.codes import Check

POINTS_AT_ONCE = 500
ONE_DAY = dt.timedelta(days=1)


@transaction.atomic
def compare_touched(*, at: dt.datetime, most: int = POINTS_AT_ONCE) -> int:
    """This will compare the stretches on either side of reads that changed; return how many supply points it saw.

    What differs becomes a reading exception, what agrees again heals one. Notes of changes are taken out in the same
    transaction: one that fails is done again, one that is done twice finds the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [most])
        rows = cursor.fetchall()
    days: dict[dt.date, set[int]] = {}
    for point, day in rows:
        days.setdefault(day, set()).add(point)
    for day, points in sorted(days.items()):
        _compare(sorted(points), day, at)
    return len({point for point, _ in rows})


def _compare(points: list[int], day: dt.date, at: dt.datetime) -> None:
    """Compare the stretches that end or begin on ``day``; a finding on one that is no stretch any more heals too."""
    ids = list(Channel.objects.filter(supply_point_id__in=points).values_list("pk", flat=True))
    found, looked = register_sums.compare(
        supply_point_ids=points,
        period=Period(day - ONE_DAY, day + ONE_DAY),
        places=staged_days.places(channel_ids=ids),
        limits=staged_days.limits_by_kind(),
    )
    ended = [(channel_id, day - ONE_DAY, str(Check.SUM)) for channel_id in ids]
    findings.write(found=found, at=at, healable=[*looked, *ended])


_TAKE = f"""
WITH wanted AS (
    SELECT id FROM metering_touched WHERE work = '{Touched.Work.SUMS}' ORDER BY day, id LIMIT %s
    FOR UPDATE SKIP LOCKED)
DELETE FROM metering_touched t USING wanted WHERE t.id = wanted.id RETURNING t.supply_point_id, t.day
"""
