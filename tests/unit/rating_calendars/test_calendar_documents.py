import pytest

from billing.rating import calendars
from kernel.errors import GridhallError

GOOD = {
    "calendar": "test/good",
    "time_zone": "Asia/Shanghai",
    "labels": ["peak", "off"],
    "otherwise": "off",
    "rules": [{"label": "peak", "windows": ["08:00-20:00"]}],
}


def _refusal(**changes):
    with pytest.raises(GridhallError) as refusal:
        calendars.load({**GOOD, **changes}, days=calendars.PlainWeek())
    return refusal.value.code, refusal.value.where, str(refusal.value)


class TestLoad:
    def test_keeps_the_labels_and_the_zone(self):
        calendar = calendars.load(GOOD, days=calendars.PlainWeek())

        assert calendar.labels == ("peak", "off")
        assert calendar.time_zone.key == "Asia/Shanghai"
        assert calendar.facts == frozenset()

    def test_takes_numbers_as_labels(self):
        calendar = calendars.load(
            {**GOOD, "labels": [1, 2], "otherwise": 2, "rules": [{"label": 1, "windows": ["0:00-12:00"]}]},
            days=calendars.PlainWeek(),
        )

        assert calendar.labels == ("1", "2")

    def test_a_single_label_needs_no_otherwise(self):
        document = {key: GOOD[key] for key in ("calendar", "time_zone")} | {"labels": ["all"]}

        assert calendars.load(document, days=calendars.PlainWeek()).otherwise == "all"

    @pytest.mark.parametrize(
        "window", ["8-20", "08:00-25:00", "08:02-20:00", "24:00-06:00", "08:00-08:00", "08:60-10:00", "", 480, None]
    )
    def test_refuses_what_is_no_window(self, window):
        code, where, sentence = _refusal(rules=[{"label": "peak", "windows": ["08:00-10:00", window]}])

        assert (code, where) == ("calendar_window", "/rules/0/windows/1")
        assert sentence == (
            f"“{window}” is not a window of the day. Write start and end as in “14:00-22:00”, in steps of five "
            "minutes, at the latest 24:00."
        )

    def test_refuses_an_unknown_label(self):
        assert _refusal(rules=[{"label": "paek"}]) == (
            "calendar_label",
            "/rules/0/label",
            "The label “paek” is not in this calendar's list. It has: peak, off.",
        )

    def test_refuses_a_rule_without_a_label(self):
        assert _refusal(rules=[{"windows": ["08:00-10:00"]}])[:2] == ("calendar_label", "/rules/0/label")

    def test_refuses_an_unknown_key_of_the_document(self):
        assert _refusal(zone="Asia/Shanghai")[:2] == ("calendar_key", "/zone")

    def test_refuses_an_unknown_key_of_a_rule(self):
        assert _refusal(rules=[{"label": "peak", "month": [7]}]) == (
            "calendar_key",
            "/rules/0/month",
            "“month” means nothing here. Known are: label, windows, months, dates, weekdays, weekend, working_day, "
            "holidays, when, note.",
        )

    def test_refuses_a_missing_otherwise(self):
        assert _refusal(otherwise=None)[:2] == ("calendar_label", "/otherwise")

    @pytest.mark.parametrize("labels", [[], ["a", "a"], "peak", [1.5], [True, ""], [str(n) for n in range(128)]])
    def test_refuses_bad_lists_of_labels(self, labels):
        assert _refusal(labels=labels)[:2] == ("calendar_shape", "/labels")

    def test_refuses_an_unknown_time_zone(self):
        assert _refusal(time_zone="Asia/Nowhere")[:2] == ("calendar_time_zone", "/time_zone")

    @pytest.mark.parametrize(
        ("selector", "where"),
        [
            ({"months": [13]}, "/rules/0/months/0"),
            ({"months": []}, "/rules/0/months"),
            ({"months": 7}, "/rules/0/months"),
            ({"weekdays": ["sat", "sunday"]}, "/rules/0/weekdays/1"),
            ({"weekend": "yes"}, "/rules/0/weekend"),
            ({"windows": []}, "/rules/0/windows"),
            ({"when": 3}, "/rules/0/when"),
        ],
    )
    def test_refuses_bad_selectors(self, selector, where):
        assert _refusal(rules=[{"label": "peak", **selector}])[:2] == ("calendar_shape", where)

    @pytest.mark.parametrize("text", ["13-01", "02-30", "6-1", "06-01..", "06-01..09-31", 601])
    def test_refuses_what_is_no_day_of_the_year(self, text):
        assert _refusal(rules=[{"label": "peak", "dates": [text]}])[:2] == ("calendar_date", "/rules/0/dates/0")

    def test_refuses_a_holiday_that_the_table_does_not_know(self):
        assert _refusal(rules=[{"label": "peak", "holidays": ["xmas"]}]) == (
            "calendar_holiday",
            "/rules/0/holidays/0",
            "The working-day table knows no holiday “xmas”. It knows: -.",
        )

    def test_refuses_rules_that_are_no_list(self):
        assert _refusal(rules={"label": "peak"})[:2] == ("calendar_shape", "/rules")

    def test_refuses_a_rule_that_is_no_mapping(self):
        assert _refusal(rules=["peak"])[:2] == ("calendar_shape", "/rules/0")
