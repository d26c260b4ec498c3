"""On what terms an invoice is issued: due dates, numbers, tax, from the market packs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.invoices import terms
from markets import packs


class TestDueDate:
    def test_counts_days_in_china(self) -> None:
        due = terms.due_date(pack=packs.pack("cn"), region=None, issued_on=dt.date(2026, 4, 2))

        assert due == dt.date(2026, 4, 17)

    @pytest.mark.parametrize(
        ("issued_on", "due_on"),
        [
            (dt.date(2026, 3, 2), dt.date(2026, 3, 19)),
            (dt.date(2026, 4, 2), dt.date(2026, 4, 23)),  # Good Friday, Easter Monday between
        ],
    )
    def test_counts_working_days_in_australia(self, issued_on: dt.date, due_on: dt.date) -> None:
        assert terms.due_date(pack=packs.pack("au"), region="NSW", issued_on=issued_on) == due_on


class TestNumberRule:
    def test_by_year_carries_the_year(self) -> None:
        rule = terms.number_rule(policy={"prefix": "", "digits": 10, "by": "year"})

        assert rule.text(prefix=rule.prefix, year=2026, sequence=42) == "20260000000042"
        assert rule.text(prefix=rule.credit_prefix, year=2026, sequence=7) == "C20260000000007"

    def test_without_year_counts_on(self) -> None:
        rule = terms.number_rule(policy={"prefix": "INV", "digits": 8, "by": "never"})

        assert rule.text(prefix=rule.prefix, year=0, sequence=42) == "INV00000042"

    def test_grows_beyond_its_digits_rather_than_starting_anew(self) -> None:
        rule = terms.number_rule(policy={"prefix": "N", "digits": 2, "by": "never"})

        assert rule.text(prefix="N", year=0, sequence=100) == "N100"


class TestTaxPolicy:
    @pytest.mark.parametrize(
        ("market", "code", "rate", "inclusive"), [("cn", "vat", "0.13", True), ("au", "gst", "0.10", False)]
    )
    def test_is_read_from_the_market(self, market: str, code: str, rate: str, inclusive: bool) -> None:
        policy = terms.tax_policy(policy=packs.pack(market).policies["tax"])

        assert (policy.code, policy.rate, policy.inclusive) == (code, Decimal(rate), inclusive)

    def test_without_a_rate_leaves_the_tax_to_the_tariffs(self) -> None:
        policy = terms.tax_policy(policy=packs.pack("us").policies["tax"])

        assert (policy.code, policy.rate) == ("sales_tax", Decimal(0))
