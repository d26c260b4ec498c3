"""Jobs of a company that comes to its end: none may give it a space or an archive once that is counted."""

from __future__ import annotations

import datetime as dt

from hosting import models, session_locks
from hosting.operations import job_running, jobs
from tenancy import context

Job = models.Job


def stop_all(*, retailer_id: int, at: dt.datetime) -> bool:
    """End the jobs of a company that nobody works on, ask the others to stop; return whether none is left."""
    with context.use_public():
        rows = Job.objects.filter(retailer_id=retailer_id, state__in=jobs.UNFINISHED)
        rows.update(stop_asked=True)
        keys = list(rows.values_list("pk", flat=True))
    for key in keys:
        _stop(key, at)
    with context.use_public():
        return not rows.exists()


def _stop(key: int, at: dt.datetime) -> None:
    with session_locks.tried(session_locks.JOB, key) as held:
        if not held:
            return
        with context.use_public():
            job = Job.objects.select_related("retailer", "backup").get(pk=key)
        if job.state in jobs.UNFINISHED:
            job_running.fail(job, job_running.Stopped(), at)
