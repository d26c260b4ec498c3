"""What a step of a path does: it sends, charges its fee, orders a stop, or gives the debt to an agency."""

from __future__ import annotations

import datetime as dt

from billing.arrears import paths, stop_checks, words
from billing.arrears.covers import Overdue
from billing.arrears.models import Agency, Case, Placement
from billing.arrears.operations import history, placing, stopping
from billing.arrears.paths import Step
from billing.charges import operations as charge_operations
from kernel import texts
from kernel.money import Money

ONE_DAY = dt.timedelta(days=1)
FEE = "reminder_fee"
REFUSED, BY_HAND = "stop_refused", "agency_due"


def perform(
    *, case: Case, step: Step, owed: Overdue, on: dt.date, at: dt.datetime, outbox: words.Outbox
) -> dt.date | None:
    """This will carry a step out once, and write it down; return the day to try again on when it may not be yet.

    What is to be told goes into ``outbox``, which the caller sends.
    """
    if step.action == paths.STOP:
        again_on = _stop(case, on, at)
        if again_on is not None:
            return again_on
    elif step.action == paths.AGENCY:
        _hand_over(case, on, at)
    key = f"{case.due_since} {step.code}"
    details = {"step": step.code, "amount": f"{owed.amount:f}", "titles": dict(step.title), "channel": step.channel}
    if history.add(case, step.action, key=key, on=on, at=at, **details) is None:
        return None
    if step.channel != "none":
        _send(case, step, owed, on, outbox)
    if step.fee:
        _charge(case, step, on, at)
    return None


def _send(case: Case, step: Step, owed: Overdue, on: dt.date, outbox: words.Outbox) -> None:
    outbox.add(
        account_id=case.account_id,
        template=step.template,
        reference=f"dunning {case.pk} {case.due_since} {step.code}",
        channel=step.channel,
        amount=owed.money,
        due_since=owed.due_since,
        today=on,
        title=texts.pick(step.title, "en"),
    )


def _charge(case: Case, step: Step, on: dt.date, at: dt.datetime) -> None:
    charge_operations.add(
        account_id=case.account_id,
        kind=FEE,
        source="dunning",
        reference=f"{case.pk}/{case.due_since}/{step.code}",
        amount=Money.rounded(step.fee, case.currency),
        on=on,
        at=at,
    )


def _stop(case: Case, on: dt.date, at: dt.datetime) -> dt.date | None:
    """Order the stop, or say when to look again: when the time needed has passed, else tomorrow."""
    found = stop_checks.check(case=case, on=on)
    if found.legal:
        stopping.request_stop(case=case, on=on, at=at)
        return None
    history.add(case, REFUSED, key=f"{case.due_since} {REFUSED} {on}", on=on, at=at, check=found.as_json())
    return max(found.earliest or on, on + ONE_DAY)


def _hand_over(case: Case, on: dt.date, at: dt.datetime) -> None:
    """With one agency the debt goes there; with several, or none, a person decides."""
    if Placement.objects.filter(account_id=case.account_id, state=Placement.State.PLACED).exists():
        return
    agencies = list(Agency.objects.filter(is_active=True)[:2])
    if len(agencies) == 1:
        placing.place(account_id=case.account_id, agency=agencies[0].code, on=on, at=at)
    else:
        history.add(case, BY_HAND, key=f"{case.due_since} {BY_HAND}", on=on, at=at)
