"""What an add-on comes to, however its days are cut."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.charges import recurring

JANUARY = dt.date(2026, 1, 1)


def _terms(**given_terms):
    plain = {
        "amount": Decimal("9.90"),
        "quantity": Decimal(1),
        "months": 1,
        "prorated": True,
        "currency": "CNY",
        "start": JANUARY,
        "end": None,
    }
    return recurring.Terms(**plain | given_terms)


class TestDueUntil:
    def test_whole_months_cost_the_agreed_amount(self):
        assert recurring.due_until(terms=_terms(), until=dt.date(2026, 4, 1)) == Decimal("29.70")

    def test_ten_of_thirty_one_days_cost_their_share(self):
        # 9.90 × 10 ÷ 31 = 3.1935…
        terms = _terms(start=dt.date(2026, 3, 22))
        assert recurring.due_until(terms=terms, until=dt.date(2026, 4, 1)) == Decimal("3.19")

    def test_three_pieces_cost_three_times(self):
        assert recurring.due_until(terms=_terms(quantity=Decimal(3)), until=dt.date(2026, 2, 1)) == Decimal("29.70")

    def test_a_quarter_is_shared_by_its_own_days(self):
        # 31 of the 90 days from January to March
        terms = _terms(amount=Decimal(90), months=3)
        assert recurring.due_until(terms=terms, until=dt.date(2026, 2, 1)) == Decimal("31.00")

    def test_without_sharing_the_first_day_costs_the_whole(self):
        terms = _terms(prorated=False, start=dt.date(2026, 3, 31), end=dt.date(2026, 4, 1))
        assert recurring.due_until(terms=terms, until=dt.date(2026, 5, 1)) == Decimal("9.90")

    def test_nothing_before_it_starts(self):
        assert recurring.due_until(terms=_terms(), until=JANUARY) == 0

    @settings(max_examples=60)
    @given(
        amount=st.decimals("-99.99", "99.99", places=2),
        start=st.dates(dt.date(2025, 1, 1), dt.date(2026, 12, 31)),
        cuts=st.lists(st.integers(1, 500), min_size=1, max_size=6),
        months=st.sampled_from((1, 2, 3, 6, 12)),
    )
    def test_any_cut_of_the_days_sums_to_the_same(self, amount, start, cuts, months):
        terms = _terms(amount=amount, start=start, months=months)
        days = sorted({start, *(start + dt.timedelta(days=cut) for cut in cuts)})
        sums = [recurring.due_until(terms=terms, until=day) for day in days]

        charges = [after - before for before, after in itertools.pairwise(sums)]

        assert sum(charges, Decimal(0)) == recurring.due_until(terms=terms, until=days[-1])
