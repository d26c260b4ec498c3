"""Brakes: the worked examples of docs/algorithms/bill-runs.md."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.runs import brakes

LIMITS = brakes.Limits(times_above=Decimal(3), times_below=Decimal("0.2"), negative_total=True, zero_use_days=30)
USUAL = {"identifier": "NMI1", "days": 30, "feed_in_wh": 0, "history_days": 60, "history_wh": 600_000}


def _doubt(*, total="90", **changes):
    supply = brakes.Supply(**{**USUAL, "energy_wh": 300_000, **changes})
    found = brakes.doubts_about(total=Decimal(total), supplies=[supply], period_days=30, limits=LIMITS, currency="CNY")
    return found[0] if found else None


class TestDoubtAbout:
    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"energy_wh": 300_000}, None),
            ({"energy_wh": 900_000}, None),
            ({"energy_wh": 900_001}, "far_above_history"),
            ({"energy_wh": 60_000}, None),
            ({"energy_wh": 59_999}, "far_below_history"),
            ({"energy_wh": 0}, "zero_use"),
            ({"energy_wh": 0, "feed_in_wh": 1}, None),
            ({"energy_wh": 0, "metered": False}, None),
            ({"energy_wh": 900_001, "history_days": 24}, None),
            ({"energy_wh": 900_001, "history_wh": 0}, None),
            ({"energy_wh": 0, "days": 3}, None),
            ({"total": "-0.01"}, "negative_total"),
            ({"total": "-0.01", "feed_in_wh": 1}, None),
        ],
    )
    def test_parks_what_is_implausible(self, changes, code):
        found = _doubt(**changes)

        assert (found.code if found else None) == code

    def test_says_what_was_usual(self):
        found = _doubt(energy_wh=1_000_000)

        assert found.params == {"identifier": "NMI1", "energy_kwh": "1000", "usual_kwh": "300"}
