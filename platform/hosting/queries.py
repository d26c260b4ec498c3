"""The fleet at a glance, from the registry and what each company reported of itself."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Q, QuerySet

from hosting import models
from tenancy import context
from tenancy import models as tenancy_models

STALE_AFTER = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Company:
    """One company as the operator sees it."""

    retailer: Any
    host: str
    figures: dict[str, Any]
    measured_at: dt.datetime | None
    storage_bytes: int
    migration_error: str
    stale: bool


def companies(*, at: dt.datetime, search: str = "") -> list[Company]:
    """Return all companies but the operator, by code, with their latest figures; one query."""
    rows = retailers()
    if search:
        rows = rows.filter(code__icontains=search) | rows.filter(legal_name__icontains=search)
    with context.use_public():
        return [as_company(row, at) for row in rows]


def company(*, code: str, at: dt.datetime) -> Company:
    """Return one company; raises UnknownRetailer."""
    with context.use_public():
        row = retailers().filter(code=code).first()
    if row is None:
        raise context.UnknownRetailer(name=code)
    return as_company(row, at)


def events(*, code: str) -> list[models.FleetEvent]:
    """Return what was done to a company, newest first; of visits their begin and end, not each page opened."""
    with context.use_public():
        found = models.FleetEvent.objects.filter(retailer__code=code).exclude(action="support.request")
        return list(found.order_by("-at", "-id"))


def retailers() -> QuerySet[tenancy_models.Retailer]:
    """Return the registry's companies but the operator, by code; read it in ``context.use_public()``."""
    return (
        tenancy_models.Retailer.objects.filter(kind=tenancy_models.Retailer.Kind.RETAILER)
        .select_related("brand", "health", "fleetmigration")
        .prefetch_related("domains")
        .order_by("code")
    )


def as_company(row: tenancy_models.Retailer, at: dt.datetime) -> Company:
    """Return a row of ``retailers`` as the operator sees it."""
    health = getattr(row, "health", None)
    migration = getattr(row, "fleetmigration", None)
    hosts = [domain.domain for domain in row.domains.all() if domain.is_primary]
    return Company(
        retailer=row,
        host=hosts[0] if hosts else "",
        figures=health.figures if health else {},
        measured_at=health.measured_at if health else None,
        storage_bytes=health.storage_bytes if health else 0,
        migration_error=migration.error if migration else "",
        stale=health is None or at - health.measured_at > STALE_AFTER,
    )


def backups(*, code: str) -> list[models.Backup]:
    """Return a company's backups, newest first."""
    with context.use_public():
        return list(models.Backup.objects.filter(retailer__code=code).order_by("-made_at", "-id"))


def latest_backup(*, code: str) -> models.Backup | None:
    """Return the newest backup that was written whole, or None."""
    whole = (row for row in backups(code=code) if row.state == models.Backup.State.DONE and row.removed_at is None)
    return next(whole, None)


def latest_backup_times() -> dict[str, dt.datetime | None]:
    """Return when each active company's newest whole backup was made, by code; None for one without."""
    active = {"kind": tenancy_models.Retailer.Kind.RETAILER, "status": tenancy_models.Retailer.Status.ACTIVE}
    whole = Q(backups__state=models.Backup.State.DONE)
    with context.use_public():
        rows = tenancy_models.Retailer.objects.filter(**active).annotate(newest=Max("backups__made_at", filter=whole))
        return dict(rows.values_list("code", "newest"))


def reported_figures() -> list[dict[str, Any]]:
    """Return the figures that each active company's worker reported last."""
    with context.use_public():
        rows = models.CompanyHealth.objects.filter(retailer__status=tenancy_models.Retailer.Status.ACTIVE)
        return list(rows.values_list("figures", flat=True))
