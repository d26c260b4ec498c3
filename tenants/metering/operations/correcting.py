"""Correct the quantity of a period by a rate: asked for with a reason, approved, and traceable for good."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from kernel.periods import Period
from markets import packs
from tenancy import context
from tenants.customers import date_ranges
from tenants.customers.refusals import named
from tenants.metering.models import QuantityCorrection
from tenants.metering.queries import quantities
from tenants.metering.registers import checks
from tenants.metering.registers.policy import Policy

LONGEST_NOTE = 400

State = QuantityCorrection.State
LONGEST_KEY = 64


class FourEyes(Conflict):
    """Who asks for a large correction does not approve it."""

    code = "correction_four_eyes"
    template = gettext_noop("You asked for this correction yourself. Another person with that right has to decide.")


class Decided(Conflict):
    """A correction is decided once."""

    code = "correction_decided"
    template = gettext_noop("This correction is {state} already.")


class CorrectionStands(Conflict):
    """A day's quantity is corrected once."""

    code = "correction_stands"
    template = gettext_noop("Another correction touches these days. Withdraw it first.")


class NothingRecorded(Invalid):
    """A rate needs something to apply to."""

    code = "nothing_recorded"
    template = gettext_noop("Nothing is recorded for these days that a rate could be applied to.")


class ReasonMissing(Invalid):
    """A correction says why."""

    code = "correction_reason_missing"
    template = gettext_noop("Say why the quantity is corrected.")


@transaction.atomic
def request_correction(
    *,
    supply_point_id: int,
    period: Period,
    power_right: Decimal,
    power_wrong: Decimal,
    cause: str,
    reason: str,
    key: str,
    by: str,
    at: dt.datetime,
    kind: str = "consumption",
) -> QuantityCorrection:
    """This will ask for recorded × (right − wrong) / wrong to be added to the quantity of ``period``.

    Up to the market's threshold it counts at once, above it when another person approves. The same ``key`` returns
    what was asked for first. Raises NoRate, NothingRecorded, ReasonMissing, CorrectionStands.
    """
    standing = QuantityCorrection.objects.filter(request_key=key[:LONGEST_KEY]).first()
    if standing is not None:
        return standing
    if not reason.strip():
        raise ReasonMissing(where="reason")
    rate = checks.correction_rate(right=power_right, wrong=power_wrong)
    recorded = quantities.recorded(supply_point_id=supply_point_id, kind=kind, period=period)
    if recorded is None:
        raise NothingRecorded(where="period")
    added = checks.corrected(recorded=recorded, rate=rate)
    threshold = Policy.of(policies=packs.pack(context.current_retailer().market).policies).approval_wh
    large = abs(added) > threshold
    with named({"metering_correction_one_at_a_time": CorrectionStands(where="period")}):
        return QuantityCorrection.objects.create(
            supply_point_id=supply_point_id,
            kind=kind,
            period=date_ranges.of_period(period),
            power_right=power_right,
            power_wrong=power_wrong,
            cause=cause,
            reason=reason.strip()[:LONGEST_NOTE],
            recorded_wh=recorded,
            added_wh=added,
            needs_approval=large,
            state=State.REQUESTED if large else State.APPROVED,
            request_key=key[:LONGEST_KEY],
            requested_at=at,
            requested_by=by,
            decided_at=None if large else at,
            decided_by="" if large else by,
        )


@transaction.atomic
def decide_correction(
    *, correction_id: int, approve: bool, by: str, at: dt.datetime, note: str = ""
) -> QuantityCorrection:
    """This will approve or refuse what was asked for; the same decision again changes nothing.

    Raises FourEyes, Decided or NotFound.
    """
    found = _locked(correction_id)
    wanted = State.APPROVED if approve else State.REFUSED
    if found.state == wanted:
        return found
    if found.state != State.REQUESTED:
        raise Decided(state=str(found.get_state_display()))
    if approve and found.needs_approval and by == found.requested_by:
        raise FourEyes()
    return _decide(found, wanted, by, at, note)


@transaction.atomic
def withdraw_correction(*, correction_id: int, by: str, at: dt.datetime, note: str = "") -> QuantityCorrection:
    """This will take a correction back, asked for or approved: the quantity is what was recorded again."""
    found = _locked(correction_id)
    if found.state == State.WITHDRAWN:
        return found
    if found.state == State.REFUSED:
        raise Decided(state=str(found.get_state_display()))
    return _decide(found, State.WITHDRAWN, by, at, note)


def _locked(correction_id: int) -> QuantityCorrection:
    found = QuantityCorrection.objects.select_for_update().filter(pk=correction_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("correction"), name=str(correction_id))
    return found


def _decide(found: QuantityCorrection, state: str, by: str, at: dt.datetime, note: str) -> QuantityCorrection:
    found.state, found.decided_by, found.decided_at, found.decision_note = state, by, at, note.strip()[:LONGEST_NOTE]
    found.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    return found
