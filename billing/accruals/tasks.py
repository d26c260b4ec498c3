"""Unbilled amounts in the background: chunk by chunk each day, then booked."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from billing.accruals import operations, queries
from billing.ledger import tasks as ledger_tasks
from tenancy import context
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task


@tenant_task
def rate_unbilled(after: int = 0) -> None:
    """Rate one chunk of the accounts that today's amounts are missing for, then send the next; book at the end.

    Then yesterday's books are complete and may be closed. A lost message is sent again by the beat; a doubled one finds
    nothing to do.
    """
    at = timezone.now()
    today = at.astimezone(ZoneInfo(context.current_retailer().time_zone)).date()
    chunk = queries.stale_accounts(until=today, after=after, limit=operations.CHUNK)
    if chunk:
        operations.rate_unbilled(account_ids=chunk, until=today, at=at)
        rate_unbilled.delay(chunk[-1])
    else:
        operations.book_unbilled(on=today - dt.timedelta(days=1), at=at)
        ledger_tasks.close_books.delay(complete=True)


@platform_task
def rate_all_unbilled() -> None:
    """Start the day's work at every active retailer, in turn."""
    tenancy_tasks.send_for_each(rate_unbilled, tenancy_queries.active_retailers())
