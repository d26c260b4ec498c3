"""What all companies share: the registry's own tables and the template from which new companies are made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from enum import StrEnum

from django.core.management import call_command
from django.core.management.commands import migrate as django_migrate
from django.db.migrations.recorder import MigrationRecorder

from tenancy import context, models, provisioning
from tenancy.database import connection
from tenancy.fleet import schemas

EXTENSIONS = ("btree_gist", "pg_trgm")
Say = Callable[[str], None]


class TemplateState(StrEnum):
    """How the tables in the database stand to those that the program knows."""

    SAME = "same"
    NEWER = "newer"
    """The database was migrated further than this program knows: an upgrade is under way, and the program may serve."""
    OLDER = "older"


def bring_up(*, fingerprint: str, at: dt.datetime, say: Say) -> None:
    """Migrate the registry, and the template when its dump is not of ``fingerprint``."""
    connection.set_schema_to_public()
    _create_extensions()
    _migrate_schema()
    provisioning.grant_public()
    if not models.SchemaTemplate.objects.filter(fingerprint=fingerprint).exists():
        say("Renewing the template of a company's schema")
        _renew_template(fingerprint, at)


def template_state() -> TemplateState:
    """Compare the migrations of the program with those that the database was brought to."""
    with context.use_public():
        known = schemas.known_migrations()
        if models.SchemaTemplate.objects.filter(fingerprint=schemas.fingerprint_of(known)).exists():
            return TemplateState.SAME
        applied = set(MigrationRecorder(connection).applied_migrations())
    return TemplateState.NEWER if known < applied else TemplateState.OLDER


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


def _migrate_schema() -> None:
    call_command(django_migrate.Command(), verbosity=0, interactive=False)
