"""Parts of invoices: partial credits, several sellers, one document for many sites."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from billing.invoices import models, operations, queries
from billing.ledger import queries as ledger_queries
from harness import billing_cast as cast
from kernel.periods import Period
from tenancy import context
from tenants.customers.models import Account, Occupancy


def issue(retailer: Any, *drafts: Any, issued_on: dt.date = cast.ISSUED) -> list[models.Invoice]:
    keys = operations.store_drafts(drafts=drafts, created_at=cast.AT)
    issued = operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(retailer, issued_on=issued_on))
    return [models.Invoice.objects.get(pk=issued[key]) for key in keys]


@pytest.fixture
def bill(in_alder: Any) -> models.Invoice:
    """Energy 100.00, funds 13.01, bonus −20.00: 93.01 in all, tax contained."""
    account, point = cast.make_account("1")
    rows = [cast.line("energy", "100.00"), cast.line("funds", "13.01", payee="state"), cast.line("bonus", "-20.00")]
    [invoice] = issue(in_alder, cast.make_draft(account, point, lines=rows))
    return invoice


def credit(retailer: Any, invoice: models.Invoice, amounts: dict[int, str]) -> models.Invoice:
    key = operations.credit_part(
        invoice_id=invoice.pk,
        amounts={position: Decimal(amount) for position, amount in amounts.items()},
        terms=cast.terms_of(retailer),
        reason="Wrong meter",
    )
    return models.Invoice.objects.get(pk=key)


class TestPartialCredit:
    def test_takes_the_tax_from_the_line_and_keeps_the_period(self, in_alder, bill):
        note = credit(in_alder, bill, {1: "33.33"})

        line = note.lines.get()
        assert (note.partial, note.reason, note.gross) == (True, "Wrong meter", Decimal("-33.33"))
        assert (line.credits, line.tax, line.net) == (1, Decimal("-3.83"), Decimal("-29.50"))
        assert models.BilledPeriod.objects.filter(invoice=bill).exists()
        assert queries.invoice(number=bill.number).left == Decimal("59.68")

    def test_in_thirds_sums_to_the_whole_and_the_last_gives_the_period_back(self, in_alder, bill):
        credit(in_alder, bill, {1: "33.33", 2: "13.01"})
        credit(in_alder, bill, {1: "33.33"})
        last = credit(in_alder, bill, {1: "33.34", 3: "-20.00"})

        sums = [sum(getattr(note, name) for note in models.Invoice.objects.all()) for name in ("net", "tax", "gross")]
        assert sums == [0, 0, 0]
        assert not last.partial
        assert not models.BilledPeriod.objects.exists()
        assert not any(row.balance for row in ledger_queries.trial_balance())

    def test_then_the_whole_credits_what_is_left(self, in_alder, bill):
        credit(in_alder, bill, {1: "40.00"})

        key = operations.credit(invoice_id=bill.pk, terms=cast.terms_of(in_alder))

        assert models.Invoice.objects.get(pk=key).gross == Decimal("-53.01")
        assert not any(row.balance for row in ledger_queries.trial_balance())

    @pytest.mark.parametrize(
        ("amounts", "refusal"),
        [
            ({1: "100.01"}, operations.CreditAmount),
            ({1: "-1.00"}, operations.CreditAmount),
            ({3: "1.00"}, operations.CreditAmount),
            ({1: "0.001"}, operations.CreditAmount),
            ({9: "1.00"}, operations.NoSuchLine),
            ({}, operations.NothingToCredit),
            ({1: "0"}, operations.NothingToCredit),
            ({1: "100.00"}, operations.CreditsTooMuch),
        ],
    )
    def test_beyond_the_line_or_the_bill_is_refused_and_changes_nothing(self, in_alder, bill, amounts, refusal):
        with pytest.raises(refusal):
            credit(in_alder, bill, amounts)

        assert models.Invoice.objects.count() == 1
        assert not models.NumberSeries.objects.filter(kind="credit_note").exists()

    def test_of_what_is_credited_is_refused(self, in_alder, bill):
        operations.credit(invoice_id=bill.pk, terms=cast.terms_of(in_alder))

        with pytest.raises(operations.AlreadyCredited):
            credit(in_alder, bill, {1: "1.00"})
        with pytest.raises(operations.AlreadyCredited):
            operations.credit(invoice_id=bill.pk, terms=cast.terms_of(in_alder))

    def test_by_many_at_once_never_exceeds_the_bill(self, fresh_db, alder):
        with context.use(alder):
            account, point = cast.make_account("1")
            [invoice] = issue(alder, cast.make_draft(account, point, "100.00"))

        def press() -> None:
            with context.use(alder):
                with contextlib.suppress(operations.CreditsTooMuch, operations.CreditAmount):
                    credit(alder, invoice, {1: "30.00"})
            connection.close()

        threads = [threading.Thread(target=press) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        with context.use(alder):
            notes = models.Invoice.objects.filter(kind="credit_note").order_by("sequence")
            assert [note.gross for note in notes] == [Decimal("-30.00")] * 3
            assert [note.sequence for note in notes] == [1, 2, 3]

    def test_is_refused_by_the_database_too(self, in_alder, bill):
        note = credit(in_alder, bill, {1: "50.00"})

        with pytest.raises(IntegrityError, match="exceed"), transaction.atomic():
            models.InvoiceLine.objects.bulk_create([_copied(note.lines.get(), invoice_id=10**6, amount=-60)])
            _insert_copy(note, key=10**6, amount=Decimal(-60))


def _copied(line: models.InvoiceLine, *, invoice_id: int, amount: int) -> models.InvoiceLine:
    line.pk, line.invoice_id = None, invoice_id
    line.amount, line.net, line.tax, line.gross = Decimal(amount), Decimal(amount), Decimal(0), Decimal(amount)
    return line


def _insert_copy(note: models.Invoice, *, key: int, amount: Decimal) -> None:
    note.pk, note.sequence, note.number, note.entry_id = key, 900, "C900", None
    note.net, note.tax, note.gross = amount, Decimal(0), amount
    note.save(force_insert=True)


class TestLegalEntities:
    def test_issue_in_their_own_name_and_series(self, in_alder):
        first, first_point = cast.make_account("1")
        second, second_point = cast.make_account("2")
        operations.save_entity(code="NORTH", legal_name="North Power Ltd", tax_number="N-1", bank_account="6222 01")
        operations.save_series(entity_code="NORTH", prefix="N", credit_prefix="NC", digits=6, reset="month")
        operations.arrange_billing(account_number=second.number, entity_code="NORTH", tax_number="B-9")

        own, other = issue(
            in_alder, cast.make_draft(first, first_point, "1.00"), cast.make_draft(second, second_point, "2.00")
        )
        note = models.Invoice.objects.get(pk=operations.credit(invoice_id=other.pk, terms=cast.terms_of(in_alder)))

        assert (own.number, other.number, note.number) == ("20260000000001", "N202604000001", "NC202604000001")
        assert (other.seller["legal_name"], other.seller["tax_number"]) == ("North Power Ltd", "N-1")
        assert other.buyer["tax_number"] == "B-9"
        assert note.seller == other.seller

    def test_the_default_one_of_the_same_name_goes_on_with_the_numbers(self, in_alder):
        account, point = cast.make_account("1")
        issue(in_alder, cast.make_draft(account, point, "1.00"))
        name = in_alder.legal_name or in_alder.code
        operations.save_entity(code="OWN", legal_name=name, is_default=True)
        operations.save_entity(code="OWN", legal_name="Renamed Ltd", is_default=True)

        [later] = issue(in_alder, cast.make_draft(account, point, "1.00", period=Period.of_month(2026, 4)))

        assert later.number == "20260000000002"
        assert later.seller["legal_name"] == "Renamed Ltd"

    def test_whose_series_would_write_the_same_numbers_are_refused(self, in_alder):
        for code in ("A", "B"):
            operations.save_entity(code=code, legal_name=f"Company {code}")
        operations.save_series(entity_code="A", prefix="X", credit_prefix="CX", digits=6, reset="year")

        with pytest.raises(operations.PrefixTaken):
            operations.save_series(entity_code="B", prefix="X", credit_prefix="CB", digits=6, reset="year")

        assert models.SeriesRule.objects.count() == 1


class TestCollectiveInvoices:
    @pytest.fixture
    def sites(self, in_alder: Any) -> list[tuple[Account, Any]]:
        sites = [cast.make_account(str(number)) for number in range(1, 4)]
        customer = sites[0][0].customer
        Account.objects.exclude(pk=sites[0][0].pk).update(customer=customer)
        head = Account.objects.create(
            number="HEAD", customer=customer, currency="CNY", opened_on=dt.date(2026, 1, 1), billing_address="HQ"
        )
        for account, _point in sites:
            operations.arrange_billing(account_number=account.number, collective_number=head.number)
        return sites

    def test_put_the_bills_of_all_sites_on_one_document_and_one_balance(self, in_alder, sites):
        drafts = [cast.make_draft(account, point, "33.33", "5.00") for account, point in sites]

        issued = issue(in_alder, *drafts)

        head = Account.objects.get(number="HEAD")
        [invoice] = set(issued)
        assert (invoice.account_id, invoice.gross, invoice.draft_id) == (head.pk, Decimal("114.99"), None)
        assert [line.identifier for line in invoice.lines.order_by("position")] == ["SP1"] * 2 + ["SP2"] * 2 + [
            "SP3"
        ] * 2
        assert [part["account"] for part in invoice.buyer["supply"]] == ["A1", "A2", "A3"]
        assert models.BilledPeriod.objects.filter(invoice=invoice).count() == 3
        assert set(ledger_queries.balances(account_ids=[head.pk, *(a.pk for a, _p in sites)])) == {(head.pk, "CNY")}

    def test_issued_again_are_the_same_document_and_their_drafts_stay(self, in_alder, sites):
        keys = operations.store_drafts(
            drafts=[cast.make_draft(account, point, "1.00") for account, point in sites], created_at=cast.AT
        )
        first = operations.issue_drafts(draft_ids=keys, terms=cast.terms_of(in_alder))

        again = operations.issue_drafts(draft_ids=keys[:1], terms=cast.terms_of(in_alder))

        assert again == {keys[0]: first[keys[0]]}
        with pytest.raises(operations.DraftIssued):
            operations.discard_drafts(draft_ids=keys[1:])

    def test_credited_give_back_the_days_of_every_site(self, in_alder, sites):
        [invoice, *_rest] = issue(in_alder, *[cast.make_draft(account, point, "1.00") for account, point in sites])

        operations.credit(invoice_id=invoice.pk, terms=cast.terms_of(in_alder))

        assert not models.BilledPeriod.objects.exists()

    def test_are_never_nested_nor_of_two_customers(self, in_alder, sites):
        other, _point = cast.make_account("9")

        with pytest.raises(operations.CollectiveNested):
            operations.arrange_billing(account_number="HEAD", collective_number="A1")
        with pytest.raises(operations.CollectiveDiffers):
            operations.arrange_billing(account_number=other.number, collective_number="HEAD")


class TestFinalBill:
    def test_is_marked_when_everything_the_account_held_has_ended(self, in_alder):
        bills = []
        for number, ended in (("1", dt.date(2026, 4, 1)), ("2", None), ("3", dt.date(2026, 4, 2))):
            account, point = cast.make_account(number)
            Occupancy.objects.create(account=account, supply_point=point, period=(dt.date(2026, 1, 1), ended))
            bills += issue(in_alder, cast.make_draft(account, point, "1.00"))

        assert [bill.final for bill in bills] == [True, False, False]
