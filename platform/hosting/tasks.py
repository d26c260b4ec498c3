"""Provisioning on the owner's queue; health measured by each company's own worker."""

from __future__ import annotations

from django.utils import timezone

from hosting import operations
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks


@tenancy_tasks.platform_task(acks_late=True)
def provision(*, code: str, admin_email: str, admin_name: str) -> None:
    """Make a registered company's space; may be delivered twice."""
    operations.provision_company(code=code, admin_email=admin_email, admin_name=admin_name, at=timezone.now())


@tenancy_tasks.tenant_task
def measure_health() -> None:
    """Report the company's figures to the operator."""
    operations.measure_health(at=timezone.now())


@tenancy_tasks.platform_task
def measure_fleet() -> None:
    """Send each active company the order to measure itself."""
    tenancy_tasks.send_for_each(measure_health, tenancy_queries.active_retailers())
