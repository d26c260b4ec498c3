"""Invoices in the background: what was issued is sent, red letters are begun; a sweep finds what was lost."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

import markets.packs
from billing.invoices import operations
from tenancy import context
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task

MOST_AT_ONCE = 200
"""A cap per retailer and sweep: documents are drawn meanwhile."""
LOOK_BACK = dt.timedelta(days=2)
"""What was issued longer ago is sent by a person only: nobody is surprised by an old bill."""


@tenant_task
def sweep_invoices() -> None:
    """Send the invoices issued of late that nobody was sent, and list the red letters that await confirmation."""
    retailer, now = context.current_retailer(), timezone.now()
    pack = markets.packs.pack(retailer.market)
    if pack.policies["invoice"].get("send_on_issue"):
        today = now.astimezone(ZoneInfo(retailer.time_zone)).date()
        operations.send_new_invoices(since=today - LOOK_BACK, at=now, most=MOST_AT_ONCE)
    if pack.fiscal_rules is not None:
        operations.find_red_letters(at=now)


@platform_task
def sweep_all_invoices() -> None:
    """Send a sweep to every active retailer, in turn."""
    tenancy_tasks.send_for_each(sweep_invoices, tenancy_queries.active_retailers())
