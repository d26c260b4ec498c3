"""Visits that are over end by themselves, whether or not anybody asks."""

from __future__ import annotations

from django.utils import timezone

from hosting.operations import entering
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks


@tenancy_tasks.tenant_task(name="hosting.end_visits")
def end_visits() -> None:
    """End the present company's visits whose time is up."""
    entering.end_overdue(at=timezone.now())


@tenancy_tasks.platform_task(name="hosting.end_all_visits")
def end_all_visits() -> None:
    """Send each company its sweep."""
    tenancy_tasks.send_for_each(end_visits, tenancy_queries.active_retailers())
