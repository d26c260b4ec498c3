"""Work on a whole company that a person orders by button: written down here, done by the owner's worker."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from hosting import closing, models, sending
from hosting.operations import backups, companies, restoring
from kernel.errors import Conflict, GridhallError, Invalid, NotFound, gettext_noop
from tenancy import archives, context, hosts
from tenancy import models as tenancy_models

TASK = "hosting.work_on_jobs"
UPLOADS = "_uploads"
"""Beside the companies' folders: no code of a company begins with it."""
UPLOAD_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.tar")
BY_PERSON, BY_SCHEDULE = 0, 10
Job, Kind, State = models.Job, models.Job.Kind, models.Job.State
UNFINISHED = (State.WAITING, State.RUNNING)


class NotConfirmed(GridhallError):
    """What was typed is not the company's code."""

    code = "not_confirmed"
    template = gettext_noop("Nothing was done: type “{code}” to say that it is this company you mean.")


class Busy(GridhallError):
    """The company has a job under way."""

    code = "company_busy"
    template = gettext_noop("Nothing was ordered: another job of this company is under way. Wait for its end.")


class NotABackup(GridhallError):
    """The backup is none that can be restored."""

    code = "backup_not_whole"
    template = gettext_noop("The backup {name} is not whole, or was removed. Choose another.")


def order_backup(
    *, code: str, at: dt.datetime, actor_id: int | None = None, reason: str = "", scheduled: bool = False
) -> models.Job:
    """Order an archive of a company; raises UnknownRetailer, Conflict or Busy."""
    retailer = _standing(code)
    priority = BY_SCHEDULE if scheduled else BY_PERSON
    return _order(Kind.BACKUP, retailer, at, actor_id=actor_id, reason=reason, priority=priority)


def order_drill(
    *, backup_id: int, at: dt.datetime, actor_id: int | None = None, reason: str = "", scheduled: bool = False
) -> models.Job:
    """Order the proof of a backup: restored beside, compared row by row, dropped. Raises NotFound, NotABackup, Busy."""
    row = _whole(backup_id)
    priority = BY_SCHEDULE if scheduled else BY_PERSON
    return _order(
        Kind.DRILL, row.retailer, at, actor_id=actor_id, reason=reason, backup=row, priority=priority, name=row.name
    )


def order_replacement(
    *, backup_id: int, typed: str, reason: str, at: dt.datetime, actor_id: int | None = None
) -> models.Job:
    """Order that a company is put back to a backup; ``typed`` is its code, written by the person who means it.

    Raises NotFound, NotABackup, NotConfirmed, Invalid, NotTheCompany or Busy.
    """
    row = _whole(backup_id)
    _require_reason(reason)
    if typed.strip() != row.retailer.code:
        raise NotConfirmed(where="typed", code=row.retailer.code)
    retailer = _standing(row.retailer.code)
    manifest = archives.read_manifest(path=backups.path_of(row))
    restoring.require_own(manifest=manifest, retailer=retailer, name=row.name)
    return _order(Kind.REPLACE, retailer, at, actor_id=actor_id, reason=reason, backup=row, name=row.name)


def order_copy(
    *, backup_id: int, code: str, reason: str, at: dt.datetime, host: str = "", opened: bool = False,
    actor_id: int | None = None,
) -> models.Job:  # fmt: skip
    """Order a new company of a backup, under a code of its own; the one it is of goes on unchanged."""
    row = _whole(backup_id)
    _require_target(code, host, reason)
    facts = {"backup": row, "code": code, "host": hosts.normalise(host), "opened": opened, "name": row.name}
    return _order(Kind.RESTORE, row.retailer, at, actor_id=actor_id, reason=reason, **facts)


def order_restore_of_upload(
    *, upload: str, code: str, reason: str, at: dt.datetime, host: str = "", opened: bool = False,
    actor_id: int | None = None,
) -> models.Job:  # fmt: skip
    """Order a company of an archive that was brought here; an empty ``code`` is the one it had. Raises as above."""
    manifest = archives.read_manifest(path=upload_path(upload))
    code = code or manifest.code
    _require_target(code, host, reason)
    if manifest.company.get("kind", "retailer") != tenancy_models.Retailer.Kind.RETAILER:
        raise restoring.NotACompany(name=upload)
    facts = {"upload": upload, "code": code, "host": hosts.normalise(host), "opened": opened, "name": upload}
    return _order(Kind.RESTORE, None, at, actor_id=actor_id, reason=reason, **facts)


def order_takeout(*, at: dt.datetime, actor_id: int, reason: str = "") -> models.Job:
    """Order all that the present company has in readable files, for its own administrator; raises Busy."""
    retailer = context.current_retailer()
    return _order(Kind.TAKEOUT, retailer, at, actor_id=actor_id, reason=reason, by_company=True)


def order_takeout_of(*, code: str, reason: str, at: dt.datetime, actor_id: int | None = None) -> models.Job:
    """Order the same for the host; raises UnknownRetailer, Invalid, Conflict or Busy."""
    _require_reason(reason)
    return _order(Kind.TAKEOUT, _standing(code), at, actor_id=actor_id, reason=reason)


def stop(*, job_id: int, at: dt.datetime, actor_id: int | None = None) -> None:
    """Ask a job to stop: at once while it waits, else before its next step. Raises NotFound or Conflict."""
    with context.use_public(), transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).select_related("retailer").filter(pk=job_id).first()
        if job is None:
            raise NotFound(what=gettext_noop("job"), name=str(job_id))
        if job.state not in UNFINISHED:
            raise Conflict(reason=gettext_noop("the job has ended."))
        job.stop_asked = True
        job.save(update_fields=["stop_asked"])
        if job.retailer is not None:
            companies.record(
                retailer=job.retailer, action="stop_job", at=at, actor_id=actor_id, details={"kind": job.kind}
            )
    sending.after_commit(TASK)


def keep_upload(*, name: str, blocks: Iterable[bytes]) -> str:
    """Keep an archive that somebody brought and return the name it has here; what is no archive is not kept.

    Raises UnreadableArchive.
    """
    folder = Path(settings.BACKUP_DIR) / UPLOADS
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^A-Za-z0-9-]+", "-", Path(name).stem).strip("-")[:60] or "archive"
    path = folder / f"{stem}-{secrets.token_hex(4)}.tar"
    try:
        with path.open("wb") as file:
            for block in blocks:
                file.write(block)
        archives.read_manifest(path=path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path.name


def uploads() -> list[Path]:
    """Return the archives that were brought here, the newest first."""
    folder = Path(settings.BACKUP_DIR) / UPLOADS
    found = [path for path in folder.glob("*.tar") if path.is_file() and not path.is_symlink()]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def upload_path(name: str) -> Path:
    """Return where an archive stands that was brought here; raises BackupMissing."""
    path = Path(settings.BACKUP_DIR) / UPLOADS / name
    if not UPLOAD_NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
        raise backups.BackupMissing(where="upload", name=name)
    return path


def _order(kind: str, retailer: Any, at: dt.datetime, **facts: Any) -> models.Job:
    with context.use_public():
        if retailer is not None and closing.under_way(retailer_id=retailer.pk):
            raise Conflict(reason=gettext_noop("the end of the company is being carried out."))
    try:
        with context.use_public(), transaction.atomic():
            job = Job.objects.create(kind=kind, retailer_id=retailer.pk if retailer else None, asked_at=at, **facts)
    except IntegrityError as error:
        raise Busy() from error
    sending.after_commit(TASK)
    return job


def _standing(code: str) -> Any:
    """Return a company whose space stands; raises UnknownRetailer or Conflict."""
    retailer = context.retailer_by_code(code=code)
    statuses = tenancy_models.Retailer.Status
    if retailer.status not in (statuses.ACTIVE, statuses.SUSPENDED):
        raise Conflict(reason=gettext_noop("the company is {status}."), status=retailer.status)
    return retailer


def _whole(backup_id: int) -> models.Backup:
    row = backups.backup(backup_id=backup_id)
    if row.state != models.Backup.State.DONE or row.removed_at is not None:
        raise NotABackup(name=row.name)
    backups.path_of(row)
    return row


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(where="reason", reason=gettext_noop("Say why; the company can read it."))


def _require_target(code: str, host: str, reason: str) -> None:
    _require_reason(reason)
    if not companies.CODE_PATTERN.fullmatch(code):
        raise Invalid(
            where="code", reason=gettext_noop("A code is 2 to 40 small letters, digits and dashes, a letter first.")
        )
    restoring.require_free(code=code)
    if not host:
        return
    name = hosts.normalise(host)
    if not companies.HOST_PATTERN.fullmatch(name):
        raise Invalid(
            where="host", reason=gettext_noop("“{value}” is not a host name such as power.example.com."), value=host
        )
    with context.use_public():
        if tenancy_models.Domain.objects.filter(domain=name).exists():
            raise companies.HostTaken(where="host", host=host)
