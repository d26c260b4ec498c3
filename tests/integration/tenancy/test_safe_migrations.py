"""Migrations after the first release may run while the release before still works."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from harness import databases, safe_migrations
from tenancy import context

RELEASED = databases.ROOT / "tests/data/released-migrations.txt"
"""Those of the last release, one a line. Whoever makes a release writes them anew: `app.name` of all."""


def later_migrations() -> list[tuple[str, str]]:
    """Names of our own migrations that no release holds yet."""
    released = set(RELEASED.read_text().split())
    ours = {path.parents[1].name for path in databases.ROOT.glob("*/*/migrations/__init__.py")}
    names = sorted(MigrationLoader(None).graph.nodes)
    return [name for name in names if ".".join(name) not in released and name[0] in ours]


def statements(name: tuple[str, str], alder: Any) -> list[str]:
    """What PostgreSQL is told by a migration, in a company's schema or, for the registry's, in public."""
    loader = MigrationLoader(connection)
    shared = {each.split(".")[-1] for each in settings.SHARED_APPS}
    with context.use_public() if name[0] in shared else context.use(alder):
        return list(loader.collect_sql([(loader.graph.nodes[name], False)]))


@pytest.mark.django_db
class TestLaterMigrations:
    def test_take_nothing_from_the_release_before(self, alder: Any) -> None:
        found = {".".join(name): safe_migrations.faults(statements(name, alder)) for name in later_migrations()}

        assert {name: wrong for name, wrong in found.items() if wrong} == {}

    def test_those_of_the_last_release_are_known_by_name(self) -> None:
        released = set(RELEASED.read_text().split())

        assert len(released) > 50
        assert released - {".".join(name) for name in MigrationLoader(None).graph.nodes} == set()


class TestRules:
    @pytest.mark.parametrize(
        ("statement", "rule"),
        [
            ('ALTER TABLE "customers_account" ADD COLUMN "colour" text NOT NULL;', "adding-required-field"),
            ('ALTER TABLE "customers_account" DROP COLUMN "number";', "ban-drop-column"),
            ('ALTER TABLE "customers_account" RENAME COLUMN "number" TO "no";', "renaming-column"),
            ('ALTER TABLE "customers_account" RENAME TO "customers_konto";', "renaming-table"),
            ('ALTER TABLE "customers_account" ALTER COLUMN "number" TYPE bigint;', "changing-column-type"),
            ('DROP TABLE "customers_account";', "ban-drop-table"),
            ('CREATE INDEX "x" ON "ledger_posting" ("amount");', "index-blocks-large-table"),
            (
                'ALTER TABLE "customers_account" ADD COLUMN "n" integer DEFAULT 0 NOT NULL;\n'
                'ALTER TABLE "customers_account" ALTER COLUMN "n" DROP DEFAULT;',
                "required-without-database-default",
            ),
        ],
    )
    def test_refuse(self, statement: str, rule: str) -> None:
        assert rule in {fault.split(":")[0] for fault in safe_migrations.faults(statement.splitlines())}

    @pytest.mark.parametrize(
        "statement",
        [
            'ALTER TABLE "customers_account" ADD COLUMN "colour" text NULL;',
            'ALTER TABLE "customers_account" ADD COLUMN "n" integer DEFAULT 0 NOT NULL;',
            'CREATE TABLE "customers_mark" ("id" bigint PRIMARY KEY, "word" text NOT NULL);\n'
            'CREATE INDEX "y" ON "customers_mark" ("word");',
            'CREATE INDEX CONCURRENTLY "x" ON "ledger_posting" ("amount");',
        ],
    )
    def test_allow(self, statement: str) -> None:
        assert safe_migrations.faults(statement.splitlines()) == []
