"""A subscription's states by dates: what follows when, and that no stage is passed over."""

from __future__ import annotations

import datetime as dt

import pytest

from hosting.subscription_states import Facts, State, Terms, following, until

TERMS = Terms(trial_days=30, payment_days=14, grace_days=14, read_only_days=21, suspended_days=60)
START = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC)


def day(n: int) -> dt.datetime:
    return START + dt.timedelta(days=n)


SECOND = dt.timedelta(seconds=1)
S = State
TABLE = [
    # state, trial ends, unpaid since, ends, asked at, expected
    (S.TRIAL, 30, None, None, day(0), S.TRIAL),
    (S.TRIAL, 30, None, None, day(30) - SECOND, S.TRIAL),
    (S.TRIAL, 30, None, None, day(30), S.ACTIVE),
    (S.TRIAL, 30, 30, None, day(30), S.PAST_DUE),
    (S.ACTIVE, None, None, None, day(500), S.ACTIVE),
    (S.ACTIVE, None, 5, None, day(5) - SECOND, S.ACTIVE),
    (S.ACTIVE, None, 5, None, day(5), S.PAST_DUE),
    (S.ACTIVE, None, 5, None, day(400), S.PAST_DUE),
    (S.PAST_DUE, None, -1, None, day(14) - SECOND, S.PAST_DUE),
    (S.PAST_DUE, None, -1, None, day(14), S.READ_ONLY),
    (S.PAST_DUE, None, -1, None, day(400), S.READ_ONLY),
    (S.PAST_DUE, None, None, None, day(13), S.ACTIVE),
    (S.READ_ONLY, None, -20, None, day(21) - SECOND, S.READ_ONLY),
    (S.READ_ONLY, None, -20, None, day(21), S.SUSPENDED),
    (S.READ_ONLY, None, None, None, day(1), S.ACTIVE),
    (S.SUSPENDED, None, -40, None, day(60) - SECOND, S.SUSPENDED),
    (S.SUSPENDED, None, -40, None, day(60), S.ENDED),
    (S.SUSPENDED, None, None, None, day(1), S.ACTIVE),
    (S.ENDED, None, None, None, day(1), S.ENDED),
    (S.ACTIVE, None, None, 10, day(10) - SECOND, S.ACTIVE),
    (S.ACTIVE, None, None, 10, day(10), S.ENDED),
    (S.TRIAL, 30, None, 10, day(10), S.ENDED),
    (S.READ_ONLY, None, -20, 10, day(10), S.ENDED),
]


def moment(days: int | None) -> dt.datetime | None:
    return None if days is None else day(days)


class TestFollowing:
    @pytest.mark.parametrize(("state", "trial", "unpaid", "ends", "at", "expected"), TABLE)
    def test_goes_by_dates(self, state, trial, unpaid, ends, at, expected):
        facts = Facts(state, START, moment(trial), moment(unpaid), moment(ends))

        assert following(facts, TERMS, at=at) == expected

    def test_a_year_asleep_passes_no_stage_over(self):
        facts, at, seen = Facts(State.ACTIVE, START, None, START), day(365), []

        for _ in range(10):
            state = following(facts, TERMS, at=at)
            seen.append(state)
            facts = Facts(state, at if state != facts.state else facts.entered_at, None, START)

        assert seen == [State.PAST_DUE] * 10

    def test_the_whole_way_takes_the_days_of_the_plan(self):
        facts, entered = Facts(State.ACTIVE, START, None, START), []

        for n in range(120):
            state = following(facts, TERMS, at=day(n))
            if state != facts.state:
                entered.append((n, state))
                facts = Facts(state, day(n), None, START)

        assert entered == [(0, S.PAST_DUE), (14, S.READ_ONLY), (35, S.SUSPENDED), (95, S.ENDED)]


class TestUntil:
    @pytest.mark.parametrize(
        ("state", "days"),
        [(S.TRIAL, 30), (S.ACTIVE, None), (S.PAST_DUE, 14), (S.READ_ONLY, 21), (S.SUSPENDED, 60), (S.ENDED, None)],
    )
    def test_names_the_day_that_ends_a_state(self, state, days):
        assert until(Facts(state, START, day(30)), TERMS) == moment(days)

    def test_an_end_that_was_asked_for_goes_before(self):
        assert until(Facts(S.PAST_DUE, START, None, START, day(3)), TERMS) == day(3)
