"""A company is replayed from the dump of a template schema."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from harness import databases
from identity import queries as identity_queries
from tenancy import context, models, provisioning

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.mark.django_db
class TestCast:
    def test_each_retailer_has_its_own_people(self, alder, birch):
        with context.use(alder):
            in_alder = [user.email for user in identity_queries.staff()]
        with context.use(birch):
            in_birch = [user.email for user in identity_queries.staff()]

        assert in_alder == ["metering@alder.test", "staff@alder.test"]
        assert in_birch == ["metering@birch.test", "staff@birch.test"]

    def test_a_retailer_works_under_its_own_role(self, alder):
        with context.use(alder), connection.cursor() as cursor:
            cursor.execute("SELECT current_user, session_user, current_schema()")
            row = cursor.fetchone()

        assert row == ("t_alder0000000", "gridhall_app", "t_alder0000000")


class TestReplay:
    def test_equals_migration_line_by_line(self, fresh_db):
        migrated = _dump(fresh_db, provisioning.TEMPLATE_SCHEMA)
        replayed = _dump(fresh_db, "t_alder0000000").replace("t_alder0000000", provisioning.TEMPLATE_SCHEMA)

        assert _structure(replayed) == _structure(migrated)

    def test_brings_the_record_of_migrations_along(self, fresh_db):
        with databases.server().connect(database=fresh_db) as superuser:
            count = "SELECT count(*) FROM {}.django_migrations"
            template = superuser.execute(count.format(provisioning.TEMPLATE_SCHEMA)).fetchone()
            alder = superuser.execute(count.format("t_alder0000000")).fetchone()

        assert alder == template
        assert alder[0] > 5

    def test_migrating_the_fleet_again_changes_nothing(self, fresh_db):
        before = _structure(_dump(fresh_db, "t_alder0000000"))

        done = subprocess.run(
            [sys.executable, "manage.py", "fleet", "migrate"],
            cwd=databases.ROOT,
            env=databases.environment(fresh_db, role="owner"),
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("Every company is at the newest tables")
        assert _structure(_dump(fresh_db, "t_alder0000000")) == before

    def test_the_web_login_cannot_provision(self, fresh_db):
        retailer = models.Retailer(
            code="cedar", schema_name="t_cedar0000000", market="cn", currency="CNY", time_zone="Asia/Shanghai",
            created_at=AT,
        )  # fmt: skip
        retailer.save()

        with pytest.raises(Exception, match="permission denied"):
            provisioning.provision_schema(retailer=retailer)

        retailer.refresh_from_db()
        assert retailer.status == "provisioning"


class TestDisjointNames:
    def test_no_table_stands_in_public_and_in_a_company(self, fresh_db):
        with databases.server().connect(database=fresh_db) as superuser:
            rows = superuser.execute(
                "SELECT a.tablename FROM pg_tables a JOIN pg_tables b USING (tablename) "
                "WHERE a.schemaname = 'public' AND b.schemaname = 't_alder0000000'"
            ).fetchall()

        assert rows == [("django_migrations",)]

    def test_a_company_costs_no_more_relations_than_planned(self, fresh_db):
        """docs/decisions/0006: what a company costs the database follows from its relations."""
        with databases.server().connect(database=fresh_db) as superuser:
            (tables, relations) = superuser.execute(
                "SELECT count(*) FILTER (WHERE relkind IN ('r', 'p') AND NOT relispartition), count(*) "
                "FROM pg_class WHERE relnamespace = 't_alder0000000'::regnamespace"
            ).fetchone()

        assert 10 < tables <= 200
        assert relations <= 1200


class TestRights:
    @pytest.fixture
    def as_alder(self, fresh_db):
        with psycopg.connect(databases.server().url(database=fresh_db), autocommit=True) as login:
            login.execute("SET ROLE t_alder0000000; SET search_path = t_alder0000000, public")
            yield login

    @pytest.mark.parametrize("table", ["tenancy_retailer", "tenancy_domain", "tenancy_brand", "hosting_companyhealth"])
    def test_a_company_cannot_read_the_registry(self, as_alder, table):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_alder.execute(f"SELECT * FROM public.{table}")

    def test_a_company_cannot_read_another(self, as_alder):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_alder.execute("SELECT * FROM t_birch0000000.identity_user")

    @pytest.mark.parametrize(
        "statement", ["CREATE TABLE mine (id int)", "CREATE SCHEMA mine", "CREATE TABLE public.mine (id int)"]
    )
    def test_a_company_cannot_create(self, as_alder, statement):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_alder.execute(statement)

    @pytest.mark.parametrize("table", provisioning.append_only_tables())
    def test_append_only_tables_cannot_be_changed(self, as_alder, table):
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                as_alder.execute(statement)

    def test_the_login_itself_reads_no_company(self, fresh_db):
        with psycopg.connect(databases.server().url(database=fresh_db), autocommit=True) as login:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                login.execute("SELECT * FROM t_alder0000000.identity_user")


def _dump(database: str, schema: str) -> str:
    command = [str(databases.server().binary("pg_dump")), "--dbname", databases.server().owner_url(database)]
    options = ["--schema", schema, "--schema-only", "--no-owner", "--no-privileges"]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=True).stdout


def _structure(dump: str) -> list[str]:
    """The statements, without the casts and brackets that PostgreSQL moves when it reads its own dump of an IN list."""
    lines = (line for line in dump.splitlines() if line and not line.startswith(("--", "\\")))
    return [re.sub(r"[()\[\]]|::text", "", line) for line in lines]


@pytest.mark.django_db
class TestRightsOfTheLogin:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE tenancy_schematemplate SET sql = 'ALTER ROLE gridhall_app SUPERUSER'",
            "INSERT INTO tenancy_schematemplate (fingerprint, sql, created_at) VALUES ('x', 'SELECT 1', now())",
            "UPDATE tenancy_fleetmigration SET fingerprint = 'x'",
            "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())",
            "UPDATE hosting_fleetevent SET reason = 'nothing happened'",
            "DELETE FROM tenancy_retailer",
            "CREATE TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "UPDATE tenancy_retailer SET schema_name = 'public'",
        ],
    )
    def test_end_where_the_owner_acts_on_what_stands_there(self, alder, statement):
        with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

        assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege | psycopg.errors.CheckViolation)
