"""Collections on the last day: cases at several steps, a promise, a plan, a dispute, deposits, late fees, stops."""

from __future__ import annotations

import datetime as dt

from billing.arrears import operations
from billing.arrears import queries as arrears_queries
from billing.invoices import queries as invoice_queries
from config.demo import plans
from config.demo.ground import Ground
from identity import queries as identity_queries
from identity.capabilities import Role
from kernel.money import Money
from tenants.service import operations as service_operations
from tenants.service import queries as service_queries

FIRST_DUNNED = dt.date(2026, 9, 1)
DISPUTED = (dt.date(2026, 10, 26), dt.date(2026, 11, 14))
CARRIED_OUT = dt.date(2026, 10, 14)
AGREED = plans.LAST_DAY - dt.timedelta(days=1)
EVERY = dt.timedelta(days=7)
GUARANTEED = dt.timedelta(days=25)
"""The guarantee of the second weak account ends so soon that its customer is reminded."""


def late_fees(*, ground: Ground, on: dt.date) -> None:
    """Charge late fees as they stand on a day, so that the next bills carry them."""
    operations.assess_late_fees(on=on, at=ground.at(on))


def dun(*, ground: Ground) -> None:
    """Do the dunning of the last months, day by day where something happens, and what people agreed meanwhile."""
    work, by = ground.plan.work, identity_queries.user_by_email(email=ground.email(Role.COLLECTIONS))
    days = [FIRST_DUNNED + n * EVERY for n in range((plans.LAST_DAY - FIRST_DUNNED) // EVERY + 1)]
    for day in sorted({*days, *DISPUTED, CARRIED_OUT, AGREED, plans.LAST_DAY}):
        if day == DISPUTED[0]:
            operations.hold(
                account_id=ground.account_id(work.dispute),
                kind="disputed",
                note=work.words["dispute"],
                since=day,
                until=DISPUTED[1],
                by=by,
                at=ground.at(day),
            )
        operations.advance(on=day, at=ground.at(day))
        if day == CARRIED_OUT:
            _carry_out(ground)
        if day == AGREED:
            _agree(ground, by)
    operations.prepare_stops(at=ground.at(plans.LAST_DAY))


def _carry_out(ground: Ground) -> None:
    """Whoever was to be stopped by then is told, stopped, and has no supply since."""
    told, sent, done = (ground.at(CARRIED_OUT, hour, 0) for hour in (10, 12, 14))
    operations.prepare_stops(at=told)
    by = ground.email(Role.COLLECTIONS)
    for order in list(service_queries.open_orders(kind="stop").filter(earliest_at__lte=told)):
        service_operations.dispatch(order_id=order.pk, at=sent, by=by)
        service_operations.report(order_id=order.pk, done=True, happened_at=done, evidence={}, at=done, by=by)


def _agree(ground: Ground, by: object) -> None:
    work, on = ground.plan.work, AGREED
    at = ground.at(on)
    operations.promise(
        account_id=ground.account_id(work.promise),
        amount=_open(ground, work.promise),
        due_on=on + dt.timedelta(days=5),
        source="staff",
        by=by,
        on=on,
        at=at,
    )
    operations.make_plan(
        account_id=ground.account_id(work.instalments),
        count=3,
        first_on=on + dt.timedelta(days=7),
        source="staff",
        by=by,
        on=on,
        at=at,
    )


def _open(ground: Ground, number: str) -> Money:
    [owed] = invoice_queries.owed(accounts=[ground.accounts[number]])
    return owed.balance


def securities(*, ground: Ground) -> None:
    """Businesses of weak credit: one left a deposit, one a guarantee that ends soon, a third is asked for one."""
    work, by = ground.plan.work, identity_queries.user_by_email(email=ground.email(Role.COLLECTIONS))
    asked_on = plans.LAST_DAY - dt.timedelta(days=40)
    made = []
    for number, kind in zip(work.weak, ("cash", "guarantee", "cash"), strict=True):
        account_id = ground.account_id(number)
        operations.set_standing(
            account_id=account_id,
            credit_class="weak",
            flags=[],
            note=work.words["weak"],
            by=by,
            at=ground.at(asked_on),
        )
        amount = ground.money(round(operations.expect_deposit(account_id=account_id), -1))
        made.append(
            operations.ask_deposit(
                account_id=account_id, kind=kind, amount=amount, on=asked_on, at=ground.at(asked_on), by=by
            )
        )
    came_on = asked_on + dt.timedelta(days=9)
    operations.receive_deposit(
        deposit_id=made[0].pk,
        money=ground.money(made[0].amount),
        method="bank_transfer",
        reference=f"deposit {work.weak[0]}",
        received_on=came_on,
        at=ground.at(came_on),
        by=by,
    )
    operations.take_guarantee(
        deposit_id=made[1].pk,
        guarantor=work.words["guarantor"],
        document=f"LG-{came_on:%Y}-{work.weak[1]}",
        expires_on=plans.LAST_DAY + GUARANTEED,
        on=came_on,
        by=by,
    )
    operations.remind_guarantees(on=plans.LAST_DAY, at=ground.at(plans.LAST_DAY))


def waiver(*, ground: Ground) -> None:
    """Leave a waiver of a late fee with whoever approves, where the market asks for a second person."""
    by = identity_queries.user_by_email(email=ground.email(Role.COLLECTIONS))
    for account in ground.accounts.values():
        for fee in arrears_queries.late_fees_of(account_id=account.pk)[:1]:
            operations.ask_waiver(
                invoice_id=fee.invoice_id,
                amount=ground.money(fee.total),
                reason=ground.plan.work.words["waiver"],
                by=by,
                at=ground.at(plans.LAST_DAY),
            )
            return
