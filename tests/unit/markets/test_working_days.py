import datetime as dt

import holidays
import pytest

import markets
from billing.rating import calendars
from markets import working_days


class TestChina:
    @pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])
    def test_works_on_the_days_the_library_knows(self, year):
        ours = markets.pack("cn").day_kinds()
        library = holidays.country_holidays("CN", years=year)
        days = [dt.date(year, 1, 1) + dt.timedelta(days=n) for n in range(365 + (year == 2024))]

        different = [day for day in days if ours.is_working_day(day) != library.is_working_day(day)]

        assert different == []

    def test_a_sunday_can_be_worked(self):
        days = markets.pack("cn").day_kinds()

        assert days.is_working_day(dt.date(2026, 9, 20))
        assert not days.is_working_day(dt.date(2026, 9, 13))

    def test_a_holiday_has_all_of_its_days(self):
        days = markets.pack("cn").day_kinds()

        found = [day for day in range(1, 29) if "spring_festival" in days.holidays_of(dt.date(2026, 2, day))]

        assert found == list(range(15, 24))

    def test_a_period_of_three_days_is_long(self):
        days = markets.pack("cn").day_kinds()

        assert days.holidays_of(dt.date(2026, 5, 1)) == {"labour_day", "long_holiday"}
        assert days.holidays_of(dt.date(2025, 1, 1)) == {"new_year"}

    @pytest.mark.parametrize("day", [dt.date(2022, 12, 31), dt.date(2027, 1, 1)])
    def test_says_where_its_table_ends(self, day):
        with pytest.raises(calendars.CalendarEnds) as refusal:
            markets.pack("cn").day_kinds().is_working_day(day)

        assert refusal.value.params["day"] == day
        assert refusal.value.params["last"] == dt.date(2026, 12, 31)


class TestAustralia:
    @pytest.mark.parametrize(
        ("region", "day", "names"),
        [
            ("VIC", dt.date(2026, 11, 3), {"melbourne_cup_day"}),
            ("NSW", dt.date(2026, 11, 3), set()),
            ("NSW", dt.date(2026, 10, 5), {"labour_day"}),
            ("QLD", dt.date(2026, 10, 5), {"kings_birthday"}),
            ("NSW", dt.date(2026, 12, 28), {"boxing_day"}),
            ("VIC", dt.date(2026, 3, 9), {"labour_day"}),
        ],
    )
    def test_each_state_has_its_own_holidays(self, region, day, names):
        assert markets.pack("au").day_kinds(region).holidays_of(day) == names

    def test_the_market_has_the_holidays_of_its_default_region(self):
        assert markets.pack("au").day_kinds() is markets.pack("au").day_kinds("NSW")


class TestUnitedStates:
    def test_federal_holidays_are_kept_on_the_nearest_working_day(self):
        days = markets.pack("us").day_kinds()

        assert days.holidays_of(dt.date(2026, 7, 3)) == {"independence_day"}
        assert not days.is_working_day(dt.date(2026, 7, 3))

    def test_a_state_has_its_own(self):
        us = markets.pack("us")

        assert us.day_kinds("CA").holidays_of(dt.date(2026, 11, 27)) == {"day_after_thanksgiving"}
        assert us.day_kinds("US").holidays_of(dt.date(2026, 11, 27)) == set()


class TestOverrides:
    SETTINGS = {
        "country": "AU",
        "language": "en_AU",
        "first": "2026-01-01",
        "last": "2026-12-31",
        "overrides": [
            {"day": "2026-08-12", "region": "QLD", "holiday": "show_day"},
            {"day": "2026-01-26", "worked": True},
        ],
    }

    def test_add_and_take_single_days(self, tmp_path):
        days = working_days.read(self.SETTINGS, folder=tmp_path, region="QLD")

        assert "show_day" in days.holidays_of(dt.date(2026, 8, 12))
        assert "show_day" in days.holiday_names
        assert days.is_working_day(dt.date(2026, 1, 26))

    def test_leave_other_regions_alone(self, tmp_path):
        days = working_days.read(self.SETTINGS, folder=tmp_path, region="VIC")

        assert days.holidays_of(dt.date(2026, 8, 12)) == set()


class TestSlug:
    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("New Year's Day (observed)", "new_years_day"),
            ("Martin Luther King Jr. Day", "martin_luther_king_jr_day"),
            ("Friday before the AFL Grand Final", "friday_before_the_afl_grand_final"),
        ],
    )
    def test_is_written_in_small_letters(self, name, slug):
        assert working_days.slug(name) == slug
