"""The hash chain: whoever changes the books, owner or not, is found out."""

from __future__ import annotations

import datetime as dt
import io
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing.ledger import chart, entries, models, operations, queries
from harness import databases
from kernel.money import Money
from tenancy import context

AT = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
TABLES = ("ledger_entry", "ledger_posting", "ledger_seal")


def transfer(amount: str, reference: str) -> entries.NewEntry:
    money = Money(Decimal(amount), "CNY")
    sides = [entries.debit(chart.BANK, money), entries.credit(chart.INCOME_RETAILER, money)]
    return entries.NewEntry(dt.date(2026, 3, 2), entries.EntryKind.ADJUSTMENT, reference, sides)


@pytest.fixture
def in_books(fresh_db: str, alder: Any) -> Iterator[Any]:
    """Three batches of two entries, committed."""
    with context.use(alder):
        for batch in range(3):
            pair = [transfer(f"{batch + 1}.00", f"B{batch}-1"), transfer("0.50", f"B{batch}-2")]
            operations.post(entries=pair, posted_at=AT)
        yield alder


@pytest.fixture
def as_owner(fresh_db: str, in_books: Any) -> Callable[[str], None]:
    """Runs a statement as the owner of the database, the triggers switched off."""

    def run(statement: str) -> None:
        with psycopg.connect(databases.server().owner_url(fresh_db), autocommit=True) as owner:
            owner.execute(f"SET search_path = {in_books.schema_name}")
            for table in TABLES:
                owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            owner.execute(statement)
            for table in TABLES:
                owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    return run


class TestVerifyChain:
    def test_of_untouched_books_is_intact(self, in_books: Any) -> None:
        report = queries.verify_chain()

        assert (report.seals, report.postings, report.faults) == (3, 12, ())
        assert report.head == queries.head()

    def test_of_empty_books_is_intact(self, in_birch: Any) -> None:
        report = queries.verify_chain()

        assert (report.seals, report.postings, report.intact) == (0, 0, True)

    @pytest.mark.parametrize(
        ("tampering", "fault"),
        [
            ("UPDATE ledger_posting SET amount = amount * 2", "Seal 1 does not match its rows"),
            ("UPDATE ledger_entry SET reference = 'forged' WHERE reference = 'B1-2'", "Seal 2 does not match its rows"),
            ("UPDATE ledger_entry SET business_date = '2026-02-28' WHERE reference = 'B2-1'", "Seal 3 does not match"),
            ("UPDATE ledger_ledgeraccount SET code = 'bank.2' WHERE code = 'bank'", "Seal 1 does not match its rows"),
            (
                "WITH gone AS (DELETE FROM ledger_posting p USING ledger_entry e WHERE e.id = p.entry_id"
                " AND e.reference = 'B1-1' RETURNING e.id) DELETE FROM ledger_entry USING gone"
                " WHERE ledger_entry.id = gone.id",
                "Seal 2 covers 2 entries",
            ),
            ("UPDATE ledger_seal SET previous = repeat('0', 64) WHERE position = 2", "Seal 2 does not follow"),
            ("UPDATE ledger_chainhead SET position = 2", "The head names seal 2, the last one is 3."),
        ],
        ids=["amount", "reference", "date", "account", "deleted", "relinked", "head"],
    )
    def test_finds_what_the_owner_changed(
        self, in_books: Any, as_owner: Callable[[str], None], tampering: str, fault: str
    ) -> None:
        as_owner(tampering)

        report = queries.verify_chain()

        assert report.faults[0].startswith(fault)

    def test_finds_a_batch_cut_off_the_end_by_a_noted_seal(
        self, in_books: Any, as_owner: Callable[[str], None]
    ) -> None:
        noted = queries.head()
        as_owner(
            "DELETE FROM ledger_posting p USING ledger_entry e, ledger_seal s"
            " WHERE e.id = p.entry_id AND s.id = e.seal_id AND s.position = 3;"
            "DELETE FROM ledger_entry e USING ledger_seal s WHERE s.id = e.seal_id AND s.position = 3;"
            "DELETE FROM ledger_seal WHERE position = 3;"
            "UPDATE ledger_chainhead h SET position = 2, digest = s.digest FROM ledger_seal s WHERE s.position = 2"
        )

        assert queries.verify_chain().intact
        assert queries.verify_chain(noted=noted).faults == (f"The noted seal {noted} is not in the chain.",)

    @pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
    @pytest.mark.parametrize("table", TABLES)
    def test_even_the_owner_meets_the_trigger(self, fresh_db: str, in_books: Any, table: str, change: str) -> None:
        with (
            psycopg.connect(databases.server().owner_url(fresh_db)) as owner,
            pytest.raises(psycopg.errors.RestrictViolation, match="is only ever added to"),
        ):
            owner.execute(f"SET search_path = {in_books.schema_name}")
            owner.execute(change.format(table))


class TestConcurrentPosting:
    def test_makes_one_chain(self, fresh_db: str, alder: Any) -> None:
        def work(name: int) -> None:
            with context.use(alder):
                for step in range(5):
                    operations.post(entries=[transfer("1.00", f"T{name}-{step}")], posted_at=AT)
            connection.close()

        threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        with context.use(alder):
            report = queries.verify_chain()
            assert (report.seals, report.postings, report.faults) == (20, 40, ())
            assert models.LedgerAccount.objects.count() == 2


class TestVerifyLedgerCommand:
    def test_prints_the_head(self, in_books: Any) -> None:
        with context.use_public():
            out = io.StringIO()
            call_command("verify_ledger", "alder", stdout=out)

        assert out.getvalue() == f"alder: 3 seals, 12 postings, intact, head {queries.head()}\n"

    def test_fails_on_changed_books(self, in_books: Any, as_owner: Callable[[str], None]) -> None:
        as_owner("UPDATE ledger_posting SET amount = amount * 2")

        with context.use_public(), pytest.raises(CommandError, match="were changed: alder"):
            call_command("verify_ledger", stdout=io.StringIO(), stderr=io.StringIO())
