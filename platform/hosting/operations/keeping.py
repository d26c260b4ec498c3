"""Backups by the clock: who is due, which archive is proven next, what is kept, and who is told when one is late."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import F, Max, Q, QuerySet

from hosting import backup_policy, models
from hosting.operations import backups, companies, jobs, takeouts
from kernel.errors import GridhallError, Invalid, gettext_noop
from tenancy import context, provisioning
from tenancy import models as tenancy_models
from tenancy.archives import loading

FEWEST_HOURS, MOST_HOURS, MOST_KEPT = 0, 24 * 31, 1000
FAILURE_RESTS = dt.timedelta(hours=1)
"""After a backup that failed the schedule waits so long."""
DRILL_RESTS = dt.timedelta(days=1)
"""After a proof that failed the same archive waits so long; a newer one is tried at once."""
CUT_OFF = dt.timedelta(days=1)
HEALTH_KEPT, FAULTS_KEPT, JOBS_KEPT = dt.timedelta(days=400), dt.timedelta(days=90), dt.timedelta(days=400)
TAKEOUT_KEPT, UPLOAD_KEPT = dt.timedelta(days=7), dt.timedelta(days=14)
TOLD_EVERY = dt.timedelta(days=1)
Backup, Job, Retailer = models.Backup, models.Job, tenancy_models.Retailer
OPEN = (Retailer.Status.ACTIVE, Retailer.Status.SUSPENDED)


def set_policy(*, code: str, every_hours: int, kept: int, at: dt.datetime, actor_id: int | None = None) -> None:
    """Give a company numbers of its own; those of its plan: it follows that. Raises UnknownRetailer or Invalid."""
    if not FEWEST_HOURS <= every_hours <= MOST_HOURS:
        raise Invalid(
            where="every_hours", reason=gettext_noop("Between 0 (never by the clock) and {most} hours."),
            most=MOST_HOURS,
        )  # fmt: skip
    if not 1 <= kept <= MOST_KEPT:
        raise Invalid(where="kept", reason=gettext_noop("Between 1 and {most} archives are kept."), most=MOST_KEPT)
    retailer = context.retailer_by_code(code=code)
    facts = {"every_hours": every_hours, "kept": kept, "changed_at": at}
    usual = backup_policy.signed(retailer=retailer)
    with context.use_public():
        if (every_hours, kept) == (usual.hours, usual.kept):
            models.BackupPolicy.objects.filter(retailer_id=retailer.pk).delete()
        else:
            models.BackupPolicy.objects.update_or_create(retailer_id=retailer.pk, defaults=facts)
    backups.note(retailer, "backup_policy", at, actor_id, every_hours=every_hours, kept=kept)


def order_due(*, at: dt.datetime) -> int:
    """Order a backup of each company whose last one is older than its policy says; return how many were ordered."""
    return sum(_try_order(jobs.order_backup, code=code, at=at, scheduled=True) for code in _due(at))


def order_drills(*, at: dt.datetime) -> int:
    """Order the proof of the newest archive of the company that was proven longest ago, one at a time.

    An archive whose proof could not be carried out waits a day: one that another version wrote, for instance, would
    fail each time, and keep all other companies from theirs.
    """
    with context.use_public():
        if Job.objects.filter(kind=Job.Kind.DRILL, state__in=jobs.UNFINISHED).exists():
            return 0
        rows = _standing().annotate(
            proven=Max("backups__tried_at", filter=Q(backups__differences__isnull=False)),
            latest=Max("backups__pk", filter=_whole("backups__")),
        )
        due = Q(proven__isnull=True) | Q(proven__lt=at - settings.DRILL_EVERY)
        failed = Job.objects.filter(kind=Job.Kind.DRILL, state=Job.State.FAILED, finished_at__gt=at - DRILL_RESTS)
        resting = failed.filter(backup_id__isnull=False).values("backup_id")
        found = rows.filter(due, latest__isnull=False).exclude(pk__in=_busy()).exclude(latest__in=resting)
        keys = list(found.order_by(F("proven").asc(nulls_first=True), "pk").values_list("latest", flat=True))
    return int(any(_try_order(jobs.order_drill, backup_id=key, at=at, scheduled=True) for key in keys))


def prune(*, at: dt.datetime) -> int:
    """Remove archives beyond each company's number, taken-out files, uploads and old records; owner processes only.

    Of the clock's archives the newest are kept, and the last proven one; what a person ordered stays twice as long as
    the clock's number lasts. Return how many archives were removed.
    """
    _end_cut_off(at)
    with context.use_public():
        rows = Retailer.objects.filter(kind=Retailer.Kind.RETAILER).exclude(status=Retailer.Status.DELETED)
        companies_ = list(rows.select_related("backup_policy"))
    removed = sum(_prune_company(each, at) for each in companies_)
    _prune_takeouts(at)
    for path in jobs.uploads():
        if at - dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC) > UPLOAD_KEPT and not _in_use(path.name):
            path.unlink(missing_ok=True)
    with context.use_public():
        models.HealthDay.objects.filter(day__lt=(at - HEALTH_KEPT).date()).delete()
        models.Fault.objects.filter(day__lt=(at - FAULTS_KEPT).date()).delete()
        Job.objects.filter(finished_at__lt=at - JOBS_KEPT).delete()
    return removed


def late(*, at: dt.datetime) -> list[str]:
    """Return the codes of the companies whose last backup is late, or that have none a day after they were made."""
    with context.use_public():
        rows = _standing().select_related("backup_policy")
        found = list(rows.annotate(last=Max("backups__made_at", filter=_whole("backups__"))).order_by("code"))
    return [
        each.code
        for each in found
        if backup_policy.is_late(last=each.last, since=each.created_at, retailer=each, at=at)
    ]


def to_tell(*, at: dt.datetime) -> list[str]:
    """Return the late companies that nobody was told of for a day, and note that somebody is told now."""
    codes = late(at=at)
    with context.use_public():
        told = models.FleetEvent.objects.filter(action="backup_late", at__gt=at - TOLD_EVERY)
        known = set(told.values_list("retailer__code", flat=True))
        fresh = [code for code in codes if code not in known]
        for retailer in Retailer.objects.filter(code__in=fresh):
            companies.record(retailer=retailer, action="backup_late", at=at)
    return fresh


def forget_former(*, retailer_id: int, schema: str, at: dt.datetime, actor_id: int | None = None) -> None:
    """Drop a space that a restore left behind; owner processes only. Raises Invalid for one that is in use."""
    with context.use_public():
        retailer = Retailer.objects.get(pk=retailer_id)
        former = models.FleetEvent.objects.filter(retailer=retailer, action="replace", details__former=schema).exists()
        if not former or Retailer.objects.filter(schema_name=schema).exists():
            raise Invalid(where="schema", reason=gettext_noop("That is no space which a restore left behind."))
        provisioning.drop_schema(retailer=Retailer(schema_name=schema))
    shutil.rmtree(loading.folder_of(schema), ignore_errors=True)
    backups.note(retailer, "drop_former", at, actor_id, schema=schema)


def _due(at: dt.datetime) -> list[str]:
    failed = Q(jobs__kind=Job.Kind.BACKUP, jobs__state=Job.State.FAILED)
    with context.use_public():
        rows = _standing().select_related("backup_policy").exclude(pk__in=_busy())
        rows = rows.annotate(
            last=Max("backups__made_at", filter=_whole("backups__")), failed=Max("jobs__finished_at", filter=failed)
        )
        found = list(rows.order_by(F("last").asc(nulls_first=True), "pk"))
    return [each.code for each in found if _is_due(each, at)]


def _is_late(each: tenancy_models.Retailer, at: dt.datetime) -> bool:
    last = each.last  # type: ignore[attr-defined]
    return backup_policy.is_late(last=last, since=each.created_at, retailer=each, at=at)


def _is_due(each: tenancy_models.Retailer, at: dt.datetime) -> bool:
    every = backup_policy.policy(retailer=each).every
    last, failed = each.last, each.failed  # type: ignore[attr-defined]
    if not every or (failed is not None and at - failed < FAILURE_RESTS):
        return False
    return last is None or at - last >= every


def _prune_company(retailer: tenancy_models.Retailer, at: dt.datetime) -> int:
    kept = backup_policy.policy(retailer=retailer).kept
    with context.use_public():
        rows = list(Backup.objects.filter(_whole(), retailer=retailer).order_by("-made_at", "-pk"))
    proven = next((row.pk for row in rows if row.is_proven), None)
    by_clock = [row for row in rows if row.scheduled]
    oldest = by_clock[kept - 1].made_at if len(by_clock) >= kept else None
    beyond = [row for row in by_clock[kept:] if row.pk != proven]
    if oldest is not None:
        limit = at - 2 * (at - oldest)
        beyond += [row for row in rows if not row.scheduled and row.made_at < limit and row.pk != proven]
    return sum(_remove(row, retailer, at) for row in beyond if not _archive_in_use(row))


def _remove(row: models.Backup, retailer: tenancy_models.Retailer, at: dt.datetime) -> bool:
    path = backups.folder_of(code=retailer.code) / row.name
    path.unlink(missing_ok=True)
    path.with_suffix(path.suffix + ".sha256").unlink(missing_ok=True)
    with context.use_public():
        return bool(Backup.objects.filter(pk=row.pk, removed_at__isnull=True).update(removed_at=at))


def _prune_takeouts(at: dt.datetime) -> None:
    with context.use_public():
        done = Job.objects.filter(kind=Job.Kind.TAKEOUT, state=Job.State.DONE, removed_at__isnull=True)
        old = list(done.filter(finished_at__lt=at - TAKEOUT_KEPT).select_related("retailer"))
    for job in old:
        if job.retailer is not None:
            (takeouts.folder_of(code=job.retailer.code) / job.name).unlink(missing_ok=True)
    with context.use_public():
        Job.objects.filter(pk__in=[job.pk for job in old]).update(removed_at=at)


def _end_cut_off(at: dt.datetime) -> None:
    """Record as failed what was being written by a process that is gone: a command, since jobs are taken up again."""
    with context.use_public():
        working = Job.objects.filter(state__in=jobs.UNFINISHED, backup__isnull=False).values("backup")
        cut = Backup.objects.filter(state=Backup.State.RUNNING, made_at__lt=at - CUT_OFF).exclude(pk__in=working)
        cut.update(state=Backup.State.FAILED, finished_at=at, error="cut off")


def _in_use(upload: str) -> bool:
    with context.use_public():
        return Job.objects.filter(upload=upload, state__in=jobs.UNFINISHED).exists()


def _archive_in_use(row: models.Backup) -> bool:
    with context.use_public():
        return Job.objects.filter(backup=row, state__in=jobs.UNFINISHED).exists()


def _standing() -> QuerySet[tenancy_models.Retailer]:
    return Retailer.objects.filter(kind=Retailer.Kind.RETAILER, status__in=OPEN, demo_until__isnull=True)


def _whole(prefix: str = "") -> Q:
    return Q(**{f"{prefix}state": Backup.State.DONE, f"{prefix}removed_at__isnull": True})


def _busy() -> Any:
    return Job.objects.filter(state__in=jobs.UNFINISHED, retailer__isnull=False).values("retailer")


def _try_order(order: Callable[..., object], **facts: Any) -> bool:
    """Order it; a company that is busy or gone in this moment is left to the next time."""
    try:
        order(**facts)
    except GridhallError:
        return False
    return True
