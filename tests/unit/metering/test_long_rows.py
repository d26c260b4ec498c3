"""A row per reading: stamps at start or end, units, marks, clock changes, any order; workbooks and packed files."""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile

import openpyxl
import pytest

from tenants.metering.formats import base, detect, mapping, opening, suggesting

SYDNEY = "Australia/Sydney"
SAID = {"layout": "long", "columns": {"identifier": 0, "stamp": 1, "value": 2}, "minutes": 60, "zone": SYDNEY}


def items(content, said=SAID, **options):
    data = content.encode() if isinstance(content, str) else content
    reading = detect.read(source=io.BytesIO(data), options=base.ReadOptions(mapping=said or None, **options))
    return reading.format, list(reading.items)


def hours(day, count=24, *, first=0, value="1.5", text="{:%Y-%m-%d %H:%M}"):
    start = dt.datetime.fromisoformat(day)
    return "".join(f"A1,{text.format(start + dt.timedelta(hours=first + n))},{value}\n" for n in range(count))


class TestADayOfRows:
    def test_is_read_by_its_start_stamps(self):
        _, [day] = items("nmi,t,kWh\n" + hours("2026-05-01"))

        assert (day.day, day.total, day.missing, day.row) == (dt.date(2026, 5, 1), 36_000, 0, 2)

    def test_is_read_by_its_end_stamps_with_24_00(self):
        rows = hours("2026-05-01", 23, first=1) + "A1,2026-05-01 24:00,7\n"

        _, [day] = items("nmi,t,kWh\n" + rows, SAID | {"stamps": "end"})

        assert (day.day, day.values.tolist()[-2:], day.missing) == (dt.date(2026, 5, 1), [1500, 7000], 0)

    @pytest.mark.parametrize(
        ("said", "cell", "total"),
        [
            ({"unit": "MWh"}, "0.0015", 36_000),
            ({"unit": "Wh"}, "1500", 36_000),
            ({"unit": "kW"}, "1.5", 36_000),
            ({"unit": "kvarh", "register": "Q1"}, "1.5", 36_000),
            ({"decimal": ",", "delimiter": ";"}, "1,5", 36_000),
            ({"unit": "Wh"}, "0.5", 12),
        ],
    )
    def test_is_in_the_unit_and_with_the_decimal_mark_that_was_said(self, said, cell, total):
        mark = said.get("delimiter", ",")
        rows = hours("2026-05-01", value="VALUE").replace(",", mark).replace("VALUE", cell)

        _, [day] = items("nmi;t;v\n" + rows, SAID | said)

        assert day.total == total

    @pytest.mark.parametrize(
        ("order", "text"),
        [("dmy", "{:%d/%m/%Y %H:%M}"), ("mdy", "{:%m/%d/%Y %I:%M %p}"), ("ymd", "{:%Y年%m月%d日 %H:%M}")],
    )
    def test_may_write_its_dates_in_other_orders(self, order, text):
        _, [day] = items("nmi,t,kWh\n" + hours("2026-05-11", text=text), SAID | {"order": order})

        assert (day.day, day.missing) == (dt.date(2026, 5, 11), 0)

    def test_may_have_date_and_time_apart_and_a_register_by_its_own_word(self):
        said = {"layout": "long", "columns": {"identifier": 0, "date": 1, "time": 2, "register": 3, "value": 4}}
        said |= {"minutes": 60, "zone": SYDNEY, "registers": {"IN": "E1", "OUT": "B1"}}
        rows = "".join(f"A1,2026-05-01,{n:02d}:00,{word},2\n" for n in range(24) for word in ("IN", "OUT"))

        _, days = items("a,b,c,d,e\n" + rows, said)

        assert [(day.register_code, day.kind, day.total) for day in days] == [
            ("E1", "consumption", 48_000),
            ("B1", "feed_in", 48_000),
        ]

    def test_marks_gaps_that_are_said_empty_or_padded_as_missing(self):
        rows = hours("2026-05-01", 3) + "A1,2026-05-01 03:00,\nA1,2026-05-01 04:00,-999\nA1,2026-05-01 05:00,1e8\n"

        _, [day] = items("nmi,t,kWh\n" + rows, SAID | {"missing": ["-999"]})

        assert (day.total, day.missing) == (4500, 21)

    def test_comes_in_any_order(self):
        lines = [*hours("2026-05-01").splitlines(), *hours("2026-05-02", value="2").splitlines()]
        random.Random(5).shuffle(lines)

        _, days = items("nmi,t,kWh\n" + "\n".join(lines))

        assert sorted((day.day.day, day.total) for day in days) == [(1, 36_000), (2, 48_000)]


class TestClockChanges:
    def test_the_long_day_has_an_hour_twice(self):
        stamps = [f"{hour:02d}:00" for hour in (0, 1, 2, 2, *range(3, 24))]
        rows = "".join(f"A1,2026-04-05 {stamp},{place}\n" for place, stamp in enumerate(stamps))

        _, [day] = items("nmi,t,kWh\n" + rows)

        assert [int(value) for value in day.values] == [place * 1000 for place in range(25)]

    def test_the_short_day_has_none_of_the_hour_that_is_not(self):
        rows = "".join(f"A1,2026-10-04 {hour:02d}:00,1\n" for hour in range(24) if hour != 2)

        _, [day] = items("nmi,t,kWh\n" + rows)
        _, found = items("nmi,t,kWh\n" + rows + "A1,2026-10-04 02:00,1\n")

        assert (day.values.size, day.missing) == (23, 0)
        assert [item.code for item in found if isinstance(item, base.Refusal)] == ["long_clock_forward"]

    def test_end_stamps_reach_both_days_to_their_last_minute(self):
        for date, hours_of_day in (("2026-04-05", 25), ("2026-10-04", 23)):
            start = dt.datetime.fromisoformat(f"{date}T00:00:00").replace(tzinfo=base.zone_named(SYDNEY))
            instants = [start.astimezone(dt.UTC) + dt.timedelta(hours=n + 1) for n in range(hours_of_day)]
            local = [instant.astimezone(base.zone_named(SYDNEY)) for instant in instants]
            rows = "".join(f"A1,{moment:%Y-%m-%d %H:%M},{place}\n" for place, moment in enumerate(local))

            _, [day] = items("nmi,t,kWh\n" + rows, SAID | {"stamps": "end"})

            assert [int(value) for value in day.values] == [place * 1000 for place in range(hours_of_day)]

    def test_an_offset_in_the_stamp_needs_no_guess(self):
        rows = "".join(
            f"A1,2026-04-0{4 + (14 + n) // 24}T{(14 + n) % 24 - 1:02d}:00Z,1\n" for n in range(25) if (14 + n) % 24
        )

        _, days = items("nmi,t,kWh\n" + rows)

        assert {day.day for day in days} == {dt.date(2026, 4, 5)}


class TestRefusals:
    @pytest.mark.parametrize(
        ("row", "code", "column"),
        [
            ("A1,2026-05-01 00:00,x", "not_a_number", 3),
            ("A1,2026-05-01 00:00,-1", "negative", 3),
            ("A1,2026-05-01 00:00,3000000000", "too_big", 3),
            ("A1,2026-05-01 00:07,1", "off_grid", 2),
            ("A1,2026-05-01 25:00,1", "not_an_instant", 2),
            ("A1,01/02/2026 10:00,1", "ambiguous_date", 2),
            ("A1,yesterday,1", "not_an_instant", 2),
            (",2026-05-01 00:00,1", "no_identifier", 1),
            ("3.2E+12,2026-05-01 00:00,1", "identifier_damaged", 1),
            ("A1,2026-05-01 00:00", "columns_short", 2),
            ("A1,2026-05-01 05:00,1\nA1,2026-05-01 05:00,1", "long_twice", 2),
        ],
    )
    def test_name_row_and_column(self, row, code, column):
        _, found = items(f"nmi,t,kWh\n{row}\n")

        refusals = [item for item in found if isinstance(item, base.Refusal)]
        assert [(item.code, item.column) for item in refusals] == [(code, column)]
        assert refusals[0].sentence

    def test_a_file_in_which_too_much_stands_open(self, monkeypatch):
        monkeypatch.setattr("tenants.metering.formats.long_days.MOST_OPEN_SLOTS", 30)
        rows = hours("2026-05-01", 1) + hours("2026-05-02", 1)

        with pytest.raises(base.FileRefused) as refused:
            items("nmi,t,kWh\n" + rows)

        assert refused.value.refusal.code == "long_unsorted"

    @pytest.mark.parametrize(
        "said",
        [
            {"columns": {"identifier": 0, "stamp": 1}},
            {"columns": {"identifier": 0, "stamp": 0, "value": 2}},
            {"unit": "V"},
            {"minutes": 7},
            {"decimal": ","},
            {"layout": "columns", "count": 95},
            {"register": "Z9"},
            {"further": [["x", "E1", "kWh"]]},
        ],
    )
    def test_a_mapping_that_makes_no_sense(self, said):
        with pytest.raises(mapping.BadMapping):
            mapping.from_json(SAID | said)


def workbook(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def zipped(content, name="a.xlsx"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


class TestWorkbooks:
    HEAD = ["NMI", "Date", *[f"P{n}" for n in range(1, 25)]]

    def test_are_read_like_the_same_table_as_text(self):
        content = workbook([self.HEAD, ["A1", dt.date(2026, 5, 1), *[1.1] * 24]])

        for given in (content, zipped(content)):
            form, [day] = items(given, None, zone=SYDNEY)
            assert (form, day.day, day.total, day.row) == ("columns96", dt.date(2026, 5, 1), 26_400, 2)

    def test_with_a_row_per_reading_need_no_mapping_where_the_header_says_it_all(self):
        rows = [["A1", dt.datetime(2026, 5, 1) + dt.timedelta(minutes=15 * n), 0.1] for n in range(96)]

        form, [day] = items(workbook([["NMI", "Interval start", "kWh"], *rows]), None, zone=SYDNEY)

        assert (form, day.total, day.missing, day.minutes) == ("long", 9600, 0, 15)

    def test_that_are_damaged_or_hold_two_tables_are_refused(self):
        book = openpyxl.Workbook()
        book.active.append(["a"])
        book.create_sheet("two").append(["b"])
        two = io.BytesIO()
        book.save(two)
        cut = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(workbook([self.HEAD]))) as whole, zipfile.ZipFile(cut, "w") as broken:
            for name in whole.namelist():
                broken.writestr(name, whole.read(name)[: 300 if "sheet1" in name else None])

        codes = []
        for content in (two.getvalue(), cut.getvalue()):
            with pytest.raises(base.FileRefused) as refused:
                items(content, None, zone=SYDNEY)
            codes.append(refused.value.refusal.code)

        assert codes == ["spreadsheet_sheets", "spreadsheet_damaged"]

    def test_that_unpack_to_more_than_a_workbook_has_are_refused(self, monkeypatch):
        monkeypatch.setattr("tenants.metering.formats.spreadsheets.UNPACKED_BYTES", 1000)

        with pytest.raises(base.FileRefused) as refused:
            items(workbook([self.HEAD]), None, zone=SYDNEY)

        assert refused.value.refusal.code == "spreadsheet_large"


class TestSuggestions:
    def suggested(self, text):
        return suggesting.suggest(opening.unpack(io.BytesIO(text.encode())))

    def test_read_names_order_unit_and_interval_off_the_table(self):
        rows = "".join(f"A1;{n + 1:02d}.05.2026 00:{minute:02d};1,5\n" for n in range(20) for minute in (0, 30))

        found = self.suggested("Kunde;Interval end;Usage (kWh)\n" + rows)

        assert found.mapping.delimiter == ";"
        assert found.mapping.columns["stamp"] == 1
        assert found.mapping.columns["value"] == 2
        assert (found.mapping.order, found.mapping.decimal, found.mapping.stamps) == ("dmy", ",", "end")
        assert (found.mapping.minutes, found.mapping.unit, found.mapping.header_rows) == (30, "kwh", 1)

    def test_know_a_header_again_and_no_other(self):
        one, same = self.suggested("NMI,T,kWh\nA,1,2\n"), self.suggested("nmi,t,kwh\nB,3,4\nC,5,6\n")
        other = self.suggested("NMI,T,MWh\nA,1,2\n")

        assert one.fingerprint == same.fingerprint != other.fingerprint

    def test_do_not_read_by_themselves_what_is_not_said(self):
        with pytest.raises(base.FileRefused) as refused:
            items("NMI,Time,kWh\n" + hours("2026-05-01"), None, zone=SYDNEY)

        assert refused.value.refusal.code == "mapping_needed"


class TestColumnsWithAMapping:
    def test_are_read_where_the_header_says_nothing(self):
        said = {"layout": "columns", "columns": {"identifier": 0, "date": 1, "value": 3}, "count": 24, "minutes": 60}
        said |= {"order": "dmy", "unit": "MWh", "decimal": ",", "delimiter": ";", "zone": SYDNEY}
        content = "x;y;z" + ";q" * 24 + "\n" + "A1;02/05/2026;?" + ";0,001" * 24 + "\n"

        form, [day] = items(content, said)

        assert (form, day.day, day.total) == ("columns96", dt.date(2026, 5, 2), 24_000)


class TestAnHourThatTheClockJumpsOver:
    def rows(self, value):
        hours = [hour for hour in range(24) if hour != 2]
        lines = [f"P1,2026-10-04 {hour:02}:00,1" for hour in hours] + [f"P1,2026-10-04 02:00,{value}"]
        return ("p,t,v\n" + "\n".join(lines) + "\n").encode()

    def read(self, value):
        said = {"columns": {"identifier": 0, "stamp": 1, "value": 2}, "minutes": 60, "zone": "Australia/Sydney"}
        options = base.ReadOptions(mapping=said)
        return list(detect.read(source=io.BytesIO(self.rows(value)), options=options).items)

    @pytest.mark.parametrize("value", ["", "0", "NaN"])
    def test_may_stand_in_a_table_without_a_reading(self, value):
        [day] = self.read(value)

        assert (day.total, day.missing, day.values.size) == (23_000, 0, 23)

    def test_has_no_reading(self):
        day, refused = self.read("1")

        assert (refused.code, refused.row, refused.column) == ("long_clock_forward", 25, 2)
        assert refused.sentence == "“2026-10-04 02:00” is a time that the clock jumps over on this day."
        assert day.total == 23_000


class TestTheQuickWay:
    """Rows are looked up where nothing is left to decide; what comes out is what the slow way says."""

    def rows(self):
        chance = random.Random(7)
        rows = [
            f"A{point},{day} {hour:02d}:{minute:02d},{chance.choice(['1.5', '0.001', '12', ' 3 ', '', '1e2'])}"
            for point in (1, 2)
            for day in ("2026-04-05", "2026-05-01", "2026-10-04")
            for hour in range(24)
            for minute in (0, 30)
            if not (day == "2026-10-04" and hour == 2)
        ]
        chance.shuffle(rows)
        return rows

    def read(self, rows, quote=False):
        said = SAID | {"minutes": 30}
        head, *body = ["nmi,t,kWh", *rows]
        lines = [",".join(f'"{cell}"' for cell in line.split(",")) for line in body] if quote else body
        _, found = items("\n".join([head, *lines]) + "\n", said)
        return sorted(
            (each.identifier, each.day, each.values.tolist(), each.quality.tolist(), each.row)
            if isinstance(each, base.ChannelDay)
            else (each.code, each.row, each.column)
            for each in found
        )

    def test_says_what_the_slow_way_says(self):
        rows = self.rows()

        assert self.read(rows) == self.read(rows, quote=True)

    def test_says_so_of_rows_that_are_wrong_too(self):
        rows = [
            "A1,2026-05-01 00:00,1",
            "A1,2026-05-01 00:00,2",
            "A1,2026-05-01 00:10,1",
            "A1,2026-05-01 01:00,x",
            "A1",
            "A1,2026-10-04 02:30,1",
            ",2026-05-01 02:00,1",
        ]

        quick, slow = self.read(rows), self.read(rows, quote=True)

        assert quick == slow
        assert len([each for each in quick if isinstance(each[1], int)]) == 6

    def test_tells_a_reading_of_a_whole_day_that_comes_again(self):
        rows = [f"A1,2026-05-01 {n // 2:02d}:{n % 2 * 30:02d},1" for n in range(48)]

        found = self.read([*rows, "A1,2026-05-01 05:00,1"])

        assert found[-1] == ("long_twice", 50, 2)
