import datetime as dt
import zoneinfo
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rating import calendars

SHANGHAI = {
    "calendar": "test/five",
    "time_zone": "Asia/Shanghai",
    "labels": ["tip", "peak", "flat", "valley", "deep"],
    "otherwise": "flat",
    "rules": [
        {"label": "peak", "months": [7, 8], "windows": ["14:00-22:00"]},
        {"label": "valley", "windows": ["23:00-07:00"]},
        {"label": "tip", "when": "hot_day", "windows": ["11:00-12:00", "15:00-17:00"]},
    ],
}
SYDNEY = {
    "calendar": "test/sydney",
    "time_zone": "Australia/Sydney",
    "labels": ["peak", "shoulder", "off_peak"],
    "otherwise": "off_peak",
    "rules": [
        {"label": "peak", "working_day": True, "windows": ["15:00-21:00"]},
        {"label": "shoulder", "windows": ["02:00-03:00", "07:00-22:00"]},
    ],
}


class NationalDay:
    """Sunday 28 September 2025 was worked; 1 to 8 October 2025 was a holiday."""

    holiday_names = frozenset({"national_day"})

    def is_working_day(self, day):
        return day == dt.date(2025, 9, 28) or (day.weekday() < 5 and not self.holidays_of(day))

    def holidays_of(self, day):
        if day.year != 2025:
            raise calendars.CalendarEnds(table="test", first="2025-01-01", last="2025-12-31", day=day)
        return self.holiday_names if day.month == 10 and day.day <= 8 else frozenset()


def _load(document, days=None, **changes):
    return calendars.load({**document, **changes}, days=days or calendars.PlainWeek())


def _rules(*rules, labels=("tip", "peak", "flat", "valley", "deep"), otherwise="flat"):
    document = {"calendar": "test/rules", "time_zone": "Asia/Shanghai", "labels": labels, "otherwise": otherwise}
    return _load(document, NationalDay(), rules=rules)


def _local(zone, *parts):
    return dt.datetime(*parts, tzinfo=zoneinfo.ZoneInfo(zone))


def _day(calendar, *parts, minutes=30, **facts):
    first = dt.date(*parts)
    bounds = (dt.datetime.combine(day, dt.time(), calendar.time_zone) for day in (first, first + dt.timedelta(days=1)))
    start, end = bounds
    return calendar.labels_of(start=start, end=end, minutes=minutes, **facts).tolist()


def _hours(calendar, *parts):
    found = calendar.hours_by_label(dt.date(*parts))
    return {label: hours for label, hours in found.items() if hours}


class TestLabelsOf:
    def test_paints_the_slots_of_a_day(self):
        labels = _load(SHANGHAI).labels_of(
            start=_local("Asia/Shanghai", 2025, 7, 1),
            end=_local("Asia/Shanghai", 2025, 7, 2),
            minutes=60,
            facts={"hot_day": ()},
        )

        assert labels.dtype == np.int8
        assert labels.tolist() == [3] * 7 + [2] * 7 + [1] * 8 + [2] + [3]

    def test_starts_in_the_middle_of_a_day(self):
        labels = _load(SHANGHAI).labels_of(
            start=dt.datetime(2025, 6, 30, 5, 30, tzinfo=dt.UTC),
            end=dt.datetime(2025, 6, 30, 15, 30, tzinfo=dt.UTC),
            minutes=30,
            facts={"hot_day": ()},
        )

        assert labels.tolist() == [2] * 19 + [3]

    def test_no_slots_have_no_labels(self):
        here = _local("Asia/Shanghai", 2025, 7, 1)

        assert _load(SHANGHAI).labels_of(start=here, end=here, minutes=15).tolist() == []

    def test_the_short_day_lacks_the_hour_that_the_clock_skips(self):
        calendar = _load(SYDNEY)

        assert _day(calendar, 2026, 10, 4) == [2] * 12 + [1] * 30 + [2] * 4
        assert calendar.minutes_by_label(dt.date(2026, 10, 4)) == {"peak": 0, "shoulder": 900, "off_peak": 480}

    def test_the_long_day_has_the_repeated_hour_twice(self):
        calendar = _load(SYDNEY)

        assert _day(calendar, 2026, 4, 5) == [2] * 4 + [1] * 4 + [2] * 8 + [1] * 30 + [2] * 4
        assert calendar.minutes_by_label(dt.date(2026, 4, 5)) == {"peak": 0, "shoulder": 1020, "off_peak": 480}

    def test_a_month_with_a_short_day_is_its_days_in_a_row(self):
        calendar = _load(SYDNEY)

        month = calendar.labels_of(
            start=_local("Australia/Sydney", 2026, 10, 1), end=_local("Australia/Sydney", 2026, 11, 1), minutes=30
        )

        days = [label for day in range(1, 32) for label in _day(calendar, 2026, 10, day)]
        assert month.tolist() == days
        assert len(days) == 31 * 48 - 2

    def test_half_an_hour_of_clock_change(self):
        calendar = _load(SYDNEY, time_zone="Australia/Lord_Howe")

        assert len(_day(calendar, 2026, 10, 4)) == 47
        assert calendar.minutes_by_label(dt.date(2026, 10, 4)) == {"peak": 0, "shoulder": 930, "off_peak": 480}

    def test_one_minute_slots(self):
        labels = _day(_load(SHANGHAI), 2025, 1, 1, minutes=1, facts={"hot_day": ()})

        assert labels == [3] * 420 + [2] * 960 + [3] * 60

    def test_refuses_a_slot_that_a_window_cuts(self):
        calendar = _rules({"label": "peak", "windows": ["11:15-12:00"]})

        with pytest.raises(calendars.SlotAcrossWindows) as refusal:
            _day(calendar, 2025, 7, 1, minutes=30)

        assert str(refusal.value) == (
            "The 30-minute slot of 2025-07-01 11:00 begins as “flat” and ends as “peak” in calendar test/rules: "
            "its readings are too coarse for these windows."
        )

    def test_refuses_slots_between_the_steps(self):
        with pytest.raises(calendars.SlotOffStep):
            _load(SHANGHAI).labels_of(
                start=dt.datetime(2025, 7, 1, 0, 7, tzinfo=dt.UTC),
                end=dt.datetime(2025, 7, 1, 1, 7, tzinfo=dt.UTC),
                minutes=15,
                facts={"hot_day": ()},
            )


class TestLabelsAt:
    def test_takes_starts_in_any_order(self):
        starts = np.array(["2025-07-01T15:00", "2025-07-01T06:00", "2025-06-30T16:00"], dtype="datetime64[s]")

        labels = _load(SHANGHAI).labels_at(starts=starts, minutes=60, facts={"hot_day": ()})

        assert labels.tolist() == [3, 1, 3]


class TestDayOfSlot:
    def test_counts_local_days_through_a_clock_change(self):
        days = _load(SYDNEY).day_of_slot(
            start=_local("Australia/Sydney", 2026, 10, 3, 12),
            end=_local("Australia/Sydney", 2026, 10, 6),
            minutes=60,
        )

        assert days.dtype == np.int32
        assert days.tolist() == [0] * 12 + [1] * 23 + [2] * 24

    def test_no_slots_have_no_days(self):
        here = _local("Australia/Sydney", 2026, 10, 3)

        assert _load(SYDNEY).day_of_slot(start=here, end=here, minutes=60).tolist() == []


class TestPrecedence:
    def test_tip_and_deep_over_peak_over_valley_over_flat(self):
        calendar = _rules(
            {"label": "flat", "windows": ["00:00-24:00"]},
            {"label": "valley", "windows": ["00:00-20:00"]},
            {"label": "peak", "windows": ["00:00-15:00"]},
            {"label": "deep", "windows": ["05:00-10:00"]},
            {"label": "tip", "windows": ["00:00-05:00"]},
        )

        assert _hours(calendar, 2025, 7, 1) == {"tip": 5, "deep": 5, "peak": 5, "valley": 5, "flat": 4}

    def test_other_labels_rank_as_they_are_listed(self):
        calendar = _rules(
            {"label": "shoulder", "windows": ["07:00-22:00"]},
            {"label": "sharp", "windows": ["17:00-20:00"]},
            {"label": "flat", "windows": ["00:00-24:00"]},
            labels=["flat", "sharp", "shoulder"],
        )

        assert _hours(calendar, 2025, 7, 1) == {"sharp": 3, "shoulder": 12, "flat": 9}

    def test_a_month_over_all_year(self):
        calendar = _rules(
            {"label": "tip", "windows": ["08:00-12:00"]}, {"label": "flat", "months": [7], "windows": ["08:00-10:00"]}
        )

        assert _hours(calendar, 2025, 7, 1) == {"tip": 2, "flat": 22}
        assert _hours(calendar, 2025, 6, 30) == {"tip": 4, "flat": 20}

    def test_a_range_of_dates_ranks_as_a_month_and_may_cross_the_year(self):
        calendar = _rules(
            {"label": "tip", "windows": ["08:00-12:00"]},
            {"label": "valley", "dates": ["12-21..01-10"], "windows": ["08:00-10:00"]},
        )

        assert _hours(calendar, 2025, 12, 21) == {"tip": 2, "valley": 2, "flat": 20}
        assert _hours(calendar, 2025, 1, 10) == {"tip": 2, "valley": 2, "flat": 20}
        assert _hours(calendar, 2025, 1, 11) == {"tip": 4, "flat": 20}

    def test_a_weekend_over_a_month(self):
        calendar = _rules(
            {"label": "tip", "months": [7], "windows": ["08:00-12:00"]}, {"label": "valley", "weekend": True}
        )

        assert _hours(calendar, 2025, 7, 5) == {"valley": 24}
        assert _hours(calendar, 2025, 7, 4) == {"tip": 4, "flat": 20}

    def test_a_weekend_that_is_worked_is_no_weekend(self):
        calendar = _rules({"label": "peak", "working_day": True}, {"label": "valley", "weekend": True})

        assert _hours(calendar, 2025, 9, 27) == {"valley": 24}
        assert _hours(calendar, 2025, 9, 28) == {"peak": 24}

    def test_a_holiday_over_a_weekend(self):
        calendar = _rules(
            {"label": "valley", "weekend": True},
            {"label": "flat", "holidays": ["national_day"], "windows": ["11:00-15:00"]},
        )

        assert _hours(calendar, 2025, 10, 4) == {"flat": 4, "valley": 20}
        assert _hours(calendar, 2025, 10, 11) == {"valley": 24}

    def test_a_single_date_is_a_named_day(self):
        calendar = _rules({"label": "tip", "weekdays": ["thu"]}, {"label": "valley", "dates": ["12-25"]})

        assert _hours(calendar, 2025, 12, 25) == {"valley": 24}

    def test_any_holiday(self):
        calendar = _rules({"label": "valley", "holidays": "any"})

        assert _hours(calendar, 2025, 10, 8) == {"valley": 24}
        assert _hours(calendar, 2025, 10, 9) == {"flat": 24}

    def test_all_selectors_of_a_rule_have_to_hold(self):
        calendar = _rules({"label": "peak", "months": [7], "weekdays": ["mon"], "working_day": True})

        assert _hours(calendar, 2025, 7, 7) == {"peak": 24}
        assert _hours(calendar, 2025, 7, 8) == {"flat": 24}

    def test_a_dated_fact_wins_over_the_month(self):
        calendar = _load(SHANGHAI)

        spans = calendar.spans_of(dt.date(2025, 7, 1), facts={"hot_day": {dt.date(2025, 7, 1)}})

        assert [(span.start, span.end, span.label) for span in spans] == [
            ("00:00", "07:00", "valley"),
            ("07:00", "11:00", "flat"),
            ("11:00", "12:00", "tip"),
            ("12:00", "14:00", "flat"),
            ("14:00", "15:00", "peak"),
            ("15:00", "17:00", "tip"),
            ("17:00", "22:00", "peak"),
            ("22:00", "23:00", "flat"),
            ("23:00", "24:00", "valley"),
        ]


class TestNotReady:
    def test_a_fact_that_was_not_given_is_named(self):
        with pytest.raises(calendars.FactMissing) as refusal:
            _load(SHANGHAI).hours_by_label(dt.date(2025, 7, 1))

        assert str(refusal.value) == "Not ready: fact hot_day, which decides the labels of 2025-07-01."

    def test_a_fact_of_other_months_is_not_asked_for(self):
        calendar = _rules({"label": "tip", "months": [1], "when": "hot_day"})

        assert _hours(calendar, 2025, 7, 1) == {"flat": 24}

    def test_a_table_that_ends_is_no_silent_weekday(self):
        calendar = _rules({"label": "valley", "holidays": ["national_day"]})

        with pytest.raises(calendars.CalendarEnds) as refusal:
            _day(calendar, 2026, 10, 1)

        assert str(refusal.value) == (
            "The working-day table of test covers 2025-01-01 to 2025-12-31; 2026-10-01 lies outside. "
            "Extend the table first."
        )

    def test_a_calendar_without_such_rules_does_not_ask_the_table(self):
        calendar = _rules({"label": "peak", "months": [10], "windows": ["08:00-12:00"]})

        assert _hours(calendar, 2030, 10, 1) == {"peak": 4, "flat": 20}


class TestLabelsPartitionTheDay:
    @settings(max_examples=60, deadline=None)
    @given(
        day=st.dates(dt.date(2024, 1, 1), dt.date(2027, 12, 31)),
        zone=st.sampled_from(["Asia/Shanghai", "Australia/Sydney", "America/Los_Angeles", "Australia/Lord_Howe"]),
        windows=st.lists(
            st.tuples(st.sampled_from(["peak", "off_peak", "shoulder"]), st.integers(0, 47), st.integers(1, 47)),
            max_size=4,
        ),
    )
    def test_the_minutes_of_all_labels_are_the_minutes_of_the_day(self, day, zone, windows):
        rules = [
            {"label": label, "windows": [f"{_clock(start)}-{_clock((start + length) % 48)}"]}
            for label, start, length in windows
        ]
        calendar = _load(SYDNEY, time_zone=zone, rules=rules)
        start, end = (_local(zone, *(day + dt.timedelta(days=n)).timetuple()[:3]) for n in (0, 1))

        minutes = calendar.minutes_by_label(day)

        elapsed = end.astimezone(dt.UTC) - start.astimezone(dt.UTC)
        assert sum(minutes.values()) == elapsed // dt.timedelta(minutes=1)
        slots = calendar.labels_of(start=start, end=end, minutes=5)
        counted = np.bincount(slots, minlength=3) * 5
        assert dict(zip(calendar.labels, counted.tolist(), strict=True)) == minutes
        assert sum(calendar.hours_by_label(day).values()) * 60 == Decimal(sum(minutes.values()))


def _clock(half_hours):
    return f"{half_hours // 2:02d}:{half_hours % 2 * 30:02d}"
