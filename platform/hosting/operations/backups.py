"""One company backed up and tried; the others never notice.

An archive is written by any process for its company (it only reads); schemas are made by owner processes alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings

from hosting import models
from hosting.operations import companies
from kernel.errors import GridhallError, NotFound, gettext_noop
from tenancy import archives, context, provisioning
from tenancy import models as tenancy_models
from tenancy.archives.writing import Tell, digest_of, silent

LONGEST_ERROR = 400
Retailer = tenancy_models.Retailer
State = models.Backup.State


class BackupMissing(GridhallError):
    """The archive is not where it was written."""

    code = "backup_missing"
    template = gettext_noop("The file {name} is not there any more.")


def folder_of(*, code: str) -> Path:
    """Return where a company's archives are kept."""
    return Path(settings.BACKUP_DIR) / code


def path_of(row: models.Backup) -> Path:
    """Return where the archive of a backup stands; raises BackupMissing."""
    path = folder_of(code=row.retailer.code) / row.name
    if row.removed_at is not None or not path.is_file():
        raise BackupMissing(name=row.name)
    return path


def back_up(*, code: str, at: dt.datetime, folder: Path | None = None, actor_id: int | None = None) -> models.Backup:
    """Write the company to an archive from one snapshot and record it; raises UnknownRetailer.

    A failure is recorded with its reason and raised again; no half of an archive is left under its name.
    """
    row = begin(code=code, at=at)
    write(row=row, at=at, folder=folder, actor_id=actor_id)
    return row


def begin(*, code: str, at: dt.datetime, scheduled: bool = False) -> models.Backup:
    """Enter a backup that is going to be written; raises UnknownRetailer."""
    retailer = context.retailer_by_code(code=code)
    name = f"{code}-{at:%Y%m%dT%H%M%S%f}.tar"
    with context.use_public():
        return models.Backup.objects.create(retailer=retailer, made_at=at, name=name, scheduled=scheduled)


def write(
    *, row: models.Backup, at: dt.datetime, folder: Path | None = None, actor_id: int | None = None, tell: Tell = silent
) -> None:
    """Write the archive that ``begin`` entered; begun again after a cut, it is written anew under the same name."""
    retailer = context.retailer_by_schema(schema_name=row.retailer.schema_name)
    path = (folder or folder_of(code=retailer.code)) / row.name
    try:
        with context.use(retailer):
            manifest = archives.write(path=path, at=at, tell=tell)
    except Exception as failure:
        record_end(row, State.FAILED, error=f"{type(failure).__name__}: {failure}"[:LONGEST_ERROR])
        raise
    record_end(
        row,
        State.DONE,
        size=path.stat().st_size,
        sha256=digest_of(path),
        tables=len(manifest.tables),
        rows=manifest.rows,
        files=len(manifest.files),
        error="",
    )
    note(retailer, "backup", at, actor_id, name=path.name, rows=manifest.rows)


def drill(*, backup_id: int, at: dt.datetime) -> models.Backup:
    """Restore an archive into a scratch schema, compare it row by row, drop the schema, and record what differed."""
    row = backup(backup_id=backup_id)
    path = path_of(row)
    scratch = Retailer(schema_name=tenancy_models.generate_schema_name())
    try:
        archives.restore(path=path, schema_name=scratch.schema_name)
        found = archives.compare(path=path, schema_name=scratch.schema_name)
    finally:
        with context.use_public():
            provisioning.drop_schema(retailer=scratch)
    record_drill(row=row, differences=[asdict(each) for each in found], at=at)
    return row


def record_drill(
    *, row: models.Backup, differences: list[dict[str, Any]], at: dt.datetime, actor_id: int | None = None
) -> None:
    """Write down what a drill found."""
    row.tried_at, row.differences = at, differences
    with context.use_public():
        row.save(update_fields=["tried_at", "differences"])
    note(row.retailer, "drill", at, actor_id, name=row.name, differences=len(differences))


def backup(*, backup_id: int) -> models.Backup:
    """Return a backup with its company; raises NotFound."""
    with context.use_public():
        row = models.Backup.objects.select_related("retailer").filter(pk=backup_id).first()
    if row is None:
        raise NotFound(what=gettext_noop("backup"), name=str(backup_id))
    return row


def record_end(row: models.Backup, state: str, **facts: Any) -> None:
    """Write down how a backup ended."""
    row.state, row.finished_at = state, dt.datetime.now(dt.UTC)
    for name, value in facts.items():
        setattr(row, name, value)
    with context.use_public():
        row.save()


def note(retailer: Any, action: str, at: dt.datetime, actor_id: int | None, reason: str = "", **details: Any) -> None:
    """Write down what was done to a company, from whatever context."""
    with context.use_public():
        companies.record(retailer=retailer, action=action, at=at, actor_id=actor_id, reason=reason, details=details)
