"""Sweeps: credit that came before its bill is settled, whoever issued it; a lost or doubled message changes nothing."""

from __future__ import annotations

from django.utils import timezone

from billing.payments import operations, queries
from billing.payments.providers import tasks as provider_tasks
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task

SETTLED_AT_ONCE = 200
"""Accounts settled in one transaction."""


@tenant_task
def settle(after: int = 0) -> None:
    """Settle the next accounts that have both credit and debts, then send itself for the rest."""
    account_ids = queries.accounts_to_settle(limit=SETTLED_AT_ONCE, after=after)
    operations.settle_accounts(account_ids=account_ids, at=timezone.now())
    if len(account_ids) == SETTLED_AT_ONCE:
        settle.delay(account_ids[-1])


@platform_task
def settle_all() -> None:
    """Send a sweep to every active retailer, in turn."""
    tenancy_tasks.send_for_each(settle, tenancy_queries.active_retailers())


PROVIDER_TASKS = provider_tasks
"""Imported here, where the worker looks for a room's tasks."""


@tenant_task
def match() -> None:
    """Look at the next lines of statements, then send itself for the rest."""
    if operations.match_lines(at=timezone.now()) == operations.MATCHED_AT_ONCE:
        match.delay()


@platform_task
def match_all() -> None:
    """Send the matching to every active retailer, in turn: a lost message leaves no line unseen."""
    tenancy_tasks.send_for_each(match, tenancy_queries.active_retailers())
