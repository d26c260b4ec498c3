"""Edit readings by hand: with a reason, by four eyes above a threshold; close days as final."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
from django.db import connection, transaction

from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from kernel.periods import Period
from tenants.metering import packing
from tenants.metering.formats.base import LARGEST, Quality
from tenants.metering.models import Channel, DayProposal, ReadingException
from tenants.metering.operations import applying, estimating, gap_situations, presence, staged_days
from tenants.metering.operations.gap_situations import Day
from tenants.metering.validation import limits, runs, states
from tenants.metering.widths import LONGEST_NAME, LONGEST_NOTE


class ReasonMissing(Invalid):
    """Whoever changes a reading says why."""

    code = "reason_missing"
    template = gettext_noop("Say why the readings are changed.")


class NothingChanged(Invalid):
    """An edit changes something."""

    code = "nothing_changed"
    template = gettext_noop("The values are those that stand there already.")


class ValueRefused(Invalid):
    """A value must fit the channel."""

    code = "value_refused"
    template = gettext_noop("{value} cannot stand in interval {slot}: whole numbers from {least} to {most} can.")


class ExceptionsOpen(Conflict):
    """Days with open exceptions that hold bills cannot be final."""

    code = "exceptions_open"
    template = gettext_noop("{count} exceptions that hold the bill are still open in these days.")


@transaction.atomic
def edit(
    *,
    channel_id: int,
    day: dt.date,
    values: Mapping[int, int],
    reason: str,
    by: str,
    at: dt.datetime,
    base_version: int | None = None,
    correction: bool = False,
) -> DayProposal:
    """This will set slots (from 0) of a day to ``values`` in the channel's unit, with ``reason``, by the person ``by``.

    A change above the market's threshold, or of a final day, is only proposed: another person has to ``applying.apply``
    it. Smaller ones stand at once. Raises NotFound, ReasonMissing, ValueRefused, NothingChanged, NotMeasuredYet,
    Overtaken when the day is not ``base_version`` any more, EditWaits and DayIsFinal.
    """
    if not reason.strip() or not by:
        raise ReasonMissing(where="reason")
    channel = gap_situations.channel_of(channel_id=channel_id)
    if channel is None:
        raise NotFound(what=estimating.CHANNEL, name=str(channel_id))
    Channel.objects.select_for_update(no_key=True, of=("self",)).get(pk=channel.pk)
    applying.refuse_final(channel_id=channel_id, day=day, correction=correction)
    standing = gap_situations.day_of(channel=channel, day=day)
    if base_version is not None and base_version != standing.version:
        raise applying.Overtaken(day=day.isoformat())
    proposal = _proposal(channel, standing, values, reason=reason.strip(), by=by, at=at, correction=correction)
    return proposal if proposal.needs_second else applying.apply(proposal_id=proposal.pk, by=by, at=at)


@transaction.atomic
def finalise(*, channel_ids: Sequence[int], period: Period, by: str, at: dt.datetime) -> None:
    """This will close days: from now on they change by marked corrections only. Raises ExceptionsOpen."""
    held = ReadingException.objects.filter(
        channel_id__in=channel_ids, day__gte=period.start, day__lt=period.end, state="open", blocking=True
    ).count()
    if held:
        raise ExceptionsOpen(count=held)
    with connection.cursor() as cursor:
        cursor.execute(_FINALISE, [by[:LONGEST_NAME], at, period.start, period.end, list(channel_ids)])


def _proposal(
    channel: Channel, day: Day, given: Mapping[int, int], *, reason: str, by: str, at: dt.datetime, correction: bool
) -> DayProposal:
    values, changed = _laid(channel, day, given)
    told = np.where(changed, Quality.EDITED, Quality.MISSING).astype(np.uint8)
    presence.present(at=at).require(day=day.day, zone=channel.recording_zone, quality=told, where="values")
    quality = day.quality.copy()
    quality[changed] = states.QUALITY_OF[states.Method.MANUAL]
    waiting = DayProposal.objects.select_for_update().filter(channel=channel, day=day.day, state="proposed").first()
    if waiting is not None:
        if waiting.kind == DayProposal.Kind.EDIT:
            raise estimating.EditWaits(day=day.day.isoformat())
        waiting.state, waiting.decided_at = DayProposal.State.OVERTAKEN, at
        waiting.save(update_fields=["state", "decided_at"])
    return DayProposal.objects.create(
        channel=channel,
        day=day.day,
        kind=DayProposal.Kind.EDIT,
        base_version=day.version,
        values=packing.pack_values(values.astype(np.int32)),
        quality=packing.pack_quality(quality),
        parts=[
            {"first": part.first, "end": part.end, "method": str(states.Method.MANUAL), "days": [], "scaled": False}
            for part in runs.runs_of(changed)
        ],
        reason=reason[:LONGEST_NOTE],
        correction=correction,
        needs_second=correction or needs_second(channel=channel, day=day, values=values),
        made_at=at,
        made_by=by[:LONGEST_NAME],
    )


def needs_second(*, channel: Channel, day: Day, values: gap_situations.Int64s) -> bool:
    """This will tell whether a change is large enough to ask for a second person: in kWh, or as a share of the day."""
    policy = limits.editing_limits(policy=staged_days.market_policy())
    moved = int(np.abs(values - day.values).sum())
    if channel.unit in staged_days.POWER_UNITS:
        moved = moved * day.minutes // limits.MINUTES_PER_HOUR
        total = day.total * day.minutes // limits.MINUTES_PER_HOUR
    else:
        total = day.total
    return moved > policy.four_eyes_wh or moved > policy.four_eyes_share * abs(total)


def _laid(channel: Channel, day: Day, given: Mapping[int, int]) -> tuple[gap_situations.Int64s, gap_situations.Mask]:
    least = 0 if staged_days.limits_by_kind()[channel.kind].negative else -LARGEST
    values, changed = day.values.copy(), np.zeros(day.values.size, dtype=np.bool_)
    for slot, value in given.items():
        if not 0 <= slot < values.size:
            raise estimating.SlotsOutside(day=day.day.isoformat(), slots=values.size, where="values")
        if not least <= value <= LARGEST:
            raise ValueRefused(value=value, slot=slot + 1, least=least, most=LARGEST, where="values")
        missing = states.state_of(int(day.quality[slot])) is states.State.MISSING
        if missing or value != int(day.values[slot]):
            values[slot], changed[slot] = value, True
    if not changed.any():
        raise NothingChanged(where="values")
    return values, changed


_FINALISE = """
INSERT INTO metering_finalperiod (channel_id, period, by, at)
SELECT c.id, unnest(given.days - coalesce((SELECT range_agg(f.period) FROM metering_finalperiod f
                                           WHERE f.channel_id = c.id), '{}'::datemultirange)), given.by, given.at
FROM (SELECT %s::text AS by, %s::timestamptz AS at, datemultirange(daterange(%s, %s)) AS days) given
CROSS JOIN unnest(%s::bigint[]) c(id)
"""
