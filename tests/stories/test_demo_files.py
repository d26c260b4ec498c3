"""The files that the README offers to try in the demo do there what it says."""

from __future__ import annotations

import datetime as dt
import os

import pytest

from harness import databases
from tenancy import context
from tenants.metering import operations, queries

AT = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
FOLDER = databases.ROOT / "examples" / "meters" / "demo"


@pytest.fixture
def demo_copy(demo_database, django_db_setup, django_db_blocker):
    """A copy of the demo that may be written to."""
    from harness.clones import opened

    name = databases.copy(demo_database, f"gridhall_{os.getpid()}_demo_written")
    with opened(name, django_db_blocker):
        yield
    databases.drop(name)


def give(company: str, name: str):
    with context.use(context.retailer_by_code(code=company)), (FOLDER / name).open("rb") as file:
        return operations.import_file(file=file, file_name=name, source="test", at=AT)


class TestFilesToTry:
    def test_are_taken_or_refused_as_the_readme_says(self, demo_copy):
        columns = give("lanjiang", "lanjiang-2026-11-22.csv")
        broken = give("lanjiang", "lanjiang-2026-11-22-broken.csv")
        nem12 = give("wattlebird", "wattlebird-2026-11-22.csv")

        assert (columns.state, columns.days_accepted) == ("done", 3)
        assert (nem12.state, nem12.days_accepted) == ("done", 2)
        assert (broken.state, broken.days_accepted) == ("refused", 0)
        with context.use(context.retailer_by_code(code="lanjiang")):
            rows = queries.import_report(import_id=broken.pk, outcome="refused")
            assert [(row.row, row.column) for row in rows] == [(3, 41), (3, 42)]
