"""What a customer may agree by himself: a day to promise, instalments to choose from, and what happens otherwise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from billing.arrears import covers, paths, policies, schedules
from billing.arrears.models import AccountStanding, Case, InstalmentPlan, Promise
from kernel.money import minor_places

YEAR = dt.timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Offer:
    """An instalment plan that may be chosen: its parts."""

    count: int
    parts: tuple[schedules.Part, ...]


@dataclass(frozen=True, slots=True)
class Offers:
    """What one account may agree on a day; ``person`` says that a person decides instead."""

    owed: covers.Overdue | None
    overdue: covers.Overdue | None
    promise: Promise | None
    plan: InstalmentPlan | None
    promise_until: dt.date | None
    plans: tuple[Offer, ...]
    person: bool
    step: paths.Step | None
    step_on: dt.date | None
    rests: bool


def offers(*, account_id: int, on: dt.date) -> Offers:
    """This will return what an account may agree in the portal on a day, and the next step of its dunning."""
    owed = covers.owed(account_ids=[account_id]).get(account_id)
    overdue = covers.overdue(on=on, account_ids=[account_id]).get(account_id)
    promise = Promise.objects.filter(account_id=account_id, state=Promise.State.OPEN).first()
    plan = InstalmentPlan.objects.filter(account_id=account_id, state=InstalmentPlan.State.ACTIVE)
    running = plan.prefetch_related("instalments").first()
    person = broken_in_year(account_id=account_id, on=on) >= policies.promises().broken_in_year
    free = owed is not None and promise is None and running is None and not person
    case = Case.objects.filter(account_id=account_id, closed_on__isnull=True).select_related("path").first()
    days = policies.promises().longest_days[credit_class_of(account_id=account_id)]
    return Offers(
        owed=owed,
        overdue=overdue,
        promise=promise,
        plan=running,
        promise_until=on + dt.timedelta(days=days) if free else None,
        plans=_plans(owed, account_id, on) if free and owed is not None else (),
        person=person,
        step=_next_step(case),
        step_on=max(case.next_on, on) if case and case.next_on else None,
        rests=case is not None and case.state == Case.State.RESTING,
    )


def credit_class_of(*, account_id: int) -> str:
    """This will return an account's credit class, the usual one where none is noted."""
    known = AccountStanding.objects.filter(account_id=account_id).values_list("credit_class", flat=True).first()
    return known or policies.USUAL


def broken_in_year(*, account_id: int, on: dt.date) -> int:
    """This will count the promises broken and plans missed in the year before a day."""
    broken = Promise.objects.filter(account_id=account_id, state=Promise.State.BROKEN, judged_on__gte=on - YEAR)
    missed = InstalmentPlan.objects.filter(
        account_id=account_id, state=InstalmentPlan.State.DEFAULTED, ended_on__gte=on - YEAR
    )
    return broken.count() + missed.count()


def _plans(owed: covers.Overdue, account_id: int, on: dt.date) -> tuple[Offer, ...]:
    rule = policies.instalments()
    if owed.amount > rule.self_service_up_to:
        return ()
    most = rule.most[credit_class_of(account_id=account_id)]
    return tuple(
        Offer(count, _parts(owed, count, on, rule))
        for count in range(2, most + 1)
        if owed.amount >= rule.least_amount * count
    )


def _parts(owed: covers.Overdue, count: int, on: dt.date, rule: policies.InstalmentRule) -> tuple[schedules.Part, ...]:
    return schedules.instalments(
        total=owed.amount,
        count=count,
        first_on=on,
        every_days=rule.every_days,
        places=minor_places(owed.money.currency),
    )


def _next_step(case: Case | None) -> paths.Step | None:
    if case is None:
        return None
    steps = paths.read(case.path.document).steps
    return steps[case.step] if case.step < len(steps) else None
