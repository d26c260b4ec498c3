"""Amounts in capitals are read back by a reader of its own, and keep to the rules of zeros, for any amount."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from billing.invoices.capital_amounts import in_capitals

DIGITS = {sign: number for number, sign in enumerate("零壹贰叁肆伍陆柒捌玖")}
UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def section(text: str) -> int:
    """A number below ten thousand."""
    total, digit = 0, 0
    for sign in text:
        if sign in DIGITS:
            digit = DIGITS[sign]
        else:
            total, digit = total + digit * UNITS[sign], 0
    return total + digit


def whole(text: str) -> int:
    """A number: what stands before 亿 and 万 is a number itself."""
    for name, value in (("亿", 10**8), ("万", 10**4)):
        if name in text:
            high, low = text.rsplit(name, 1) if name == "亿" else text.split(name, 1)
            return whole(high) * value + whole(low)
    return section(text)


def read_back(text: str) -> Decimal:
    found = re.fullmatch(r"人民币(负?)(?:(.+)元)?(整|(?:(.)角)?(整|零?(.)分)?)", text)
    assert found, text
    yuan = whole(found[2]) if found[2] else 0
    cents = (DIGITS[found[4]] * 10 if found[4] else 0) + (DIGITS[found[6]] if found[6] else 0)
    amount = yuan + Decimal(cents).scaleb(-2)
    return -amount if found[1] else amount


class TestReadBack:
    @given(cents=st.integers(-(10**18) + 1, 10**18 - 1))
    @example(cents=100_000_000_000_05)
    @example(cents=10_000_000_100_000_000)
    @example(cents=1)
    @example(cents=-10)
    def test_it_is_the_amount_and_keeps_the_rules(self, cents):
        amount = Decimal(cents).scaleb(-2)

        text = in_capitals(amount)

        assert read_back(text) == amount
        assert "零零" not in text
        assert not re.search(r"零[拾佰仟万亿元角]", text.replace("零元整", ""))
        assert text.endswith("整") == (cents % 10 == 0)
        assert not text.startswith("人民币零") or cents == 0

    @pytest.mark.parametrize(
        ("amount", "text"),
        [
            ("10.05", "壹拾元零伍分"), ("100000.00", "壹拾万元整"), ("1010.10", "壹仟零壹拾元壹角整"),
            ("-1010.10", "负壹仟零壹拾元壹角整"), ("0.00", "零元整"), ("-0.00", "零元整"), ("0.01", "壹分"),
            ("100000.05", "壹拾万元零伍分"), ("1000000.50", "壹佰万元伍角整"), ("100100.00", "壹拾万零壹佰元整"),
            ("10000000000.00", "壹佰亿元整"), ("100010000.00", "壹亿零壹万元整"), ("110000000.00", "壹亿壹仟万元整"),
            ("2004001.01", "贰佰万肆仟零壹元零壹分"),
        ],
    )  # fmt: skip
    def test_of_amounts_that_are_often_wrong(self, amount, text):
        assert in_capitals(Decimal(amount)) == f"人民币{text}"
