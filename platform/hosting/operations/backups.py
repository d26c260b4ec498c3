"""One company backed up, tried, restored, moved; the others never notice.

An archive is written by any process for its company (it only reads); schemas are made by owner processes alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from hosting import models
from hosting.operations import companies
from kernel.errors import GridhallError, NotFound, gettext_noop
from tenancy import archives, company_keys, context, provisioning
from tenancy import models as tenancy_models
from tenancy.archives.writing import digest_of

LONGEST_ERROR = 400
Retailer = tenancy_models.Retailer
State = models.Backup.State


class BackupMissing(GridhallError):
    """The archive is not where it was written."""

    code = "backup_missing"
    template = gettext_noop("The file {name} is not there any more.")


class NotTheCompany(GridhallError):
    """An archive of another company must not take the place of this one."""

    code = "backup_of_another_company"
    template = gettext_noop("{name} is an archive of “{other}”, not of “{code}”.")


def folder_of(*, code: str) -> Path:
    """Return where a company's archives are kept."""
    return Path(settings.BACKUP_DIR) / code


def back_up(*, code: str, at: dt.datetime, folder: Path | None = None, actor_id: int | None = None) -> models.Backup:
    """Write the company to an archive from one snapshot and record it; raises UnknownRetailer.

    A failure is recorded with its reason and raised again; no half of an archive is left under its name.
    """
    retailer = context.retailer_by_code(code=code)
    path = (folder or folder_of(code=code)) / f"{code}-{at:%Y%m%dT%H%M%S%f}.tar"
    with context.use_public():
        row = models.Backup.objects.create(retailer_id=retailer.pk, made_at=at, name=path.name)
    try:
        with context.use(retailer):
            manifest = archives.write(path=path, at=at)
    except Exception as failure:
        _record_end(row, State.FAILED, error=f"{type(failure).__name__}: {failure}"[:LONGEST_ERROR])
        raise
    _record_end(
        row,
        State.DONE,
        size=path.stat().st_size,
        sha256=digest_of(path),
        tables=len(manifest.tables),
        rows=manifest.rows,
        files=len(manifest.files),
    )
    _note(retailer, "backup", at, actor_id, name=path.name, rows=manifest.rows)
    return row


def drill(*, backup_id: int, at: dt.datetime) -> models.Backup:
    """Restore an archive into a scratch schema, compare it row by row, drop the schema, and record what differed."""
    with context.use_public():
        row = models.Backup.objects.select_related("retailer").filter(pk=backup_id).first()
    if row is None:
        raise NotFound(what=gettext_noop("backup"), name=str(backup_id))
    path = _path(row)
    scratch = Retailer(schema_name=tenancy_models.generate_schema_name())
    try:
        archives.restore(path=path, schema_name=scratch.schema_name)
        found = archives.compare(path=path, schema_name=scratch.schema_name)
    finally:
        with context.use_public():
            provisioning.drop_schema(retailer=scratch)
    row.tried_at, row.differences = at, [asdict(each) for each in found]
    with context.use_public():
        row.save(update_fields=["tried_at", "differences"])
    return row


def restore_company(
    *, path: Path, at: dt.datetime, code: str | None = None, actor_id: int | None = None
) -> tenancy_models.Retailer:
    """Make a company from an archive, here or on another deployment: that is how one moves. Owner processes only.

    ``code`` names it where its own is taken. Addresses that belong to somebody here are left out. Raises CodeTaken.
    """
    manifest = archives.read_manifest(path=path)
    name = code or manifest.code
    if not companies.CODE_PATTERN.fullmatch(name):
        raise companies.CodeTaken(where="code", code=name)
    with context.use_public():
        if Retailer.objects.filter(code=name).exists():
            raise companies.CodeTaken(where="code", code=name)
    schema = tenancy_models.generate_schema_name()
    archives.restore(path=path, schema_name=schema)
    with context.use_public(), transaction.atomic():
        retailer = _register(manifest, name, schema)
        _note(retailer, "restore", at, actor_id, name=path.name, rows=manifest.rows)
    return retailer


def replace_from_backup(
    *, code: str, path: Path, reason: str, at: dt.datetime, actor_id: int | None = None
) -> tenancy_models.Retailer:
    """Put a company back to what its archive holds; what stood there is kept in a schema of its own until dropped.

    The archive is restored beside it and compared; only then the registry names the new schema, in one step.
    Owner processes only. Raises NotTheCompany.
    """
    manifest = archives.read_manifest(path=path)
    if manifest.code != code:
        raise NotTheCompany(name=path.name, other=manifest.code, code=code)
    retailer = context.retailer_by_code(code=code)
    schema, before = tenancy_models.generate_schema_name(), retailer.schema_name
    archives.restore(path=path, schema_name=schema)
    differing = archives.compare(path=path, schema_name=schema)
    if differing:
        with context.use_public():
            provisioning.drop_schema(retailer=Retailer(schema_name=schema))
        raise archives.Damaged(member=differing[0].name)
    with context.use_public(), transaction.atomic():
        keys = company_keys.joined(
            present=retailer.key_envelope, archived=manifest.company.get("key_envelope") or retailer.key_envelope
        )
        Retailer.objects.filter(pk=retailer.pk).update(schema_name=schema, key_envelope=keys)
        _note(retailer, "replace", at, actor_id, reason=reason, name=path.name, schema=schema, former=before)
    return context.retailer_by_code(code=code)


def _register(manifest: archives.Manifest, code: str, schema: str) -> tenancy_models.Retailer:
    fields = {name: _from_json(value) for name, value in manifest.company.items()}
    fields |= {"code": code, "schema_name": schema, "status": Retailer.Status.ACTIVE}
    retailer = Retailer(**fields)
    retailer.save()
    brand = {name: _from_json(value) for name, value in manifest.brand.items()}
    if brand:
        tenancy_models.Brand(retailer=retailer, **brand).save()
    for domain in manifest.domains:
        if not tenancy_models.Domain.objects.filter(domain=domain["domain"]).exists():
            tenancy_models.Domain(tenant=retailer, **domain).save()
    tenancy_models.FleetMigration.objects.create(
        retailer=retailer, fingerprint=manifest.fingerprint, migrated_at=manifest.made
    )
    return retailer


def _from_json(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) and set(value) == {"hex"} else value


def _path(row: models.Backup) -> Path:
    path = folder_of(code=row.retailer.code) / row.name
    if not path.is_file():
        raise BackupMissing(name=row.name)
    return path


def _record_end(row: models.Backup, state: str, **facts: Any) -> None:
    row.state, row.finished_at = state, dt.datetime.now(dt.UTC)
    for name, value in facts.items():
        setattr(row, name, value)
    with context.use_public():
        row.save()


def _note(retailer: Any, action: str, at: dt.datetime, actor_id: int | None, reason: str = "", **details: Any) -> None:
    with context.use_public():
        companies.record(retailer=retailer, action=action, at=at, actor_id=actor_id, reason=reason, details=details)
