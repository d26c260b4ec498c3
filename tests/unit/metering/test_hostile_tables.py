"""Tables that try to be taken for something else: refused in their place, nothing cut, nothing guessed."""

from __future__ import annotations

import io

import pytest

from tenants.metering.formats import base, detect

LORD_HOWE = "Australia/Lord_Howe"
READS = "supply_point,meter,register,day,read"
LONG = {"layout": "long", "columns": {"identifier": 0, "stamp": 1, "value": 2}, "minutes": 60}


def items(content, *, blocks=True, zone="Australia/Sydney", mapping=None):
    options = base.ReadOptions(zone=zone, mapping=mapping, blocks=blocks)
    return list(detect.read(source=io.BytesIO(content.encode()), options=options).items)


def columns(day, count):
    head = "nmi,date," + ",".join(f"P{n}" for n in range(1, count + 1))
    return f"{head}\nA1,{day}," + ",".join(["1"] * count) + "\n"


def refusals(found):
    return [(each.code, each.row, each.column) for each in found if isinstance(each, base.Refusal)]


class TestDaysOfHalfHours:
    @pytest.mark.parametrize("blocks", [True, False])
    @pytest.mark.parametrize("day", ["2026-04-05", "2026-10-04"])
    def test_are_no_whole_hours(self, day, blocks):
        assert refusals(items(columns(day, 24), zone=LORD_HOWE, blocks=blocks)) == [("interval_day", 2, 2)]

    def test_are_whole_half_hours(self):
        [day] = items(columns("2026-04-05", 50).rsplit(",1", 1)[0] + ",\n", zone=LORD_HOWE)

        assert (day.values.size, day.total) == (49, 49_000)

    def test_are_refused_reading_by_reading_too(self):
        rows = "nmi,t,kWh\nA1,2026-04-05 00:00,1\nA1,2026-04-06 00:00,1\n"

        found = items(rows, zone=LORD_HOWE, mapping=LONG)

        assert refusals(found) == [("interval_day", 2, 2)]


class TestOffsets:
    @pytest.mark.parametrize("offset", ["+99:99", "-23:59", "+14:30", "+10:60"])
    def test_that_no_clock_has_are_refused(self, offset):
        found = items(f"nmi,t,kWh\nA1,2026-02-01T00:00{offset},1\n", mapping=LONG)

        assert refusals(found) == [("not_an_instant", 2, 2)]

    @pytest.mark.parametrize("offset", ["+14:00", "-12:00", "+00:00", "Z"])
    def test_that_a_clock_has_are_taken(self, offset):
        assert refusals(items(f"nmi,t,kWh\nA1,2026-02-01T00:00{offset},1\n", mapping=LONG)) == []


class TestReads:
    @pytest.mark.parametrize(
        ("row", "expected"),
        [
            ("A1,M,,2026-01-01,5", ("nem13_register", 2, 3)),
            ("A1,M,1,2026-01-01,5,7,8", ("columns_long", 2, 6)),
            (f"{'A' * 65},M,1,2026-01-01,5", ("text_long", 2, 1)),
            (f"A1,{'M' * 41},1,2026-01-01,5", ("text_long", 2, 2)),
            (f"A1,M,{'R' * 17},2026-01-01,5", ("text_long", 2, 3)),
            ("A1,M,1,2026-01-01,NaN", ("not_a_number", 2, 5)),
            ("A1,M,1,2026-01-01,1e400", ("not_a_number", 2, 5)),
            ("A1,M,1,2026-01-01,-1", ("not_a_number", 2, 5)),
            ("A1,M,1,2026-02-30,1", ("not_a_date", 2, 4)),
        ],
    )
    def test_that_are_none_are_refused_in_their_place(self, row, expected):
        assert refusals(items(f"{READS}\n{row}\n")) == [expected]

    @pytest.mark.parametrize("head", ["supply_point,meter,register,day,day,read", "nmi,户号,register,day,read"])
    def test_of_columns_named_twice_are_refused(self, head):
        with pytest.raises(base.FileRefused) as refused:
            items(f"{head}\nA1,M,1,2026-01-01,2026-01-02,5\n")

        assert (refused.value.refusal.code, refused.value.refusal.row) == ("columns_twice", 1)

    def test_with_a_decimal_comma_are_read_between_semicolons(self):
        [read] = items(READS.replace(",", ";") + "\nA1;M;1;2026-01-01;10512,5\n")

        assert str(read.value) == "10512.5"

    @pytest.mark.parametrize(("unit", "expected"), [("KWH", "kWh"), ("m³", "m3"), ("mwh", "MWh"), ("", "kWh")])
    def test_know_their_unit_however_it_is_written(self, unit, expected):
        [read] = items(f"{READS},unit\nA1,M,1,2026-01-01,5,{unit}\n")

        assert (read.unit, read.tells_unit) == (expected, bool(unit))
