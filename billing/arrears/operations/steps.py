"""What a step of a path does: it sends, charges its fee, orders a stop, or gives the debt to an agency."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property

from billing.arrears import paths, words
from billing.arrears.covers import Overdue
from billing.arrears.disconnection import Check
from billing.arrears.models import Case
from billing.arrears.operations import history, placing, stopping
from billing.arrears.paths import Step
from billing.arrears.stop_checks import Evidence
from billing.charges import operations as charge_operations
from kernel import texts
from kernel.money import Money

ONE_DAY = dt.timedelta(days=1)
FEE = "reminder_fee"
REFUSED, BY_HAND = "stop_refused", "agency_due"


class Desk:
    """What the steps of a day leave to be done together: events to write down, fees to charge, messages to send,
    stops to order, debts to hand over; and what they need to know, read for all cases of the day at once."""

    def __init__(self, *, cases: Sequence[Case], on: dt.date, at: dt.datetime) -> None:
        self.on, self.at = on, at
        self.book = history.Book(case_ids=[case.pk for case in cases], on=on, at=at)
        self.outbox = words.Outbox()
        self.fees: list[charge_operations.NewCharge] = []
        self.stops: list[tuple[Case, Check]] = []
        self.debts: list[Overdue] = []
        self._cases = cases

    @cached_property
    def evidence(self) -> Evidence:
        """What is known of the cases that stand before a stop."""
        return Evidence(cases=self._cases, on=self.on)

    @cached_property
    def agencies(self) -> placing.Agencies:
        """To which agency debts go, and which are at one."""
        return placing.Agencies(account_ids=[case.account_id for case in self._cases])

    def clear(self) -> None:
        """This will do it, in a few statements."""
        if self.stops:
            stopping.request_stops(found=self.stops, evidence=self.evidence, at=self.at)
        if self.debts:
            self.agencies.place(debts=self.debts, on=self.on, at=self.at)
        self.book.write()
        charge_operations.add_many(charges=self.fees, at=self.at)
        self.outbox.send(at=self.at)
        self.stops, self.debts, self.fees = [], [], []


def perform(*, case: Case, step: Step, owed: Overdue, desk: Desk) -> dt.date | None:
    """This will carry a step out once, and note it; return the day to try again on when it may not be yet.

    What is to be written, charged and told lies on the ``desk``, which the caller clears.
    """
    if step.action == paths.STOP:
        again_on = _stop(case, desk)
        if again_on is not None:
            return again_on
    elif step.action == paths.AGENCY:
        _hand_over(case, owed, desk)
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
    found = desk.evidence.check(case)
    if found.legal:
        desk.stops.append((case, found))
        return None
    desk.book.add(case, REFUSED, key=f"{case.due_since} {REFUSED} {desk.on}", check=found.as_json())
    return max(found.earliest or desk.on, desk.on + ONE_DAY)


def _hand_over(case: Case, owed: Overdue, desk: Desk) -> None:
    """With one agency the debt goes there; with several, or none, a person decides."""
    if desk.agencies.has(case.account_id):
        return
    if desk.agencies.only is not None:
        desk.debts.append(owed)
    else:
        desk.book.add(case, BY_HAND, key=f"{case.due_since} {BY_HAND}")
