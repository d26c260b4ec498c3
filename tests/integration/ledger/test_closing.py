"""The daily close: nothing is posted into a closed day, and its proof finds books that were written anew."""

from __future__ import annotations

import datetime as dt
import io
import json
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from billing.ledger import chain, chart, closing, entries, models, operations, queries
from harness import databases
from harness.laws import owner_changes
from kernel.money import Money
from tenancy import context

AT = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
FIRST, SECOND, THIRD, FOURTH = (dt.date(2026, 3, day) for day in (2, 3, 4, 5))


def transfer(amount: str, reference: str, on: dt.date = FIRST) -> entries.NewEntry:
    money = Money(Decimal(amount), "CNY")
    sides = [entries.debit(chart.BANK, money), entries.credit(chart.INCOME_RETAILER, money)]
    return entries.NewEntry(on, entries.EntryKind.ADJUSTMENT, reference, sides)


@pytest.fixture
def in_books(fresh_db: str, alder: Any) -> Iterator[Any]:
    """Two days of postings, committed: the first closed."""
    with context.use(alder):
        operations.post(entries=[transfer("100.00", "one")], posted_at=AT)
        operations.close_day(day=FIRST, today=SECOND, at=AT)
        operations.post(entries=[transfer("0.50", "two", SECOND)], posted_at=AT)
        yield alder


@pytest.fixture
def owner(fresh_db: str, in_books: Any) -> Iterator[Callable[[str], None]]:
    """Runs statements as the owner of the database, the triggers switched off and the constraints gone."""
    with psycopg.connect(databases.server().owner_url(fresh_db), autocommit=True) as session:
        session.execute(f"SET search_path = {in_books.schema_name}")
        owner_changes.unguard(session)
        yield lambda statement, *values: session.execute(statement, values or None)


class TestCloseDay:
    def test_sums_every_account_and_names_the_last_seal(self, in_books: Any) -> None:
        made = queries.closing_of(day=FIRST)

        assert made is not None
        assert made.as_closing().totals == (("bank", "CNY", "100", "0"), ("income.retailer", "CNY", "0", "100"))
        assert (made.position, made.previous, made.proof) == (1, closing.GENESIS, made.as_closing().computed())

    def test_follows_the_one_before(self, in_books: Any) -> None:
        second = operations.close_day(day=THIRD, today=FOURTH, at=AT)

        assert second.previous == queries.closing_of(day=FIRST).proof
        assert queries.first_open_day() == FOURTH
        assert queries.verify_chain().closings == 2

    def test_refuses_a_day_that_is_closed_or_not_over(self, in_books: Any) -> None:
        with pytest.raises(operations.AlreadyClosed, match="closed up to 2026-03-02"):
            operations.close_day(day=FIRST, today=FOURTH, at=AT)
        with pytest.raises(operations.NotOver, match="2026-03-05 is not over"):
            operations.close_day(day=FOURTH, today=FOURTH, at=AT)

        assert models.ClosedDay.objects.count() == 1

    def test_refuses_postings_into_a_closed_day(self, in_books: Any) -> None:
        head = queries.head()

        with pytest.raises(operations.DayClosed, match="Use 2026-03-03 or a later date"):
            operations.post(entries=[transfer("1.00", "late", SECOND), transfer("1.00", "later")], posted_at=AT)

        assert (queries.head(), models.Entry.objects.filter(reference__startswith="late").count()) == (head, 0)

    def test_tells_the_day_to_book_what_happened_before(self, in_books: Any) -> None:
        assert queries.booking_day(on=FIRST) == SECOND
        assert queries.booking_day(on=FOURTH) == FOURTH

    def test_the_database_itself_refuses_such_a_posting(self, in_books: Any, monkeypatch: Any) -> None:
        monkeypatch.setattr(operations.posting, "_refuse_closed", lambda earliest: None)

        with pytest.raises(IntegrityError, match="stands in a closed day"), transaction.atomic():
            operations.post(entries=[transfer("1.00", "late")], posted_at=AT)

    def test_a_posting_under_way_is_before_it_or_refused(self, in_books: Any) -> None:
        outcomes: list[str] = []

        def work() -> None:
            with context.use(in_books):
                for step in range(10):
                    try:
                        operations.post(entries=[transfer("1.00", f"T{step}", SECOND)], posted_at=AT)
                        outcomes.append("posted")
                    except operations.DayClosed:
                        outcomes.append("refused")
            connection.close()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        made = operations.close_day(day=SECOND, today=FOURTH, at=AT)
        for thread in threads:
            thread.join()

        assert queries.verify_chain().faults == ()
        assert len(outcomes) == 30
        assert made.position - 2 == outcomes.count("posted")


class TestVerifyChain:
    @pytest.mark.parametrize(
        ("tampering", "fault"),
        [
            ("UPDATE ledger_closedday SET totals = '[]'", "The closing of 2026-03-02 does not match"),
            ("UPDATE ledger_closedday SET position = 2", "The closing of 2026-03-02 does not match"),
            ("DELETE FROM ledger_closedday; UPDATE ledger_entry SET seal_id = seal_id", None),
            ("UPDATE ledger_ledgeraccount SET kind = 'expense' WHERE code = 'bank'", "Ledger account bank is not"),
            ("UPDATE ledger_ledgeraccount SET titles = '{}' WHERE code = 'bank'", "Ledger account bank bears"),
            ("UPDATE ledger_seal SET sealed_at = sealed_at + interval '1 day'", "Seal 1 bears another time"),
            (
                "INSERT INTO ledger_entry (posted_at, business_date, kind, reference, seal_id)"
                " SELECT posted_at, business_date, kind, 'bare', seal_id FROM ledger_entry LIMIT 1",
                "has no postings",
            ),
            ("UPDATE ledger_posting SET entry_id = 999999 WHERE id = (SELECT max(id) FROM ledger_posting)", "Seal 2"),
        ],
    )
    def test_finds_what_no_seal_covers_alone(
        self, in_books: Any, owner: Callable[..., None], tampering: str, fault: str | None
    ) -> None:
        kept = [row.as_closing() for row in queries.closings()]
        owner(tampering)

        faults = queries.verify_chain(exported=kept).faults

        assert faults if fault is None else any(fault in found for found in faults), faults

    def test_finds_a_chain_that_was_rebuilt_after_a_change(self, in_books: Any, owner: Callable[..., None]) -> None:
        kept = [row.as_closing() for row in queries.closings()]
        owner("UPDATE ledger_posting SET amount = amount * 2")
        rebuild(owner)

        assert queries.verify_chain().faults == ()
        assert queries.verify_chain(exported=kept).faults == (
            "The closing of 2026-03-02 is not the one that was exported: the books were rewritten since.",
        )

    def test_finds_an_export_that_was_changed(self, in_books: Any) -> None:
        [kept] = [row.as_closing() for row in queries.closings()]
        forged = closing.read({**kept.document(company="alder"), "totals": []})

        assert "was changed after its export" in queries.verify_chain(exported=[forged]).faults[0]


def rebuild(owner: Callable[..., None]) -> None:
    """What a forger with the owner's rights would do: compute every seal and closing anew."""
    from billing.ledger.queries import verification

    previous = chain.GENESIS
    for seal, rows in verification._batches([]):
        previous = chain.seal(previous=previous, rows=rows)
        owner("UPDATE ledger_seal SET digest = %s WHERE id = %s", previous, seal.pk)
        owner("UPDATE ledger_seal SET previous = %s WHERE position = %s", previous, seal.position + 1)
    owner("UPDATE ledger_chainhead SET digest = %s", previous)
    for row in models.ClosedDay.objects.order_by("day"):
        digest = models.Seal.objects.get(position=row.position).digest
        made = closing.Closing(row.day, row.position, digest, row.as_closing().totals, row.previous)
        owner("UPDATE ledger_closedday SET digest = %s, proof = %s WHERE day = %s", digest, made.computed(), row.day)


@pytest.fixture
def many_batches(fresh_db: str, alder: Any) -> Iterator[Any]:
    with context.use(alder):
        owner_changes.post_batches()
        yield alder


class TestRandomChangesOfTheOwner:
    """What no trigger stops is found: each change is made, looked for, and rolled back."""

    @pytest.mark.parametrize("changes", [150, pytest.param(10_000, marks=pytest.mark.slow)])
    def test_are_all_found(self, fresh_db: str, many_batches: Any, changes: int) -> None:
        found = owner_changes.tried(database=fresh_db, retailer=many_batches, changes=changes)

        assert found.missed == []
        assert found.made > 0.9 * changes


class TestCloseBooksCommand:
    def test_closes_and_exports_what_verify_compares(
        self, in_books: Any, owner: Callable[..., None], tmp_path: Path
    ) -> None:
        with context.use_public():
            call_command("close_books", "alder", day=SECOND, to=tmp_path, stdout=io.StringIO())
            out = io.StringIO()
            call_command("verify_ledger", "alder", closings=tmp_path, stdout=out)

        assert sorted(path.name for path in tmp_path.iterdir()) == ["alder-2026-03-02.json", "alder-2026-03-03.json"]
        assert "2 seals, 4 postings, intact" in out.getvalue()
        owner("UPDATE ledger_posting SET amount = amount * 2")
        rebuild(owner)
        with context.use_public(), pytest.raises(CommandError, match="were changed: alder"):
            call_command("verify_ledger", "alder", closings=tmp_path, stdout=io.StringIO(), stderr=io.StringIO())

    def test_refuses_what_is_no_export(self, in_books: Any, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(json.dumps({"company": "alder", "day": "soon"}))

        with context.use_public(), pytest.raises(CommandError, match="x.json: this is no exported closing"):
            call_command("verify_ledger", "alder", closings=tmp_path, stdout=io.StringIO())
