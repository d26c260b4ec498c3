"""Amounts in capitals, with the examples of the People's Bank of China."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.invoices.capital_amounts import in_capitals

CASES = {
    "0": "零元整",
    "0.05": "伍分",
    "0.50": "伍角整",
    "0.55": "伍角伍分",
    "1": "壹元整",
    "10": "壹拾元整",
    "12.30": "壹拾贰元叁角整",
    "110": "壹佰壹拾元整",
    "325.04": "叁佰贰拾伍元零肆分",
    "1001": "壹仟零壹元整",
    "1010": "壹仟零壹拾元整",
    "1409.50": "壹仟肆佰零玖元伍角整",
    "1680.32": "壹仟陆佰捌拾元叁角贰分",
    "6007.14": "陆仟零柒元壹角肆分",
    "10001": "壹万零壹元整",
    "16409.02": "壹万陆仟肆佰零玖元零贰分",
    "20080": "贰万零捌拾元整",
    "107000.53": "壹拾万柒仟元伍角叁分",
    "100000001": "壹亿零壹元整",
    "200010000": "贰亿零壹万元整",
    "1000000000": "壹拾亿元整",
    "1000000000000": "壹万亿元整",
    "-12.34": "负壹拾贰元叁角肆分",
}


class TestInCapitals:
    @pytest.mark.parametrize(("amount", "expected"), CASES.items())
    def test_reads_the_amount(self, amount: str, expected: str) -> None:
        assert in_capitals(Decimal(amount)) == f"人民币{expected}"

    def test_does_not_depend_on_trailing_zeros(self) -> None:
        assert in_capitals(Decimal("182.4000")) == "人民币壹佰捌拾贰元肆角整"

    @pytest.mark.parametrize("amount", ["0.001", "1E+16"])
    def test_refuses_what_cannot_be_paid(self, amount: str) -> None:
        with pytest.raises(ValueError, match="not an amount in yuan"):
            in_capitals(Decimal(amount))
