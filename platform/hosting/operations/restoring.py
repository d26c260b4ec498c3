"""A company made from an archive: put back to it, or made anew under another code. Owner processes only."""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path
from typing import Any

from django.db import transaction

from hosting import closing, erasures, models
from hosting.operations import backups, companies
from identity import operations as identity_operations
from kernel.errors import Conflict, GridhallError, gettext_noop
from tenancy import archives, company_keys, context, hosts, provisioning
from tenancy import models as tenancy_models

Retailer = tenancy_models.Retailer
STANDING = (Retailer.Status.ACTIVE, Retailer.Status.SUSPENDED)
FIELDS = (
    "names", "legal_name", "market", "region", "currency", "time_zone", "default_language", "languages", "created_at",
    "key_envelope", "live_since", "demo_until",
)  # fmt: skip
BRAND_FIELDS = (
    "primary_color", "accent_color", "logo", "logo_type", "tagline", "support_phone", "support_email", "sender_email",
    "address", "tax_number", "changed_at",
)  # fmt: skip
"""What an archive may say of a company. Everything else, such as who operates the host, is decided here."""


class NotTheCompany(GridhallError):
    """An archive of another company must not take the place of this one."""

    code = "backup_of_another_company"
    template = gettext_noop("{name} is an archive of “{other}”, not of “{code}”.")


class NotACompany(GridhallError):
    """The archive is the host's own."""

    code = "archive_of_the_host"
    template = gettext_noop("{name} is an archive of the host itself. A company cannot be made of it.")


def restore_company(
    *, path: Path, at: dt.datetime, code: str | None = None, actor_id: int | None = None
) -> tenancy_models.Retailer:
    """Make a company from an archive, here or on another deployment: that is how one moves. Owner processes only.

    ``code`` names it where its own is taken. Addresses that belong to somebody here are left out. Where the company
    it was taken from stands here too, its doors stay closed: two that work would bill the same customers twice.
    Raises CodeTaken.
    """
    manifest = archives.read_manifest(path=path)
    name = code or manifest.code
    require_free(code=name)
    schema = tenancy_models.generate_schema_name()
    archives.restore(path=path, schema_name=schema)
    erasures.repeat_in_copy(manifest=manifest, schema=schema, at=at)
    with context.use_public(), transaction.atomic():
        retailer = register(manifest=manifest, code=name, schema=schema)
        backups.note(retailer, "restore", at, actor_id, name=path.name, rows=manifest.rows)
    return retailer


def replace_from_backup(
    *, code: str, path: Path, reason: str, at: dt.datetime, actor_id: int | None = None
) -> tenancy_models.Retailer:
    """Put a company back to what its archive holds; what stood there is kept in a schema of its own until dropped.

    The archive is restored beside it and compared; only then the registry names the new schema, in one step.
    Owner processes only. Raises NotTheCompany.
    """
    manifest = archives.read_manifest(path=path)
    retailer = context.retailer_by_code(code=code)
    require_own(manifest=manifest, retailer=retailer, name=path.name)
    schema = tenancy_models.generate_schema_name()
    archives.restore(path=path, schema_name=schema)
    differing = archives.compare(path=path, schema_name=schema)
    if differing:
        with context.use_public():
            provisioning.drop_schema(retailer=Retailer(schema_name=schema))
        raise archives.Damaged(member=differing[0].name)
    with standing_in(retailer, schema), transaction.atomic():
        put_in_place(
            retailer=retailer, manifest=manifest, schema=schema, name=path.name, reason=reason, at=at, actor_id=actor_id
        )
    return context.retailer_by_code(code=code)


def require_free(*, code: str) -> None:
    """Refuse a code that is no code, or that a company has; raises CodeTaken."""
    if not companies.CODE_PATTERN.fullmatch(code):
        raise companies.CodeTaken(where="code", code=code)
    with context.use_public():
        if Retailer.objects.filter(code=code).exists():
            raise companies.CodeTaken(where="code", code=code)


def require_own(*, manifest: archives.Manifest, retailer: Any, name: str) -> None:
    """Refuse an archive of another company, also of one that had this code before; raises NotTheCompany."""
    identity = (manifest.company.get("key_envelope") or {}).get("company")
    same = identity in (None, retailer.key_envelope.get("company"))
    if manifest.code not in codes_of(retailer) or not same:
        raise NotTheCompany(name=name, other=manifest.code, code=retailer.code)


def codes_of(retailer: Any) -> set[str]:
    """Return the codes that a company has and had."""
    with context.use_public():
        changes = models.FleetEvent.objects.filter(retailer_id=retailer.pk, action="change_code")
        former = {details.get("before", "") for details in changes.values_list("details", flat=True)}
    return {retailer.code, *former}


def standing_in(retailer: Any, schema: str) -> Any:
    """Return the context in which the company's new schema and the registry are written in one transaction."""
    twin = copy.copy(retailer)
    twin.schema_name = schema
    return context.use(twin)


def put_in_place(
    *, retailer: Any, manifest: archives.Manifest, schema: str, name: str, reason: str, at: dt.datetime,
    actor_id: int | None,
) -> None:  # fmt: skip
    """Let the registry name the new schema, in the caller's transaction within ``standing_in``; noted on both sides."""
    row = Retailer.objects.select_for_update().get(pk=retailer.pk)
    ends = closing.under_way(retailer_id=row.pk)
    if ends or row.status not in STANDING or row.schema_name != retailer.schema_name:
        raise Conflict(reason=gettext_noop("the company changed or ended meanwhile."))
    keys = company_keys.joined(
        present=row.key_envelope, archived=manifest.company.get("key_envelope") or row.key_envelope
    )
    Retailer.objects.filter(pk=row.pk).update(schema_name=schema, key_envelope=keys)
    _record_tables(row, manifest)
    erasures.repeat_here(manifest=manifest, at=at)
    details = {"name": name, "schema": schema, "former": row.schema_name, "made_at": manifest.made_at}
    companies.record(retailer=row, action="replace", at=at, actor_id=actor_id, reason=reason, details=details)
    said = {"backup": name, "made_at": manifest.made_at, "reason": reason}
    identity_operations.record(action="company.restored", subject=row.code, at=at, details=said)


def register(
    *, manifest: archives.Manifest, code: str, schema: str, host: str = "", opened: bool = True
) -> tenancy_models.Retailer:
    """Enter a restored company into the registry, in the caller's transaction; raises NotACompany or HostTaken."""
    if manifest.company.get("kind", Retailer.Kind.RETAILER) != Retailer.Kind.RETAILER:
        raise NotACompany(name=manifest.code)
    fields = {name: _from_json(manifest.company[name]) for name in FIELDS if name in manifest.company}
    status = Retailer.Status.ACTIVE if opened and not has_twin(manifest) else Retailer.Status.SUSPENDED
    retailer = Retailer(**fields, code=code, schema_name=schema, status=status)
    retailer.save()
    brand = {name: _from_json(manifest.brand[name]) for name in BRAND_FIELDS if name in manifest.brand}
    if brand:
        tenancy_models.Brand(retailer=retailer, **brand).save()
    _give_hosts(retailer, manifest, host)
    _record_tables(retailer, manifest)
    erasures.adopt(retailer=retailer, manifest=manifest)
    return retailer


def has_twin(manifest: archives.Manifest) -> bool:
    """Return whether the company of an archive, or a copy of it, stands here already."""
    identity = (manifest.company.get("key_envelope") or {}).get("company")
    with context.use_public():
        rows = Retailer.objects.exclude(status=Retailer.Status.DELETED)
        found = rows.filter(key_envelope__company=identity) if identity else rows.filter(code=manifest.code)
        return found.exists()


def _give_hosts(retailer: tenancy_models.Retailer, manifest: archives.Manifest, host: str) -> None:
    """Give the company the host asked for, and those of its archive that are free; one of them is its first."""
    wanted = [(hosts.normalise(host), True)] if host else []
    wanted += [
        (hosts.normalise(str(each["domain"])), bool(each["is_primary"]) and not host) for each in manifest.domains
    ]
    for name, first in wanted:
        taken = tenancy_models.Domain.objects.filter(domain=name).exists()
        if taken and host and name == hosts.normalise(host):
            raise companies.HostTaken(where="host", host=host)
        if not taken and companies.HOST_PATTERN.fullmatch(name):
            tenancy_models.Domain(tenant=retailer, domain=name, is_primary=first).save()


def _record_tables(retailer: Any, manifest: archives.Manifest) -> None:
    tenancy_models.FleetMigration.objects.update_or_create(
        retailer=retailer, defaults={"fingerprint": manifest.fingerprint, "migrated_at": manifest.made, "error": ""}
    )


def _from_json(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) and set(value) == {"hex"} else value
