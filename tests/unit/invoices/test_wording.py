"""How documents write money, energy and days in their language."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from billing.invoices.wording import Wording
from kernel.periods import Period

CHINESE, ENGLISH, AUSTRALIAN = Wording("zh-hans", "CNY"), Wording("en", "CNY"), Wording("en", "AUD")


class TestWording:
    @pytest.mark.parametrize(
        ("words", "amount", "text"),
        [
            (CHINESE, "1234.5", "¥1,234.50"),
            (ENGLISH, "-0.05", "−¥0.05"),
            (AUSTRALIAN, "-12", "−A$12.00"),
            (Wording("en", "JPY"), "1200", "JPY 1,200"),
        ],
    )
    def test_money_carries_its_currency(self, words: Wording, amount: str, text: str) -> None:
        assert words.money(Decimal(amount)) == text

    def test_prices_keep_the_decimals_they_have(self) -> None:
        assert [ENGLISH.price(Decimal(price)) for price in ("0.5583", "23.5", "0.000021", "-0.0075")] == [
            "0.5583",
            "23.50",
            "0.000021",
            "−0.0075",
        ]

    def test_energy_is_in_kilowatt_hours(self) -> None:
        assert ENGLISH.kwh(53328) == "53.328"
        assert ENGLISH.kwh(1_250_000) == "1,250"

    def test_days_are_written_as_people_say_them(self) -> None:
        assert AUSTRALIAN.long_day(dt.date(2026, 4, 17)) == "17 April 2026"
        assert CHINESE.long_day(dt.date(2026, 4, 17)) == "2026年4月17日"
        assert Wording("en", "USD").long_day(dt.date(2026, 4, 17)) == "April 17, 2026"

    def test_a_period_ends_with_its_last_day(self) -> None:
        assert AUSTRALIAN.period(Period.of_month(2026, 3)) == "1–31 Mar 2026"
        assert CHINESE.period(Period.of_month(2026, 3)) == "2026年3月1日至31日"

    def test_percentages_come_from_ratios(self) -> None:
        assert ENGLISH.percent(Decimal("0.130000")) == "13%"
        assert ENGLISH.percent(Decimal("0.0625")) == "6.25%"
