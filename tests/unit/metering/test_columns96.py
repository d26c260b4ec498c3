"""Day-per-row files: headers in two languages, stamps, units, clock changes, and the exact cell of each refusal."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from tenants.metering.formats import base, detect
from tenants.metering.formats.base import Quality


def ends(minutes):
    """00:15 … 24:00"""
    return [f"{at // 60:02d}:{at % 60:02d}" for at in range(minutes, 24 * 60 + 1, minutes)]


def starts(minutes):
    """00:00 … 23:45"""
    return [f"{at // 60:02d}:{at % 60:02d}" for at in range(0, 24 * 60, minutes)]


def row(*cells, sep=","):
    return sep.join(str(cell) for cell in cells)


def items(*rows, encoding="utf-8", zone="Asia/Shanghai", **options):
    source = io.BytesIO(("\r\n".join(rows) + "\r\n").encode(encoding))
    return list(detect.read(source=source, options=base.ReadOptions(zone=zone, **options)).items)


def refused(*rows, **options):
    found = [item for item in items(*rows, **options) if isinstance(item, base.Refusal)]
    assert all("{" not in each.sentence for each in found)
    return [(each.row, each.column, each.code) for each in found]


def refused_file(*rows, **options):
    with pytest.raises(base.FileRefused) as caught:
        items(*rows, **options)
    assert "{" not in caught.value.refusal.sentence
    return caught.value.refusal.row, caught.value.refusal.code


ENGLISH = row("nmi", "date", *ends(15))


class TestHeaders:
    @pytest.mark.parametrize(
        ("labels", "minutes"),
        [
            (ends(15), 15),
            (starts(15), 15),
            ([f"{int(label[:2])}:{label[3:]}" for label in ends(15)], 15),
            ([*ends(15)[:-1], "00:00"], 15),
            ([f"{label}:00" for label in ends(15)], 15),
            ([f"{a}-{b}" for a, b in zip(starts(15), ends(15), strict=True)], 15),
            ([f"{a}~{b}" for a, b in zip(starts(30), ends(30), strict=True)], 30),
            ([label.replace(":", "") for label in ends(15)], 15),
            ([f"P{n}" for n in range(1, 97)], 15),
            ([f"p{n:02d}" for n in range(1, 97)], 15),
            ([f"第{n}点" for n in range(1, 97)], 15),
            ([str(n) for n in range(1, 49)], 30),
            ([f"V{n}" for n in range(96)], 15),
            ([f"kwh_{n}" for n in range(1, 97)], 15),
            (ends(30), 30),
            (ends(60), 60),
            (ends(5), 5),
        ],
    )
    def test_are_understood_however_the_intervals_are_named(self, labels, minutes):
        [found] = items(row("nmi", "date", *labels), row("A1", "2026-01-01", *range(len(labels))), unit="Wh")

        assert found.minutes == minutes
        assert found.values.tolist() == list(range(len(labels)))

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_are_understood_in_chinese_in_every_usual_encoding(self, encoding):
        header = row("序号", "户号", "户名", "日期", "数据类型", "电量(kWh)", *ends(15))
        day = row(1, "\t3301234567890", "某公司", "2026年1月5日", "反向有功", "", *["0.25"] * 96)

        [found] = items("用户分时电量明细", "", header, day, encoding=encoding)

        assert (found.identifier, found.register_code, found.kind) == ("3301234567890", "B1", base.Kind.FEED_IN)
        assert (found.day, found.row, found.total) == (dt.date(2026, 1, 5), 4, 24_000)

    def test_name_a_supply_point_twice_the_particular_name_first(self):
        [found] = items(row("户号", "计量点编号", "日期", *ends(60)), row("33", "0001", "20260101", *["1"] * 24))

        assert (found.identifier, found.aliases) == ("0001", ("33",))

    def test_need_not_be_there_when_the_rows_speak_for_themselves(self):
        found = items(row("A1", "2026-01-01", *["1"] * 96), row("A1", "2026-01-02", *["2"] * 96))

        assert [(each.row, each.total) for each in found] == [(1, 96_000), (2, 192_000)]

    @pytest.mark.parametrize(
        ("header", "code"),
        [
            (row("nmi", "date", *ends(15)[:-1]), "columns_count"),
            (row("nmi", "date", *ends(15)[:40], "10:20", *ends(15)[41:]), "columns_order"),
            (row("nmi", "date", *[f"P{n}" for n in range(1, 40)], *[f"P{n}" for n in range(41, 98)]), "columns_order"),
            (row("nmi", "date", "date", *ends(15)), "columns_twice"),
            (row("colour", "date", *ends(15)), "no_identifier"),
            (row("nmi", "colour", *ends(15)), "columns_header"),
        ],
    )
    def test_that_contradict_themselves_are_refused(self, header, code):
        assert refused_file(header, row("A1", "2026-01-01", *["1"] * 96)) == (1, code)


class TestDays:
    @pytest.mark.parametrize(
        ("unit", "in_header", "cell", "each"),
        [
            ("kWh", "", "1", 1000),
            ("MWh", "", "0.001", 1000),
            ("kW", "", "4", 1000),
            (None, "有功功率(kW)", "4", 1000),
            (None, "电量（千瓦时）", "1", 1000),
            (None, "", "1", 1000),
            ("Wh", "", "1000", 1000),
        ],
    )
    def test_are_kept_in_watt_hours_whatever_the_unit(self, unit, in_header, cell, each):
        header = row("nmi", "date", in_header or "note", *ends(15))

        [found] = items(header, row("A1", "2026-01-01", "", *[cell] * 96), unit=unit)

        assert (found.unit, found.values.tolist()) == (base.Unit.WATT_HOUR, [each] * 96)

    def test_of_power_keep_the_total_right(self):
        [found] = items(row("nmi", "date", *ends(5)), row("A1", "2026-01-01", *["0.001"] * 288), unit="kW")

        assert found.total == 24

    def test_take_unit_register_and_quality_of_their_own_row(self):
        header = row("nmi", "meter", "date", "register", "unit", "quality", *ends(60))
        rows = [
            row("A1", "M7", "2026-01-01", "E1", "kWh", "A", *["1"] * 24),
            row("A1", "M7", "2026-01-01", "Q1", "kvarh", "estimated", *["2"] * 24),
            row("A1", "M7", "2026-01-01", "generation", "MWh", "", *["0.003"] * 24),
        ]

        found = items(header, *rows)

        assert [(f.register_code, f.kind, f.unit, f.total, f.quality[0], f.meter_serial) for f in found] == [
            ("E1", "consumption", "Wh", 24_000, Quality.ACTUAL, "M7"),
            ("Q1", "reactive", "varh", 48_000, Quality.ESTIMATED, "M7"),
            ("G1", "generation", "Wh", 72_000, Quality.ACTUAL, "M7"),
        ]

    @pytest.mark.parametrize("gap", ["", "1E8", "100000000", "1e+08", "NULL", "--", "NaN"])
    def test_mark_what_was_not_read(self, gap):
        [found] = items(ENGLISH, row("A1", "2026-01-01", *["1"] * 40, gap, *["1"] * 55))

        assert (found.missing, found.quality[40], found.total) == (1, Quality.MISSING, 95_000)

    def test_read_decimal_commas_where_they_cannot_separate_cells(self):
        header, day = row("nmi", "date", *ends(60), sep=";"), row("A1", "05.01.2026", *["1,234"] * 24, sep=";")

        [found] = items(header, day, zone="Europe/Berlin")

        assert (found.day, found.total) == (dt.date(2026, 1, 5), 24 * 1234)

    def test_may_bring_their_own_sum(self):
        header = row("nmi", "date", *ends(60), "total")

        [found] = items(header, row("A1", "2026-01-01", *["0.333"] * 24, "7.99"))

        assert found.total == 24 * 333
        assert refused(header, row("A1", "2026-01-01", *["0.333"] * 24, "8.99")) == [(2, 27, "columns_total")]

    @pytest.mark.parametrize(
        ("cells", "column", "code"),
        [
            (["A1", "2026-01-01", *["1"] * 95], 97, "columns_short"),
            (["A1", "2026-01-01", *["1"] * 97], 99, "columns_long"),
            (["A1", "2026-01-01", *["1"] * 50], 52, "columns_short"),
            (["A1", "2026-02-30", *["1"] * 96], 2, "not_a_date"),
            (["A1", "01/02/2026", *["1"] * 96], 2, "ambiguous_date"),
            (["A1", "", *["1"] * 96], 2, "not_a_date"),
            (["", "2026-01-01", *["1"] * 96], 1, "no_identifier"),
            (["3.30123E+12", "2026-01-01", *["1"] * 96], 1, "identifier_damaged"),
            (["A1", "2026-01-01", "x", *["1"] * 95], 3, "not_a_number"),
            (["A1", "2026-01-01", *["1"] * 95, "-0.5"], 98, "negative"),
            (["A1", "2026-01-01", *["1"] * 95, "99999999"], 98, "too_big"),
            (["A1", "2026-01-01", '"1,234"', *["1"] * 95], 3, "ambiguous_number"),
            (["A1", "2026-01-01", "#REF!", *["1"] * 95], 3, "not_a_number"),
        ],
    )
    def test_that_are_wrong_are_refused_with_the_cell(self, cells, column, code):
        assert refused(ENGLISH, row(*cells)) == [(2, column, code)]

    def test_name_every_bad_cell_of_a_row(self):
        assert refused(ENGLISH, row("A1", "2026-01-01", "x", *["1"] * 94, "y")) == [
            (2, 3, "not_a_number"),
            (2, 98, "not_a_number"),
        ]

    def test_come_once(self):
        day = row("A1", "2026-01-01", *["1"] * 96)

        assert refused(ENGLISH, day, day) == [(3, 2, "day_twice")]

    def test_need_readings_already_multiplied(self):
        header = row("户号", "日期", "综合倍率", *ends(15))

        assert refused(header, row("33", "2026-01-01", 200, *["1"] * 96)) == [(2, 3, "columns_multiplier")]
        assert refused(header, row("33", "2026-01-01", 1, *["1"] * 96)) == []

    def test_need_a_register_that_is_known(self):
        header = row("户号", "日期", "数据类型", *ends(15))

        assert refused(header, row("33", "2026-01-01", "电压", *["1"] * 96)) == [(2, 3, "columns_register")]

    def test_need_a_zone(self):
        assert refused(ENGLISH, row("A1", "2026-01-01", *["1"] * 96), zone=None) == [(2, None, "zone_unknown")]


class TestClockChanges:
    """Berlin: 2026-03-29 has 23 hours, 2026-10-25 has 25."""

    zone = "Europe/Berlin"

    def test_leave_out_the_hour_that_does_not_exist_by_its_label(self):
        cells = [*range(8), "", "", "", 0, *range(12, 96)]

        [found] = items(ENGLISH, row("A1", "2026-03-29", *cells), zone=self.zone, unit="Wh")

        assert found.values.tolist() == [*range(8), *range(12, 96)]

    def test_refuse_energy_in_the_hour_that_does_not_exist(self):
        found = refused(ENGLISH, row("A1", "2026-03-29", *["1"] * 96), zone=self.zone)

        assert found == [(2, 11, "columns_clock_forward")]

    @pytest.mark.parametrize("tail", [[""] * 4, []])
    def test_take_the_counted_columns_of_a_short_day(self, tail):
        header = row("nmi", "date", *[f"P{n}" for n in range(1, 97)])

        [found] = items(header, row("A1", "2026-03-29", *range(92), *tail), zone=self.zone, unit="Wh")

        assert found.values.tolist() == list(range(92))

    def test_refuse_more_readings_than_the_short_day_has(self):
        header = row("nmi", "date", *[f"P{n}" for n in range(1, 97)])

        found = refused(header, row("A1", "2026-03-29", *["1"] * 96), zone=self.zone)

        assert found == [(2, 95, "columns_left_over")]

    def test_fill_hundred_columns_on_the_long_day_and_ninety_six_else(self):
        header = row("nmi", "date", *[f"P{n}" for n in range(1, 101)])
        rows = [row("A1", "2026-10-25", *range(100)), row("A1", "2026-10-26", *range(96), "", "", "", "")]

        long, usual = items(header, *rows, zone=self.zone, unit="Wh")

        assert (long.values.size, usual.values.size) == (100, 96)

    def test_refuse_the_long_day_where_the_columns_cannot_hold_it(self):
        found = refused(ENGLISH, row("A1", "2026-10-25", *["1"] * 96), zone=self.zone)

        assert found == [(2, None, "columns_clock_back")]
