"""Jobs on whole companies, backups by the clock, what is pruned, and who is told of a late backup."""

from __future__ import annotations

from celery import current_app
from django.utils import timezone

from hosting.operations import job_running, jobs, keeping, telling
from tenancy import tasks as tenancy_tasks


@tenancy_tasks.platform_task(name=jobs.TASK)
def work_on_jobs() -> None:
    """Work on the next job for a slice, and send for the next slice. May be lost, doubled or sent for nothing."""
    if job_running.work(now=timezone.now):
        current_app.send_task(jobs.TASK, ignore_result=True)


@tenancy_tasks.platform_task(name="hosting.sweep_jobs")
def sweep_jobs() -> None:
    """Send for the jobs that wait or that a dead worker left."""
    if job_running.unfinished():
        current_app.send_task(jobs.TASK, ignore_result=True)


@tenancy_tasks.platform_task(name="hosting.keep_backups")
def keep_backups() -> None:
    """Order the backups and the drill that are due, and tell the host's people of companies without a recent one."""
    now = timezone.now()
    keeping.order_due(at=now)
    keeping.order_drills(at=now)
    telling.tell_of_late_backups(at=now)


@tenancy_tasks.platform_task(name="hosting.prune_backups")
def prune_backups() -> None:
    """Remove what is beyond its time; by the owner, who alone may delete records of the registry."""
    keeping.prune(at=timezone.now())


@tenancy_tasks.platform_task(name="hosting.drop_former")
def drop_former(*, retailer_id: int, schema: str, actor_id: int | None = None) -> None:
    """Drop the space that a restore left behind."""
    keeping.forget_former(retailer_id=retailer_id, schema=schema, at=timezone.now(), actor_id=actor_id)
