"""What paying late costs, to the cent, under the rules of each market."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.arrears import late_fee_policies, late_fees
from billing.arrears.late_fees import Debt, OpenFrom
from markets import packs

BILLED = dt.date(2026, 12, 1)
DUE = dt.date(2026, 12, 15)
PAID = dt.date(2027, 1, 21)


def policy(market="cn", kind="business", **changes):
    return late_fee_policies.of_kind({**packs.pack(market).policies["late_fee"], **changes}, kind)


def debt(amount, *payments, due=DUE, billed=BILLED):
    """A bill of ``amount`` and what was open after each payment: (day, left)."""
    return Debt(due, [OpenFrom(billed, Decimal(amount)), *(OpenFrom(day, Decimal(left)) for day, left in payments)])


def fee(owed, until, rule):
    return late_fees.of_debt(debt=owed, until=until, policy=rule, places=2)


class TestTheProblemWithThreeAnswers:
    """2,000 due on 15 December by a factory that pays on 21 January: 16 days at 2 ‰ and 21 at 3 ‰, or not."""

    @pytest.mark.parametrize(
        ("year_split", "total"), [("days", "190.00"), ("whole_delay", "222.00"), ("new_year_only", "126.00")]
    )
    def test_each_answer_is_a_policy(self, year_split, total):
        found = fee(debt(2000, (PAID, 0)), dt.date(2027, 3, 1), policy(year_split=year_split))

        assert found.total == Decimal(total)

    def test_the_days_are_split_without_being_told(self):
        found = fee(debt(2000, (PAID, 0)), dt.date(2027, 3, 1), policy())

        assert [(span.days, span.rate, span.fee) for span in found.spans] == [
            (16, Decimal("0.002"), Decimal(64)),
            (21, Decimal("0.003"), Decimal(126)),
        ]

    def test_a_household_pays_one_per_mille_on_either_side(self):
        assert fee(debt(2000, (PAID, 0)), PAID, policy(kind="household")).total == Decimal("72.00")
        assert fee(debt(2000, (PAID, 0)), dt.date(2027, 2, 1), policy(kind="household")).total == Decimal("74.00")


class TestDays:
    def test_what_is_paid_on_the_due_day_costs_nothing(self):
        assert fee(debt(2000, (DUE, 0)), dt.date(2028, 1, 1), policy()).total == 0

    def test_the_first_day_of_delay_costs_one_day(self):
        found = fee(debt(2000, (DUE + dt.timedelta(1), 0)), dt.date(2028, 1, 1), policy())

        assert (found.spans[0].first, found.spans[0].days, found.total) == (dt.date(2026, 12, 16), 1, Decimal("4.00"))

    def test_the_day_of_payment_is_free_where_the_policy_says_so(self):
        rule = policy(payment_day="free")

        assert fee(debt(2000, (PAID, 0)), dt.date(2027, 3, 1), rule).total == Decimal("184.00")
        assert fee(debt(2000, (DUE + dt.timedelta(1), 0)), dt.date(2027, 3, 1), rule).total == 0

    def test_a_payment_in_part_lowers_the_base_from_the_next_day(self):
        found = fee(debt(2000, (dt.date(2026, 12, 20), 500), (PAID, 0)), dt.date(2027, 3, 1), policy())

        assert [(span.days, span.amount, span.fee) for span in found.spans] == [
            (5, Decimal(2000), Decimal(20)),
            (11, Decimal(500), Decimal(11)),
            (21, Decimal(500), Decimal("31.5")),
        ]
        assert found.total == Decimal("62.50")

    def test_a_payment_taken_back_raises_the_base_again(self):
        found = fee(
            debt(1000, (dt.date(2026, 12, 20), 0), (dt.date(2026, 12, 24), 1000)), dt.date(2026, 12, 27), policy()
        )

        assert [(span.first.day, span.days) for span in found.spans] == [(16, 5), (25, 2)]
        assert found.total == Decimal("14.00")

    def test_less_than_one_yuan_is_charged_as_one(self):
        assert fee(debt(10, (PAID, 0)), dt.date(2027, 3, 1), policy()).total == Decimal("1.00")

    def test_nothing_is_not_raised_to_the_least_amount(self):
        assert fee(debt(0), dt.date(2027, 3, 1), policy()).total == 0

    def test_days_of_grace_are_free(self):
        found = fee(debt(2000, (PAID, 0)), dt.date(2027, 3, 1), policy(grace_days=16))

        assert found.total == Decimal("126.00")

    def test_a_cap_is_a_share_of_the_principal(self):
        found = fee(debt(100), dt.date(2030, 1, 1), policy(most_of_principal="1"))

        assert found.total == Decimal("100.00")


class TestOtherMarkets:
    def test_a_fixed_fee_is_due_once_from_a_least_amount_on(self):
        rule = policy("au", "household")

        assert fee(debt(50), dt.date(2027, 6, 1), rule).total == Decimal("15.00")
        assert fee(debt("49.99"), dt.date(2027, 6, 1), rule).total == 0

    def test_a_fixed_fee_may_repeat_every_month(self):
        rule = policy("au", "household", fixed_repeats="monthly")

        assert fee(debt(80), dt.date(2027, 3, 16), rule).total == Decimal("45.00")
        assert fee(debt(80), dt.date(2027, 3, 17), rule).total == Decimal("60.00")

    @pytest.mark.parametrize(("months", "total"), [("started", "30.00"), ("completed", "15.00"), ("by_day", "17.90")])
    def test_a_rate_a_month_counts_months_as_the_policy_says(self, months, total):
        rule = policy("us", "household", months=months)

        assert fee(debt(1000), dt.date(2027, 1, 22), rule).total == Decimal(total)

    def test_interest_follows_the_base_rate_of_its_days(self):
        """17 days of December 2025 and 14 of January 2026 at 1.27 % + 9 points, and the lump sum of 40."""
        owed = debt(10000, (dt.date(2026, 1, 14), 0), due=dt.date(2025, 12, 14), billed=dt.date(2025, 12, 1))

        found = fee(owed, dt.date(2026, 3, 1), policy("de", "business"))

        assert found.total == Decimal("127.22")
        assert [span.days for span in found.spans if span.kind == "yearly"] == [17, 14]

    def test_a_change_of_the_base_rate_changes_the_days_after_it(self):
        owed = debt(1000, due=dt.date(2025, 6, 20), billed=dt.date(2025, 6, 1))

        found = fee(owed, dt.date(2025, 7, 11), policy("de", "household"))

        assert [(span.days, span.rate) for span in found.spans] == [(10, Decimal("0.0727")), (10, Decimal("0.0627"))]
        assert found.total == Decimal("3.71")


class TestPolicies:
    @pytest.mark.parametrize("market", packs.codes())
    @pytest.mark.parametrize("kind", ["household", "business"])
    def test_every_market_has_one_that_reads(self, market, kind):
        assert isinstance(policy(market, kind), late_fee_policies.LateFeePolicy)

    @pytest.mark.parametrize("changes", [{"year_split": "guess"}, {"compound": True}, {"minimum": "-1"}])
    def test_a_wrong_one_is_refused_by_name(self, changes):
        with pytest.raises(late_fee_policies.BadLateFeePolicy) as refusal:
            policy(**changes)

        assert refusal.value.where == next(iter(changes))


AMOUNTS = st.decimals(min_value=0, max_value=1_000_000, places=2)
DAY_NUMBERS = st.integers(0, 500)
RULES = st.sampled_from(
    [("cn", "business"), ("cn", "household"), ("au", "household"), ("us", "household"), ("de", "business")]
)


@st.composite
def debts(draw):
    steps = sorted(draw(st.lists(st.tuples(DAY_NUMBERS, AMOUNTS), max_size=5)), key=lambda step: step[0])
    return debt(draw(AMOUNTS), *((BILLED + dt.timedelta(days=number), left) for number, left in steps))


class TestLaws:
    @given(owed=debts(), rule=RULES, cuts=st.lists(DAY_NUMBERS, min_size=2, max_size=5))
    @settings(max_examples=60)
    def test_days_may_be_split_anywhere(self, owed, rule, cuts):
        edges = sorted(BILLED + dt.timedelta(days=number) for number in cuts)
        rule = policy(*rule)

        parts = sum(
            late_fees.accrued(debt=owed, first=first, until=until, policy=rule)
            for first, until in itertools.pairwise(edges)
        )

        whole = late_fees.accrued(debt=owed, first=edges[0], until=edges[-1], policy=rule)
        assert abs(parts - whole) < Decimal("1e-20")

    @given(owed=debts(), rule=RULES, days=DAY_NUMBERS)
    @settings(max_examples=60)
    def test_a_fee_is_never_negative_and_never_shrinks_with_time(self, owed, rule, days):
        until = BILLED + dt.timedelta(days=days)

        now, later = (fee(owed, day, policy(*rule)).total for day in (until, until + dt.timedelta(days=40)))

        assert 0 <= now <= later

    @given(amount=AMOUNTS, rule=RULES, early=st.integers(0, 14))
    @settings(max_examples=40)
    def test_what_is_paid_in_time_costs_nothing(self, amount, rule, early):
        owed = debt(amount, (DUE - dt.timedelta(days=early), 0))

        assert fee(owed, dt.date(2028, 1, 1), policy(*rule)).total == 0

    @given(amount=AMOUNTS, rule=RULES, days=DAY_NUMBERS)
    @settings(max_examples=40)
    def test_spans_are_days_of_delay_in_order_without_overlap(self, amount, rule, days):
        found = fee(debt(amount), DUE + dt.timedelta(days=days), policy(*rule))

        kinds = {span.kind for span in found.spans}
        for kind in kinds:
            spans = [span for span in found.spans if span.kind == kind]
            assert all(DUE < span.first < span.until for span in spans)
            assert all(a.until <= b.first for a, b in itertools.pairwise(spans))
