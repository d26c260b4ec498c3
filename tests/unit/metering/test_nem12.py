"""NEM12: what the market's specification allows is read to the watt-hour, everything else is refused by its row."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest

from tenants.metering.formats import base, detect, nmi_check_digit

FILES = Path(__file__).resolve().parents[3] / "examples" / "meters" / "nem12"
HEADER = "100,NEM12,202601010000,MDP,RET"
CHANNEL = "200,NEM1204000,E1B1Q1K1,1,E1,N1,SN1,kWh,30,"


def values(value="1", count=48):
    return ",".join([value] * count)


def day(on="20260101", cells=None, quality="A", tail=",,,20260102030405,"):
    return f"300,{on},{cells or values()},{quality}{tail}"


def items(*rows, end="\r\n", **options):
    source = io.BytesIO((end.join(rows) + end).encode())
    return list(detect.read(source=source, options=base.ReadOptions(**options)).items)


def refused(*rows, **options):
    found = [item for item in items(*rows, **options) if isinstance(item, base.Refusal)]
    assert all("{" not in each.sentence for each in found)
    return [(each.row, each.column, each.code) for each in found]


def refused_file(*rows):
    with pytest.raises(base.FileRefused) as caught:
        items(*rows)
    assert "{" not in caught.value.refusal.sentence
    return caught.value.refusal.row, caught.value.refusal.code


class TestNem12:
    def test_reads_a_day_with_everything_it_says(self):
        [found] = items(HEADER, CHANNEL, day(), "900")

        assert (found.identifier, found.register_code, found.kind, found.unit) == (
            "NEM1204000", "E1", base.Kind.CONSUMPTION, base.Unit.WATT_HOUR,
        )  # fmt: skip
        assert (found.minutes, found.day, found.zone, found.row) == (30, dt.date(2026, 1, 1), "Etc/GMT-10", 3)
        assert (found.values.tolist(), set(found.quality.tolist())) == ([1000] * 48, {base.Quality.ACTUAL})
        assert found.meter_serial == "SN1"
        assert found.stamped_at == dt.datetime(2026, 1, 1, 17, 4, 5, tzinfo=dt.UTC)

    @pytest.mark.parametrize(
        ("suffix", "unit", "kind", "kept"),
        [
            ("E1", "kWh", "consumption", "Wh"),
            ("E2", "KWH", "consumption", "Wh"),
            ("B1", "MWh", "feed_in", "Wh"),
            ("Q1", "kVArh", "reactive", "varh"),
            ("K1", "kvarh", "reactive", "varh"),
            ("F1", "kWh", "check", "Wh"),
            ("T1", "kVAh", "apparent", "VAh"),
            ("E1", "kW", "demand", "W"),
        ],
    )
    def test_tells_the_kind_by_the_suffix_and_keeps_the_base_unit(self, suffix, unit, kind, kept):
        [found] = items(HEADER, f"200,NEM1204000,{suffix},1,{suffix},,S,{unit},30,", day(), "900")

        assert (found.register_code, found.kind, found.unit) == (suffix, kind, kept)

    @pytest.mark.parametrize(("minutes", "slots"), [(5, 288), (15, 96), (30, 48)])
    def test_reads_every_interval_length_of_the_market(self, minutes, slots):
        channel = f"200,NEM1204000,E1,1,E1,N1,S,Wh,{minutes},"

        [found] = items(HEADER, channel, day(cells=values("7", slots)), "900")

        assert (found.minutes, found.values.size, found.total) == (minutes, slots, 7 * slots)

    def test_rounds_what_is_finer_than_a_watt_hour_on_the_running_sum(self):
        [found] = items(HEADER, CHANNEL, day(cells=values("0.0005")), "900")

        assert found.values.tolist() == [1, 0] * 24
        assert found.total == 24

    def test_takes_the_quality_of_each_interval_from_400_rows(self):
        rows = ["400,1,20,F14,76,", "400,21,24,A,,", "400,25,47,S14,1,", "400,48,48,N,,"]

        [found] = items(HEADER, CHANNEL, day(quality="V"), *rows, "900")

        assert found.quality.tolist() == [2] * 20 + [1] * 4 + [3] * 23 + [255]
        assert (found.values[47], found.missing, found.total) == (0, 1, 47_000)

    def test_takes_an_empty_reading_only_where_its_quality_is_null(self):
        cells = values(count=47) + ","

        [found] = items(HEADER, CHANNEL, day(cells=cells, quality="V"), "400,1,47,A,,", "400,48,48,N,,", "900")

        assert (found.total, found.missing) == (47_000, 1)
        assert refused(HEADER, CHANNEL, day(cells=cells), "900") == [(3, 50, "empty_reading")]

    def test_accepts_what_real_providers_leave_out_or_add(self):
        rows = [
            HEADER + "," * 50,
            "200,9999999999,B1E1,1,E1,,999999999,KWH,30" + "," * 40,
            day(tail=",,,202301011200"),
            "900" + "," * 50,
        ]

        [found] = items("", *rows, end="\n")

        assert (found.row, found.total) == (4, 48_000)

    def test_reads_several_blocks_of_header_and_end(self):
        found = items(HEADER, CHANNEL, day(), "900", HEADER, CHANNEL, day("20260102"), "900")

        assert [each.day.day for each in found] == [1, 2]

    def test_can_be_told_another_market_clock(self):
        [found] = items(HEADER, CHANNEL, day(), "900", zone="Etc/GMT-8")

        assert found.zone == "Etc/GMT-8"

    @pytest.mark.parametrize(
        ("row", "column", "code"),
        [
            (day(cells=values(count=47)), None, "values_missing"),
            (day(cells=values(count=49)), None, "values_missing"),
            (day(tail=","), None, "nem_fields"),
            (day("20260231"), 2, "not_a_date"),
            (day("2026-01-01"), 2, "not_a_date"),
            (day(cells="x," + values(count=47)), 3, "not_a_number"),
            (day(cells=values(count=47) + ",-1"), 50, "negative"),
            (day(cells=values(count=47) + ",NaN"), 50, "not_a_number"),
            (day(cells=values(count=47) + ",１"), 50, "not_a_number"),
            (day(cells=values(count=47) + ",3000000"), 50, "too_big"),
            (day(cells=values(count=47) + ",1e400"), 50, "not_a_number"),
            (day(quality="X"), 51, "quality"),
            (day(quality="A52"), 51, "quality_not_here"),
            (day(quality=""), 51, "quality"),
            (day(tail=",,,2026010203,"), 54, "not_an_instant"),
            (day(quality="V"), None, "events_missing"),
            (day() + "\r\n400,1,48,S14,1,", 4, "event_quality"),
            (day() + "\r\n400,1,47,A,79,", None, "events_missing"),
            (day(quality="S14", tail=",late,,20260102030405,"), 52, "reason_code"),
            (day(quality="V") + "\r\n400,1,20,A,,\r\n400,22,48,A,,", 2, "event_range"),
            (day(quality="V") + "\r\n400,1,20,A,,\r\n400,20,48,A,,", 2, "event_range"),
            (day(quality="V") + "\r\n400,1,49,A,,", 2, "event_range"),
            (day(quality="V") + "\r\n400,1,47,A,,", None, "events_missing"),
            (day(quality="V") + "\r\n400,1,48,V,,", 4, "quality_not_here"),
            (day() + "\r\n" + day(), 2, "day_twice"),
            (day() + "\r\n600,1", 1, "nem_indicator"),
            (day() + "\r\n250,NEM1204000", 1, "nem_indicator"),
        ],
    )
    def test_refuses_a_row_that_is_wrong(self, row, column, code):
        found = refused(HEADER, CHANNEL, row, "900")

        assert [(each[1], each[2]) for each in found] == [(column, code)]

    @pytest.mark.parametrize(
        ("row", "column", "code"),
        [
            ("200,NEM1204000,E1,1,E1,N1,S,kWh", None, "nem_fields"),
            ("200,NEM12 4000,E1,1,E1,N1,S,kWh,30,", 2, "nmi"),
            ("200,NEM120400012,E1,1,E1,N1,S,kWh,30,", 2, "nmi"),
            ("200,QAAAVZZZZZ4,E1,1,E1,N1,S,kWh,30,", 2, "nmi_check_digit"),
            ("200,NEM1204000,E1,1,41,N1,S,kWh,30,", 5, "nmi_suffix"),
            ("200,NEM1204000,V1,1,V1,,S,V,30,", 5, "nmi_suffix"),
            ("200,NEM1204000,E1,1,E1,N1,S,pf,30,", 8, "unit"),
            ("200,NEM1204000,E1,1,E1,N1,S,kvarh,30,", 8, "unit_of_suffix"),
            ("200,NEM1204000,E1,1,E1,N1,S,kWh,10,", 9, "interval_length"),
            ("200,NEM1204000,E1,1,E1,N1,S,kWh,30,soon", 10, "not_a_date"),
        ],
    )
    def test_refuses_a_channel_once_and_not_each_of_its_days(self, row, column, code):
        found = refused(HEADER, row, day(), day("20260102"), "500,N,,20260101000000,1", "900")

        assert found == [(2, column, code)]

    def test_refuses_rows_that_stand_in_no_channel(self):
        assert refused(HEADER, day(), "900") == [(2, 1, "nem_order")]
        assert refused(HEADER, "400,1,48,A,,", "900") == [(2, 1, "nem_order")]
        assert refused(HEADER, "500,N,,20260101000000,1", "900") == [(2, 1, "nem_order")]

    def test_refuses_a_channel_without_days(self):
        assert refused(HEADER, CHANNEL, "900") == [(2, None, "nem_no_days")]

    @pytest.mark.parametrize(
        ("rows", "refusal"),
        [
            ([CHANNEL, day(), "900"], (1, "nem_header_missing")),
            ([HEADER, CHANNEL, day()], (3, "nem_end_missing")),
            ([HEADER, CHANNEL, day(), HEADER, "900"], (4, "nem_end_missing")),
            ([HEADER, CHANNEL, day(), "900", day("20260102")], (5, "nem_after_end")),
            ([HEADER, CHANNEL, day(), "900,1"], (4, "nem_fields_left_over")),
            (["100,NEM12,202601010000,MDP,RET", "900", "100,NEM13,202601010000,MDP,RET", "900"], (3, "nem13")),
            (["100,NEM99,202601010000,MDP,RET", "900"], (1, "nem_version")),
            (["100,NEM12,2026,MDP,RET", "900"], (1, "not_an_instant")),
            (["100,NEM12", "900"], (1, "nem_header")),
        ],
    )
    def test_refuses_a_file_that_is_no_whole_one(self, rows, refusal):
        assert refused_file(*rows) == refusal

    @pytest.mark.parametrize(
        ("nmi", "digit"),
        [("QAAAVZZZZZ", 3), ("QCDWW00010", 2), ("VAAA000065", 7), ("2001985732", 8), ("4316854005", 9)],
    )
    def test_knows_the_check_digits_of_the_procedure(self, nmi, digit):
        [found] = items(HEADER, f"200,{nmi}{digit},E1,1,E1,N1,S,kWh,30,", day(), "900")

        assert nmi_check_digit.check_digit(nmi) == digit
        assert (found.identifier, found.aliases) == (nmi, (f"{nmi}{digit}",))


class TestNem12Examples:
    def test_sum_to_the_published_energy(self):
        with (FILES / "Example_NEM12_actual_interval.csv").open("rb") as source:
            consumption, reactive = detect.read(source=source).items

        assert (consumption.total, reactive.total) == (53_328, 106_656)

    def test_mark_the_half_day_that_was_estimated(self):
        with (FILES / "NEM12#Scenario06#ETSAMDP#NEMMCO.zip").open("rb") as source:
            found = [each for each in detect.read(source=source).items if each.day == dt.date(2005, 1, 8)]

        assert [each.quality.tolist() for each in found] == [[1] * 24 + [4] * 24] * 2
