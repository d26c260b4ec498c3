"""All companies on one page: how each stands, what is wrong there, and one in depth. Never a person.

The number of queries does not depend on the number of companies (a test counts them).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Max, Q, Sum

from hosting import backup_policy, models, plans, queries
from hosting.fleet_rows import INFO, KINDS, Row, Work, problems
from kernel.errors import NotFound, gettext_noop
from kernel.money import Money
from tenancy import context
from tenancy import models as tenancy_models

LOOKED_BACK, FAULTS_BACK, FAULTS_SHOWN = dt.timedelta(days=7), dt.timedelta(days=1), dt.timedelta(days=30)
GROWTH_DAYS, HISTORY_DAYS = 30, 90
WORK = ("imports", "bill_runs", "simulations", "messages")
Job = models.Job


def rows(*, at: dt.datetime, code: str = "") -> list[Row]:
    """Return every company (or one) with what is wrong there, by code; a fixed number of queries."""
    with context.use_public():
        found = queries.retailers().select_related("subscription__version", "backup_policy")
        found = found.exclude(status=tenancy_models.Retailer.Status.DELETED)
        all_rows = [_row(each, at) for each in (found.filter(code=code) if code else found)]
        by_key = {row.retailer.pk: row for row in all_rows}
        _add_debts(by_key)
        _add_jobs(by_key, at)
        _add_faults(by_key, at)
        _add_backups(by_key)
        _add_growth(by_key, at)
        _add_ends(by_key)
        newest = tenancy_models.SchemaTemplate.objects.order_by("-created_at").values_list("fingerprint", flat=True)
        fingerprint = newest.first()
    for row in all_rows:
        migration = getattr(row.retailer, "fleetmigration", None)
        row.behind = bool(fingerprint and migration and migration.fingerprint != fingerprint)
        row.problems = problems(row, at=at)
    return all_rows


def chosen(found: Iterable[Row], *, search: str = "", wrong: Iterable[str] = (), status: str = "") -> list[Row]:
    """Return the rows that meet a search (code, names, legal name, host, schema) and have all that is asked for."""
    words, kinds = search.casefold().split(), set(wrong)
    return [
        row
        for row in found
        if all(word in _searched(row) for word in words)
        and kinds <= {each.kind for each in row.problems}
        and status in ("", row.retailer.status, str(row.standing.state or ""))
    ]


def worst(found: Iterable[Row], *, most: int) -> list[Row]:
    """Return the rows that need somebody's attention, the worst first; what is only to be known is left out."""
    bad = [row for row in found if any(each.tone != INFO for each in row.problems)]
    return sorted(bad, key=lambda row: (-row.severity, row.name))[:most]


def counts(found: Iterable[Row]) -> dict[str, int]:
    """Return how many companies have each kind of problem."""
    total: dict[str, int] = dict.fromkeys(KINDS, 0)
    for row in found:
        for kind in {each.kind for each in row.problems}:
            total[kind] += 1
    return total


def history(*, retailer_id: int, at: dt.datetime, days: int = HISTORY_DAYS) -> list[models.HealthDay]:
    """Return a company's figures of the last days, the oldest first."""
    with context.use_public():
        found = models.HealthDay.objects.filter(retailer_id=retailer_id, day__gt=at.date() - dt.timedelta(days=days))
        return list(found.order_by("day"))


def faults(*, retailer_id: int | None, at: dt.datetime, most: int = 50) -> list[dict[str, Any]]:
    """Return faults by source, class and place with their count, the last first; None: of the platform itself."""
    with context.use_public():
        mine = Q(retailer__isnull=True) if retailer_id is None else Q(retailer_id=retailer_id)
        found: Any = models.Fault.objects.filter(mine, day__gt=at.date() - FAULTS_SHOWN)
        summed = found.values("source", "kind", "place").annotate(
            times=Sum("count"), last=Max("last_at"), days=Count("day"), request=Max("request_id")
        )
        return list(summed.order_by("-last")[:most])


def jobs(*, retailer_id: int, most: int = 20) -> list[models.Job]:
    """Return the latest jobs on a company, the newest first."""
    with context.use_public():
        found = Job.objects.filter(retailer_id=retailer_id).select_related("backup")
        return list(found.order_by("-asked_at", "-pk")[:most])


def homeless_jobs(*, most: int = 20) -> list[models.Job]:
    """Return the latest jobs that have no company here yet: archives brought from elsewhere."""
    with context.use_public():
        return list(Job.objects.filter(retailer=None).order_by("-asked_at", "-pk")[:most])


def job(*, job_id: int) -> models.Job:
    """Return one job with its company; raises NotFound."""
    with context.use_public():
        found = Job.objects.select_related("retailer", "backup").filter(pk=job_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("job"), name=str(job_id))
    return found


def takeouts(*, retailer_id: int, most: int = 10) -> list[models.Job]:
    """Return what a company ordered to take along, or was given so, the newest first."""
    with context.use_public():
        found = Job.objects.filter(retailer_id=retailer_id, kind=Job.Kind.TAKEOUT).select_related("retailer")
        return list(found.order_by("-asked_at", "-pk")[:most])


def former_spaces(*, retailer_id: int) -> list[models.FleetEvent]:
    """Return the restores that left a space behind which stands still, the newest first."""
    with context.use_public():
        done = models.FleetEvent.objects.filter(retailer_id=retailer_id)
        dropped = set(done.filter(action="drop_former").values_list("details__schema", flat=True))
        found = done.filter(action="replace").order_by("-at", "-pk")
        return [each for each in found if each.details.get("former") not in dropped]


def backups_of(*, code: str) -> backup_policy.Policy:
    """Return how often a company is backed up, for its own page; raises UnknownRetailer."""
    with context.use_public():
        found = queries.retailers().select_related("backup_policy").filter(code=code).first()
    if found is None:
        raise context.UnknownRetailer(name=code)
    return backup_policy.policy(retailer=found)


def policy_of(row: Row) -> backup_policy.Policy:
    """Return how often a company is backed up."""
    return backup_policy.policy(retailer=row.retailer)


def _row(retailer: Any, at: dt.datetime) -> Row:
    company = queries.as_company(retailer, at)
    told = company.figures.get("work") or {}
    work = {name: Work(**told[name]) for name in WORK if name in told}
    return Row(company=company, standing=plans.of(retailer), work=work)


def _add_debts(by_key: dict[int, Row]) -> None:
    opened = models.HostingInvoice.objects.filter(state=models.HostingInvoice.State.OPEN)
    summed = opened.values("subscription__retailer", "currency").annotate(owed=Sum("total")).order_by("currency")
    for each in summed:
        if row := by_key.get(each["subscription__retailer"]):
            row.owed.append(Money.rounded(each["owed"], each["currency"]))
    for row in by_key.values():
        subscription = getattr(row.retailer, "subscription", None)
        row.overdue_since = subscription.unpaid_since if subscription else None


def _add_jobs(by_key: dict[int, Row], at: dt.datetime) -> None:
    unfinished = Q(state__in=[Job.State.WAITING, Job.State.RUNNING])
    failed = Q(state=Job.State.FAILED, finished_at__gte=at - LOOKED_BACK) & ~Q(error_code="job_stopped")
    for job in Job.objects.filter(unfinished | failed, retailer__isnull=False).order_by("pk"):
        row = by_key.get(job.retailer_id or 0)
        if row is not None and job.state == Job.State.FAILED:
            row.failed_jobs += 1
        elif row is not None:
            row.jobs.append(job)


def _add_faults(by_key: dict[int, Row], at: dt.datetime) -> None:
    since = (at - LOOKED_BACK).date()
    found = models.Fault.objects.filter(retailer__isnull=False, day__gte=since).values("retailer")
    late = Q(last_at__gte=at - FAULTS_BACK)
    for each in found.annotate(week=Sum("count"), today=Sum("count", filter=late)).order_by():
        if row := by_key.get(each["retailer"]):
            row.faults, row.faults_week = each["today"] or 0, each["week"]


def _add_backups(by_key: dict[int, Row]) -> None:
    states = models.Backup.State
    whole = Q(state=states.DONE, removed_at__isnull=True)
    found = models.Backup.objects.values("retailer").annotate(
        last=Max("made_at", filter=whole), failed=Max("made_at", filter=Q(state=states.FAILED)), tried=Max("tried_at"),
        proven=Max("tried_at", filter=Q(differences=[])),
    )  # fmt: skip
    for each in found.order_by():
        if row := by_key.get(each["retailer"]):
            row.backup_at, row.tried_at = each["last"], each["tried"]
            row.drill_differs = each["tried"] is not None and each["tried"] != each["proven"]
            later = each["failed"] is not None and (each["last"] is None or each["failed"] > each["last"])
            row.backup_failed_at = each["failed"] if later else None


def _add_growth(by_key: dict[int, Row], at: dt.datetime) -> None:
    since = at.date() - dt.timedelta(days=GROWTH_DAYS)
    found = models.HealthDay.objects.filter(day__gte=since).order_by("retailer", "day").distinct("retailer")
    for retailer, day, size in found.values_list("retailer", "day", "storage_bytes"):
        row = by_key.get(retailer)
        if row is not None and day < at.date():
            row.growth = row.company.storage_bytes - size


def _add_ends(by_key: dict[int, Row]) -> None:
    open_ones = models.Deletion.objects.filter(state__in=["waiting", "running"])
    ends: dict[int, dt.datetime] = defaultdict(lambda: dt.datetime.max.replace(tzinfo=dt.UTC))
    ends.update(open_ones.values_list("retailer", "due_at"))
    for key, row in by_key.items():
        row.ending = ends.get(key)


def _searched(row: Row) -> str:
    retailer = row.retailer
    parts = [retailer.code, retailer.legal_name, retailer.schema_name, *retailer.names.values()]
    parts += [domain.domain for domain in retailer.domains.all()]
    return " ".join(parts).casefold()
