"""The cells of a line as they are shown: they sum to the line, exactly."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from billing.invoices import explanations
from kernel.periods import Period


def cell(amount: str, **given: Any) -> dict[str, Any]:
    made = {"slice": None, "label": None, "label_titles": None, "band": None, "days": None, "flat": "0"}
    texts = {"unit": "kWh", "how": "0.5 × 1.8 = 0.9", "how_much": "", "quantity": "1", "price": amount}
    return made | texts | {"amount": amount} | given


def shown(total: str, *cells: dict[str, Any], currency: str = "CNY") -> list[explanations.ExplainedCell]:
    line = SimpleNamespace(amount=Decimal(total), cells=list(cells))
    return explanations.cells_of(line=line, currency=currency, language="en")


class TestCellsOf:
    def test_sum_to_the_line_where_the_exact_ones_do_not(self) -> None:
        cells = shown("0.10", cell("0.0333"), cell("0.0333"), cell("0.0333"))

        assert [each.amount for each in cells] == [Decimal("0.04"), Decimal("0.03"), Decimal("0.03")]
        assert [each.exact for each in cells] == [Decimal("0.0333")] * 3

    def test_that_were_rounded_stay_as_they_are(self) -> None:
        cells = shown("86.77", cell("74.95"), cell("11.82"))

        assert [each.amount for each in cells] == [Decimal("74.95"), Decimal("11.82")]

    def test_of_a_credit_note_are_negative(self) -> None:
        cells = shown("-86.77", cell("-74.95"), cell("-11.82"))

        assert [each.amount for each in cells] == [Decimal("-74.95"), Decimal("-11.82")]

    def test_that_cancel_are_rounded_one_by_one(self) -> None:
        cells = shown("0.00", cell("1.005"), cell("-1.005"))

        assert [each.amount for each in cells] == [Decimal("1.01"), Decimal("-1.01")]

    def test_are_named_by_label_and_tier(self) -> None:
        [named] = shown("1.00", cell("1.00", label="peak", label_titles={"en": "Peak", "zh-hans": "高峰"}, band=2))

        assert named.title == "Peak · tier 2"

    def test_carry_the_days_of_their_slice(self) -> None:
        [dated] = shown("1.00", cell("1.00", days={"from": "2026-03-01", "to": "2026-03-15"}))

        assert dated.days == Period(dt.date(2026, 3, 1), dt.date(2026, 3, 15))

    def test_of_nothing_are_none(self) -> None:
        assert shown("0.00") == []
