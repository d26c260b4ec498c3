"""Collections in the background: a day's dunning, what payments change, last notices, the month's late fees.

Every task may be lost, doubled or killed: what is to be done follows from the tables, and the day's tasks do it again.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from billing.arrears import operations, queries
from billing.payments import queries as payment_queries
from tenancy import context
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task

OVERLAP = dt.timedelta(minutes=30)
"""How far a sweep looks back: longer than its interval and than any transaction lasts."""


@tenant_task
def account_changed(account_id: int) -> None:
    """Do what a changed balance asks for; payments send this after their commit."""
    now = timezone.now()
    operations.settle_accounts(account_ids=[account_id], on=_today(now), at=now)


@tenant_task
def settle_final_bill(account_id: int, invoice_id: int) -> None:
    """Set deposits off against a final bill, or give them back; bill runs send this when the bill is out."""
    now = timezone.now()
    operations.settle_final_bill(account_id=account_id, invoice_id=invoice_id, on=_today(now), at=now)


@tenant_task
def advance_cases() -> None:
    """Do the day's dunning; a second time on the same day finds nothing to do."""
    now = timezone.now()
    on = _today(now)
    operations.advance(on=on, at=now)
    operations.assess_late_fees(on=on, at=now)
    operations.expire_guarantees(on=on)
    operations.remind_guarantees(on=on, at=now)
    for account_id, invoice_id in operations.finished_accounts():
        operations.settle_final_bill(account_id=account_id, invoice_id=invoice_id, on=on, at=now)


@tenant_task
def sweep_arrears() -> None:
    """Find what payments changed and nobody was told of; give last notices before supply is stopped."""
    now = timezone.now()
    changed = set(payment_queries.accounts_changed_since(since=now - OVERLAP))
    affected = changed & queries.accounts_in_collection(account_ids=changed)
    operations.settle_accounts(account_ids=affected, on=_today(now), at=now)
    operations.prepare_stops(at=now)


@platform_task
def advance_all_cases() -> None:
    """Send the day's dunning to every active retailer."""
    tenancy_tasks.send_for_each(advance_cases, tenancy_queries.active_retailers())


@platform_task
def sweep_all_arrears() -> None:
    """Send a sweep to every active retailer."""
    tenancy_tasks.send_for_each(sweep_arrears, tenancy_queries.active_retailers())


def _today(now: dt.datetime) -> dt.date:
    return now.astimezone(ZoneInfo(context.current_retailer().time_zone)).date()
