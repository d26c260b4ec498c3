"""Corrections in the background: messages may be lost, doubled or killed; what is to be done stands in the tables."""

from __future__ import annotations

from django.utils import timezone

from billing.corrections import operations
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task


@tenant_task
def look() -> None:
    """Look at what changed, then let the next steps find what is to be done."""
    operations.look(at=timezone.now())
    check.delay()


@tenant_task
def check() -> None:
    """Hold one chunk of noted bills against their versions, then another while there is one."""
    if operations.check_suspects(at=timezone.now()):
        check.delay()
    else:
        work.delay()


@tenant_task
def work() -> None:
    """Rate a chunk of what was found and act on what needs nobody, then go on while there is something."""
    now = timezone.now()
    rated = operations.preview_found(at=now)
    operations.act_due(at=now)
    if rated:
        work.delay()


@platform_task
def look_everywhere() -> None:
    """Send the look to every active retailer, in turn."""
    tenancy_tasks.send_for_each(look, tenancy_queries.active_retailers())
