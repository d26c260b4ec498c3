"""Promises and instalment plans: made within the market's rule, judged by what was paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db import transaction

from billing.arrears import covers, locks, policies, schedules, words
from billing.arrears import queries as offered
from billing.arrears.covers import Overdue
from billing.arrears.models import Case, Instalment, InstalmentPlan, Promise
from billing.arrears.operations import history
from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from kernel.money import Money, minor_places
from tenants.customers import refusals

ONE_DAY = dt.timedelta(days=1)
PORTAL, STAFF, API = "portal", "staff", "api"
SOURCES = (PORTAL, STAFF, API)
PROMISE, PLAN = gettext_noop("promise"), gettext_noop("instalment plan")


class NothingOverdue(Conflict):
    """There is nothing to promise."""

    code = "arrears_nothing_open"
    template = gettext_noop("Nothing is open on this account.")


class PromiseTooFar(Invalid):
    """The day is later than the rule allows, or in the past."""

    code = "promise_day_out_of_range"
    template = gettext_noop("Choose a day from {first} to {last}.")


class PromiseOpen(Conflict):
    """One promise at a time."""

    code = "promise_open"
    template = gettext_noop("There is an open promise already.")


class TooManyBroken(Conflict):
    """Promises were broken; a person decides about the next."""

    code = "promises_broken"
    template = gettext_noop("{count} promises of the last year were broken. Please talk to us about another.")


class AmountOutOfRange(Invalid):
    """More than is open, or nothing."""

    code = "promise_amount_out_of_range"
    template = gettext_noop("Give an amount up to {most}.")


class PlanTooLong(Invalid):
    """More instalments than the rule allows."""

    code = "plan_too_long"
    template = gettext_noop("From 2 to {most} instalments are possible.")


class PlanTooSmall(Invalid):
    """Instalments below the least amount."""

    code = "plan_too_small"
    template = gettext_noop("An instalment is {least} at least; choose fewer.")


class PlanTooLarge(Conflict):
    """More than the portal may agree."""

    code = "plan_too_large"
    template = gettext_noop("Plans above {most} are agreed with us in person.")


class PlanActive(Conflict):
    """One plan at a time."""

    code = "plan_active"
    template = gettext_noop("There is a running instalment plan already.")


@transaction.atomic
def promise(
    *, account_id: int, amount: Money, due_on: dt.date, source: str, by: Any, on: dt.date, at: dt.datetime
) -> Promise:
    """This will take a promise to pay by ``due_on``; dunning rests until then.

    Raises NothingOverdue, AmountOutOfRange, PromiseTooFar, PromiseOpen, and in the portal TooManyBroken.
    """
    locks.hold_accounts([account_id])
    owed = _owed(account_id)
    rule = policies.promises()
    last = on + rule.longest_days[offered.credit_class_of(account_id=account_id)] * ONE_DAY
    if not on <= due_on <= last:
        raise PromiseTooFar(where="due_on", first=on.isoformat(), last=last.isoformat())
    if not 0 < amount.amount <= owed.amount or amount.currency != owed.money.currency:
        raise AmountOutOfRange(where="amount", most=owed.money)
    if source == PORTAL:
        _require_kept(account_id, rule, on)
    with refusals.named({"arrears_promise_open_once": PromiseOpen()}):
        made = Promise.objects.create(
            account_id=account_id,
            amount=amount.amount,
            currency=amount.currency,
            made_on=on,
            due_on=due_on,
            covers=dict(owed.items),
            source=source,
            by=words.name_of(by),
            at=at,
        )
    _tell_case(made, "promised", at, amount=f"{amount.amount:f}", due_on=due_on.isoformat())
    return made


@transaction.atomic
def withdraw_promise(*, promise_id: int, on: dt.date) -> Promise:
    """This will end an open promise; dunning goes on. Raises NotFound."""
    found = Promise.objects.select_for_update().filter(pk=promise_id, state=Promise.State.OPEN).first()
    if found is None:
        raise NotFound(what=PROMISE, name=str(promise_id))
    found.state, found.judged_on = Promise.State.WITHDRAWN, on
    found.save(update_fields=["state", "judged_on"])
    return found


@transaction.atomic
def make_plan(
    *, account_id: int, count: int, first_on: dt.date, source: str, by: Any, on: dt.date, at: dt.datetime
) -> InstalmentPlan:
    """This will share all that is open on an account over ``count`` instalments; dunning rests while it is kept.

    Raises NothingOverdue, PlanTooLong, PlanTooSmall, PromiseTooFar for the first day, PlanActive, and in the portal
    PlanTooLarge or TooManyBroken.
    """
    locks.hold_accounts([account_id])
    owed = _owed(account_id)
    rule = policies.instalments()
    _check_plan(owed, rule, count, offered.credit_class_of(account_id=account_id))
    _check_first(
        first_on,
        on,
        max(policies.promises().longest_days[offered.credit_class_of(account_id=account_id)], rule.every_days),
    )
    if source == PORTAL:
        _require_self_service(account_id, owed, rule, on)
    parts = schedules.instalments(
        total=owed.amount,
        count=count,
        first_on=first_on,
        every_days=rule.every_days,
        places=minor_places(owed.money.currency),
    )
    with refusals.named({"arrears_plan_active_once": PlanActive()}):
        plan = InstalmentPlan.objects.create(
            account_id=account_id,
            total=owed.amount,
            currency=owed.money.currency,
            made_on=on,
            covers=dict(owed.items),
            days_of_grace=rule.days_of_grace,
            source=source,
            by=words.name_of(by),
            at=at,
        )
    Instalment.objects.bulk_create(
        Instalment(plan=plan, position=part.position, due_on=part.due_on, amount=part.amount) for part in parts
    )
    _tell_case(plan, "plan_made", at, instalments=count, amount=f"{owed.amount:f}")
    return plan


@transaction.atomic
def cancel_plan(*, plan_id: int, on: dt.date) -> InstalmentPlan:
    """This will end a running plan; all of it is due at once. Raises NotFound."""
    found = InstalmentPlan.objects.select_for_update().filter(pk=plan_id, state=InstalmentPlan.State.ACTIVE).first()
    if found is None:
        raise NotFound(what=PLAN, name=str(plan_id))
    return _end_plan(found, InstalmentPlan.State.CANCELLED, on)


@transaction.atomic
def judge(*, on: dt.date, at: dt.datetime, account_ids: Collection[int] | None = None) -> int:
    """This will judge open promises and running plans by what was paid, as of ``on``; return how many ended.

    A promise is broken from the day after its day on; a plan is missed when an instalment's grace has passed, and
    the rest of it falls due at once.
    """
    promises = Promise.objects.filter(state=Promise.State.OPEN)
    plans = InstalmentPlan.objects.filter(state=InstalmentPlan.State.ACTIVE).prefetch_related("instalments")
    if account_ids is not None:
        promises, plans = promises.filter(account_id__in=account_ids), plans.filter(account_id__in=account_ids)
    open_promises = list(promises.select_for_update().order_by("pk"))
    running = list(plans.select_for_update().order_by("pk"))
    accounts = {each.account_id for each in open_promises} | {each.account_id for each in running}
    left = covers.owed(account_ids=sorted(accounts)) if accounts else {}
    ended = sum(_judge_promise(each, left.get(each.account_id), on, at) for each in open_promises)
    return ended + sum(_judge_plan(each, left.get(each.account_id), on, at) for each in running)


def _judge_promise(made: Promise, left: Overdue | None, on: dt.date, at: dt.datetime) -> int:
    paid = covers.paid_since(covers=made.covers, left=left)
    if paid < made.amount and on <= made.due_on:
        return 0
    made.state = Promise.State.KEPT if paid >= made.amount else Promise.State.BROKEN
    made.judged_on = on
    made.save(update_fields=["state", "judged_on"])
    _tell_case(made, f"promise_{made.state}", at, on=on, paid=f"{paid:f}")
    return 1


def _judge_plan(plan: InstalmentPlan, left: Overdue | None, on: dt.date, at: dt.datetime) -> int:
    paid = covers.paid_since(covers=plan.covers, left=left)
    parts = [schedules.Part(each.position, each.due_on, each.amount) for each in plan.instalments.all()]
    missed = schedules.missed(parts=parts, paid=paid, on=on, days_of_grace=plan.days_of_grace)
    if paid < plan.total and missed is None:
        return 0
    completed = paid >= plan.total
    _end_plan(plan, InstalmentPlan.State.COMPLETED if completed else InstalmentPlan.State.DEFAULTED, on)
    number = missed.position if missed and not completed else None
    _tell_case(plan, f"plan_{plan.state}", at, on=on, paid=f"{paid:f}", missed=number)
    return 1


def _end_plan(plan: InstalmentPlan, state: InstalmentPlan.State, on: dt.date) -> InstalmentPlan:
    plan.state, plan.ended_on = state, on
    plan.save(update_fields=["state", "ended_on"])
    return plan


def _check_plan(owed: Overdue, rule: policies.InstalmentRule, count: int, credit_class: str) -> None:
    most = rule.most[credit_class]
    if not 2 <= count <= most:
        raise PlanTooLong(where="count", most=most)
    if owed.amount < rule.least_amount * count:
        raise PlanTooSmall(where="count", least=Money.rounded(rule.least_amount, owed.money.currency))


def _check_first(first_on: dt.date, on: dt.date, days: int) -> None:
    last = on + days * ONE_DAY
    if not on <= first_on <= last:
        raise PromiseTooFar(where="first_on", first=on.isoformat(), last=last.isoformat())


def _require_self_service(account_id: int, owed: Overdue, rule: policies.InstalmentRule, on: dt.date) -> None:
    if owed.amount > rule.self_service_up_to:
        raise PlanTooLarge(most=Money.rounded(rule.self_service_up_to, owed.money.currency))
    _require_kept(account_id, policies.promises(), on)


def _require_kept(account_id: int, rule: policies.PromiseRule, on: dt.date) -> None:
    count = offered.broken_in_year(account_id=account_id, on=on)
    if count >= rule.broken_in_year:
        raise TooManyBroken(count=count)


def _owed(account_id: int) -> Overdue:
    found = covers.owed(account_ids=[account_id]).get(account_id)
    if found is None:
        raise NothingOverdue()
    return found


def _tell_case(
    made: Promise | InstalmentPlan, kind: str, at: dt.datetime, on: dt.date | None = None, **said: Any
) -> None:
    case = Case.objects.filter(account_id=made.account_id, closed_on__isnull=True).first()
    if case is not None:
        name = type(made).__name__.lower()
        history.add(case, kind, key=f"{name} {made.pk} {kind}", on=on or made.made_on, at=at, by=made.by, **said)
