"""What the reader sees of numbers, money, energy and time, in both languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from kernel.money import Money
from kernel.periods import Period
from portal.shared import formats

DAY = dt.date(2026, 11, 22)
INSTANT = dt.datetime(2026, 11, 22, 6, 5, tzinfo=dt.UTC)


@pytest.fixture
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def chinese() -> Iterator[None]:
    with translation.override("zh-hans"):
        yield


@pytest.mark.usefixtures("english")
class TestEnglish:
    @pytest.mark.parametrize(
        ("amount", "currency", "expected"),
        [
            ("1234.5", "CNY", "¥1,234.50"),
            ("1234.5", "AUD", "A$1,234.50"),
            ("-12", "USD", "-US$12.00"),
            ("-0.001", "CNY", "¥0.00"),
            ("1234567", "JPY", "JPY\u00a01,234,567"),
            ("0.125", "CNY", "¥0.13"),
            ("-0.125", "CNY", "-¥0.13"),
        ],
    )
    def test_money_carries_its_currency(self, amount: str, currency: str, expected: str) -> None:
        assert formats.money(Decimal(amount), currency) == expected

    def test_money_takes_money(self) -> None:
        assert formats.money(Money(Decimal("-86.20"), "AUD")) == "-A$86.20"
        assert formats.money(None, "AUD") == "–"

    def test_money_without_a_currency_is_refused(self) -> None:
        with pytest.raises(ValueError, match="currency"):
            formats.money(Decimal(1))

    def test_a_price_keeps_its_decimals(self) -> None:
        assert formats.price(Decimal("0.6580"), "CNY") == "¥0.6580"
        assert formats.price(Decimal("-0.5"), "AUD") == "-A$0.50"
        assert formats.price(Decimal("0.12345678912"), "AUD") == "A$0.12345679"

    def test_energy_is_in_kwh(self) -> None:
        assert formats.kwh(53328) == "53.328\u00a0kWh"
        assert formats.kwh(1_234_000) == "1,234\u00a0kWh"
        assert formats.kwh(53328, 1) == "53.3\u00a0kWh"
        assert formats.kwh(None) == "–"

    def test_days_and_periods(self) -> None:
        assert formats.day(DAY) == "22 Nov 2026"
        assert formats.short_day(DAY) == "22 Nov"
        assert formats.month(DAY) == "November 2026"
        assert formats.period(Period.of_month(2026, 10)) == "1–31 Oct 2026"

    def test_a_moment_is_shown_where_it_happened(self) -> None:
        assert formats.moment(INSTANT, "Asia/Shanghai") == "22 Nov 2026, 14:05"
        assert formats.moment(INSTANT, ZoneInfo("Australia/Sydney")) == "22 Nov 2026, 17:05"
        assert formats.moment(INSTANT) == "22 Nov 2026, 06:05"

    def test_an_american_company_puts_the_month_first(self) -> None:
        token = formats.territory.set("US")
        try:
            assert formats.day(DAY) == "Nov 22, 2026"
        finally:
            formats.territory.reset(token)

    def test_other_numbers(self) -> None:
        assert formats.number(12900) == "12,900"
        assert formats.number(Decimal("-0.04"), 1) == "0.0"
        assert formats.number(Decimal("0.25"), 1) == "0.3"
        assert formats.percent(Decimal("0.1234")) == "12.3%"
        assert formats.file_size(1_440_000) == "1.4\u00a0MB"
        assert formats.file_size(900) == "900\u00a0B"


@pytest.mark.usefixtures("chinese")
class TestChinese:
    def test_days_and_periods(self) -> None:
        assert formats.day(DAY) == "2026年11月22日"
        assert formats.month(DAY) == "2026年11月"
        assert formats.period(Period.of_month(2026, 10)) == "2026年10月1日至31日"

    def test_a_moment(self) -> None:
        assert formats.moment(INSTANT, "Asia/Shanghai") == "2026年11月22日 14:05"

    def test_money_is_written_as_in_english(self) -> None:
        assert formats.money(Decimal("1234.5"), "CNY") == "¥1,234.50"
        assert formats.money(Decimal("1234.5"), "AUD") == "A$1,234.50"
