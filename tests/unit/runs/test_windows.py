"""Windows of tiers: months, pairs of months, quarters, years, contract years."""

from __future__ import annotations

import datetime as dt

import pytest

from billing.runs import windows
from kernel.periods import Period

SIGNED = dt.date(2024, 2, 29)


class TestStartOf:
    @pytest.mark.parametrize(
        ("window", "day", "start"),
        [
            ("month", dt.date(2026, 5, 31), dt.date(2026, 5, 1)),
            ("two_months", dt.date(2026, 4, 30), dt.date(2026, 3, 1)),
            ("two_months", dt.date(2026, 5, 1), dt.date(2026, 5, 1)),
            ("quarter", dt.date(2026, 12, 31), dt.date(2026, 10, 1)),
            ("year", dt.date(2026, 12, 31), dt.date(2026, 1, 1)),
            ("contract", dt.date(2026, 2, 28), dt.date(2025, 3, 1)),
            ("contract", dt.date(2026, 3, 1), dt.date(2026, 3, 1)),
            ("contract", dt.date(2028, 2, 29), dt.date(2028, 2, 29)),
            ("bill", dt.date(2026, 5, 31), dt.date(2026, 5, 31)),
        ],
    )
    def test_is_the_first_day_of_the_window(self, window, day, start):
        assert windows.start_of(window=window, day=day, contract_start=SIGNED) == start


class TestStartsIn:
    def test_lists_what_opens_after_the_first_day(self):
        period = Period(dt.date(2025, 12, 15), dt.date(2026, 2, 15))

        found = {
            window: windows.starts_in(window=window, period=period, contract_start=dt.date(2024, 1, 20))
            for window in ("month", "year", "contract", "bill", "day")
        }

        assert found == {
            "month": [dt.date(2026, 1, 1), dt.date(2026, 2, 1)],
            "year": [dt.date(2026, 1, 1)],
            "contract": [dt.date(2026, 1, 20)],
            "bill": [],
            "day": [],
        }

    def test_a_period_that_starts_with_the_window_opens_none(self):
        assert windows.starts_in(window="month", period=Period.of_month(2026, 5), contract_start=SIGNED) == []
