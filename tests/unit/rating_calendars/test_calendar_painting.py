import datetime as dt
import zoneinfo

import numpy as np
import pytest

from billing.rating import calendar_rules, calendars

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


def _load(document, **changes):
    return calendars.load({**document, **changes}, days=calendars.PlainWeek())


def _local(zone, *parts):
    return dt.datetime(*parts, tzinfo=zoneinfo.ZoneInfo(zone))


class ChineseOctober:
    """Sunday 28 September 2025 was worked; the first week of October was a holiday."""

    holiday_names = frozenset({"national_day"})

    def is_working_day(self, day):
        return day == dt.date(2025, 9, 28) or (day.weekday() < 5 and not self.holidays_of(day))

    def holidays_of(self, day):
        if day.year != 2025:
            raise calendars.CalendarEnds(table="test", first="2025-01-01", last="2025-12-31", day=day)
        return self.holiday_names if day.month == 10 and day.day <= 8 else frozenset()


class TestLabelsOf:
    def test_paints_the_slots_of_a_day(self):
        calendar = _load(SHANGHAI)

        labels = calendar.labels_of(
            start=_local("Asia/Shanghai", 2025, 7, 1),
            end=_local("Asia/Shanghai", 2025, 7, 2),
            minutes=60,
            facts={"hot_day": ()},
        )

        assert labels.dtype == np.int8
        assert labels.tolist() == [3] * 7 + [2] * 7 + [1] * 8 + [2] + [3]

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

    def test_a_fact_that_was_not_given_is_named(self):
        calendar = _load(SHANGHAI)

        with pytest.raises(calendar_rules.FactMissing) as refusal:
            calendar.hours_by_label(dt.date(2025, 7, 1))

        assert str(refusal.value) == "Not ready: fact hot_day, which decides the labels of 2025-07-01."

    def test_the_short_day_lacks_the_hour_that_the_clock_skips(self):
        calendar = _load(SYDNEY)

        labels = calendar.labels_of(
            start=_local("Australia/Sydney", 2026, 10, 4), end=_local("Australia/Sydney", 2026, 10, 5), minutes=30
        )

        assert labels.tolist() == [2] * 12 + [1] * 30 + [2] * 4
        assert calendar.minutes_by_label(dt.date(2026, 10, 4)) == {"peak": 0, "shoulder": 900, "off_peak": 480}

    def test_the_long_day_has_the_repeated_hour_twice(self):
        calendar = _load(SYDNEY)

        labels = calendar.labels_of(
            start=_local("Australia/Sydney", 2026, 4, 5), end=_local("Australia/Sydney", 2026, 4, 6), minutes=30
        )

        assert labels.tolist() == [2] * 4 + [1] * 4 + [2] * 8 + [1] * 30 + [2] * 4
        assert calendar.minutes_by_label(dt.date(2026, 4, 5)) == {"peak": 0, "shoulder": 1020, "off_peak": 480}
