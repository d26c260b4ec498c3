"""Schemas and roles of retailers: made, granted and dropped by the owner, replayed from a dump.

Only an owner process comes here (GRIDHALL_ROLE=owner): ``fleet migrate`` and the provision queue. A new company is
replayed from the stored dump of a template schema in well under a second; a test keeps replay = migrate.
"""

from __future__ import annotations

import datetime as dt
import re
import subprocess
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import transaction
from psycopg import sql

from kernel.errors import GridhallError, gettext_noop
from tenancy import context, models
from tenancy.database import connection

TEMPLATE_SCHEMA = "t_template0000"
READABLE_IN_PUBLIC = ("django_content_type", "auth_permission", "django_migrations")
OWNED_IN_PUBLIC = (*READABLE_IN_PUBLIC, "tenancy_schematemplate", "tenancy_fleetmigration", "tenancy_fleetrun")
"""What the login only reads: above all the text that the owner runs to make a company."""
ADDED_IN_PUBLIC = ("hosting_fleetevent", "hosting_planversion", "hosting_hostkey", "hosting_erasedperson")
"""What the login only adds to."""
REMOVED_IN_PUBLIC = ("tenancy_domain", "hosting_backuppolicy")
"""What the login may also remove: a host that a company takes back, numbers of its own where its plan holds again."""


class NotProvisionable(GridhallError):
    """There is no template to replay, or the schema stands already."""

    code = "not_provisionable"
    template = gettext_noop("The company cannot be provisioned: {reason}")


def dump_template(*, fingerprint: str, at: dt.datetime) -> models.SchemaTemplate:
    """Store the dump of the template schema under ``fingerprint``; needs pg_dump."""
    command = [
        settings.PG_DUMP, "--dbname", settings.DATABASE_URL, "--schema", TEMPLATE_SCHEMA,
        "--no-owner", "--no-privileges", "--inserts", "--no-comments",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotProvisionable(reason=done.stderr.strip())
    lines = (line for line in done.stdout.splitlines() if not line.startswith(("\\", "--")))
    template, _ = models.SchemaTemplate.objects.update_or_create(
        fingerprint=fingerprint, defaults={"sql": "\n".join(lines), "created_at": at}
    )
    models.SchemaTemplate.objects.exclude(pk=template.pk).delete()
    return template


def provision_schema(*, retailer: models.Retailer) -> None:
    """Make the role and schema of ``retailer`` from the stored template and activate it, all or nothing.

    Asked by two processes at once, the second one waits and finds it made.
    """
    template = _template()
    waiting = models.Retailer.objects.filter(pk=retailer.pk, status=models.Retailer.Status.PROVISIONING)
    with transaction.atomic(), connection.cursor() as cursor:
        if not waiting.select_for_update().exists():
            return
        _replay(cursor, retailer.schema_name, template)
        _grant(cursor, retailer.schema_name)
        models.Retailer.objects.filter(pk=retailer.pk).update(status=models.Retailer.Status.ACTIVE)
        _record(retailer, template.fingerprint)
    connection.forget_path()


def replay_template(*, schema_name: str) -> None:
    """Make a role and a schema with empty tables, to be filled from an archive; the caller's transaction decides."""
    with transaction.atomic(), connection.cursor() as cursor:
        _replay(cursor, schema_name, _template())


def grant_schema(*, schema_name: str) -> None:
    """Give the retailer's role its rights on every table, and take back those on append-only ones, in one step."""
    with transaction.atomic(), connection.cursor() as cursor:
        _grant(cursor, schema_name)


def grant_public() -> None:
    """Give the login its rights on the registry; a retailer's role reads only what Django itself needs."""
    with transaction.atomic(), connection.cursor() as cursor:
        login = sql.Identifier(settings.APP_LOGIN)
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO PUBLIC"))
        cursor.execute(sql.SQL("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {}").format(login))
        cursor.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(login))
        for table in OWNED_IN_PUBLIC:
            cursor.execute(sql.SQL("REVOKE INSERT, UPDATE ON public.{} FROM {}").format(sql.Identifier(table), login))
        for table in ADDED_IN_PUBLIC:
            cursor.execute(sql.SQL("REVOKE UPDATE ON public.{} FROM {}").format(sql.Identifier(table), login))
        for table in REMOVED_IN_PUBLIC:
            cursor.execute(sql.SQL("GRANT DELETE ON public.{} TO {}").format(sql.Identifier(table), login))
        for table in READABLE_IN_PUBLIC:
            cursor.execute(sql.SQL("GRANT SELECT ON public.{} TO PUBLIC").format(sql.Identifier(table)))


def drop_schema(*, retailer: models.Retailer) -> None:
    """Drop schema and role of ``retailer`` with all they hold; its registry row stays. Run again it finds nothing."""
    name = sql.Identifier(retailer.schema_name)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [retailer.schema_name])
        if cursor.fetchone():
            cursor.execute(sql.SQL("REVOKE {} FROM {}").format(name, sql.Identifier(settings.APP_LOGIN)))
            cursor.execute(sql.SQL("DROP ROLE {}").format(name))


def shut_out(*, schema_name: str) -> None:
    """Take the schema from the retailer's role: no process but the owner's reads or writes there any more."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema_name])
        if cursor.fetchone():
            cursor.execute(sql.SQL("REVOKE ALL ON SCHEMA {0} FROM {0}").format(sql.Identifier(schema_name)))


def retailers_to_migrate() -> Iterator[models.Retailer]:
    """Yield every retailer whose schema stands, the operator first."""
    without = (models.Retailer.Status.PROVISIONING, models.Retailer.Status.DELETED)
    with context.use_public():
        rows = list(models.Retailer.objects.exclude(status__in=without).order_by("kind", "id"))
    yield from rows


def append_only_tables() -> list[str]:
    """Return the tables that apps declare as append-only, of which rights to change are taken back."""
    return sorted({table for app in apps.get_app_configs() for table in getattr(app, "append_only", ())})


def _template() -> models.SchemaTemplate:
    found = models.SchemaTemplate.objects.order_by("-created_at").first()
    if found is None:
        raise NotProvisionable(reason=gettext_noop("no template schema is stored; run manage.py fleet migrate."))
    return found


def _replay(cursor: Any, schema_name: str, template: models.SchemaTemplate) -> None:
    _create_role(cursor, schema_name)
    cursor.execute(re.sub(rf"\b{TEMPLATE_SCHEMA}\b", schema_name, template.sql))
    cursor.execute("RESET ALL")


def _create_role(cursor: Any, name: str) -> None:
    role, login = sql.Identifier(name), sql.Identifier(settings.APP_LOGIN)
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(role))
    cursor.execute(sql.SQL("GRANT {} TO {}").format(role, login))


def _grant(cursor: Any, schema_name: str) -> None:
    execute = cursor.execute
    schema = sql.Identifier(schema_name)
    execute(sql.SQL("GRANT USAGE ON SCHEMA {0} TO {0}").format(schema))
    execute(sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {0} TO {0}").format(schema))
    execute(sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {0} TO {0}").format(schema))
    for table in append_only_tables():
        name = sql.Identifier(schema_name, table)
        execute(sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(name, schema))


def _record(retailer: models.Retailer, fingerprint: str, error: str = "") -> None:
    models.FleetMigration.objects.update_or_create(
        retailer=retailer, defaults={"fingerprint": fingerprint, "migrated_at": _now(), "error": error}
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
