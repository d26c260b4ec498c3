"""Posting to the ledger: balance at once, append-only, one seal a batch."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from billing.ledger import chart, copying, entries, models, operations, queries
from kernel.errors import NotFound
from kernel.money import Money
from tenants.customers.models import Account, Customer

AT = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
ON = dt.date(2026, 3, 2)


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


@pytest.fixture
def account(in_alder: Any) -> Account:
    customer = Customer.objects.create(number="C1", name="Ada")
    return Account.objects.create(number="A1", customer=customer, currency="CNY", opened_on=ON)


def sale(account: Account, gross: str, tax: str, reference: str = "INV-1", on: dt.date = ON) -> entries.NewEntry:
    return entries.NewEntry(
        on,
        entries.EntryKind.INVOICE,
        reference,
        [
            entries.debit(chart.RECEIVABLE, cny(gross), account_id=account.pk),
            entries.credit(chart.INCOME_RETAILER, cny(gross) - cny(tax)),
            entries.credit(chart.TAX_COLLECTED, cny(tax)),
        ],
    )


def posted_rows() -> tuple[int, int, int]:
    return models.Entry.objects.count(), models.Posting.objects.count(), models.Seal.objects.count()


class TestPost:
    def test_writes_entries_postings_and_one_seal(self, account: Account) -> None:
        keys = operations.post(entries=[sale(account, "113.00", "13.00"), sale(account, "11.30", "1.30")], posted_at=AT)

        assert len(keys) == 2
        assert posted_rows() == (2, 6, 1)
        assert queries.balance(account_id=account.pk, currency="CNY") == cny("124.30")

    def test_refuses_an_unbalanced_entry_and_writes_nothing(self, account: Account) -> None:
        crooked = entries.NewEntry(
            ON,
            entries.EntryKind.INVOICE,
            "INV-2",
            [
                entries.debit(chart.RECEIVABLE, cny("10.00"), account_id=account.pk),
                entries.credit(chart.INCOME_RETAILER, cny("9.99")),
            ],
        )

        with pytest.raises(operations.Unbalanced):
            operations.post(entries=[sale(account, "113.00", "13.00"), crooked], posted_at=AT)

        assert posted_rows() == (0, 0, 0)

    def test_balances_each_currency_by_itself(self, account: Account) -> None:
        mixed = entries.NewEntry(
            ON,
            entries.EntryKind.ADJUSTMENT,
            "X-1",
            [
                entries.debit(chart.BANK, cny("10.00")),
                entries.credit(chart.INCOME_RETAILER, Money(Decimal("10.00"), "AUD")),
            ],
        )

        with pytest.raises(operations.Unbalanced):
            operations.post(entries=[mixed], posted_at=AT)

    def test_refuses_an_entry_without_postings(self, account: Account) -> None:
        empty = entries.NewEntry(ON, entries.EntryKind.ADJUSTMENT, "X-2", [])

        with pytest.raises(operations.EmptyEntry):
            operations.post(entries=[sale(account, "113.00", "13.00"), empty], posted_at=AT)

        assert posted_rows() == (0, 0, 0)

    def test_refuses_an_account_outside_the_chart(self, account: Account) -> None:
        sides = [entries.debit("misc", cny("1.00")), entries.credit("misc", cny("1.00"))]
        stray = entries.NewEntry(ON, entries.EntryKind.ADJUSTMENT, "X-3", sides)

        with pytest.raises(operations.UnknownLedgerAccount) as refusal:
            operations.post(entries=[stray], posted_at=AT)

        assert refusal.value.params == {"ledger_account": "misc"}
        assert posted_rows() == (0, 0, 0)

    def test_nothing_to_post_makes_no_seal(self, in_alder: Any) -> None:
        assert operations.post(entries=[], posted_at=AT) == []
        assert posted_rows() == (0, 0, 0)

    def test_opens_one_sub_account_for_each_billing_account(self, account: Account) -> None:
        operations.post(entries=[sale(account, "113.00", "13.00")], posted_at=AT)
        operations.post(entries=[sale(account, "113.00", "13.00")], posted_at=AT)

        opened = models.LedgerAccount.objects.order_by("code").values_list("code", "kind", "account_id")

        assert list(opened) == [
            ("income.retailer", "income", None),
            ("receivable", "asset", account.pk),
            ("tax.collected", "liability", None),
        ]


class TestReverse:
    def test_takes_the_entry_back_to_the_cent(self, account: Account) -> None:
        [key] = operations.post(entries=[sale(account, "113.00", "13.00")], posted_at=AT)

        operations.reverse(entry_id=key, business_date=dt.date(2026, 3, 9), posted_at=AT, reference="CN-1")

        assert queries.balance(account_id=account.pk, currency="CNY") == cny("0.00")
        assert all(row.balance == 0 for row in queries.trial_balance())

    def test_is_refused_a_second_time(self, account: Account) -> None:
        [key] = operations.post(entries=[sale(account, "113.00", "13.00")], posted_at=AT)
        operations.reverse(entry_id=key, business_date=ON, posted_at=AT, reference="CN-1")

        with pytest.raises(operations.AlreadyReversed):
            operations.reverse(entry_id=key, business_date=ON, posted_at=AT, reference="CN-2")

        assert posted_rows() == (2, 6, 2)

    def test_of_an_unknown_entry_is_not_found(self, in_alder: Any) -> None:
        with pytest.raises(NotFound):
            operations.reverse(entry_id=404, business_date=ON, posted_at=AT, reference="CN-1")


class TestQueries:
    def test_trial_balance_adds_up_per_account(self, account: Account) -> None:
        operations.post(entries=[sale(account, "113.00", "13.00"), sale(account, "11.30", "1.30")], posted_at=AT)

        rows = {row.code: (row.debit, row.credit, row.balance) for row in queries.trial_balance()}

        assert rows == {
            "receivable": (Decimal("124.30"), Decimal(0), Decimal("124.30")),
            "income.retailer": (Decimal(0), Decimal("110.00"), Decimal("-110.00")),
            "tax.collected": (Decimal(0), Decimal("14.30"), Decimal("-14.30")),
        }

    def test_trial_balance_leaves_later_days_out(self, account: Account) -> None:
        later = sale(account, "11.30", "1.30", on=dt.date(2026, 3, 3))
        operations.post(entries=[sale(account, "113.00", "13.00"), later], posted_at=AT)

        assert queries.trial_balance(on=ON)[1].debit == Decimal("113.00")
        assert queries.balance(account_id=account.pk, currency="CNY", on=ON) == cny("113.00")

    def test_statement_runs_from_the_first_posting_to_the_balance(self, account: Account) -> None:
        [first] = operations.post(entries=[sale(account, "113.00", "13.00")], posted_at=AT)
        operations.reverse(entry_id=first, business_date=dt.date(2026, 3, 9), posted_at=AT, reference="CN-1")
        operations.post(entries=[sale(account, "56.50", "6.50", "INV-2", dt.date(2026, 3, 9))], posted_at=AT)

        rows = queries.statement(account_id=account.pk, currency="CNY")

        assert [(row.reference, row.money, row.balance) for row in rows] == [
            ("INV-1", cny("113.00"), cny("113.00")),
            ("CN-1", cny("-113.00"), cny("0.00")),
            ("INV-2", cny("56.50"), cny("56.50")),
        ]


class TestDatabaseGuards:
    """The same refusals for whoever writes past the operations."""

    @pytest.fixture
    def posted(self, account: Account) -> models.Entry:
        [key] = operations.post(entries=[sale(account, "113.00", "13.00")], posted_at=AT)
        return models.Entry.objects.get(pk=key)

    @pytest.fixture
    def open_entry(self, account: Account) -> Iterator[models.Entry]:
        operations.post(entries=[sale(account, "113.00", "13.00")], posted_at=AT)
        [seal_id] = copying.reserve_ids(model=models.Seal, count=1)
        yield models.Entry.objects.create(
            posted_at=AT, business_date=ON, kind="adjustment", reference="X", seal_id=seal_id
        )
        transaction.set_rollback(True)  # its seal never comes

    def unbalanced(self, entry: models.Entry) -> Sequence[tuple[int, int, Decimal, str]]:
        accounts = list(models.LedgerAccount.objects.order_by("id").values_list("id", flat=True))
        return [
            (entry.pk, accounts[0], Decimal("5.0000"), "CNY"),
            (entry.pk, accounts[1], Decimal("-4.9999"), "CNY"),
        ]

    def test_an_unbalanced_insert_is_refused(self, open_entry: models.Entry) -> None:
        fields = ("entry_id", "ledger_account_id", "amount", "currency")
        rows = [models.Posting(**dict(zip(fields, row, strict=True))) for row in self.unbalanced(open_entry)]

        with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
            models.Posting.objects.bulk_create(rows)

        assert models.Posting.objects.count() == 3

    def test_an_unbalanced_copy_is_refused(self, open_entry: models.Entry) -> None:
        with pytest.raises(IntegrityError, match="does not balance"), transaction.atomic():
            copying.copy_rows(
                model=models.Posting,
                fields=("entry", "ledger_account", "amount", "currency"),
                rows=self.unbalanced(open_entry),
            )

        assert models.Posting.objects.count() == 3

    def test_a_sealed_entry_takes_no_more_postings(self, posted: models.Entry) -> None:
        first, second, *_ = models.LedgerAccount.objects.order_by("id")
        pair = [
            models.Posting(entry=posted, ledger_account=first, amount=Decimal(1), currency="CNY"),
            models.Posting(entry=posted, ledger_account=second, amount=Decimal(-1), currency="CNY"),
        ]

        with pytest.raises(IntegrityError, match="is sealed"), transaction.atomic():
            models.Posting.objects.bulk_create(pair)

        assert models.Posting.objects.count() == 3

    def test_a_closed_seal_takes_no_more_entries(self, posted: models.Entry) -> None:
        with pytest.raises(IntegrityError, match="takes no more entries"), transaction.atomic():
            models.Entry.objects.create(
                posted_at=AT, business_date=ON, kind="adjustment", reference="X", seal_id=posted.seal_id
            )

        assert models.Entry.objects.count() == 1

    @pytest.mark.parametrize("table", ["ledger_entry", "ledger_posting", "ledger_seal"])
    @pytest.mark.parametrize("change", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
    def test_the_retailers_role_may_not_change_what_is_posted(
        self, posted: models.Entry, table: str, change: str
    ) -> None:
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(change.format(table))

        assert posted_rows() == (1, 3, 1)
