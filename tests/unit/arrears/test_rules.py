"""Paths, blackout days of 2026, conditions of disconnection, instalments and interest."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.arrears import disconnection, paths, schedules
from markets import packs
from tenants.service import legal_times

SHANGHAI, SYDNEY = ZoneInfo("Asia/Shanghai"), ZoneInfo("Australia/Sydney")


def day(text):
    return dt.date.fromisoformat(text)


def rules(market):
    return legal_times.of_policy(packs.pack(market).policies["disconnection"])


def hindered(market, when, region=None):
    return legal_times.day_hindrances(day=day(when), rules=rules(market), days=packs.pack(market).day_kinds(region))


class TestBlackoutDays:
    @pytest.mark.parametrize(
        ("when", "why"),
        [
            ("2026-02-13", ()),  # Friday, two days before the Spring Festival
            ("2026-02-14", ("eve_of_holiday",)),  # a make-up working day, and the eve
            ("2026-02-15", ("holiday", "eve_of_holiday")),
            ("2026-02-23", ("holiday",)),  # the last day off
            ("2026-02-24", ()),
            ("2026-04-03", ("eve_of_holiday",)),  # Qingming
            ("2026-04-30", ("eve_of_holiday",)),  # Labour Day
            ("2026-06-18", ("eve_of_holiday",)),  # Dragon Boat
            ("2026-09-24", ("eve_of_holiday",)),  # Mid-Autumn
            ("2026-09-30", ("eve_of_holiday",)),  # National Day
            ("2026-10-07", ("holiday",)),
            ("2026-10-08", ()),
            ("2026-10-10", ()),  # a Saturday that is worked
            ("2026-12-31", ("calendar_ends",)),  # nobody knows the next day yet
        ],
    )
    def test_of_china_in_2026(self, when, why):
        assert hindered("cn", when) == why

    @pytest.mark.parametrize(
        ("when", "why"),
        [
            ("2026-04-01", ()),
            ("2026-04-02", ("eve_of_holiday",)),  # the day before Good Friday
            ("2026-04-03", ("holiday", "eve_of_holiday", "eve_of_weekend")),
            ("2026-05-08", ("eve_of_weekend",)),
            ("2026-05-09", ("weekend",)),
            ("2026-12-21", ("closed_season",)),
        ],
    )
    def test_of_new_south_wales_in_2026(self, when, why):
        assert hindered("au", when, "NSW") == why

    def test_the_next_allowed_time_skips_the_spring_festival(self):
        after = dt.datetime(2026, 2, 13, 19, 0, tzinfo=SHANGHAI)

        found = legal_times.next_allowed(
            after=after, zone=SHANGHAI, rules=rules("cn"), days=packs.pack("cn").day_kinds()
        )

        assert found == dt.datetime(2026, 2, 24, 8, 0, tzinfo=SHANGHAI)

    def test_hours_are_those_of_the_place(self):
        days = packs.pack("au").day_kinds("NSW")
        early, late = (dt.datetime(2026, 5, 6, hour, tzinfo=SYDNEY) for hour in (8, 15))

        assert legal_times.hindrances(at=early, zone=SYDNEY, rules=rules("au"), days=days) == ()
        assert legal_times.hindrances(at=late, zone=SYDNEY, rules=rules("au"), days=days) == ("hour",)

    def test_a_season_may_go_over_new_year(self):
        season = legal_times.Season((12, 20), (1, 5))

        assert [day(text) in season for text in ("2026-12-19", "2026-12-20", "2027-01-05", "2027-01-06")] == [
            False, True, True, False,
        ]  # fmt: skip

    def test_nothing_is_allowed_once_the_calendar_ended(self):
        after = dt.datetime(2026, 12, 31, 9, tzinfo=SHANGHAI)

        assert (
            legal_times.next_allowed(after=after, zone=SHANGHAI, rules=rules("cn"), days=packs.pack("cn").day_kinds())
            is None
        )


class TestConditions:
    FACTS = {
        "overdue": Decimal("300"),
        "due_since": dt.date(2026, 3, 14),
        "demand_on": dt.date(2026, 3, 24),
        "notice_on": dt.date(2026, 4, 8),
    }

    def check(self, on, market="cn", kind="household", **changes):
        market = packs.pack(market)
        rule = disconnection.of_policy(market.policies["disconnection"], kind)
        facts = disconnection.Facts(**{**self.FACTS, **changes})
        return disconnection.check(rule=rule, facts=facts, on=day(on), days=market.day_kinds())

    def unmet(self, on, **changes):
        return [each.code for each in self.check(on, **changes).conditions if not each.met]

    def test_a_household_is_given_seven_days_and_a_factory_three(self):
        assert self.unmet("2026-04-14") == ["notice_given"]
        assert self.unmet("2026-04-15") == []
        assert self.unmet("2026-04-14", kind="business") == []

    def test_thirty_days_overdue_are_asked_for(self):
        assert self.unmet("2026-04-12", notice_on=day("2026-04-01")) == ["overdue_days"]
        assert self.unmet("2026-04-13", notice_on=day("2026-04-01")) == []

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"demand_on": None}, "demand_sent"),
            ({"notice_on": None}, "notice_given"),
            ({"overdue": Decimal("49.99")}, "minimum"),
            ({"flags": ["life_support"]}, "not_protected"),
            ({"flags": ["important"]}, "authority_copy"),
            ({"rests": "promised"}, "nothing_rests"),
        ],
    )
    def test_each_condition_stops_it(self, changes, code):
        assert self.unmet("2026-04-20", **changes) == [code]
        assert not self.check("2026-04-20", **changes).legal

    def test_an_important_user_after_the_authority_was_told(self):
        assert self.unmet("2026-04-20", flags=["important"], authority_told_on=day("2026-04-10")) == []

    def test_the_earliest_day_is_told(self):
        assert self.check("2026-04-08").earliest == day("2026-04-15")

    def test_germany_asks_for_an_announcement_eight_working_days_before(self):
        told = {"market": "de", "notice_on": day("2026-04-01"), "announced_on": day("2026-04-29")}

        # 1 May is a holiday: the eighth working day after 29 April is 12 May
        assert self.unmet("2026-05-11", **told) == ["announced"]
        assert self.unmet("2026-05-12", **told) == []


class TestPaths:
    @pytest.mark.parametrize("market", packs.codes())
    def test_every_market_has_one_that_reads(self, market):
        policy = packs.pack(market).policies["dunning"]

        assert paths.read({"minimum": policy["minimum"], "steps": policy["path"]}).steps[0].code == "reminder"

    @pytest.mark.parametrize(
        ("changes", "where"),
        [
            ({"wait": -1}, "steps.0.wait"),
            ({"wait": True}, "steps.0.wait"),
            ({"code": "Bad Code"}, "steps.0.code"),
            ({"channel": "pigeon"}, "steps.0.channel"),
            ({"action": "stop"}, "steps.0.action"),
            ({"fee": "lots"}, "steps.0.fee"),
            ({"fee": "-1"}, "steps.0.fee"),
            ({"title": {}}, "steps.0.title"),
            ({"template": "../x"}, "steps.0.template"),
            ({"colour": "red"}, "steps.0.colour"),
        ],
    )
    def test_a_wrong_step_is_pointed_at(self, changes, where):
        step = {"code": "a", "wait": 1, "channel": "sms", "template": "t", "title": {"en": "A"}, **changes}

        with pytest.raises(paths.BadPath) as refusal:
            paths.read({"steps": [step]})

        assert refusal.value.where == where

    @pytest.mark.parametrize("document", [{}, {"steps": []}, {"steps": "x"}, {"steps": [1]}])
    def test_what_is_no_path_is_refused(self, document):
        with pytest.raises(paths.BadPath):
            paths.read(document)

    def test_working_days_skip_the_spring_festival(self):
        step = paths.Step("a", 3, "working", "none", "call")

        assert paths.next_day(after=day("2026-02-12"), step=step, days=packs.pack("cn").day_kinds()) == day(
            "2026-02-24"
        )

    def test_the_narrowest_audience_is_taken(self):
        everybody, weak = paths.Audience(), paths.Audience(kinds=["household"], credit_classes=["weak"])
        candidates = [(everybody, "all"), (weak, "weak")]

        assert paths.choose(candidates, kind="household", segment="", credit_class="weak") == "weak"
        assert paths.choose(candidates, kind="business", segment="", credit_class="weak") == "all"


class TestSchedules:
    @given(total=st.decimals(min_value=1, max_value=100_000, places=2), count=st.integers(2, 24))
    @settings(max_examples=50)
    def test_instalments_sum_up_and_differ_by_a_cent(self, total, count):
        parts = schedules.instalments(total=total, count=count, first_on=day("2026-01-31"), every_days=30, places=2)

        assert sum(part.amount for part in parts) == total
        assert max(p.amount for p in parts) - min(p.amount for p in parts) <= Decimal("0.01")

    def test_every_thirty_days_is_every_month(self):
        parts = schedules.instalments(total=Decimal(90), count=3, first_on=day("2026-01-31"), every_days=30, places=2)

        assert [part.due_on for part in parts] == [day("2026-01-31"), day("2026-02-28"), day("2026-03-31")]

    def test_one_is_missed_the_day_after_its_grace(self):
        parts = schedules.instalments(total=Decimal(90), count=3, first_on=day("2026-01-01"), every_days=14, places=2)

        def missed(on, paid):
            return schedules.missed(parts=parts, paid=Decimal(paid), on=day(on), days_of_grace=3)

        assert missed("2026-01-04", 0) is None
        assert missed("2026-01-05", 0).position == 1
        assert missed("2026-01-19", 30).position == 2
        assert missed("2026-03-01", 90) is None

    def test_interest_counts_days_of_each_year(self):
        earned = schedules.interest(
            held=[(day("2027-12-01"), Decimal(1000))], until=day("2028-02-01"), per_year=Decimal("0.0365"),
            days_in_year=None, places=2,
        )  # fmt: skip

        assert earned == Decimal("6.19")  # 31 days of 365 and 31 of 366
