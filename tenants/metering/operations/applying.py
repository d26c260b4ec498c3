"""Make a proposal what stands: the next version of its day, with a record of how each range came to be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import NumericRange

from kernel.errors import Conflict, GridhallError, NotFound, gettext_noop
from tenants.metering import merging, packing
from tenants.metering.formats.base import Quality
from tenants.metering.models import Channel, DayProposal, Determination, FinalPeriod, ReadingException
from tenants.metering.operations import findings, gap_situations, staged_days, storing
from tenants.metering.operations.gap_situations import Day
from tenants.metering.operations.staging import DayReadings, staged
from tenants.metering.validation import states
from tenants.metering.validation.codes import Check
from tenants.metering.widths import LONGEST_NAME, LONGEST_NOTE

State = DayProposal.State
PROPOSAL = gettext_noop("proposal for a day")
GUESSED_BEFORE = merging.microseconds(dt.datetime(1900, 1, 1, tzinfo=dt.UTC))
"""Earlier stamps are those of estimates: no meter told these slots."""
_MICROSECOND = dt.timedelta(microseconds=1)


class AlreadyDecided(Conflict):
    """A proposal is applied or declined once."""

    code = "proposal_decided"
    template = gettext_noop("This proposal was {state} already.")


class Overtaken(Conflict):
    """The day has changed since the proposal was made."""

    code = "proposal_overtaken"
    template = gettext_noop(
        "The readings of {day} have changed since this was proposed. Look at them and propose anew."
    )


class SamePerson(GridhallError):
    """Four eyes: whoever proposed does not approve."""

    code = "four_eyes"
    template = gettext_noop("A second person has to agree: you proposed this yourself.")


class DayIsFinal(Conflict):
    """Final days change only by a marked correction."""

    code = "day_is_final"
    template = gettext_noop("The readings of {day} are final. Mark the change as a correction: it is billed anew.")


@transaction.atomic
def apply(*, proposal_id: int, by: str, at: dt.datetime, note: str = "") -> DayProposal:
    """This will make the proposed day the one that stands; ``by`` is empty when policy decides.

    Raises NotFound, AlreadyDecided, Overtaken, SamePerson, DayIsFinal. The new version is validated like any other.
    """
    proposal = _waiting(proposal_id)
    channel = gap_situations.channel_of(channel_id=proposal.channel_id)
    if channel is None:
        raise NotFound(what=PROPOSAL, name=str(proposal_id))
    Channel.objects.select_for_update(no_key=True, of=("self",)).get(pk=channel.pk)
    if proposal.needs_second and by in {"", proposal.made_by}:
        raise SamePerson()
    refuse_final(channel_id=channel.pk, day=proposal.day, correction=proposal.correction)
    base = gap_situations.day_of(channel=channel, day=proposal.day)
    if base.version != proposal.base_version:
        raise Overtaken(day=proposal.day.isoformat())
    _decide(proposal, State.APPLIED, by, at, note)
    _close_exceptions(proposal, by, at, note or proposal.reason)
    former = _told_by_source(channel, base)
    for readings in _deliveries(proposal, base, at):
        _store(readings, at)
    now = gap_situations.day_of(channel=channel, day=proposal.day)
    _note_parts(proposal, base, former, now)
    _hold_what_has_no_basis(channel, proposal, at)
    return proposal


@transaction.atomic
def decline(*, proposal_id: int, by: str, at: dt.datetime, note: str = "") -> DayProposal:
    """This will leave the day as it stands; raises NotFound, AlreadyDecided."""
    proposal = _waiting(proposal_id)
    _decide(proposal, State.DECLINED, by, at, note)
    return proposal


def refuse_final(*, channel_id: int, day: dt.date, correction: bool) -> None:
    """This will refuse to touch a final day unless it is marked as a correction."""
    if not correction and FinalPeriod.objects.filter(channel_id=channel_id, period__contains=day).exists():
        raise DayIsFinal(day=day.isoformat())


def _waiting(proposal_id: int) -> DayProposal:
    proposal = DayProposal.objects.select_for_update().filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFound(what=PROPOSAL, name=str(proposal_id))
    if proposal.state != State.PROPOSED:
        raise AlreadyDecided(state=proposal.get_state_display())
    return proposal


def _decide(proposal: DayProposal, state: str, by: str, at: dt.datetime, note: str) -> None:
    proposal.state, proposal.decided_at, proposal.decided_by, proposal.note = (
        state,
        at,
        by[:LONGEST_NAME],
        note[:LONGEST_NOTE],
    )
    proposal.save(update_fields=["state", "decided_at", "decided_by", "note"])


def _close_exceptions(proposal: DayProposal, by: str, at: dt.datetime, note: str) -> None:
    """What stood open against the former version is answered; the new one is looked at afresh when it is stored."""
    is_edit = proposal.kind == DayProposal.Kind.EDIT
    state = ReadingException.State.EDITED if is_edit else ReadingException.State.ESTIMATED
    open_ones = ReadingException.objects.filter(channel_id=proposal.channel_id, day=proposal.day, state="open")
    open_ones.exclude(code__in=[str(each) for each in findings.FOUND_ELSEWHERE]).update(
        state=state, closed_at=at, closed_by=by[:LONGEST_NAME], note=note[:LONGEST_NOTE]
    )


def _changed(proposal: DayProposal, slots: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(slots, dtype=np.bool_)
    for part in proposal.parts:
        mask[part["first"] : part["end"]] = True
    return mask


def _deliveries(proposal: DayProposal, base: Day, at: dt.datetime) -> list[DayReadings]:
    """What no meter told gives way to any reading ever delivered; what replaces a reading, to later ones only."""
    values = packing.unpack_values(proposal.values)
    quality = packing.unpack_quality(proposal.quality, slots=values.size)
    changed = _changed(proposal, values.size)
    told = (base.quality != Quality.MISSING) & (base.stamps > GUESSED_BEFORE)
    later = max(at, base.stamped_at + _MICROSECOND) if base.stamped_at is not None else at
    stamps = ((changed & ~told, merging.guessed_at(at=at)), (changed & told, later))
    return [
        DayReadings(
            channel_id=proposal.channel_id,
            day=proposal.day,
            values=np.where(mask, values, 0).astype(np.int32),
            quality=np.where(mask, quality, Quality.MISSING).astype(np.uint8),
            stamped_at=stamp,
        )
        for mask, stamp in stamps
        if mask.any()
    ]


def _store(readings: DayReadings, at: dt.datetime) -> None:
    """Store as a delivery is stored, but for the rule that known values say nothing: a person may set them anew."""
    with staged() as stage:
        stage.copy([readings], at=at)
        stage.lock_channels()
        stage.compare()
        storing.store(stage=stage, at=at, import_id=None)


def _told_by_source(channel: Channel, base: Day) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """The day as its source told it: what stands, with former values in the place of what was determined here."""
    values, quality = base.values.astype(np.int32), base.quality.copy()
    for standing in Determination.objects.filter(channel=channel, day=base.day, replaced_at=None):
        first, end = standing.slots.lower, standing.slots.upper
        if end > values.size:
            continue
        values[first:end] = packing.unpack_values(standing.former_values)
        quality[first:end] = packing.unpack_quality(standing.former_quality, slots=end - first)
    return values, quality


def _note_parts(proposal: DayProposal, base: Day, former: Sequence[npt.NDArray[Any]], now: Day) -> None:
    by, at = proposal.decided_by, cast(dt.datetime, proposal.decided_at)
    values = packing.unpack_values(proposal.values)
    Determination.objects.bulk_create(
        Determination(
            channel_id=proposal.channel_id,
            day=proposal.day,
            slots=NumericRange(part["first"], part["end"]),
            method=part["method"],
            scaled=part["scaled"],
            reference_days=[dt.date.fromisoformat(day) for day in part["days"]],
            values=packing.pack_values(values[part["first"] : part["end"]]),
            former_values=packing.pack_values(former[0][part["first"] : part["end"]]),
            former_quality=packing.pack_quality(former[1][part["first"] : part["end"]]),
            former_version=base.version,
            version=now.version,
            reason=proposal.reason,
            by=(proposal.made_by or by) if part["method"] == states.Method.MANUAL else by,
            at=at,
            proposal=proposal,
        )
        for part in proposal.parts
    )


def _hold_what_has_no_basis(channel: Channel, proposal: DayProposal, at: dt.datetime) -> None:
    zero = [part for part in proposal.parts if part["method"] == states.Method.ZERO]
    if not zero:
        return
    slots = (min(part["first"] for part in zero), max(part["end"] for part in zero))
    count = sum(part["end"] - part["first"] for part in zero)
    limits = staged_days.limits_by_kind()[channel.kind]
    found = findings.found_on(
        limits=limits, channel_id=channel.pk, day=proposal.day, check=Check.NO_BASIS, slots=slots, found=count
    )
    findings.write(found=[found], at=at)
