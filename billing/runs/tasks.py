"""Bill runs in the background: messages carry only the run's id, everything else stands in the database.

Every task may be lost, doubled or killed: chunks are claimed in the database, and a sweep sends again what is left.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.utils import timezone

from billing.runs import operations, queries
from hosting import plans
from tenancy import context
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task

MOST_CHUNKS_AT_ONCE = 8
"""A cap per retailer: one company's million bills leave room for another's hundred."""


@tenant_task
def rate_run(run_id: int) -> None:
    """Send one task for each chunk that waits, up to the cap."""
    chunks = -(-queries.waiting_count(run_id=run_id) // operations.RATE_CHUNK)
    for _ in range(min(chunks, MOST_CHUNKS_AT_ONCE)):
        rate_chunk.delay(run_id)
    if not chunks:
        operations.finish_rating(run_id=run_id)


@tenant_task
def rate_chunk(run_id: int) -> None:
    """Rate one chunk, then another while there is one; the last one moves the run to review."""
    if operations.rate_chunk(run_id=run_id, at=timezone.now()).claimed:
        rate_chunk.delay(run_id)
    else:
        operations.finish_rating(run_id=run_id)


@tenant_task
def issue_run(run_id: int) -> None:
    """Send one task for each chunk of drafts, up to the cap."""
    chunks = -(-queries.drafted_count(run_id=run_id) // operations.ISSUE_CHUNK)
    for _ in range(min(chunks, MOST_CHUNKS_AT_ONCE)):
        issue_chunk.delay(run_id)
    if not chunks:
        _finish_issuing(run_id)


@tenant_task
def issue_chunk(run_id: int) -> None:
    """Issue one chunk, then another while there is one; the last one moves the run on."""
    if operations.issue_chunk(run_id=run_id, at=timezone.now()).claimed:
        issue_chunk.delay(run_id)
    else:
        _finish_issuing(run_id)


@tenant_task
def sweep_runs() -> None:
    """Send again the runs of this retailer that are not through: their messages may have been lost."""
    for run_id, state in queries.unfinished_run_ids().items():
        (rate_run if state == "rating" else issue_run).delay(run_id)


@tenant_task
def wake_parked() -> None:
    """Rate again the parked bills whose readings, index or earlier bill have come."""
    operations.wake(at=timezone.now())


@tenant_task
def start_due_runs() -> None:
    """Start the runs of the lots whose period has ended, and lift the holds that ran out."""
    if not plans.writable():
        return
    now = timezone.now()
    today = now.astimezone(ZoneInfo(context.current_retailer().time_zone)).date()
    operations.lift_expired(on=today, at=now)
    operations.assign_by_rule(at=now, on=today)
    for run in operations.start_due_runs(on=today, at=now):
        operations.begin(run=run)


@platform_task
def wake_all_parked() -> None:
    """Send the look at parked bills to every active retailer, in turn."""
    tenancy_tasks.send_for_each(wake_parked, tenancy_queries.active_retailers())


@platform_task
def start_all_due_runs() -> None:
    """Send the start of due runs to every active retailer, in turn."""
    tenancy_tasks.send_for_each(start_due_runs, tenancy_queries.active_retailers())


@platform_task
def sweep_all_runs() -> None:
    """Send a sweep to every active retailer, in turn."""
    tenancy_tasks.send_for_each(sweep_runs, tenancy_queries.active_retailers())


def _finish_issuing(run_id: int) -> None:
    run = operations.finish_issuing(run_id=run_id, at=timezone.now())
    if run.state == run.State.RATING:
        rate_run.delay(run_id)
