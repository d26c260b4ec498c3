"""The rules of validation and estimation by themselves: exact cases of the market rules, and laws for any day."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from markets import packs, profiles
from tenants.metering.formats.base import Kind, Quality
from tenants.metering.validation import (
    checks,
    codes,
    comparing,
    ladder,
    like_days,
    limits,
    nem12_reasons,
    rounding,
    runs,
    states,
)

MARKETS = ("au", "cn", "de", "us")
POLICY = {market: packs.pack(market).policies["validation"] for market in MARKETS}
CN = limits.limits_of(policy=POLICY["cn"], kind="consumption")
LAWS = settings(max_examples=60, derandomize=True, deadline=None)
WH = st.integers(0, 2**20)


def block(values, quality=None, *, minutes=15, capacity=checks.NO_CAPACITY, expected=None):
    values = np.atleast_2d(np.array(values, dtype=np.int32))
    quality = np.full((values.shape[0], 1), 1, np.uint8) if quality is None else np.atleast_2d(quality)
    slots = values.shape[1] if expected is None else expected
    return checks.Block(
        values=values,
        quality=quality,
        minutes=minutes,
        is_power=False,
        expected=np.full(values.shape[0], slots),
        capacity_va=np.full(values.shape[0], capacity),
    )


def situation(values, good, **more):
    values, good = np.array(values, dtype=np.int64), np.array(good, dtype=np.bool_)
    given = {"unfit": np.zeros(values.size, np.bool_), "first": 0, "end": values.size, "minutes": 15}
    return ladder.Situation(values=values, good=good, **(given | more))


class TestStates:
    def test_every_byte_has_exactly_one_state(self):
        found = [states.state_of(byte) for byte in range(256)]

        assert [found[quality] for quality in (1, 2, 3, 4, 5, 6, 255)] == [
            "actual", "substituted", "substituted", "estimated", "actual", "edited", "missing",
        ]  # fmt: skip
        assert {found[byte] for byte in range(256) if byte not in set(Quality)} == {states.State.MISSING}
        every = np.arange(256, dtype=np.uint8)
        assert np.sum([states.in_state(every, state) for state in states.State], axis=0).tolist() == [1] * 256

    def test_every_method_leads_to_a_state_that_is_not_measured(self):
        assert {states.STATE_OF[states.QUALITY_OF[method]] for method in states.Method} == {
            states.State.ESTIMATED,
            states.State.SUBSTITUTED,
            states.State.EDITED,
        }

    def test_every_check_and_method_has_words(self):
        assert set(codes.TITLES) == set(codes.SENTENCES) == set(codes.Check)
        assert set(codes.METHOD_TITLES) == set(states.Method)
        assert set(codes.STATE_TITLES) == set(states.State)


class TestPolicies:
    @pytest.mark.parametrize("market", MARKETS)
    def test_each_market_says_everything_for_each_kind(self, market):
        for kind in Kind:
            found = limits.limits_of(policy=POLICY[market], kind=kind)
            assert found.blocking <= {str(check) for check in codes.Check}
        assert limits.estimation_limits(policy=POLICY[market]).automatic <= {str(m) for m in states.Method}
        assert 0 < limits.editing_limits(policy=POLICY[market]).four_eyes_share <= 1

    def test_the_kind_overrules_the_market(self):
        policy = yaml.safe_load(yaml.safe_dump(POLICY["cn"])) | {"kinds": {"check": {"spike_ratio": "9"}}}

        assert limits.limits_of(policy=policy, kind="check").spike_ratio == 9
        assert limits.limits_of(policy=policy, kind="consumption").spike_ratio == Fraction("1.8")


class TestChecks:
    @pytest.mark.parametrize(("highest", "rings"), [(279, False), (280, False), (281, True)])
    def test_a_spike_is_more_than_180_per_cent_above_the_third_highest(self, highest, rings):
        day = [60, 70, 80, 90] * 23 + [100, 150, highest, 50]

        assert [f.check for f in checks.look_at(block(day), CN)] == ["spike"] * rings
        assert checks.spike_at(values=np.array(day), ratio=Fraction("1.8")) is rings

    def test_a_gap_tells_how_much_is_missing(self):
        quality = np.array([1, 255, 255, 1, 255, 1], dtype=np.uint8)

        found = checks.look_at(block([5, 0, 0, 6, 0, 7], quality), CN)

        assert [(f.check, f.first, f.end) for f in found if f.check == "missing"] == [("missing", 1, 5)]

    @given(
        st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=7, max_size=7), min_size=1, max_size=5),
        st.lists(st.integers(0, 255), min_size=7, max_size=7),
        st.sampled_from(MARKETS),
        st.sampled_from(list(Kind)),
    )
    @LAWS
    def test_never_raise_and_change_nothing(self, rows, quality, market, kind):
        given = block(rows, np.array([quality] * len(rows), dtype=np.uint8), capacity=5000, expected=8)
        before = given.values.copy()

        found = checks.look_at(given, limits.limits_of(policy=POLICY[market], kind=kind))

        assert (given.values == before).all()
        assert all(0 <= each.row < len(rows) and each.check in codes.Check for each in found)
        for each in found:
            codes.SENTENCES[each.check].format(**each.params)

    @given(st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=1, max_size=6))
    @LAWS
    def test_the_longest_run_is_that_of_the_runs(self, rows):
        mask = np.array(rows)

        lengths, ends = runs.longest(mask)

        for row, length, end in zip(mask, lengths, ends, strict=True):
            found = runs.runs_of(row)
            assert length == max((run.count for run in found), default=0)
            assert not length or any(run.end == end and run.count == length for run in found)

    def test_sums_may_differ_by_two_steps_of_the_register(self):
        """0.01 kWh × 800 allows 16 kWh (market rules A12)."""
        told = {"register_energy": 1_000_000, "resolution": 8000, "share": Fraction("0.001")}

        assert comparing.sum_tolerance(**told) == 16_000
        assert not comparing.sums_differ(intervals=1_016_000, **told)
        assert comparing.sums_differ(intervals=1_016_001, **told)

    @pytest.mark.parametrize(
        ("check", "mains", "main"),
        [
            ("F1", ["E1", "B1"], "E1"),
            ("C1", ["E1", "B1"], "B1"),
            ("F2", ["E1", "E2"], "E2"),
            ("X9", ["E1"], "E1"),
            ("F3", ["E1", "E2"], None),
        ],
    )
    def test_a_check_register_watches_its_main_one(self, check, mains, main):
        assert comparing.main_register(check_code=check, mains=mains) == main

    def test_reasons_of_nem12_raise_flags(self):
        assert [nem12_reasons.flag_of(code) for code in ("79", "087", "89", "95", "12", "", "x")] == [
            "outage", "reset", "clock", "overflow", None, None, None,
        ]  # fmt: skip


class TestTheLadder:
    def test_draws_a_line_through_a_short_gap(self):
        """100, 130 with three missing: 107.5, 115.0, 122.5 (California VEE)."""
        wh = ladder.estimate(
            situation=situation([100_000, 0, 0, 0, 130_000], [1, 0, 0, 0, 1]), linear_gap_minutes=120
        ).values
        units = ladder.estimate(
            situation=situation([100, 0, 0, 0, 130], [1, 0, 0, 0, 1]), linear_gap_minutes=120
        ).values

        assert wh.tolist() == [100_000, 107_500, 115_000, 122_500, 130_000]
        assert units.tolist() == [100, 108, 115, 122, 130]

    @pytest.mark.parametrize(("missing", "method"), [(8, "linear"), (9, "zero")])
    def test_a_line_reaches_over_two_hours_at_most(self, missing, method):
        good = [1, *[0] * missing, 1]

        found = ladder.estimate(situation=situation(np.where(good, 10, 0), good), linear_gap_minutes=120)

        assert [part.method for part in found.parts] == [method]

    def test_a_flagged_interval_is_no_end_point(self):
        unfit = np.array([1, 0, 0], dtype=np.bool_)

        found = ladder.estimate(situation=situation([9, 0, 9], [1, 0, 1], unfit=unfit), linear_gap_minutes=120)

        assert [part.method for part in found.parts] == ["zero"]

    @given(
        st.lists(st.tuples(WH, st.booleans()), min_size=2, max_size=30),
        st.lists(WH, min_size=30, max_size=30),
        st.integers(0, 2**22),
    )
    @LAWS
    def test_never_changes_a_good_slot_and_meets_the_register(self, day, like, energy):
        values, good = np.array([v for v, _ in day]), np.array([g for _, g in day])
        reference = ladder.Reference(dt.date(2026, 1, 1), np.array(like[: values.size]), np.ones(values.size, np.bool_))
        kept = int(values[good].sum())

        found = ladder.estimate(situation=situation(values, good, references=(reference,)), linear_gap_minutes=45)
        scaled = ladder.scale(estimates=[found], energy=energy)[0]

        assert (found.values[good] == values[good]).all() and (scaled.values[good] == values[good]).all()
        assert sum(part.end - part.first for part in found.parts) == int((~good).sum())
        if not good.all():
            assert int(scaled.values.sum()) == kept + energy

    @given(st.integers(-(10**6), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
    @LAWS
    def test_shares_sum_to_what_is_shared(self, total, weights):
        assert sum(rounding.shared(total=total, weights=weights)) == total

    @given(st.lists(st.fractions(0, 1000), min_size=1, max_size=40))
    @LAWS
    def test_rounding_keeps_the_rounded_sum(self, values):
        found = rounding.cumulated(values)

        assert sum(found) == (sum(values) + rounding.HALF).__floor__()
        assert all(abs(each - value) <= 1 for each, value in zip(found, values, strict=True))


class TestLikeDays:
    LIMITS = limits.estimation_limits(policy=POLICY["cn"])

    def test_of_the_same_weekday_lie_whole_weeks_back(self):
        rule = limits.estimation_limits(policy=POLICY["au"])
        day = dt.date(2026, 3, 25)
        known = {day - dt.timedelta(days=back) for back in range(1, 40)}

        found = like_days.reference_days(day=day, known=known, class_of=like_days.by_weekday, limits=rule)

        assert [(day - each).days for each in found] == [7, 14, 21]

    def test_use_what_exists(self):
        day = dt.date(2026, 3, 25)

        found = like_days.reference_days(
            day=day, known={day - dt.timedelta(days=1)}, class_of=like_days.by_weekday, limits=self.LIMITS
        )

        assert found == (day - dt.timedelta(days=1),)

    def test_a_holiday_without_another_takes_weekend_days(self):
        day, kind = dt.date(2026, 3, 25), like_days.DayClass
        class_of = lambda each: kind.HOLIDAY if each == day else like_days.by_weekday(each)  # noqa: E731

        found = like_days.reference_days(
            day=day, known={day - dt.timedelta(days=n) for n in range(1, 15)}, class_of=class_of, limits=self.LIMITS
        )

        assert {each.weekday() for each in found} <= {5, 6}


class TestProfiles:
    def test_of_the_table_by_season_and_weekday(self):
        """H0, winter Monday, first quarter hours of the published table."""
        found = profiles.shape(market="de", profile="H0", day=dt.date(2026, 1, 5), rest_day=False)

        assert (len(found), found[:2]) == (96, (67_600, 60_840))

    def test_a_holiday_is_a_sunday_and_unknown_ones_are_none(self):
        monday, sunday = dt.date(2026, 1, 5), dt.date(2026, 1, 4)
        of = lambda day, rest: profiles.shape(market="de", profile="g1", day=day, rest_day=rest)  # noqa: E731

        assert of(monday, True) == of(sunday, False) != of(monday, False)
        assert profiles.shape(market="de", profile="z9", day=monday, rest_day=False) is None
        assert profiles.shape(market="cn", profile="flat", day=monday, rest_day=False) == (1,)

    @pytest.mark.parametrize(
        ("day", "season"),
        [
            ("2026-03-20", "winter"),
            ("2026-03-21", "transition"),
            ("2026-05-15", "summer"),
            ("2026-09-14", "summer"),
            ("2026-10-31", "transition"),
            ("2026-11-01", "winter"),
        ],
    )
    def test_seasons_have_their_days(self, day, season):
        seasons = packs.pack("de").settings["profiles"]["seasons"]

        assert profiles.season_of(day=dt.date.fromisoformat(day), seasons=seasons) == season
