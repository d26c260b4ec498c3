"""What a plan costs, to the day."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from hosting import prices
from kernel.money import Money

PRICES = {"CNY": {"month": {"base": "1980.00", "point": "0.60"}, "year": {"base": "19800.00", "point": "6.00"}}}
D = dt.date


def price(interval: str = "month") -> prices.Price:
    found = prices.of(PRICES, currency="CNY", interval=interval)
    assert found is not None
    return found


class TestPrices:
    def test_a_point_costs_a_365th_of_its_year_each_day(self):
        assert price().point_day == Decimal("0.0197260274")
        assert price("year").point_day == Decimal("0.0164383562")

    def test_a_year_of_days_costs_twelve_months(self):
        assert prices.usage(price(), point_days=365 * 1000) == Money(Decimal("7200.00"), "CNY")

    def test_a_months_worth_is_a_twelfth_of_the_year(self):
        assert price("year").of_month(1000) == Decimal("2150")

    def test_there_may_be_no_price(self):
        assert prices.of(PRICES, currency="AUD", interval="month") is None
        assert prices.of(PRICES, currency="CNY", interval="week") is None

    @pytest.mark.parametrize(
        ("on", "left"), [(D(2026, 3, 1), "310.00"), (D(2026, 3, 16), "160.00"), (D(2026, 4, 1), "0.00")]
    )
    def test_the_rest_of_a_period_goes_by_days(self, on, left):
        amount = Money(Decimal("310.00"), "CNY")

        assert prices.rest(amount, start=D(2026, 3, 1), end=D(2026, 4, 1), on=on) == Money(Decimal(left), "CNY")

    def test_periods_keep_their_day_through_short_months(self):
        days, start = [], D(2026, 1, 31)
        for _ in range(4):
            start = prices.period_after(start, interval="month", anchor_day=31)
            days.append(start)

        assert days == [D(2026, 2, 28), D(2026, 3, 31), D(2026, 4, 30), D(2026, 5, 31)]
        assert prices.period_after(D(2024, 2, 29), interval="year", anchor_day=29) == D(2025, 2, 28)
