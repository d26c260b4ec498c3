"""Day-per-row files that cannot be what they seem."""

from __future__ import annotations

from harness.meter_files.tables import (
    _JUNK,
    AUTUMN,
    BERLIN,
    PLAIN,
    POINT,
    SPRING,
    bad,
    clock,
    dated,
    day,
    headed,
    header,
    numbered,
    registers,
    row,
    semicolons,
    text,
    workbook,
)

BAD_HEADERS = [
    bad("header only", text(header()), (None, None, "no_readings"), by_import=True),
    bad("no identifiers", text(header("颜色", "日期"), day()), (1, None, "no_identifier")),
    bad("no date", text(header("户号", "颜色"), day()), (1, None, "columns_header")),
    bad("95 columns", text(header(columns=numbered(count=95)), day(count=95)), (1, None, "columns_count")),
    bad("97 columns", text(header(columns=numbered(count=97)), day(count=97)), (1, None, "columns_count")),
    bad("97 stamps", text(header(columns=["00:00", *clock()]), day(count=97)), (1, None, "columns_count")),
    bad(
        "a stamp out of order",
        text(header(columns=[*clock()[:40], "10:45", "10:30", *clock()[42:]]), day()),
        (1, 43, "columns_order"),
    ),
    bad(
        "two curves side by side",
        text(header(columns=numbered("P{}") + numbered("Q{}")), day(count=192)),
        (1, None, "columns_count"),
    ),
    bad("a curve of power without its unit", text("有功功率曲线", header(), day()), (2, None, "columns_power")),
    bad(
        "a daily total in English that differs",
        text(header("NMI", "Date", "Daily Total (kWh)"), day(POINT, "2026-03-01", "25")),
        (2, 3, "columns_total"),
    ),
    bad(
        "two dates",
        text(header("户号", "日期", "日期"), day(POINT, "2026-03-01", "2026-03-01")),
        (1, 3, "columns_twice"),
    ),
    bad("a million columns", text(header(columns=numbered(count=1_000_000)), day()), (1, None, "line_too_long")),
    bad("two units", headed("有功功率(kW)", "电量(kWh)", cells=("", "")), (1, None, "unit")),
    bad("volts", headed(labels=numbered("P{}(V)")), (1, None, "unit")),
    bad("gigajoules", headed(labels=numbered("P{}(GJ)")), (1, None, "unit")),
    bad("a spreadsheet", workbook(), (None, None, "spreadsheet_damaged")),
    bad("an old spreadsheet", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), (None, None, "spreadsheet")),
    bad("junk", b"\x00\x01" + _JUNK, (None, None, "not_text")),
    bad("a story", "从前有一个电表。\n".encode() * 50, (None, None, "unknown_format")),
    bad("JSON", b'{"readings": [' + b"1," * 96 + b"1]}", (1, None, "columns_header")),
    bad("a unit nobody knows by the person", PLAIN, (None, None, "unit"), unit="m³"),
    bad("a zone nobody knows by the person", PLAIN, (None, None, "zone_name"), zone_given="Mars/Olympus"),
    bad(
        "two points under one name",
        text(header(), day(), day("77", "2026-03-02")),
        (3, 1, "one_supply_point"),
        identifier=POINT,
    ),
]
BAD_ROWS = [
    *(
        bad(f"identifier {written}", text(header(), day(written, "2026-03-01")), (2, 1, "identifier_damaged"))
        for written in ("3.20100000001E+12", "3.201E+12", '"3,201E+12"', "3.3e12", "3E+012")
    ),
    *(
        bad(f"date {written}", dated(written), (2, 2, code))
        for written, code in (
            ("2026-31", "not_a_date"),
            ("2026-111", "not_a_date"),
            ("2026-03/01", "not_a_date"),
            ("2026-02-29", "not_a_date"),
            ("46082", "not_a_date"),
            ("00010101", "not_a_date"),
            ("9999-12-31", "not_a_date"),
            ("2026-03-01 12:15", "not_a_date"),
            ("01/02/2026", "ambiguous_date"),
            ("", "not_a_date"),
        )
    ),
    bad("a cell too few", text(header(), day(count=95)), (2, 97, "columns_short")),
    bad("an hour too few", text(header(), day(count=92)), (2, 94, "columns_short")),
    bad("a cell too many", text(header(), day(count=97)), (2, 99, "columns_long")),
    bad("thousands", text(header(), day(tail=()).replace("0.25", '"1,234.5"', 1)), (2, 3, "ambiguous_number")),
    bad("thousands and decimal commas", semicolons("1.234,5", *["0,25"] * 95), (2, 3, "ambiguous_number")),
    bad("points among decimal commas", semicolons("1.234", *["0,25"] * 95), (2, 4, "decimal_marks")),
    bad(
        "points after decimal commas",
        text(header(sep=";"), day(sep=";", cell="0,25"), day(POINT, "2026-03-02", sep=";")),
        (3, 3, "decimal_marks"),
    ),
    bad("a word", text(header(), day().replace("0.25", "O.25", 1)), (2, 3, "not_a_number")),
    bad("an error of a spreadsheet", text(header(), day().replace("0.25", "#DIV/0!", 1)), (2, 3, "not_a_number")),
    bad("full-width digits", text(header(), day().replace("0.25", "０.２５", 1)), (2, 3, "not_a_number")),
    bad("negative", text(header(), day().replace("0.25", "-0.25", 1)), (2, 3, "negative")),
    bad("beyond int32", text(header(), day().replace("0.25", "2147484", 1)), (2, 3, "too_big")),
    bad("a total that differs", headed("合计", cells=(25,)), (2, 3, "columns_total")),
    bad(
        "a total that differs in the unit of the row",
        headed("单位", "合计", cells=("Wh", 24), cell=250),
        (2, 4, "columns_total"),
    ),
    bad(
        "less in the total than in the curve",
        text(header("户号", "日期", "日电量"), row(POINT, "2026-03-01", 20, *["0.25"] * 92, *[""] * 4)),
        (2, 3, "columns_total"),
    ),
    bad("a summary row", text(header(), day(), day("合计", "")), (3, 2, "not_a_date")),
    bad("one row twice", text(header(), day(), day()), (3, 2, "day_twice")),
    bad("two rows for a day that differ", text(header(), day(), day(cell="0.5")), (3, 2, "day_twice")),
    bad("an unknown register", registers("A相电压"), (2, 3, "columns_register")),
    bad("power without its unit", registers("有功功率"), (2, 3, "columns_power")),
    bad("power in kilowatt hours", registers("有功功率", unit="(kWh)"), (2, 3, "columns_power")),
    bad("a multiplier", headed("倍率", cells=(200,)), (2, 3, "columns_multiplier")),
    bad("a unit that is none", headed("单位", cells=("V",)), (2, 3, "unit")),
    bad("an unknown quality", headed("数据状态", cells=("也许",)), (2, 3, "columns_quality")),
    bad("no identifier", text(header(), day("", "2026-03-01")), (2, 1, "no_identifier")),
    bad("an open quotation mark", text(header(), day().replace("0.25", '"0.25', 1)), (2, None, "broken_quotes")),
    bad(
        "energy in the hour that is not there",
        text(header(columns=clock()), day(POINT, SPRING)),
        (2, 11, "columns_clock_forward"),
        zone=BERLIN,
    ),
    bad("more than the short day has", text(header(), day(POINT, SPRING)), (2, 95, "columns_left_over"), zone=BERLIN),
    bad("the long day in 96 columns", text(header(), day(POINT, AUTUMN)), (2, None, "columns_clock_back"), zone=BERLIN),
    bad(
        "a hundred values on an odd day",
        text(header(columns=numbered(count=100)), day(count=100)),
        (2, 99, "columns_left_over"),
        zone=BERLIN,
    ),
    bad(
        "every bad row",
        text(header(), day(POINT, "soon"), day(), day("", "2026-03-02")),
        (2, 2, "not_a_date"),
        (4, 1, "no_identifier"),
    ),
    bad("an unknown supply point", text(header(), day(), day("78", "2026-03-01")), (3, 1, "unknown_supply_point")),
]
CASES = (*BAD_HEADERS, *BAD_ROWS)
