"""Reads of billing cycles and lots: who is in which, what comes next, what is due."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet

from billing.runs import schedules
from billing.runs.models import BillingCycle, BillingLot, BillRun, LotAccount
from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.customers import queries as customer_queries
from tenants.customers.models import Account

CYCLE, LOT = gettext_noop("billing cycle"), gettext_noop("lot")
MOST_MISSED = 24
"""A lot that was not billed for so many periods is looked at by a person, not run by itself."""


@dataclass(frozen=True, slots=True)
class NextBill:
    """A period to come of a lot, the day its bills go out (None: not known yet), and its run where it stands."""

    period: Period
    billing_day: dt.date | None
    run: BillRun | None


def cycles() -> QuerySet[BillingCycle]:
    """This will list cycles with ``lot_count`` and ``member_count``."""
    return BillingCycle.objects.annotate(
        lot_count=Count("lots", distinct=True), member_count=Count("lots__members", distinct=True)
    ).order_by("code")


def cycle(*, code: str) -> BillingCycle:
    """This will return the cycle; raises NotFound."""
    found = cycles().filter(code=code).first()
    if found is None:
        raise NotFound(what=CYCLE, name=code)
    return found


def lots(*, running_on: dt.date | None = None) -> QuerySet[BillingLot]:
    """This will list lots with their cycles and ``member_count``, the smallest first."""
    found = BillingLot.objects.select_related("cycle").annotate(member_count=Count("members"))
    if running_on is not None:
        found = found.filter(Q(cycle__ended_on__isnull=True) | Q(cycle__ended_on__gt=running_on))
    return found.order_by("member_count", "code")


def lot(*, code: str) -> BillingLot:
    """This will return the lot; raises NotFound."""
    found = lots().filter(code=code).first()
    if found is None:
        raise NotFound(what=LOT, name=code)
    return found


def lot_of_account(*, account_id: int) -> BillingLot | None:
    """This will return the lot that bills an account, or None."""
    found = LotAccount.objects.select_related("lot__cycle").filter(account_id=account_id).first()
    return found.lot if found else None


def members(*, lot: BillingLot) -> QuerySet[LotAccount]:
    """This will list the accounts of a lot."""
    return LotAccount.objects.filter(lot=lot).select_related("account__customer").order_by("account__number")


def accounts_of_lot(*, lot: BillingLot) -> list[int]:
    """This will return the keys of a lot's accounts."""
    return list(LotAccount.objects.filter(lot=lot).values_list("account_id", flat=True))


def accounts_without_lot(*, on: dt.date) -> QuerySet[Account]:
    """This will list the open accounts that no lot bills."""
    return customer_queries.accounts(open_on=on).exclude(Exists(LotAccount.objects.filter(account_id=OuterRef("pk"))))


def marks_without_lot(*, on: dt.date) -> Iterator[tuple[int, str, str, str | None]]:
    """This will return key, kind, segment and region of the accounts that no lot bills, for the rules of lots."""
    rows = accounts_without_lot(on=on).annotate(region=Max("occupancies__supply_point__premises__region"))
    return rows.values_list("pk", "customer__kind", "customer__segment", "region").order_by("pk").iterator()


def next_bills(*, lot: BillingLot, since: dt.date, count: int = 3) -> list[NextBill]:
    """This will return the next periods of a lot, from the one that holds ``since``."""
    found = list(itertools.islice(schedules.periods(cycle=lot.cycle, since=since), count))
    runs = {date_ranges.to_period(run.period): run for run in _runs_of([lot.pk])}
    return [NextBill(each, schedules.billing_day(lot=lot, period=each), runs.get(each)) for each in found]


def due_periods(*, on: dt.date) -> list[tuple[BillingLot, Period]]:
    """This will return the lots' periods that have ended by ``on`` and have no run, the oldest first.

    A lot starts with the period in which its first account was assigned to it, or ends after that day.
    """
    starting = dict(LotAccount.objects.values_list("lot").annotate(first=Min("assigned_at__date")))
    filled = {each.pk: each for each in lots() if each.pk in starting}
    there = {(run.lot_id, date_ranges.to_period(run.period)) for run in _runs_of(list(filled))}
    due = []
    for each in filled.values():
        coming = schedules.periods(cycle=each.cycle, since=_since(each, starting[each.pk]))
        ended = itertools.takewhile(lambda period: period.end <= on, itertools.islice(coming, MOST_MISSED))
        due += [(each, period) for period in ended if (each.pk, period) not in there]
    return sorted(due, key=lambda found: (found[1], found[0].code))


def _since(lot: BillingLot, assigned: dt.date) -> dt.date:
    """The last period that ended when the lot was filled is still billed: cycles are set up for what is due."""
    return schedules.months_later(assigned.replace(day=1), -lot.cycle.months).replace(day=lot.cycle.cut_off_day)


def _runs_of(lot_ids: list[int]) -> QuerySet[BillRun]:
    return BillRun.objects.filter(lot_id__in=lot_ids).exclude(state=BillRun.State.CANCELLED)
