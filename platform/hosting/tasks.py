"""Provisioning on the owner's queue; health measured by each company's own worker."""

from __future__ import annotations

from django.db import OperationalError
from django.utils import timezone

from hosting import deletion_tasks, entering_tasks, fleet_tasks, operations, plan_tasks, signup_tasks
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks

PROVISION_RETRIES = 12


@tenancy_tasks.platform_task(
    acks_late=True, autoretry_for=(OSError, OperationalError), retry_backoff=True, max_retries=PROVISION_RETRIES
)
def provision(*, code: str, admin_email: str, admin_name: str) -> None:
    """Make a registered company's space; may be delivered twice, and tries again when mail or database rest."""
    operations.provision_company(code=code, admin_email=admin_email, admin_name=admin_name, at=timezone.now())


@tenancy_tasks.tenant_task
def measure_health() -> None:
    """Report the company's figures to the operator."""
    operations.measure_health(at=timezone.now())


@tenancy_tasks.platform_task
def measure_fleet() -> None:
    """Send each active company the order to measure itself."""
    tenancy_tasks.send_for_each(measure_health, tenancy_queries.active_retailers())


VISITS = (entering_tasks.end_visits, entering_tasks.end_all_visits)
PLANS = (plan_tasks.sweep_subscriptions, plan_tasks.measure_all_usage, plan_tasks.report_usage)
"""Found here by Celery, which looks for tasks in this file alone."""
ENDING = (
    deletion_tasks.begin_deletion, deletion_tasks.tell_of_deletion, deletion_tasks.sweep_deletions,
    deletion_tasks.end_company,
)  # fmt: skip

SIGNING_UP = (
    signup_tasks.mail_sign_up,
    signup_tasks.carry_on_sign_up,
    signup_tasks.release_sign_up,
    signup_tasks.take_down_demo,
    signup_tasks.sweep_sign_ups,
    signup_tasks.sweep_hosts,
)

FLEET = (
    fleet_tasks.work_on_jobs, fleet_tasks.sweep_jobs, fleet_tasks.keep_backups, fleet_tasks.prune_backups,
    fleet_tasks.drop_former,
)  # fmt: skip
