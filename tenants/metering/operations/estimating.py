"""Propose what stands in gaps, and apply by policy what the market lets a program decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import transaction

from kernel.errors import Conflict, GridhallError, Invalid, NotFound, gettext_noop
from tenants.metering import packing
from tenants.metering.formats.base import Quality
from tenants.metering.models import Channel, DayProposal, FinalPeriod, IntervalDay, ReadingException
from tenants.metering.operations import applying, gap_situations, presence, register_sums, staged_days
from tenants.metering.operations.gap_situations import Day
from tenants.metering.validation import ladder, limits, states
from tenants.metering.validation.codes import Check
from tenants.metering.widths import LONGEST_NAME

CHANNEL = gettext_noop("channel")
LONGEST_BRACKET = 100
ESTIMATED = (str(Check.MISSING), str(Check.ABSENT))
"""Exceptions that an estimate answers by itself."""
Slots = Sequence[tuple[int, int]]
_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A day as it would be proposed; ``parts`` say slots, method and reference days, as those of a proposal."""

    values: npt.NDArray[np.int64]
    quality: npt.NDArray[np.uint8]
    parts: tuple[dict[str, Any], ...]
    version: int


class EditWaits(Conflict):
    """One proposal at a time."""

    code = "edit_waits"
    template = gettext_noop("An edit of {day} waits for a second person; approve or decline it first.")


class NothingToEstimate(Invalid):
    """The day has no gap."""

    code = "nothing_to_estimate"
    template = gettext_noop("No interval of {day} is missing; name the intervals that are to be estimated.")


class SlotsOutside(Invalid):
    """Slots are those of the day."""

    code = "slots_outside"
    template = gettext_noop("{day} has intervals 1 to {slots}.")


@transaction.atomic
def propose(
    *, channel_id: int, day: dt.date, at: dt.datetime, by: str = "", slots: Slots = (), correction: bool = False
) -> DayProposal:
    """This will propose values for the missing slots of a day, and for ``slots`` [first, end) that nobody believes.

    Where reads of registers bracket the day, all days between them are scaled together and each gets its proposal; the
    one of ``day`` is returned. Raises NotFound, NothingToEstimate, SlotsOutside, EditWaits, DayIsFinal.
    """
    return _propose(channel_id, day, at=at, by=by, slots=slots, correction=correction)[0]


@transaction.atomic
def estimate(*, channel_id: int, day: dt.date, at: dt.datetime, by: str = "", slots: Slots = ()) -> DayProposal:
    """This will propose and apply at once, with all days that registers bracket with it: their sum is exact together.

    Raises as ``propose`` does.
    """
    made = _propose(channel_id, day, at=at, by=by, slots=slots, correction=False)
    applied = [applying.apply(proposal_id=each.pk, by=by, at=at) for each in made]
    return applied[0]


def preview(*, channel_id: int, day: dt.date, at: dt.datetime, slots: Slots = ()) -> Preview | None:
    """This will work out what ``propose`` would propose and write nothing; None where there is nothing to estimate."""
    channel = gap_situations.channel_of(channel_id=channel_id)
    if channel is None:
        raise NotFound(what=CHANNEL, name=str(channel_id))
    try:
        target, found = _worked_out(channel, day, slots, at)[0]
    except Invalid:
        return None
    return Preview(found.values, _quality(target, found), tuple(_said(found.parts)), target.version)


def apply_due(*, at: dt.datetime, limit: int = 1000) -> int:
    """This will estimate the gaps that have waited as long as the market's policy says, where its rungs suffice.

    A gap that needs another rung than those applied without a person gets its proposal and waits. Run twice it changes
    nothing the second time. Returns how many days were filled.
    """
    policy = limits.estimation_limits(policy=staged_days.market_policy())
    waited = at - dt.timedelta(hours=policy.automatic_after_hours)
    due = ReadingException.objects.filter(state="open", code__in=ESTIMATED, found_at__lte=waited)
    waiting = DayProposal.objects.filter(state=DayProposal.State.PROPOSED)
    done = 0
    for channel_id, day in due.order_by("pk").values_list("channel_id", "day").distinct()[:limit]:
        if waiting.filter(channel_id=channel_id, day=day).exists():
            continue
        try:
            with transaction.atomic():
                made = _propose(channel_id, day, at=at, by="", slots=(), correction=False)
                if {part["method"] for proposal in made for part in proposal.parts} <= policy.automatic:
                    for proposal in made:
                        applying.apply(proposal_id=proposal.pk, by="", at=at)
                    done += len(made)
        except GridhallError:
            continue
    return done


def _propose(
    channel_id: int, day: dt.date, *, at: dt.datetime, by: str, slots: Slots, correction: bool
) -> list[DayProposal]:
    """The proposal of the day, and behind it those of the days its registers bracket with it, where they change."""
    channel = gap_situations.channel_of(channel_id=channel_id)
    if channel is None:
        raise NotFound(what=CHANNEL, name=str(channel_id))
    Channel.objects.select_for_update(no_key=True, of=("self",)).get(pk=channel.pk)
    applying.refuse_final(channel_id=channel_id, day=day, correction=correction)
    return [
        _keep(channel, each, found, at=at, by=by, correction=correction)
        for each, found in _worked_out(channel, day, slots, at)
        if each.day == day or not np.array_equal(each.values, found.values) or (each.quality == Quality.MISSING).any()
    ]


def _worked_out(channel: Channel, day: dt.date, slots: Slots, at: dt.datetime) -> list[tuple[Day, ladder.Estimate]]:
    """The day with its gaps filled, as far as it is over, and behind it the days its registers bracket with it."""
    policy = limits.estimation_limits(policy=staged_days.market_policy())
    target = gap_situations.day_of(channel=channel, day=day)
    fill = (target.quality == Quality.MISSING) | _named(slots, target)
    over = presence.present(at=at).slots_over(day=day, zone=channel.recording_zone, slots=fill.size)
    fill[over:] = False
    if not fill.any():
        raise NothingToEstimate(day=day.isoformat())
    days = {day: (target, fill)}
    bracket = register_sums.bracket_of(channel=channel, day=day)
    if bracket is not None and bracket.period.days <= LONGEST_BRACKET and not _is_power(channel):
        days |= _gaps_between(channel, bracket, days)
    estimates = [_estimate(channel, each, gaps, policy) for each, gaps in days.values()]
    if bracket is not None and _all_there(channel, bracket, days):
        energy = bracket.quantity - _kept(channel, bracket, days)
        estimates = ladder.scale(estimates=estimates, energy=energy) if energy >= 0 else estimates
    return [(each, found) for (each, _), found in zip(days.values(), estimates, strict=True)]


def _named(slots: Slots, day: Day) -> _Mask:
    mask = np.zeros(day.values.size, dtype=np.bool_)
    for first, end in slots:
        if not 0 <= first < end <= mask.size:
            raise SlotsOutside(day=day.day.isoformat(), slots=mask.size, where="slots")
        mask[first:end] = True
    return mask


def _is_power(channel: Channel) -> bool:
    return channel.unit in staged_days.POWER_UNITS


def _estimate(channel: Channel, day: Day, fill: _Mask, policy: limits.EstimationLimits) -> ladder.Estimate:
    situation, _ = gap_situations.situation_of(channel=channel, day=day, fill=fill, limits=policy)
    return ladder.estimate(situation=situation, linear_gap_minutes=policy.linear_gap_minutes)


def _gaps_between(
    channel: Channel, bracket: register_sums.Bracket, named: dict[dt.date, tuple[Day, _Mask]]
) -> dict[dt.date, tuple[Day, _Mask]]:
    """The days between two reads with gaps, or with estimates that the registers can mend now."""
    final = [days for (days,) in FinalPeriod.objects.filter(channel=channel).values_list("period")]
    found = {}
    for day in bracket.period:
        if day in named or any(period.lower <= day < period.upper for period in final):
            continue
        there = gap_situations.day_of(channel=channel, day=day)
        fill = (there.quality == Quality.MISSING) | gap_situations.own_estimates(channel=channel, day=there)
        if fill.any():
            found[day] = (there, fill)
    return found


def _all_there(channel: Channel, bracket: register_sums.Bracket, days: dict[dt.date, tuple[Day, _Mask]]) -> bool:
    """Whether the other days between the reads are whole: else the registers say nothing of these gaps."""
    whole = IntervalDay.objects.filter(
        channel=channel, day__gte=bracket.period.start, day__lt=bracket.period.end, missing=0
    ).exclude(day__in=list(days))
    return whole.count() + len(days) == bracket.period.days


def _kept(channel: Channel, bracket: register_sums.Bracket, days: dict[dt.date, tuple[Day, _Mask]]) -> int:
    """What the slots between the reads hold that are not to be filled."""
    others = IntervalDay.objects.filter(
        channel=channel, day__gte=bracket.period.start, day__lt=bracket.period.end
    ).exclude(day__in=list(days))
    beside = sum(others.values_list("total", flat=True))
    return int(beside) + sum(int(day.values[~fill].sum()) for day, fill in days.values())


def _keep(
    channel: Channel, day: Day, found: ladder.Estimate, *, at: dt.datetime, by: str, correction: bool
) -> DayProposal:
    """Write the proposal in the place of a former one that nobody has decided."""
    standing = DayProposal.objects.select_for_update().filter(channel=channel, day=day.day, state="proposed").first()
    if standing is not None:
        if standing.kind == DayProposal.Kind.EDIT:
            raise EditWaits(day=day.day.isoformat())
        standing.state, standing.decided_at = DayProposal.State.OVERTAKEN, at
        standing.save(update_fields=["state", "decided_at"])
    return DayProposal.objects.create(
        channel=channel,
        day=day.day,
        kind=DayProposal.Kind.ESTIMATE,
        base_version=day.version,
        values=packing.pack_values(found.values.astype(np.int32)),
        quality=packing.pack_quality(_quality(day, found)),
        parts=list(_said(found.parts)),
        blocking=found.without_basis,
        correction=correction,
        needs_second=correction,
        made_at=at,
        made_by=by[:LONGEST_NAME],
    )


def _quality(day: Day, found: ladder.Estimate) -> npt.NDArray[np.uint8]:
    quality = day.quality.copy()
    for part in found.parts:
        quality[part.first : part.end] = states.QUALITY_OF[part.method]
    return quality


def _said(parts: Iterable[ladder.Part]) -> Iterable[dict[str, Any]]:
    for part in parts:
        yield {
            "first": part.first,
            "end": part.end,
            "method": str(part.method),
            "days": [day.isoformat() for day in part.days],
            "scaled": part.scaled,
        }
