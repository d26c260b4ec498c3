"""A bill out of turn: on demand, or the final one when an account moves out."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from billing.runs import queries, schedules
from billing.runs.models import BillingCycle, BillRun, BillRunItem
from billing.runs.operations import driving, lifecycle
from kernel.errors import Conflict, Invalid, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.customers import queries as customer_queries
from tenants.tariffs import operations as tariff_operations

LONGEST = dt.timedelta(days=3 * 366)


class UntilImplausible(Invalid):
    """A bill covers days that have been, and some at least."""

    code = "bill_until_implausible"
    template = gettext_noop("A bill up to {date} has no days: everything before is billed or in a run already.")


class NeverSupplied(Conflict):
    """There is nothing to bill from."""

    code = "account_never_supplied"
    template = gettext_noop("Account {account} never answered for a supply point.")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days to bill, and the period of the cycle they are a part of."""

    days: Period
    within: Period


@transaction.atomic
def bill_now(*, account_id: int, until: dt.date, at: dt.datetime, final: bool = False) -> list[BillRun]:
    """This will start runs of one account for everything supplied before ``until`` and not billed: one for each period.

    The days of a period that is billed in part cost their share of it. Raises NotFound, NeverSupplied,
    UntilImplausible.
    """
    account = customer_queries.account_by_id(account_id=account_id)
    stretches = unbilled(account_id=account_id, until=until)
    lot = queries.lot_of_account(account_id=account_id)
    runs = [
        lifecycle.create_single_run(
            account_id=account_id,
            period=stretch.days,
            within=stretch.within,
            cut_off_day=lot.cycle.cut_off_day if lot else None,
            at=at,
            final=final,
        )
        for stretch in stretches
    ]
    if not runs:
        raise UntilImplausible(where="until", date=until.isoformat(), account=account.number)
    for run in runs:
        driving.begin(run=run)
    return runs


@transaction.atomic
def close_account(*, account_id: int, moved_out_on: dt.date, at: dt.datetime) -> list[BillRun]:
    """This will end all supply of the account on ``moved_out_on`` (the first day without) and start its final bill.

    The last run is of kind ``final``; when its invoice is out, the rooms above are told by name (see
    ``final_bills.FINAL_TASK``). Raises what ``bill_now`` and ``move_out`` raise.
    """
    account = customer_queries.account_by_id(account_id=account_id)
    for occupancy in customer_queries.account_detail(number=account.number).occupancies:
        if occupancy.period.upper is None or occupancy.period.upper > moved_out_on:
            tariff_operations.move_out(supply_point=occupancy.supply_point, on=moved_out_on)
    return bill_now(account_id=account_id, until=moved_out_on, at=at, final=True)


@transaction.atomic
def end_supply(*, supply_point: Any, on: dt.date, at: dt.datetime, final_bill: bool) -> tuple[Any, list[BillRun]]:
    """This will move out who answers for a supply point, and start the account's final bill where it was its last.

    Returns the account and the runs: none where everything is billed or in a run already. Raises what ``move_out`` and
    ``bill_now`` raise.
    """
    account = tariff_operations.move_out(supply_point=supply_point, on=on).account
    held = customer_queries.account_detail(number=account.number).occupancies
    is_last = all(each.period.upper is not None and each.period.upper <= on for each in held)
    if not (is_last and final_bill):
        return account, []
    try:
        return account, bill_now(account_id=account.pk, until=on, at=at, final=True)
    except UntilImplausible:
        return account, []


def unbilled(*, account_id: int, until: dt.date) -> list[Stretch]:
    """This will return what is neither billed nor in a run of the account's supplied days before ``until``.

    By the periods of its cycle, else by calendar months; the oldest first. Raises NeverSupplied.
    """
    account = customer_queries.account_by_id(account_id=account_id)
    held = customer_queries.account_detail(number=account.number).occupancies
    if not held:
        raise NeverSupplied(account=account.number)
    first = min(each.period.lower for each in held)
    taken = _taken(account_id)
    lot = queries.lot_of_account(account_id=account_id)
    start = max(first, until - LONGEST)
    cycle = _reaching(lot.cycle if lot else BillingCycle(months=1, cut_off_day=1, first_month=start), start)
    found = itertools.takewhile(lambda each: each.start < until, schedules.periods(cycle=cycle, since=start))
    return [Stretch(days, period) for period in found if (days := _left(period, start, until, taken)) is not None]


def _reaching(cycle: BillingCycle, day: dt.date) -> BillingCycle:
    """The same cycle, begun early enough to hold ``day``."""
    first = cycle.first_month.replace(day=1)
    while first.replace(day=cycle.cut_off_day) > day:
        first = schedules.months_later(first, -cycle.months)
    return BillingCycle(months=cycle.months, cut_off_day=cycle.cut_off_day, first_month=first)


def _taken(account_id: int) -> list[Period]:
    rows = BillRunItem.objects.filter(account_id=account_id).exclude(state=BillRunItem.State.CANCELLED)
    return [date_ranges.to_period(period) for period in rows.values_list("period", flat=True)]


def _left(period: Period, first: dt.date, until: dt.date, taken: list[Period]) -> Period | None:
    """The days of a period after those that are taken, inside what is to be billed."""
    start = max([period.start, first, *(each.end for each in taken if each.overlaps(period))])
    end = min(period.end, until)
    return Period(start, end) if start < end else None
