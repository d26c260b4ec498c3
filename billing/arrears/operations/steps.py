"""What a step of a path does: it sends, charges its fee, orders a stop, or gives the debt to an agency."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

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


@dataclass(slots=True, eq=False)
class Desk:
    """What the steps of a day leave to be done together: events to write down, fees to charge, messages to send."""

    on: dt.date
    at: dt.datetime
    book: history.Book
    outbox: words.Outbox = field(default_factory=words.Outbox)
    fees: list[charge_operations.NewCharge] = field(default_factory=list)

    def clear(self) -> None:
        """This will do it, in a few statements."""
        self.book.write()
        charge_operations.add_many(charges=self.fees, at=self.at)
        self.fees = []
        self.outbox.send(at=self.at)


def perform(*, case: Case, step: Step, owed: Overdue, desk: Desk) -> dt.date | None:
    """This will carry a step out once, and note it; return the day to try again on when it may not be yet.

    What is to be written, charged and told lies on the ``desk``, which the caller clears.
    """
    if step.action == paths.STOP:
        again_on = _stop(case, desk)
        if again_on is not None:
            return again_on
    elif step.action == paths.AGENCY:
        _hand_over(case, desk)
    details = {"step": step.code, "amount": f"{owed.amount:f}", "titles": dict(step.title), "channel": step.channel}
    if not desk.book.add(case, step.action, key=f"{case.due_since} {step.code}", **details):
        return None
    if step.channel != "none":
        _send(case, step, owed, desk)
    if step.fee:
        desk.fees.append(_fee(case, step, desk.on))
    return None


def _send(case: Case, step: Step, owed: Overdue, desk: Desk) -> None:
    desk.outbox.add(
        account_id=case.account_id,
        template=step.template,
        reference=f"dunning {case.pk} {case.due_since} {step.code}",
        channel=step.channel,
        amount=owed.money,
        due_since=owed.due_since,
        today=desk.on,
        title=texts.pick(step.title, "en"),
    )


def _fee(case: Case, step: Step, on: dt.date) -> charge_operations.NewCharge:
    reference = f"{case.pk}/{case.due_since}/{step.code}"
    return charge_operations.NewCharge(
        case.account_id, FEE, "dunning", reference, Money.rounded(step.fee, case.currency), on
    )


def _stop(case: Case, desk: Desk) -> dt.date | None:
    """Order the stop, or say when to look again: when the time needed has passed, else tomorrow."""
    on = desk.on
    found = stop_checks.check(case=case, on=on)
    if found.legal:
        stopping.request_stop(case=case, on=on, at=desk.at)
        return None
    desk.book.add(case, REFUSED, key=f"{case.due_since} {REFUSED} {on}", check=found.as_json())
    return max(found.earliest or on, on + ONE_DAY)


def _hand_over(case: Case, desk: Desk) -> None:
    """With one agency the debt goes there; with several, or none, a person decides."""
    if Placement.objects.filter(account_id=case.account_id, state=Placement.State.PLACED).exists():
        return
    agencies = list(Agency.objects.filter(is_active=True)[:2])
    if len(agencies) == 1:
        placing.place(account_id=case.account_id, agency=agencies[0].code, on=desk.on, at=desk.at)
    else:
        desk.book.add(case, BY_HAND, key=f"{case.due_since} {BY_HAND}")
