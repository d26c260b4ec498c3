"""Small parts of the customer portal: colours of labels, masks, periods shown."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel.periods import Period
from portal.customer import bands, masks, usage_pages


class TestBands:
    def test_five_chinese_labels_keep_their_own(self):
        labels = ("tip", "peak", "flat", "valley", "deep")

        assert bands.tones(labels) == {label: label for label in labels}

    def test_australian_labels_get_one_each(self):
        found = bands.tones(["peak", "off_peak", "night", "free"])

        assert found["peak"] == "peak"
        assert len(set(found.values())) == 4

    def test_unknown_labels_get_what_is_left(self):
        assert bands.tones(["blue", "white", "red"]) == {"blue": "flat", "red": "valley", "white": "peak"}

    def test_seasons_share_the_colours(self):
        found = bands.tones(["summer_on_peak", "summer_off_peak", "winter_mid_peak", "winter_off_peak"])

        assert (found["summer_on_peak"], found["winter_mid_peak"]) == ("peak", "flat")
        assert found["summer_off_peak"] == found["winter_off_peak"] == "valley"

    def test_cheap_ones_stand_at_the_foot(self):
        assert bands.in_order(["peak", "deep", "flat"], bands.tones(["peak", "deep", "flat"])) == [
            "deep",
            "flat",
            "peak",
        ]


class TestMasks:
    def test_an_address_shows_its_first_letter_and_domain(self):
        assert masks.email("ada@example.com") == "a•••@example.com"
        assert masks.email("") == ""

    @pytest.mark.parametrize(
        ("number", "shown"),
        [("13812345678", "138•••••678"), ("+61 2 9876 5432", "+61•••••••••432"), ("95598", "•••98"), ("", "")],
    )
    def test_a_number_shows_its_ends(self, number: str, shown: str):
        assert masks.phone(number) == shown


class TestPeriods:
    SPAN = Period(dt.date(2024, 11, 12), dt.date(2025, 4, 3))

    def test_a_day_and_a_month(self):
        day = dt.date(2025, 2, 14)

        assert usage_pages.period_of("interval", day, self.SPAN) == Period(day, dt.date(2025, 2, 15))
        assert usage_pages.period_of("day", day, self.SPAN) == Period.of_month(2025, 2)

    def test_a_year_starts_with_the_month_of_the_first_reading(self):
        found = usage_pages.period_of("month", dt.date(2025, 2, 14), self.SPAN)

        assert found == Period(dt.date(2024, 11, 1), dt.date(2025, 3, 1))

    def test_a_year_has_at_most_thirteen_months(self):
        found = usage_pages.period_of("month", dt.date(2027, 1, 31), self.SPAN)

        assert found == Period(dt.date(2026, 1, 1), dt.date(2027, 2, 1))

    @pytest.mark.parametrize(("months", "first"), [(0, (2025, 3)), (3, (2024, 12)), (14, (2024, 1)), (-11, (2026, 2))])
    def test_months_are_counted_over_the_year(self, months: int, first: tuple[int, int]):
        assert usage_pages.month_before(dt.date(2025, 3, 1), months) == dt.date(*first, 1)
