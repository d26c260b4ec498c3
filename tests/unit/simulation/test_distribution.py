"""How differences are spread; the table is that of docs/algorithms/simulation.md."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.simulation import distribution
from billing.simulation.distribution import Side

PAIRS = [
    (Decimal("100.00"), Decimal("98.00")),
    (Decimal("100.00"), Decimal("97.99")),
    (Decimal("100.00"), Decimal("100.00")),
    (Decimal("100.00"), Decimal("112.00")),
    (Decimal("50.00"), Decimal("60.00")),
    (Decimal("50.00"), Decimal("60.01")),
    (Decimal("0.00"), Decimal("4.00")),
]


def counted(bins):
    return [(each.low, each.high, each.count, each.amount) for each in bins if each.count]


class TestSpread:
    def test_counts_and_sums_winners_and_losers(self):
        found = distribution.spread(PAIRS)

        assert found.winners == Side(2, Decimal("4.01"))
        assert found.losers == Side(4, Decimal("36.01"))
        assert (found.unchanged, found.unmeasured) == (1, 1)

    def test_shares_are_compared_exactly_at_the_edges(self):
        found = distribution.spread(PAIRS)

        assert counted(found.shares) == [
            (Decimal("-0.05"), Decimal("-0.02"), 1, Decimal("-2.01")),
            (Decimal("-0.02"), Decimal(0), 1, Decimal("-2.00")),
            (Decimal(0), Decimal(0), 1, Decimal("0.00")),
            (Decimal("0.10"), Decimal("0.20"), 2, Decimal("22.00")),
            (Decimal("0.20"), None, 1, Decimal("10.01")),
        ]

    def test_amounts_have_steps_of_1_2_and_5(self):
        found = distribution.spread(PAIRS)

        assert counted(found.amounts) == [
            (Decimal(-5), Decimal(-2), 1, Decimal("-2.01")),
            (Decimal(-2), Decimal(-1), 1, Decimal("-2.00")),
            (Decimal(0), Decimal(0), 1, Decimal("0.00")),
            (Decimal(2), Decimal(5), 1, Decimal("4.00")),
            (Decimal(5), Decimal(10), 1, Decimal("10.00")),
            (Decimal(10), None, 2, Decimal("22.01")),
        ]

    def test_every_account_is_in_one_bin(self):
        found = distribution.spread(PAIRS)

        assert sum(each.count for each in found.shares) == 6
        assert sum(each.count for each in found.amounts) == 7
        assert sum(each.amount for each in found.amounts) == Decimal("32.00")

    def test_nobody_is_no_fault(self):
        found = distribution.spread([])

        assert (found.winners, found.losers, found.unchanged) == (Side(0, Decimal(0)), Side(0, Decimal(0)), 0)


class TestAmountEdges:
    @pytest.mark.parametrize(
        ("largest", "edges"),
        [
            ("0", []),
            ("0.01", []),
            ("0.02", ["0.01"]),
            ("437", ["10", "20", "50", "100", "200"]),
            ("12", ["0.5", "1", "2", "5", "10"]),
        ],
    )
    def test_are_the_last_five_below_the_largest(self, largest, edges):
        assert distribution.amount_edges(Decimal(largest)) == tuple(map(Decimal, edges))
