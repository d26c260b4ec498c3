import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

import markets
from billing.rating import calendars
from markets import files

ROOT = Path(__file__).parents[3]
NO_HEAT = {"hot_day": (), "hot_spell": ()}
LABELS = {"h_sharp": "tip", "h_peak": "peak", "h_flat": "flat", "h_valley": "valley", "h_deep": "deep"}
LIAONING_SUMMER = {("辽宁", 7), ("辽宁", 8)}
"""The notice names tip hours here that the table of windows leaves out: they have a test of their own."""


def _worked_days():
    text = (ROOT / "docs/algorithms/calendars.md").read_text(encoding="utf-8")
    lines = text.partition("## Worked days")[2].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return [tuple(row[:4]) for row in rows]


def _hours_by_month():
    with (ROOT / "tests/data/time-of-use-hours-by-month.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return [row for row in rows if (row["area"], int(row["month"])) not in LIAONING_SUMMER]


def _calendar_of(row):
    market = markets.pack("cn")
    areas = files.read_yaml(market.folder / "notices.yaml")["areas"]
    area = next(a for a in areas if (a["area"], a.get("doc_no", "")) == (row["area"], row["doc_no"]))
    codes = [category["code"] for category in area.get("categories", ()) if category["rows"] == [row["category"]]]
    return market.calendar("-".join([area["calendar"], *codes]))


def _plain_working_day(month):
    days = (dt.date(2026, month, day) for day in range(8, 29))
    kinds = markets.pack("cn").day_kinds()
    return next(day for day in days if day.weekday() == 1 and not kinds.holidays_of(day))


class TestWorkedDays:
    def test_the_page_has_its_twenty_rows(self):
        assert len(_worked_days()) == 20

    @pytest.mark.parametrize(("name", "day", "windows", "hours"), _worked_days())
    def test_come_out_as_the_page_says(self, name, day, windows, hours):
        code, _, fact = name.partition(" + ")
        calendar = markets.pack(code.strip("`").partition("/")[0]).calendar(code.strip("`"))
        date = dt.date.fromisoformat(day)
        facts = NO_HEAT | ({fact: {date}} if fact else {})

        spans = calendar.spans_of(date, facts=facts)
        found = calendar.hours_by_label(date, facts=facts)

        assert ", ".join(f"{span.start}-{span.end} {span.label}" for span in spans) == windows
        assert ", ".join(f"{label} {count}" for label, count in found.items() if count) == hours


class TestProvincialNotices:
    def test_the_table_of_hours_has_its_226_rows(self):
        assert len(_hours_by_month()) == 226

    def test_all_36_make_calendars_that_load(self):
        market = markets.pack("cn")
        notices = files.read_yaml(market.folder / "notices.yaml")["areas"]

        loaded = [market.calendar(name) for name in market.calendar_documents]

        assert len(notices) == 36
        assert len(loaded) == 43

    def test_every_row_of_the_table_is_used(self):
        market = markets.pack("cn")
        rows = files.read_rows(market.folder / "time-of-use-periods.csv")
        areas = files.read_yaml(market.folder / "notices.yaml")["areas"]
        known = {(area["area"], area.get("doc_no", "")): area for area in areas}
        for row in rows:
            area = known[row["area"], row["doc_no"]]
            named = [name for category in area.get("categories", ()) for name in category["rows"]]
            assert not row["categories"] or row["categories"] in named

    @pytest.mark.parametrize(
        "row", _hours_by_month(), ids=lambda row: f"{row['area']}-{row['category']}-{row['month']}"
    )
    def test_the_hours_per_label_and_month_come_out(self, row):
        hours = _calendar_of(row).hours_by_label(_plain_working_day(int(row["month"])), facts=NO_HEAT)

        assert {label: hours.get(label, Decimal(0)) for label in LABELS.values()} == {
            label: Decimal(row[column]) for column, label in LABELS.items()
        }

    @pytest.mark.parametrize("month", [7, 8])
    def test_liaoning_has_its_summer_tip_as_the_notice_says(self, month):
        hours = markets.pack("cn").calendar("liaoning-2023").hours_by_label(dt.date(2026, month, 14))

        assert hours == {"tip": 2, "peak": 6, "flat": 8, "valley": 8}

    @pytest.mark.parametrize(
        ("name", "month", "printed"),
        [
            ("hubei-2024", 5, (2, 6, 8, 8, 0)),
            ("inner-mongolia-west-2023", 1, (0, 6, 9, 9, 0)),
            ("inner-mongolia-west-2023", 7, (2, 4, 13, 3, 2)),
            ("xinjiang-2023", 3, (0, 8, 8, 8, 0)),
            ("guangxi-2023", 3, (0, 8, 8, 8, 0)),
            ("chongqing-2021", 3, (0, 8, 8, 8, 0)),
        ],
    )
    def test_the_hours_that_notices_print_themselves(self, name, month, printed):
        hours = markets.pack("cn").calendar(name).hours_by_label(_plain_working_day(month), facts=NO_HEAT)

        assert tuple(hours.get(label, 0) for label in LABELS.values()) == printed

    def test_a_holiday_table_that_ends_is_no_silent_weekday(self):
        with pytest.raises(calendars.CalendarEnds):
            markets.pack("cn").calendar("jiangxi-2025").hours_by_label(dt.date(2027, 2, 6))

    def test_a_calendar_without_holidays_goes_on(self):
        hours = markets.pack("cn").calendar("jiangsu-2025").hours_by_label(dt.date(2027, 2, 6))

        assert hours == {"peak": 8, "flat": 8, "valley": 8}
