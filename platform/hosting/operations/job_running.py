"""Jobs carried out by the owner's worker: a slice at a time, each step recorded in the transaction that does it.

A lock of the database session says who works on a job: it falls with the process, so a job whose worker died is taken
up again by the next one, at the step it had reached. Only so many jobs run at once (``settings.JOBS_AT_ONCE``), so that
a long restore leaves room for a company that signs up.
"""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from hosting import erasures, faults, models, session_locks
from hosting.operations import backups, companies, jobs, restoring, takeouts
from kernel.errors import GridhallError, gettext_noop
from tenancy import archives, context, provisioning
from tenancy import models as tenancy_models
from tenancy.archives import comparing, loading

SLICE_SECONDS = 20.0
MOST_ATTEMPTS = 5
REST = dt.timedelta(seconds=20)
"""How long a job is left alone after a try that failed for want of the database."""
LOOKED_AT = 50
COUNTED = "differences"
Job, Kind, State = models.Job, models.Job.Kind, models.Job.State
log = logging.getLogger(__name__)


class Stopped(GridhallError):
    """Somebody asked the job to stop."""

    code = "job_stopped"
    template = gettext_noop("Somebody stopped it. Nothing was changed.")


class Interrupted(GridhallError):
    """The job was begun too often without coming a step further."""

    code = "job_interrupted"
    template = gettext_noop("It was begun {times} times and cut off each time. See the log of the provision worker.")


class Unexpected(GridhallError):
    """A fault of the program."""

    code = "job_fault"
    template = gettext_noop("A fault of the program ended it ({kind}). Nothing was changed; the log has more.")


def work(*, now: Callable[[], dt.datetime], seconds: float = SLICE_SECONDS) -> bool:
    """Work on the next job for ``seconds``; return whether more waits. Owner processes only; any number at once."""
    with _lane() as free:
        if not free:
            return False
        with _next(now()) as job:
            if job is None:
                return False
            _work_on(job, now, time.monotonic() + seconds)
    with context.use_public():
        return _ready(now()).exists()


def unfinished() -> bool:
    """Return whether any job waits or was left by its worker."""
    with context.use_public():
        return Job.objects.filter(state__in=jobs.UNFINISHED).exists()


@contextmanager
def _lane() -> Iterator[bool]:
    """One of the places in which jobs run; False when all are taken."""
    for number in range(settings.JOBS_AT_ONCE):
        with session_locks.tried(session_locks.LANE, number) as held:
            if held:
                yield True
                return
    yield False


@contextmanager
def _next(at: dt.datetime) -> Iterator[models.Job | None]:
    """The next job that nobody works on: what was begun before what waits, a person's before the schedule's."""
    with context.use_public():
        keys = list(_ready(at).values_list("pk", flat=True)[:LOOKED_AT])
    for key in keys:
        with session_locks.tried(session_locks.JOB, key) as held:
            if not held:
                continue
            with context.use_public():
                job = Job.objects.select_related("retailer", "backup").get(pk=key)
            if job.state in jobs.UNFINISHED:
                yield job
                return
    yield None


def _ready(at: dt.datetime) -> QuerySet[models.Job]:
    begun = Case(When(state=State.RUNNING, then=Value(0)), default=Value(1), output_field=IntegerField())
    rested = Q(attempts=0) | Q(beat_at__isnull=True) | Q(beat_at__lt=at - REST) | Q(stop_asked=True)
    rows = Job.objects.filter(rested, state__in=jobs.UNFINISHED)
    return rows.order_by(begun, "priority", "pk")


def _work_on(job: models.Job, now: Callable[[], dt.datetime], until: float) -> None:
    """Do a slice of a job, whatever becomes of it; a failure is recorded and what it made is taken away."""
    try:
        _begin(job, now())
        finished = DEEDS[job.kind](job, now, until)
    except (OperationalError, InterfaceError):
        log.exception("job %s (%s) is tried again", job.pk, job.kind)
        connection.close()
        return
    except GridhallError as refusal:
        fail(job, refusal, now())
        return
    except Exception as fault:
        log.exception("job %s (%s) failed", job.pk, job.kind)
        faults.note(fault=fault, source=f"job {job.kind}", at=now())
        fail(job, Unexpected(kind=type(fault).__name__), now())
        return
    if finished:
        log.info("job %s (%s) is done", job.pk, job.kind)


def _begin(job: models.Job, at: dt.datetime) -> None:
    if _stop_asked(job):
        raise Stopped()
    if job.attempts >= MOST_ATTEMPTS:
        raise Interrupted(times=job.attempts)
    job.state, job.beat_at, job.attempts = State.RUNNING, at, job.attempts + 1
    job.started_at = job.started_at or at
    _save(job, "state", "started_at", "beat_at", "attempts")


def _back_up(job: models.Job, now: Callable[[], dt.datetime], _until: float) -> bool:
    """Write the archive; one snapshot cannot be taken up again, so a cut one is written anew under the same name."""
    row = job.backup
    if row is None:
        with context.use_public(), transaction.atomic():
            row = backups.begin(code=_company(job).code, at=now(), scheduled=job.priority == jobs.BY_SCHEDULE)
            job.backup, job.name = row, row.name
            job.save(update_fields=["backup", "name"])
    with _telling(job) as tell:
        backups.write(row=row, at=row.made_at, actor_id=job.actor_id, tell=tell)
    _end(job, now(), size=row.size, sha256=row.sha256, rows=row.rows)
    return True


def _take_out(job: models.Job, now: Callable[[], dt.datetime], _until: float) -> bool:
    """Write the readable files of a company."""
    with _telling(job) as tell:
        made = takeouts.write(job=job, at=now(), tell=tell)
    _end(job, now(), name=made.name, size=made.size, sha256=made.sha256, rows=made.rows)
    by = None if job.by_company else job.actor_id
    backups.note(job.retailer, "takeout", now(), by, job.reason, name=made.name, by_company=job.by_company)
    return True


def _drill(job: models.Job, now: Callable[[], dt.datetime], until: float) -> bool:
    """Prove a backup in a scratch schema."""
    row = _backup(job)
    if not _staged(job, backups.path_of(row), now, until):
        return False
    found = job.work.get(COUNTED, [])
    _drop(job)
    backups.record_drill(row=row, differences=found, at=now(), actor_id=job.actor_id)
    _end(job, now(), rows=row.rows)
    return True


def _replace(job: models.Job, now: Callable[[], dt.datetime], until: float) -> bool:
    """Put a company back; the registry names the new schema in the transaction that ends the job."""
    path = backups.path_of(_backup(job))
    manifest = archives.read_manifest(path=path)
    restoring.require_own(manifest=manifest, retailer=job.retailer, name=path.name)
    if not _staged(job, path, now, until):
        return False
    _require_same(job)
    with restoring.standing_in(job.retailer, job.schema_name), transaction.atomic():
        restoring.put_in_place(
            retailer=job.retailer, manifest=manifest, schema=job.schema_name, name=path.name, reason=job.reason,
            at=now(), actor_id=job.actor_id,
        )  # fmt: skip
        _end(job, now(), rows=manifest.rows, same_transaction=True)
    return True


def _restore(job: models.Job, now: Callable[[], dt.datetime], until: float) -> bool:
    """Make a company of an archive; it stands in the registry from the transaction that ends the job."""
    path = jobs.upload_path(job.upload) if job.upload else backups.path_of(_backup(job))
    if not _staged(job, path, now, until):
        return False
    _require_same(job)
    manifest = archives.read_manifest(path=path)
    erasures.repeat_in_copy(manifest=manifest, schema=job.schema_name, at=now())
    with context.use_public(), transaction.atomic():
        restoring.require_free(code=job.code)
        made = restoring.register(
            manifest=manifest, code=job.code, schema=job.schema_name, host=job.host, opened=job.opened
        )
        companies.record(
            retailer=made, action="restore", at=now(), actor_id=job.actor_id, reason=job.reason,
            details={"name": path.name, "rows": manifest.rows, "from": manifest.code},
        )  # fmt: skip
        _end(job, now(), rows=manifest.rows, same_transaction=True)
    return True


def _backup(job: models.Job) -> models.Backup:
    """Return the backup that a job is about; it may have been deleted since it was ordered."""
    if job.backup is None:
        raise backups.BackupMissing(name=job.name)
    return job.backup


def _company(job: models.Job) -> tenancy_models.Retailer:
    if job.retailer is None:
        raise context.UnknownRetailer(name=job.code)
    return job.retailer


DEEDS: dict[str, Callable[[models.Job, Callable[[], dt.datetime], float], bool]] = {
    Kind.BACKUP: _back_up,
    Kind.TAKEOUT: _take_out,
    Kind.DRILL: _drill,
    Kind.REPLACE: _replace,
    Kind.RESTORE: _restore,
}


def _staged(job: models.Job, path: Path, now: Callable[[], dt.datetime], until: float) -> bool:
    """Load an archive into the job's schema and compare it, from the step it has reached; return whether all is done.

    Each step and its number are one transaction: what is done is never done twice, what was cut is done again. At
    least one step is done each time.
    """
    manifest = archives.read_manifest(path=path)
    steps = [*loading.stages(manifest), *comparing.stages(manifest)]
    _settle(job, path, len(steps))
    with loading.opened(path=path, manifest=manifest, schema_name=job.schema_name, work=job.work) as load:
        while job.done < len(steps):
            if _stop_asked(job):
                raise Stopped()
            with context.use_public(), transaction.atomic():
                _do(job, load, steps[job.done], now())
            if time.monotonic() > until and job.done < len(steps):
                return False
    return True


def _do(job: models.Job, load: loading.Loading, step: loading.Stage, at: dt.datetime) -> None:
    if step.kind.startswith("compare"):
        found = comparing.run(step, load)
        job.work.setdefault(COUNTED, []).extend(asdict(each) for each in found)
    else:
        load.run(step)
    job.done, job.step, job.beat_at, job.attempts = job.done + 1, str(step), at, 0
    job.save(update_fields=["done", "step", "beat_at", "attempts", "work"])


def _settle(job: models.Job, path: Path, total: int) -> None:
    """Give the job its schema before anything is made, and see that the archive is the one it was begun with."""
    size, changed = path.stat().st_size, path.stat().st_mtime
    if not job.schema_name:
        if job.backup is not None and archives.digest_of(path) != job.backup.sha256:
            raise archives.Damaged(member=path.name)
        job.schema_name, job.total = tenancy_models.generate_schema_name(), total
        job.work = {"size": size, "changed": changed}
        _save(job, "schema_name", "total", "work")
    if (job.work.get("size"), job.work.get("changed")) != (size, changed):
        raise archives.Damaged(member=path.name)


def _require_same(job: models.Job) -> None:
    differing = job.work.get(COUNTED, [])
    if differing:
        raise archives.Damaged(member=differing[0]["name"])


def _end(job: models.Job, at: dt.datetime, *, same_transaction: bool = False, **facts: Any) -> None:
    job.state, job.finished_at, job.beat_at, job.attempts = State.DONE, at, at, 0
    job.done, job.step, job.work = max(job.done, job.total), "", {}
    job.total = job.done
    for name, value in facts.items():
        setattr(job, name, value)
    names = ("state", "finished_at", "beat_at", "attempts", "done", "step", "work", "total", *facts)
    if same_transaction:
        job.save(update_fields=names)
    else:
        _save(job, *names)


def fail(job: models.Job, refusal: GridhallError, at: dt.datetime) -> None:
    """Take away what was made and say why; a company's own space is never touched."""
    _drop(job)
    with context.use_public():
        if job.kind == Kind.BACKUP and job.backup_id:
            rows = models.Backup.objects.filter(pk=job.backup_id, state=models.Backup.State.RUNNING)
            rows.update(state=models.Backup.State.FAILED, finished_at=at, error=refusal.code)
    params = {name: str(value) for name, value in refusal.params.items()}
    job.state, job.finished_at, job.beat_at = State.FAILED, at, at
    job.error_code, job.error_params, job.work = refusal.code, params, {}
    _save(job, "state", "finished_at", "beat_at", "error_code", "error_params", "work")
    if job.retailer is not None:
        details = {"kind": job.kind, "error": refusal.code, "name": job.name}
        backups.note(job.retailer, "job_failed", at, job.actor_id, job.reason, **details)


def _drop(job: models.Job) -> None:
    """Drop the schema that the job made, unless the registry names it."""
    if not job.schema_name:
        return
    made = tenancy_models.Retailer(schema_name=job.schema_name)
    with context.use_public():
        if tenancy_models.Retailer.objects.filter(schema_name=job.schema_name).exists():
            return
        provisioning.drop_schema(retailer=made)
    shutil.rmtree(loading.folder_of(job.schema_name), ignore_errors=True)


def _stop_asked(job: models.Job) -> bool:
    with context.use_public():
        return Job.objects.filter(pk=job.pk, stop_asked=True).exists()


def _save(job: models.Job, *names: str) -> None:
    with context.use_public():
        job.save(update_fields=names)


@contextmanager
def _telling(job: models.Job) -> Iterator[Callable[[int, int, str], None]]:
    """What is heard while a snapshot holds the connection is written by another one; stopping is heard there too."""
    stopped = False

    def put_down(done: int, total: int, step: str) -> None:
        nonlocal stopped
        try:
            rows = Job.objects.filter(pk=job.pk)
            rows.update(done=done, total=total, step=step, beat_at=dt.datetime.now(dt.UTC))
            stopped = rows.filter(stop_asked=True).exists()
        finally:
            connection.close()

    last = 0.0
    with ThreadPoolExecutor(1) as other:

        def tell(done: int, total: int, step: str) -> None:
            nonlocal last
            if time.monotonic() - last < 1 and 0 < done < total:
                return
            last = time.monotonic()
            other.submit(put_down, done, total, step).result()
            job.done, job.total = done, total
            if stopped:
                raise Stopped()

        yield tell
