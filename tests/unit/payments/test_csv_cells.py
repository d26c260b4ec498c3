"""Cells of a bank's CSV: an amount or a day that could be read in two ways is refused, never guessed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.payments.statements import csv_files
from billing.payments.statements.shapes import FileRefused

COLUMNS = {"booked_on": "日期", "amount": "金额", "text": "摘要"}


def amount(text, decimal="."):
    return csv_files.amount_of({"amount": text}, "amount", {"decimal": decimal})


def file(*rows):
    return "\n".join(["日期;金额;摘要", *rows]).encode("gb18030")


class TestAmounts:
    @pytest.mark.parametrize(
        ("text", "decimal", "expected"),
        [
            ("1,234.56", ".", "1234.56"), ("¥1,234,567.80", ".", "1234567.80"), ("1234.5", ".", "1234.5"),
            ("-1,000", ".", "-1000"), ("(12.50)", ".", "-12.50"), ("1.234,56", ",", "1234.56"),
            ("12,5", ",", "12.5"), ("+0.01", ".", "0.01"), ("１２３．４５".replace("．", "."), ".", "123.45"),
        ],
    )  # fmt: skip
    def test_are_read_with_their_thousands(self, text, decimal, expected):
        assert amount(text, decimal) == Decimal(expected)

    @pytest.mark.parametrize(
        ("text", "decimal"),
        [
            ("12,50", "."), ("1234,56", "."), ("1,23", "."), ("1,2345", "."), ("1,234,56", "."), ("12.50", ","),
            ("1.2.3", "."), (",5", "."), ("1,,000", "."), ("1,000,", "."), ("1e5", "."), ("--5", "."), ("5-", "."),
        ],
    )  # fmt: skip
    def test_of_another_country_are_no_hundredfold(self, text, decimal):
        with pytest.raises(csv_files.Wrong):
            amount(text, decimal)

    @given(cents=st.integers(-(10**14), 10**14), decimal=st.sampled_from(".,"))
    def test_written_with_or_without_thousands_are_the_same(self, cents, decimal):
        exact = Decimal(cents).scaleb(-2)
        swap = str.maketrans(".,", ",.") if decimal == "," else {}

        assert amount(f"{exact:,.2f}".translate(swap), decimal) == exact
        assert amount(f"{exact:.2f}".translate(swap), decimal) == exact

    def test_a_german_file_read_by_a_chinese_profile_is_refused_whole(self):
        with pytest.raises(FileRefused) as refusal:
            csv_files.read(file("2026-03-02;12,50;账单", "2026-03-03;7.00;账单"), settings={"columns": COLUMNS},
                           currency="CNY")  # fmt: skip

        assert [(fault.row, fault.column) for fault in refusal.value.faults] == [(2, "amount")]


class TestDays:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("2026-1-15", (2026, 1, 15)), ("2026/1/15 10:20:30", (2026, 1, 15)), ("20260115103000", (2026, 1, 15)),
            ("2026年1月15日", (2026, 1, 15)), ("15.01.2026", (2026, 1, 15)),
            ("2026-1-15T10:20:30", (2026, 1, 15)),
        ],
    )  # fmt: skip
    def test_are_read_whole(self, text, expected):
        assert csv_files.day_of({"booked_on": text}, "booked_on", {}) == dt.date(*expected)

    @pytest.mark.parametrize("text", ["2026/1/155", "2026-1-15.5", "2026-02-30", "15.01.26", ""])
    def test_are_never_cut_to_another_day(self, text):
        with pytest.raises(csv_files.Wrong):
            csv_files.day_of({"booked_on": text}, "booked_on", {})
