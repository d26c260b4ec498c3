"""A collection of many payments is what as many single ones would be, in a fixed number of queries."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.ledger import queries as ledger_queries
from billing.payments import operations, queries
from billing.payments.models import Allocation, Payment
from harness import billing_cast
from harness.issued import issue
from kernel.errors import NotFound
from kernel.money import Money

AT = dt.datetime(2026, 5, 4, 4, 0, tzinfo=dt.UTC)
ON = dt.date(2026, 5, 4)


@pytest.fixture
def billed(in_alder: Any) -> list[Any]:
    """Three accounts, each with a bill of March (113.00) and one of April (50.00)."""
    accounts = []
    for number in ("1", "2", "3"):
        account, point = billing_cast.make_account(number)
        issue(in_alder, account, point, "113.00")
        issue(in_alder, account, point, "50.00", month=4)
        accounts.append(account)
    return accounts


def collected(account: Any, amount: str, *, reference: str = "", currency: str = "CNY") -> operations.Collected:
    money = Money(Decimal(amount), currency)
    return operations.Collected(account.pk, money, "direct_debit", reference or f"D{account.pk}", ON)


def receive(*rows: operations.Collected) -> list[Payment]:
    return operations.receive_many(collected=rows, source="batch", at=AT)


def standing(accounts: list[Any]) -> list[tuple[Decimal, list[Decimal]]]:
    """What each account owes, and what is open of each of its bills, the oldest first."""
    return [
        (
            ledger_queries.balance(account_id=account.pk, currency="CNY").amount,
            [row.open.amount for row in queries.outstanding(account_ids=[account.pk])],
        )
        for account in accounts
    ]


class TestReceiveMany:
    def test_settles_each_account_by_what_it_paid_the_oldest_bill_first(self, billed):
        first, second, third = billed

        made = receive(collected(first, "120.00"), collected(second, "163.00"), collected(third, "200.00"))

        assert [payment.reference for payment in made] == [f"D{account.pk}" for account in billed]
        assert standing(billed) == [
            (Decimal("43.00"), [Decimal("43.00")]),
            (Decimal("0.00"), []),
            (Decimal("-37.00"), []),
        ]
        assert ledger_queries.verify_chain().intact

    def test_does_what_single_payments_do(self, billed):
        one, two, _ = billed
        receive(collected(one, "120.00"))

        operations.receive(
            account_id=two.pk, money=Money(Decimal("120.00"), "CNY"), method="direct_debit", source="desk",
            reference="S", received_on=ON, at=AT,
        )  # fmt: skip

        assert standing([one]) == standing([two])

    def test_books_nothing_the_second_time(self, billed):
        rows = [collected(account, "120.00") for account in billed]
        made = receive(*rows)
        before = (ledger_queries.head_position(), Allocation.objects.count())

        again = receive(*rows)

        assert [payment.pk for payment in again] == [payment.pk for payment in made]
        assert (ledger_queries.head_position(), Allocation.objects.count()) == before

    def test_refuses_all_when_one_was_booked_with_another_amount(self, billed):
        first, second, _ = billed
        receive(collected(first, "120.00"))
        before = standing(billed)

        with pytest.raises(operations.PaymentDiffers):
            receive(collected(second, "50.00"), collected(first, "121.00"))

        assert standing(billed) == before

    @pytest.mark.parametrize(
        ("amount", "currency", "refusal"),
        [
            ("0", "CNY", operations.NoAmount),
            ("-1.00", "CNY", operations.NoAmount),
            ("1.00", "AUD", operations.OtherCurrency),
        ],
    )
    def test_refuses_all_for_one_that_cannot_be(self, billed, amount, currency, refusal):
        first, second, _ = billed

        with pytest.raises(refusal):
            receive(collected(first, "120.00"), collected(second, amount, currency=currency))

        assert Payment.objects.count() == 0

    def test_refuses_an_account_that_is_not_there(self, billed):
        row = operations.Collected(999_999, Money(Decimal(1), "CNY"), "direct_debit", "X", ON)

        with pytest.raises(NotFound):
            receive(collected(billed[0], "1.00"), row)

        assert Payment.objects.count() == 0

    def test_asks_no_more_for_three_than_for_one_but_for_their_locks(self, billed):
        first, second, third = billed
        with CaptureQueriesContext(connection) as one:
            receive(collected(first, "10.00", reference="one"))

        with CaptureQueriesContext(connection) as three:
            receive(*[collected(account, "20.00", reference=f"three {account.pk}") for account in billed])

        assert len(three) - len(one) <= 2
        assert [owed for owed, _ in standing([second, third])] == [Decimal("143.00"), Decimal("143.00")]
