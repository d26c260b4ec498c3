"""Law: whatever is corrected after issue, in whatever order, the end is as if billed once, from scratch."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.ledger import queries as ledger_queries
from harness import correction_law

pytestmark = pytest.mark.django_db


class TestCorrections:
    @pytest.mark.parametrize("seed", [20])
    def test_in_random_order_end_where_billing_from_scratch_ends(self, in_alder, seed):
        figure = correction_law.measure(sequences=1, seed=seed, changes=2, months=2)

        print(figure)
        assert (figure.odd, figure.worst) == ([], Decimal(0))
        assert figure.bills_corrected >= figure.sequences
        assert ledger_queries.verify_chain().intact

    @pytest.mark.slow
    def test_in_random_order_end_so_two_hundred_times(self, in_alder):
        figure = correction_law.measure(sequences=200, seed=20261122, changes=6)

        print(figure)
        assert (figure.odd, figure.worst) == ([], Decimal(0))
        assert ledger_queries.verify_chain().intact
