"""The arithmetic of registers, with the numbers of the rules and with many made up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.metering.registers import checks, dials, factors, ordering, stretches, units

START = dt.date(2026, 1, 1)
SHARE = Decimal("0.5")
LIMITS = checks.Limits(Decimal(2), Decimal("0.001"))
FEW = settings(max_examples=60, deadline=None)


def counter(unit="kWh", digits=5, decimals=3, *ratios):
    held = tuple(factors.Factor(kind, ratio, START) for kind, ratio in ratios)
    return stretches.Counter("1", unit, digits, decimals, held)


def stretch(end, *, start="0", days=31, **more):
    reads = (
        stretches.Read(1, START, Decimal(start)),
        stretches.Read(2, START + dt.timedelta(days=days), Decimal(end)),
    )
    return stretches.between(counter=more.get("by", counter()), start=reads[0], end=reads[1], rollover_share=SHARE)


class TestRule:
    def test_quantity_is_advance_times_the_ratios(self):
        by = counter("kWh", 5, 2, ("pt", Fraction(10000, 100)), ("ct", Fraction(10, 5)))

        assert stretch("131.25", start="100", by=by).quantity == 6_250_000

    def test_resolution_of_a_hundredth_and_800_allow_16_kwh(self):
        assert checks.tolerance(quantity=0, decimals=2, unit="kWh", multiplier=Fraction(800), limits=LIMITS) == 16_000

    def test_a_thousandth_of_the_quantity_when_that_is_more(self):
        allowed = checks.tolerance(quantity=50_000_000, decimals=2, unit="kWh", multiplier=Fraction(1), limits=LIMITS)

        assert allowed == 50_000

    def test_a_third_not_measured_is_half_as_much_again(self):
        rate = checks.correction_rate(right=Decimal(3), wrong=Decimal(2))

        assert (rate, checks.corrected(recorded=310_001, rate=rate)) == (Fraction(1, 2), 155_001)

    def test_too_much_measured_is_given_back(self):
        rate = checks.correction_rate(right=Decimal(2), wrong=Decimal(3))

        assert checks.corrected(recorded=300, rate=rate) == -100

    @pytest.mark.parametrize("wrong", ["0", "-1"])
    def test_there_is_no_rate_on_nothing(self, wrong):
        with pytest.raises(checks.NoRate):
            checks.correction_rate(right=Decimal(1), wrong=Decimal(wrong))


class TestDial:
    @pytest.mark.parametrize(
        ("start", "end", "digits", "expected"),
        [
            ("99950", "30", 5, "80"),
            ("50001", "0", 5, "49999"),
            ("50000", "0", 5, None),
            ("100", "99", 5, None),
            ("100", "99", None, None),
            ("100", "100", None, "0"),
            ("9.9", "0.1", 1, "0.2"),
        ],
    )
    def test_goes_forward_over_its_end_or_not_at_all(self, start, end, digits, expected):
        went = dials.advance(start=Decimal(start), end=Decimal(end), digits=digits, rollover_share=SHARE)

        assert went == (None if expected is None else Decimal(expected))

    @FEW
    @given(st.integers(0, 99_999), st.integers(0, 49_999))
    def test_never_goes_backward(self, start, used):
        end = (start + used) % 100_000

        went = dials.advance(start=Decimal(start), end=Decimal(end), digits=5, rollover_share=SHARE)

        assert went == used


class TestDays:
    @FEW
    @given(st.decimals(0, 49_999, places=3), st.integers(1, 400), st.fractions(Fraction(1, 100), 1000))
    def test_sum_to_the_stretch_and_are_alike(self, advance, days, ratio):
        made = stretch(advance, days=days, by=counter("kWh", 6, 3, ("constant", ratio)))

        shares = made.by_day()
        assert (len(shares), sum(shares)) == (days, made.quantity)
        assert max(shares) - min(shares) <= 1
        assert abs(made.quantity - Fraction(advance) * ratio * 1000) <= Fraction(1, 2)

    @FEW
    @given(st.integers(1, 10**9), st.integers(1, 60), st.integers(0, 10**9))
    def test_scale_to_another_quantity(self, advance, days, quantity):
        made = stretch(advance, days=days, by=counter("Wh", 10, 0))

        assert sum(stretches.scaled(stretch=made, quantity=quantity)) == quantity


class TestFactors:
    def test_of_gas_need_a_heat(self):
        with pytest.raises(factors.FactorMissing):
            stretch("10", by=counter("m3"))

    def test_that_end_are_not_taken_for_one(self):
        ended = factors.Factor("ct", Fraction(20), START, dt.date(2026, 1, 10))
        by = stretches.Counter("1", "kWh", 5, 0, (ended,))

        with pytest.raises(factors.FactorMissing):
            stretch("10", by=by)

    def test_a_gigajoule_is_its_kilowatt_hours(self):
        assert stretch("3.6", by=counter("GJ", 5, 1)).quantity == 1_000_000

    def test_a_register_counts_in_units_of_its_kind(self):
        with pytest.raises(units.UnknownUnit):
            units.require(name="kW", kind="consumption")


class TestDoubt:
    RULES = ordering.Rules(5, SHARE)

    def at(self, day, value):
        return ordering.Standing(dt.date(2026, 1, day), Decimal(value), Decimal(value))

    @pytest.mark.parametrize(
        ("before", "given_", "after", "expected"),
        [
            ("100", "110", "120", ""),
            ("100", "90", None, "backward"),
            ("100", "130", "120", "backward"),
            ("100", "50100", None, "implausible"),
            (None, "7", None, ""),
        ],
    )
    def test_comes_from_either_neighbour(self, before, given_, after, expected):
        found = ordering.doubt(
            before=None if before is None else self.at(1, before),
            given=self.at(10, given_),
            after=None if after is None else self.at(20, after),
            rules=self.RULES,
        )

        assert found == expected

    def test_an_estimate_goes_on_over_the_end_of_the_dial(self):
        value = ordering.estimate(
            earlier=self.at(1, "99900"),
            latest=self.at(11, "99990"),
            day=dt.date(2026, 1, 21),
            digits=5,
            decimals=0,
            rollover_share=SHARE,
        )

        assert value == 80
