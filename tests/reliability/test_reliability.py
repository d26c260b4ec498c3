"""The laws of reliability at a size that every run of the tests can afford; `make reliability` tries them in full."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings

from billing.runs import queries
from harness import bill_cast, databases, portfolio
from harness.laws import doors, invented, killed, owner_changes, twice
from tenancy import context

CUT = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()
"""


@pytest.fixture
def in_fresh_alder(fresh_db: str, alder: Any) -> Any:
    with context.use(alder):
        yield alder


class TestKilledWorkers:
    @pytest.mark.slow
    def test_leave_one_bill_for_each_account(self, fresh_db: str, in_fresh_alder: Any) -> None:
        """Here every connection to the database is cut; the server itself belongs to all tests and stays up."""

        def cut() -> None:
            with psycopg.connect(databases.server().superuser_url(), autocommit=True) as session:
                session.execute(CUT, [fresh_db])

        portfolio.lay_out(600)

        told = killed.bill(
            database=fresh_db, retailer=in_fresh_alder, accounts=600, workers=4, kill_every=2.0, stop_database=cut
        )

        assert (told.invoices, told.doubled, told.missing, told.faults) == (600, 0, 0, [])
        assert told.restarts == 2
        assert told.kills > 0


class TestTheSameAgain:
    def test_writes_nothing_and_gives_the_same_bytes(self, in_fresh_alder: Any) -> None:
        portfolio.lay_out(5)
        run = bill_cast.issued(bill_cast.reviewed(period=portfolio.MONTH), day=portfolio.AT.date())

        again = twice.run_again(run=run, billing_date=portfolio.AT.date(), at=portfolio.AT + dt.timedelta(days=1))
        checked = twice.rate_again()

        assert again.changed == []
        assert again.rows > 0
        assert (checked.same, checked.changed, checked.different) == (5, [], [])
        assert queries.progress(run=run).counts == {"issued": 5}

    def test_sees_a_row_that_was_changed(self, in_fresh_alder: Any) -> None:
        portfolio.lay_out(1)
        before = twice.contents()
        portfolio.SupplyPoint.objects.update(identifier="P1")

        again = twice.compared(before, twice.contents())

        assert again.changed == ["customers_supplypoint"]


@pytest.mark.django_db
class TestInvented:
    @pytest.mark.parametrize("tariffs", [4, pytest.param(200, marks=pytest.mark.slow)])
    def test_tariffs_give_lines_that_are_the_total_and_the_postings(self, in_alder: Any, tariffs: int) -> None:
        told = invented.billed(tariffs=tariffs)

        assert told.tariffs >= tariffs
        assert told.lines >= told.tariffs

    @pytest.mark.parametrize("count", [60, pytest.param(2000, marks=pytest.mark.slow)])
    def test_statements_leave_the_books_at_zero(self, in_alder: Any, count: int) -> None:
        told = invented.statements(count=count)

        assert told.made == count
        assert 0 < told.refused < count


class TestChangesOfTheOwner:
    def test_are_found(self, fresh_db: str, in_fresh_alder: Any) -> None:
        owner_changes.post_batches()

        found = owner_changes.tried(database=fresh_db, retailer=in_fresh_alder, changes=30)

        assert found.missed == []
        assert found.newest >= 9


class TestThreeDoors:
    @pytest.mark.slow
    def test_settle_a_bill_once(self, fresh_db: str, alder: Any, settings: Any) -> None:
        settings.CELERY_BROKER_URL = "memory://"

        told = doors.pay_at_once(retailer=alder, calls=50, settings=django_settings)

        assert told.holds, told
        assert told.allocations == [Decimal("113.00")]
        assert told.payments == 17
