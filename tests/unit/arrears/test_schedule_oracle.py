"""Instalments and interest on deposits against fractions; waits and closed days against the State Council's notice."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from billing.arrears import paths, schedules
from markets import packs
from tenants.service import legal_times

ONE = dt.timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def days(text: str) -> set[dt.date]:
    """2026-02-15/23 is the days from the 15th to the 23rd."""
    found = set()
    for part in text.split():
        first, _slash, last = part.partition("/")
        day = dt.date.fromisoformat(first)
        found |= {day.replace(day=number) for number in range(day.day, int(last or day.day) + 1)}
    return found


OFF_2026 = days("2026-01-01/3 2026-02-15/23 2026-04-04/6 2026-05-01/5 2026-06-19/21 2026-09-25/27 2026-10-01/7")
WORKED_2026 = days("2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10")
"""国办发明电〔2025〕7号: days off, and weekends that are worked for them."""


def is_worked(day: dt.date) -> bool:
    return day in WORKED_2026 or (day.isoweekday() <= 5 and day not in OFF_2026)


def cn_days():
    return packs.pack("cn").day_kinds(None)


class TestWorkingDays:
    def test_of_2026_are_those_of_the_notice(self):
        year = [dt.date(2026, 1, 1) + number * ONE for number in range(365)]

        assert [day for day in year if cn_days().is_working_day(day)] == [day for day in year if is_worked(day)]

    @given(start=st.integers(0, 330), wait=st.integers(0, 20))
    def test_a_wait_ends_on_the_nth_worked_day(self, start, wait):
        after = dt.date(2026, 1, 1) + start * ONE
        step = paths.Step(code="s", wait=wait, days="working", channel="none", action="reminder")

        found = paths.next_day(after=after, step=step, days=cn_days())

        worked = [after + number * ONE for number in range(1, 60) if is_worked(after + number * ONE)]
        assert found == (worked[wait - 1] if wait else after)


class TestClosedDays:
    """Supply is not stopped on holidays nor on the day before one: whole breaks, and the eve of each."""

    def test_of_2026_are_the_breaks_and_their_eves(self):
        year = [dt.date(2026, 1, 1) + number * ONE for number in range(360)]
        rules = legal_times.of_policy(packs.pack("cn").policies["disconnection"])

        found = [day for day in year if legal_times.day_hindrances(day=day, rules=rules, days=cn_days())]

        assert found == [day for day in year if day in OFF_2026 or day + ONE in OFF_2026]

    def test_after_the_spring_festival_the_first_instant_is_the_morning_of_the_24th(self):
        rules = legal_times.of_policy(packs.pack("cn").policies["disconnection"])
        after = dt.datetime(2026, 2, 13, 18, 0, tzinfo=SHANGHAI)

        found = legal_times.next_allowed(after=after, zone=SHANGHAI, rules=rules, days=cn_days())

        assert found == dt.datetime(2026, 2, 24, 8, 0, tzinfo=SHANGHAI)


class TestInstalments:
    @given(cents=st.integers(2, 10**9), count=st.integers(2, 24), first=st.dates(dt.date(2024, 1, 1)))
    @example(cents=10_000, count=3, first=dt.date(2028, 1, 31))
    @settings(deadline=None)
    def test_sum_up_differ_by_a_cent_and_fall_due_each_month(self, cents, count, first):
        if first.year > 2090:
            first = first.replace(year=2090, day=min(first.day, 28))
        parts = schedules.instalments(
            total=Decimal(cents).scaleb(-2), count=count, first_on=first, every_days=30, places=2
        )

        least, more = divmod(cents, count)
        assert [part.amount for part in parts] == [Decimal(least + (place < more)).scaleb(-2) for place in range(count)]
        for place, part in enumerate(parts):
            year, month = divmod(first.year * 12 + first.month - 1 + place, 12)
            last = calendar.monthrange(year, month + 1)[1]
            assert part.due_on == dt.date(year, month + 1, min(first.day, last))


class TestInterest:
    @given(
        cents=st.integers(1, 10**8), since=st.dates(dt.date(2023, 1, 1), dt.date(2028, 12, 31)),
        length=st.integers(0, 1200), rate=st.sampled_from(["0.0035", "0.02", "0.0127"]),
        year=st.sampled_from([None, 360, 365]),
    )  # fmt: skip
    @settings(deadline=None)
    def test_is_simple_by_the_days_of_each_year_and_rounded_once(self, cents, since, length, rate, year):
        found = schedules.interest(
            held=[(since, Decimal(cents).scaleb(-2))], until=since + length * ONE, per_year=Decimal(rate),
            days_in_year=year, places=2,
        )  # fmt: skip

        exact = Fraction(0)
        for number in range(length):
            day = since + number * ONE
            exact += Fraction(cents) * Fraction(rate) / (year or (366 if calendar.isleap(day.year) else 365))
        whole, rest = divmod(exact, 1)
        assert found == Decimal(int(whole) + (rest >= Fraction(1, 2))).scaleb(-2)
