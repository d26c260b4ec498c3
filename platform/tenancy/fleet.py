"""Migrations of the whole fleet: the registry, the template, then every company, each with its own record."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable

from django.core.management import call_command
from django.core.management.commands import migrate as django_migrate
from django.db import DatabaseError
from django.db.migrations.loader import MigrationLoader

from tenancy import context, models, provisioning
from tenancy.database import connection

EXTENSIONS = ("btree_gist", "pg_trgm")
LOCK_TIMEOUT = "5s"
Say = Callable[[str], None]


def migrate(*, at: dt.datetime, say: Say) -> int:
    """Bring registry, template and all companies to the newest tables; return how many companies failed.

    Safe to run again: a company that failed (a lock was not free in time) keeps its data and is tried anew.
    """
    connection.set_schema_to_public()
    _create_extensions()
    _migrate_schema()
    provisioning.grant_public()
    fingerprint = migrations_fingerprint()
    if not models.SchemaTemplate.objects.filter(fingerprint=fingerprint).exists():
        say("Renewing the template of a company's schema")
        _renew_template(fingerprint, at)
    return sum(
        not _migrate_retailer(retailer, fingerprint, at, say) for retailer in provisioning.retailers_to_migrate()
    )


def migrations_fingerprint() -> str:
    """Return a digest of all known migrations: it changes when one is added."""
    known = sorted(f"{app}.{name}" for app, name in MigrationLoader(None).graph.nodes)
    return hashlib.sha256("\n".join(known).encode()).hexdigest()


def _create_extensions() -> None:
    with connection.cursor() as cursor:
        for name in EXTENSIONS:
            cursor.execute(f"CREATE EXTENSION IF NOT EXISTS {name} SCHEMA public")


def _renew_template(fingerprint: str, at: dt.datetime) -> None:
    schema = provisioning.TEMPLATE_SCHEMA
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    with context.use(models.Retailer(schema_name=schema)):
        _migrate_schema()
    provisioning.dump_template(fingerprint=fingerprint, at=at)


def _migrate_retailer(retailer: models.Retailer, fingerprint: str, at: dt.datetime, say: Say) -> bool:
    done = models.FleetMigration.objects.filter(retailer=retailer, fingerprint=fingerprint, error="").exists()
    if done:
        return True
    error = ""
    try:
        with context.use(retailer):
            _migrate_schema()
        provisioning.grant_schema(schema_name=retailer.schema_name)
    except DatabaseError as refusal:
        error = str(refusal).strip()
    models.FleetMigration.objects.update_or_create(
        retailer=retailer, defaults={"fingerprint": fingerprint, "migrated_at": at, "error": error}
    )
    say(f"{retailer.code}: {error or 'migrated'}")
    return not error


def _migrate_schema() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    call_command(django_migrate.Command(), verbosity=0, interactive=False)
