"""Issue: numbers, frozen lines, tax, ledger, and what the database refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from billing.invoices import models, operations, queries
from billing.ledger import models as ledger_models
from billing.ledger import queries as ledger_queries
from harness import billing_cast as cast
from kernel.errors import NotFound
from kernel.money import Money
from kernel.periods import Period

PEAK_CELL = cast.cell("120.5", "0.8", "96.40", label="peak")
FROZEN_CELL = {**PEAK_CELL, "days": None, "label_titles": None}


def issue(retailer: Any, *drafts: Any) -> list[models.Invoice]:
    keys = operations.store_drafts(drafts=drafts, created_at=cast.AT)
    issued = operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(retailer))
    return [models.Invoice.objects.get(pk=issued[key]) for key in keys]


def counts() -> tuple[int, ...]:
    tables = (models.Invoice, models.InvoiceLine, models.BilledPeriod, ledger_models.Entry, ledger_models.Seal)
    return tuple(table.objects.count() for table in tables)


class TestIssueDrafts:
    def test_numbers_freezes_and_posts(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        energy = cast.line("energy", "96.40", cells=[PEAK_CELL])
        fund = cast.line("fund", "16.60", payee="state")

        [invoice] = issue(in_alder, cast.make_draft(account, point, lines=[energy, fund]))

        assert invoice.number == "20260000000001"
        assert (invoice.net, invoice.tax, invoice.gross) == (Decimal("100.00"), Decimal("13.00"), Decimal("113.00"))
        assert (invoice.issued_on, invoice.due_on) == (dt.date(2026, 4, 2), dt.date(2026, 4, 17))
        assert [(row.code, row.amount, row.net, row.tax, row.quantity, row.price) for row in invoice.lines.all()] == [
            ("energy", Decimal("96.40"), Decimal("85.31"), Decimal("11.09"), Decimal("120.5"), Decimal("0.8")),
            ("fund", Decimal("16.60"), Decimal("14.69"), Decimal("1.91"), Decimal(1), Decimal("16.60")),
        ]
        assert invoice.lines.get(position=1).cells == [FROZEN_CELL]
        assert invoice.buyer["name"] == "Ada"

    def test_issues_lines_that_cancel_out_and_posts_nothing(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        lines = [cast.line("energy", "-0.03"), cast.line("adjustment", "0.03")]

        [invoice] = issue(in_alder, cast.make_draft(account, point, lines=lines))

        assert (invoice.gross, invoice.entry_id, invoice.lines.count()) == (Decimal("0.00"), None, 2)
        assert ledger_models.Entry.objects.count() == 0

    def test_posts_what_is_owed_and_who_earns_it(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        energy = cast.line("energy", "96.40")
        fund = cast.line("fund", "16.60", payee="state")

        issue(in_alder, cast.make_draft(account, point, lines=[energy, fund]))

        assert {row.code: row.balance for row in ledger_queries.trial_balance()} == {
            "receivable": Decimal("113.00"),
            "income.retailer": Decimal("-85.31"),
            "payable.state": Decimal("-14.69"),
            "tax.collected": Decimal("-13.00"),
        }
        assert ledger_queries.verify_chain().intact

    def test_adds_the_tax_where_prices_come_without(self, in_birch: Any) -> None:
        account, point = cast.make_account("1", currency="AUD")
        usage = cast.line("usage", "100.05")
        solar = cast.line("solar", "-20.00", payee="customer")

        [invoice] = issue(in_birch, cast.make_draft(account, point, lines=[usage, solar]))

        assert invoice.number == "INV00000001"
        assert (invoice.net, invoice.tax, invoice.gross) == (Decimal("80.05"), Decimal("10.01"), Decimal("90.06"))
        assert [(row.tax_rate, row.tax) for row in invoice.lines.all()] == [
            (Decimal("0.10"), Decimal("10.01")),
            (Decimal(0), Decimal(0)),
        ]
        assert invoice.due_on == dt.date(2026, 4, 23)  # 13 working days, Easter between

    def test_of_the_same_drafts_again_changes_nothing(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        keys = operations.store_drafts(drafts=[cast.make_draft(account, point, "113.00")], created_at=cast.AT)
        first = operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(in_alder))
        before = counts()

        again = operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(in_alder))

        assert again == first
        assert counts() == before

    def test_of_an_unknown_draft_is_not_found(self, in_alder: Any) -> None:
        with pytest.raises(NotFound):
            operations.issue_drafts(draft_ids=[404], terms=cast.terms_of(in_alder))

    def test_of_a_bill_of_zero_makes_no_entry(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")

        [invoice] = issue(in_alder, cast.make_draft(account, point, "0.00"))

        assert invoice.gross == 0
        assert invoice.entry_id is None
        assert counts() == (1, 1, 1, 0, 0)

    def test_of_lines_that_cancel_posts_both_sides(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        lines = [cast.line("energy", "11.30"), cast.line("solar", "-11.30", payee="customer")]

        [invoice] = issue(in_alder, cast.make_draft(account, point, lines=lines))

        assert (invoice.net, invoice.tax, invoice.gross) == (Decimal("-1.30"), Decimal("1.30"), Decimal(0))
        assert {row.code: row.balance for row in ledger_queries.trial_balance()} == {
            "income.retailer": Decimal("-10.00"),
            "expense.customer_credits": Decimal("11.30"),
            "tax.collected": Decimal("-1.30"),
        }

    def test_without_lines_is_refused(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        empty = cast.make_draft(account, point, "1.00")
        part = replace(empty.parts[0], bill={"lines": []})
        keys = operations.store_drafts(drafts=[replace(empty, parts=[part], total=Decimal(0))], created_at=cast.AT)

        with pytest.raises(operations.LinesDiffer):
            operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(in_alder))

        assert counts() == (0, 0, 0, 0, 0)


class TestBilledOnce:
    def test_a_period_that_overlaps_is_refused_and_no_number_is_lost(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        issue(in_alder, cast.make_draft(account, point, "113.00"))
        before = counts()
        late_march = Period(dt.date(2026, 3, 31), dt.date(2026, 4, 30))
        keys = operations.store_drafts(
            drafts=[cast.make_draft(account, point, "1.00", period=late_march)], created_at=cast.AT
        )

        with pytest.raises(operations.PeriodAlreadyBilled):
            operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(in_alder))

        assert counts() == before
        assert models.NumberSeries.objects.get().next_number == 2

    def test_the_next_period_follows_without_a_gap(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        issue(in_alder, cast.make_draft(account, point, "113.00"))

        [april] = issue(in_alder, cast.make_draft(account, point, "1.13", period=Period.of_month(2026, 4)))

        assert april.number == "20260000000002"

    def test_holds_across_accounts_at_one_supply_point(self, in_alder: Any) -> None:
        first, point = cast.make_account("1")
        second, _ = cast.make_account("2")
        issue(in_alder, cast.make_draft(first, point, "113.00"))

        with pytest.raises(operations.PeriodAlreadyBilled):
            issue(in_alder, cast.make_draft(second, point, "113.00"))


class TestDrafts:
    def test_of_one_run_item_replace_each_other(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        operations.store_drafts(drafts=[cast.make_draft(account, point, "1.00", run_item=7)], created_at=cast.AT)

        [key] = operations.store_drafts(
            drafts=[cast.make_draft(account, point, "2.00", run_item=7)], created_at=cast.AT
        )

        assert list(models.Draft.objects.values_list("pk", "total")) == [(key, Decimal("2.00"))]

    def test_that_were_issued_are_neither_replaced_nor_discarded(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        [invoice] = issue(in_alder, cast.make_draft(account, point, "1.13", run_item=7))

        with pytest.raises(operations.DraftIssued):
            operations.store_drafts(drafts=[cast.make_draft(account, point, "2.00", run_item=7)], created_at=cast.AT)
        with pytest.raises(operations.DraftIssued):
            operations.discard_drafts(draft_ids=[invoice.draft_id])

        assert list(models.Draft.objects.values_list("pk", "total")) == [(invoice.draft_id, Decimal("1.13"))]

    def test_whose_total_differs_are_refused(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        wrong = replace(cast.make_draft(account, point, "1.00", "2.00"), total=Decimal("3.01"))

        with pytest.raises(operations.DraftTotalDiffers):
            operations.store_drafts(drafts=[wrong], created_at=cast.AT)

        assert models.Draft.objects.count() == 0


class TestCredit:
    def test_mirrors_lines_tax_and_ledger(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        energy = cast.line("energy", "96.40", cells=[PEAK_CELL])
        [invoice] = issue(in_alder, cast.make_draft(account, point, lines=[energy, cast.line("fee", "3.33")]))

        key = operations.credit(invoice_id=invoice.pk, terms=cast.terms_of(in_alder, issued_on=dt.date(2026, 4, 9)))

        note = models.Invoice.objects.get(pk=key)
        assert (note.kind, note.number, note.reverses_id) == ("credit_note", "C20260000000001", invoice.pk)
        assert (note.net, note.tax, note.gross) == (-invoice.net, -invoice.tax, -invoice.gross)
        assert [(row.quantity, row.price, row.gross) for row in note.lines.all()] == [
            (Decimal("-120.5"), Decimal("0.8"), Decimal("-96.40")),
            (Decimal(-1), Decimal("3.33"), Decimal("-3.33")),
        ]
        assert note.lines.get(position=1).cells == [
            {**FROZEN_CELL, "flat": "0", "quantity": "-120.5", "amount": "-96.40"}
        ]
        assert all(row.balance == 0 for row in ledger_queries.trial_balance())

    def test_and_a_new_bill_net_to_the_difference(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        [wrong] = issue(in_alder, cast.make_draft(account, point, "113.00"))

        operations.credit(invoice_id=wrong.pk, terms=cast.terms_of(in_alder))
        [right] = issue(in_alder, cast.make_draft(account, point, "90.40"))

        assert right.number == "20260000000002"
        balance = ledger_queries.balance(account_id=account.pk, currency="CNY")
        assert balance == Money(Decimal("90.40"), "CNY")
        totals = models.Invoice.objects.order_by("id").values_list("gross", flat=True)
        assert list(totals) == [Decimal("113.00"), Decimal("-113.00"), Decimal("90.40")]

    def test_is_refused_a_second_time_and_loses_no_number(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        [invoice] = issue(in_alder, cast.make_draft(account, point, "113.00"))
        operations.credit(invoice_id=invoice.pk, terms=cast.terms_of(in_alder))
        before = counts()

        with pytest.raises(operations.AlreadyCredited):
            operations.credit(invoice_id=invoice.pk, terms=cast.terms_of(in_alder))

        assert counts() == before
        assert models.NumberSeries.objects.get(kind="credit_note").next_number == 2

    def test_of_a_credit_note_is_refused(self, in_alder: Any) -> None:
        account, point = cast.make_account("1")
        [invoice] = issue(in_alder, cast.make_draft(account, point, "113.00"))
        note = operations.credit(invoice_id=invoice.pk, terms=cast.terms_of(in_alder))

        with pytest.raises(operations.NotCreditable):
            operations.credit(invoice_id=note, terms=cast.terms_of(in_alder))


class TestDatabaseGuards:
    @pytest.fixture
    def issued(self, in_alder: Any) -> models.Invoice:
        account, point = cast.make_account("1")
        return issue(in_alder, cast.make_draft(account, point, "113.00"))[0]

    @pytest.mark.parametrize("table", ["invoices_invoice", "invoices_invoiceline"])
    @pytest.mark.parametrize("change", ["UPDATE {} SET net = net", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
    def test_the_retailers_role_may_not_change_what_is_issued(
        self, issued: models.Invoice, table: str, change: str
    ) -> None:
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change.format(table))

        assert counts() == (1, 1, 1, 1, 1)

    def test_an_issued_invoice_takes_no_more_lines(self, issued: models.Invoice) -> None:
        late = issued.lines.get()
        late.pk, late.position = None, 2

        with pytest.raises(IntegrityError, match="takes no more lines"), transaction.atomic():
            late.save(force_insert=True)

        assert issued.lines.count() == 1

    def test_totals_other_than_the_lines_are_refused(self, issued: models.Invoice) -> None:
        copy = models.Invoice.objects.get(pk=issued.pk)
        copy.pk, copy.number, copy.sequence, copy.draft_id, copy.entry_id = None, "X", 99, None, None

        with pytest.raises(IntegrityError, match="do not sum"), transaction.atomic():
            copy.save(force_insert=True)

        assert models.Invoice.objects.count() == 1


class TestQueries:
    @pytest.fixture
    def owing(self, in_alder: Any) -> Iterator[Any]:
        account, point = cast.make_account("1")
        issue(in_alder, cast.make_draft(account, point, "113.00"))
        april = cast.make_draft(account, point, "56.50", period=Period.of_month(2026, 4))
        keys = operations.store_drafts(drafts=[april], created_at=cast.AT)
        operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(in_alder, issued_on=dt.date(2026, 5, 4)))
        yield account

    def test_owed_names_the_balance_and_the_oldest_due_date(self, owing: Any) -> None:
        [owed] = queries.owed(accounts=[owing])

        assert owed.balance == Money(Decimal("169.50"), "CNY")
        assert (owed.due_on, owed.open_invoices) == (dt.date(2026, 4, 17), 2)
        assert owed.is_overdue(dt.date(2026, 4, 18))

    def test_owed_after_a_credit_is_the_later_invoice(self, owing: Any, in_alder: Any) -> None:
        first = models.Invoice.objects.order_by("id")[0]
        operations.credit(invoice_id=first.pk, terms=cast.terms_of(in_alder))

        [owed] = queries.owed(accounts=[owing])

        assert (owed.balance, owed.due_on) == (Money(Decimal("56.50"), "CNY"), dt.date(2026, 5, 19))

    def test_owed_without_invoices_is_nothing(self, in_alder: Any) -> None:
        account, _ = cast.make_account("9")

        [owed] = queries.owed(accounts=[account])

        assert (owed.balance, owed.due_on) == (Money(Decimal("0.00"), "CNY"), None)

    def test_invoice_of_another_customer_is_not_found(self, owing: Any) -> None:
        stranger, _ = cast.make_account("2")

        with pytest.raises(NotFound):
            queries.invoice(number="20260000000001", customer=stranger.customer)

        own = queries.invoice(number="20260000000001", customer=owing.customer)
        assert own.invoice.gross == Decimal("113.00")
        assert [row.amount for row in own.lines] == [Decimal("113.00")]

    def test_invoices_come_newest_first_with_their_state(self, owing: Any, in_alder: Any) -> None:
        first = models.Invoice.objects.order_by("id")[0]
        operations.credit(invoice_id=first.pk, terms=cast.terms_of(in_alder))

        found = queries.invoices_of_customer(customer=owing.customer)

        assert [(row.number, row.is_credited) for row in found] == [
            ("20260000000002", False),
            ("C20260000000001", False),
            ("20260000000001", True),
        ]
