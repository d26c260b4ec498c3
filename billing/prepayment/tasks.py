"""Prepaid accounts in the background: all once a day, and each that paid within minutes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from billing.accruals import operations as accrual_operations
from billing.prepayment import operations, queries
from kernel.periods import midnight
from tenancy import context
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task

CHUNK = 200
LOOKED_BACK = dt.timedelta(minutes=15)
"""How far back payments are looked for; the assessment of the day finds what a longer outage missed."""


@tenant_task
def assess_prepaid(after: int = 0) -> None:
    """Assess the next accounts that were not assessed today, then send itself for the rest."""
    at = timezone.now()
    zone = ZoneInfo(context.current_retailer().time_zone)
    today = at.astimezone(zone).date()
    chunk = queries.to_assess(today=midnight(today, zone), after=after, limit=CHUNK)
    if chunk:
        _assess(chunk, today, at)
        assess_prepaid.delay(chunk[-1])


@tenant_task
def assess_paid() -> None:
    """Assess the accounts that paid since they were looked at: supply comes back without waiting for tomorrow."""
    at = timezone.now()
    today = at.astimezone(ZoneInfo(context.current_retailer().time_zone)).date()
    paid = queries.paid_since_assessed(at=at, within=LOOKED_BACK)
    if paid:
        _assess(paid[:CHUNK], today, at)


@platform_task
def assess_all_prepaid() -> None:
    """Send the daily assessment to every active retailer, in turn."""
    tenancy_tasks.send_for_each(assess_prepaid, tenancy_queries.active_retailers())


@platform_task
def assess_all_paid() -> None:
    """Send the look for payments to every active retailer, in turn."""
    tenancy_tasks.send_for_each(assess_paid, tenancy_queries.active_retailers())


def _assess(account_ids: list[int], today: dt.date, at: dt.datetime) -> None:
    accrual_operations.rate_unbilled(account_ids=account_ids, until=today, at=at)
    operations.assess(account_ids=account_ids, on=today, at=at)
