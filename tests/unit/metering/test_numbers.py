"""Cells become integers exactly; the quick way and the slow way agree on everything."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tenants.metering.formats import numbers

FACTORS = st.sampled_from([Fraction(1), Fraction(1000), Fraction(250), Fraction(1000, 12), Fraction(1_000_000)])
CELLS = st.lists(st.decimals(min_value=0, max_value=2000, places=6), min_size=1, max_size=100)


class TestConvert:
    @given(cells=CELLS, factor=FACTORS)
    def test_gives_the_day_the_rounded_exact_sum(self, cells, factor):
        found = numbers.convert(cells=[str(cell) for cell in cells], factor=factor, cumulate=True)

        exact = sum((Fraction(cell) for cell in cells), Fraction(0)) * factor
        assert int(found.values.sum(dtype=np.int64)) == numbers.half_up(exact)
        assert (found.bad, found.missing.any()) == ([], np.False_)

    @given(cells=CELLS, factor=FACTORS, cumulate=st.booleans())
    def test_goes_the_quick_and_the_slow_way_to_the_same_integers(self, cells, factor, cumulate):
        quick = numbers.convert(cells=[f"{cell:f}" for cell in cells], factor=factor, cumulate=cumulate)
        slow = numbers.convert(cells=[f"+{cell:f}" for cell in cells], factor=factor, cumulate=cumulate)

        assert quick.values.tolist() == slow.values.tolist()

    @given(cells=CELLS)
    def test_is_never_further_than_one_unit_from_the_written_number(self, cells):
        found = numbers.convert(cells=[str(cell) for cell in cells], factor=Fraction(1), cumulate=True)

        assert all(abs(value - cell) <= 1 for value, cell in zip(found.values.tolist(), cells, strict=True))

    def test_rounds_power_slot_by_slot(self):
        found = numbers.convert(cells=["0.5", "0.5", "1.4"], factor=Fraction(1), cumulate=False)

        assert found.values.tolist() == [1, 1, 1]

    def test_does_not_take_one_cell_for_two(self):
        found = numbers.convert(cells=["1,234", "1"], factor=Fraction(1), cumulate=True)

        assert [(bad.index, bad.code) for bad in found.bad] == [(0, "not_a_number")]

    def test_takes_the_largest_that_can_be_held_and_no_more(self):
        held = numbers.convert(cells=["2147483.647"], factor=Fraction(1000), cumulate=True)
        over = numbers.convert(cells=["2147483.648"], factor=Fraction(1000), cumulate=True)

        assert held.values.tolist() == [2**31 - 1]
        assert [bad.code for bad in over.bad] == ["too_big"]


class TestExact:
    def test_reads_what_is_written_and_nothing_else(self):
        assert numbers.exact("1.50") == Decimal("1.50")
        assert numbers.exact("1e-3") == Decimal("0.001")
        for text in ("", ".", "1.2.3", "0x1", "１", "inf", "1_000", " 1", "1e999", "1" * 30):
            assert numbers.exact(text) is None
