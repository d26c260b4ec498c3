"""Payments come in once, settle what is due first, and can be taken back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from billing.invoices import operations as invoice_operations
from billing.ledger import chart, entries
from billing.ledger import operations as ledger_operations
from billing.ledger import queries as ledger_queries
from billing.payments import operations, queries
from billing.payments.models import Allocation, OpenItem, Payment
from harness import billing_cast
from harness.issued import issue
from kernel.money import Money

AT = dt.datetime(2026, 5, 4, 4, 0, tzinfo=dt.UTC)
ON = dt.date(2026, 5, 4)


def cny(amount: str) -> Money:
    return Money(Decimal(amount), "CNY")


@pytest.fixture
def billed(in_alder: Any) -> Any:
    """An account with two open bills, of March (113.00) and April (50.00)."""
    account, point = billing_cast.make_account("1")
    return account, issue(in_alder, account, point, "113.00"), issue(in_alder, account, point, "50.00", month=4), point


def pay(account: Any, amount: str, reference: str = "P1", **more: Any) -> Payment:
    terms: dict[str, Any] = {"method": "card", "source": "test", "received_on": ON, "at": AT} | more
    return operations.receive(account_id=account.pk, money=cny(amount), reference=reference, **terms)


def left(account: Any) -> dict[int | None, Decimal]:
    return {row.invoice_id: row.open.amount for row in queries.outstanding(account_ids=[account.pk])}


class TestReceive:
    def test_settles_the_bill_that_is_due_first(self, billed):
        account, march, april, _ = billed

        payment = pay(account, "120.00")

        assert left(account) == {april.pk: Decimal("43.00")}
        assert [(s.invoice_id, s.money) for s in queries.payment(payment_id=payment.pk).settles] == [
            (march.pk, cny("113.00")),
            (april.pk, cny("7.00")),
        ]
        assert ledger_queries.balance(account_id=account.pk, currency="CNY") == cny("43.00")

    def test_settles_the_chosen_bill_first(self, billed):
        account, march, april, _ = billed

        pay(account, "60.00", invoice_ids=[april.pk])

        assert left(account) == {march.pk: Decimal("103.00")}

    def test_keeps_what_is_too_much_as_credit_for_the_next_bill(self, in_alder, billed):
        account, _, _, point = billed

        pay(account, "200.00")
        credit = queries.account_credit(account_ids=[account.pk])
        june = issue(in_alder, account, point, "100.00", month=5)
        before_settling = left(account)
        added = operations.settle_accounts(account_ids=[account.pk], at=AT)

        assert credit == {account.pk: cny("37.00")}
        assert before_settling == left(account) == {june.pk: Decimal("63.00")}
        assert added == 1
        assert queries.account_credit(account_ids=[account.pk]) == {}

    def test_debits_the_account_of_its_method(self, billed):
        account = billed[0]

        pay(account, "1.00", "a", method="cash")
        pay(account, "2.00", "b", method="bank_transfer")
        pay(account, "4.00", "c", method="wechat_pay")

        held = {row.code: row.balance for row in ledger_queries.trial_balance()}
        assert [held[code] for code in (chart.CASH, chart.BANK, chart.CLEARING)] == [1, 2, 4]

    def test_the_same_again_books_nothing(self, billed):
        account = billed[0]
        first = pay(account, "60.00")

        again = pay(account, "60.00")

        assert again.pk == first.pk
        assert Payment.objects.count() == Allocation.objects.count() == 1
        assert ledger_queries.balance(account_id=account.pk, currency="CNY") == cny("103.00")

    @pytest.mark.parametrize("other", [{"amount": "61.00"}, {"method": "cash"}, {"received_on": dt.date(2026, 5, 3)}])
    def test_other_content_under_the_reference_is_refused(self, billed, other):
        account = billed[0]
        pay(account, "60.00")

        with pytest.raises(operations.PaymentDiffers):
            pay(account, other.pop("amount", "60.00"), **other)

        assert Payment.objects.count() == 1

    @pytest.mark.parametrize(
        ("amount", "terms", "refusal"),
        [
            ("0.00", {}, operations.NoAmount),
            ("-1.00", {}, operations.NoAmount),
            ("1.00", {"method": "shells"}, operations.UnknownMethod),
            ("1.00", {"reference": ""}, operations.NoReference),
            ("1.00", {"invoice_ids": [999999]}, operations.OthersInvoice),
        ],
    )
    def test_refuses_and_changes_nothing(self, billed, amount, terms, refusal):
        account = billed[0]

        with pytest.raises(refusal):
            pay(account, amount, **terms)

        assert Payment.objects.count() == 0
        assert ledger_queries.balance(account_id=account.pk, currency="CNY") == cny("163.00")

    def test_refuses_another_currency(self, billed):
        account = billed[0]

        with pytest.raises(operations.OtherCurrency):
            operations.receive(
                account_id=account.pk, money=Money(Decimal("1.00"), "AUD"), method="card", source="test",
                reference="x", received_on=ON, at=AT,
            )  # fmt: skip

        assert Payment.objects.count() == 0


class TestReverse:
    def test_opens_the_bills_again(self, billed):
        account, march, april, _ = billed
        payment = pay(account, "163.00")

        operations.reverse(payment_id=payment.pk, reason="bounced", at=AT)

        assert left(account) == {march.pk: Decimal("113.00"), april.pk: Decimal("50.00")}
        assert ledger_queries.balance(account_id=account.pk, currency="CNY") == cny("163.00")
        assert queries.payment(payment_id=payment.pk).settles == []

    def test_lets_other_credit_take_its_place(self, billed):
        account, march, april, _ = billed
        first = pay(account, "163.00", "P1")
        pay(account, "20.00", "P2")

        operations.reverse(payment_id=first.pk, reason="bounced", at=AT)

        assert left(account) == {march.pk: Decimal("93.00"), april.pk: Decimal("50.00")}
        assert queries.account_credit(account_ids=[account.pk]) == {}

    def test_twice_has_one_effect(self, billed):
        account = billed[0]
        payment = pay(account, "163.00")

        first = operations.reverse(payment_id=payment.pk, reason="bounced", at=AT)
        second = operations.reverse(payment_id=payment.pk, reason="again", at=AT)

        assert second.pk == first.pk
        assert ledger_queries.balance(account_id=account.pk, currency="CNY") == cny("163.00")


class TestCreditNote:
    def test_gives_what_was_paid_to_the_other_bill(self, in_alder, billed):
        account, march, _april, _ = billed
        pay(account, "113.00")

        invoice_operations.credit(invoice_id=march.pk, terms=billing_cast.terms_of(in_alder, issued_on=ON))
        before_settling = left(account), queries.account_credit(account_ids=[account.pk])
        operations.settle_accounts(account_ids=[account.pk], at=AT)

        assert before_settling == (left(account), queries.account_credit(account_ids=[account.pk]))
        assert left(account) == {}
        assert queries.account_credit(account_ids=[account.pk]) == {account.pk: cny("63.00")}


class TestHistory:
    def test_tells_what_was_open_on_a_day(self, billed):
        account, march, april, _ = billed
        pay(account, "113.00")

        before = queries.outstanding(account_ids=[account.pk], on=dt.date(2026, 5, 3))
        after = queries.outstanding(account_ids=[account.pk], on=ON)

        assert [(row.invoice_id, row.open) for row in before] == [(march.pk, cny("113.00")), (april.pk, cny("50.00"))]
        assert [(row.invoice_id, row.open) for row in after] == [(april.pk, cny("50.00"))]

    def test_names_what_changed_since(self, billed):
        account = billed[0]
        pay(account, "1.00")

        assert queries.accounts_changed_since(since=AT) == [account.pk]
        assert queries.accounts_changed_since(since=AT + dt.timedelta(seconds=1)) == []


class TestFees:
    def test_follow_or_precede_bills_as_the_market_says(self, billed):
        account, march, _, _ = billed
        fee = [
            entries.debit(chart.RECEIVABLE, cny("3.00"), account_id=account.pk),
            entries.credit(chart.INCOME_FEES, cny("3.00")),
        ]
        day = dt.date(2026, 1, 1)
        ledger_operations.post(entries=[entries.NewEntry(day, entries.EntryKind.CHARGE, "late fee", fee)], posted_at=AT)

        pay(account, "3.00")

        assert left(account)[march.pk] == Decimal("110.00")
        assert [row.kind for row in queries.open_debits(account_ids=[account.pk])] == ["charge", "invoice", "invoice"]


class TestTheDatabase:
    def refused(self, statement: str, *values: Any) -> str:
        with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
        return str(refusal.value.__cause__.diag.constraint_name)

    def test_refuses_more_than_a_bill_or_a_payment(self, billed):
        account, march, april, _ = billed
        pay(account, "100.00", invoice_ids=[march.pk])
        debit = OpenItem.objects.get(invoice=april)
        credit = OpenItem.objects.get(kind="payment")

        more = Allocation(debit=debit, credit=credit, amount=Decimal("0.01"), effective_on=ON, made_at=AT)

        with pytest.raises(IntegrityError, match="payments_item_not_overspent"), transaction.atomic():
            more.save()

    def test_refuses_a_sum_written_by_hand(self, billed):
        constraint = self.refused("UPDATE payments_openitem SET settled = 1")

        assert constraint == "payments_item_derived"

    def test_refuses_an_allocation_to_another_account(self, in_alder, billed):
        account = billed[0]
        other, point = billing_cast.make_account("2")
        theirs = issue(in_alder, other, point, "10.00")
        pay(account, "200.00")
        credit = OpenItem.objects.get(kind="payment")

        crossed = Allocation(
            debit=OpenItem.objects.get(invoice=theirs), credit=credit, amount=1, effective_on=ON, made_at=AT
        )

        with pytest.raises(IntegrityError, match="does not join"), transaction.atomic():
            crossed.save()
