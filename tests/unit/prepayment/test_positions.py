"""What is left of what was paid ahead."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.prepayment.positions import ENDLESS, Position, Rules, rules_of
from markets import packs

D = Decimal
RULES = Rules((7, 3, 1), D("20"), D(24), D(0), stops=True)
cents = st.integers(-10_000_000, 10_000_000).map(lambda n: D(n) / 100)
positive = st.integers(0, 10_000_000).map(lambda n: D(n) / 100)


def position(credit="100", limit="0", used="0", charges="0", daily="10"):
    return Position(*(D(each) for each in (credit, limit, used, charges, daily)))


class TestAvailable:
    def test_is_what_was_paid_and_may_be_owed_less_what_is_used(self):
        assert position("100.00", "10.00", "30.50", "4.50").available == D("75.00")

    def test_lasts_as_long_as_the_usual_use(self):
        assert position("100", daily="8").days_left == D("12.5")
        assert position("-1").days_left == 0
        assert position("1", daily="0").days_left == ENDLESS


class TestWarning:
    @pytest.mark.parametrize(
        ("credit", "days"), [("71", None), ("70", 7), ("31", 7), ("30", 3), ("10.01", 3), ("10", 1), ("0", 1)]
    )
    def test_is_the_smallest_that_is_due(self, credit, days):
        assert position(credit).warning(RULES) == days

    def test_comes_at_a_small_amount_even_when_little_is_used(self):
        assert position("20", daily="0.10").warning(RULES) == 7
        assert position("20.01", daily="0.10").warning(RULES) is None


class TestUsedUp:
    def test_leaves_the_use_of_the_time_that_an_order_takes(self):
        assert position("10.00").is_used_up(RULES)
        assert not position("10.01").is_used_up(RULES)

    @given(cents, positive, positive, positive, positive)
    def test_never_lets_the_balance_fall_below_the_limit_within_that_time(self, credit, limit, used, charges, daily):
        found = Position(credit, limit, used, charges, daily)

        if not found.is_used_up(RULES):
            assert found.available - daily * RULES.lead_hours / 24 > 0
            assert found.credit - used - charges - daily > -limit

    @given(cents, positive, positive)
    def test_is_always_warned_of_or_worse(self, credit, used, daily):
        found = Position(credit, D(0), used, D(0), daily)

        assert not found.is_used_up(RULES) or found.warning(RULES) is not None


class TestPolicies:
    @pytest.mark.parametrize("market", packs.codes())
    def test_of_every_market_can_be_read(self, market):
        rules = rules_of(packs.pack(market).policies["prepayment"])

        assert rules.warning_days == tuple(sorted(rules.warning_days, reverse=True))
        assert rules.lead_hours > 0
