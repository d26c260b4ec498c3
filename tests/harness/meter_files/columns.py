"""Day-per-row files as grid companies, trading centres, portals and spreadsheets export them."""

from __future__ import annotations

import gzip

from harness.meter_files.cases import Day
from harness.meter_files.nem12 import zipped
from harness.meter_files.tables import (
    AUTUMN,
    BERLIN,
    PLAIN,
    POINT,
    SPRING,
    clock,
    dated,
    day,
    good,
    headed,
    header,
    numbered,
    one,
    registers,
    row,
    semicolons,
    text,
)

HEADERS = [
    good("plain", PLAIN),
    good("English", text(header("NMI", "Date"), day())),
    good("English words", text(header("Meter Point", "Reading Date", columns=numbered("Interval {}")), day())),
    *(
        good(f"headed {name}", text(header(name, date), day()))
        for name, date in (
            ("NMI Number", "Settlement Date"),
            ("Customer ID", "Date"),
            ("ESI ID", "Usage Date"),
            ("Meter No.", "Read Date"),
            ("ICP Identifier", "Trading Date"),
            ("用户编号（户号）", "数据日期"),
            ("电能表资产编号", "日期"),
        )
    ),
    good("two numbers of the meter", headed("表号", "资产编号", cells=("S1", "33A1"))),
    good("a customer and its number", text(header("Customer", "Customer ID", "Date"), day(POINT, 7, "2026-03-01"))),
    good("lower-case", text(header("nmi", "date", columns=numbered("p{}")), day())),
    good("zeros in the numbers", text(header(columns=numbered("P{:02d}")), day())),
    good("from zero", text(header(columns=numbered("V{}", first=0)), day())),
    good("bare numbers", text(header(columns=numbered("{}")), day())),
    good("points in Chinese", text(header(columns=numbered("第{}点")), day())),
    good("end stamps", text(header(columns=clock()), day())),
    good("start stamps", text(header(columns=clock(end=False)), day())),
    good("stamps with seconds", text(header(columns=[f"{each}:00" for each in clock()]), day())),
    good(
        "stamps without zeros",
        text(
            header(columns=[each.lstrip("0") if each[1] != ":" and each[:2] != "00" else each[1:] for each in clock()]),
            day(),
        ),
    ),
    good("midnight as 00:00", text(header(columns=[*clock()[:-1], "00:00"]), day())),
    good("stamps in Chinese", text(header(columns=[each.replace(":", "时") + "分" for each in clock()]), day())),
    good("ranges", text(header(columns=[f"{a}-{b}" for a, b in zip(clock(end=False), clock(), strict=True)]), day())),
    good("hours", text(header(columns=clock(60)), day(count=24, cell="1")), one(runs="A24")),
    good("half-hours", text(header(columns=clock(30)), day(count=48, cell="0.5")), one(runs="A48")),
    good("five minutes", text(header(columns=numbered(count=288)), day(count=288, cell="0.125")), one(36_000, "A288")),
    good("titles above", text("国网浙江省电力有限公司", "用户分时电量明细,,", "", header(), day())),
    good("a separator line for Excel", text("sep=;", header(sep=";"), day(sep=";"))),
    good("tabs", text(header(sep="\t"), day(sep="\t"))),
    good("bars", text(header(sep="|"), day(sep="|"))),
    good("quotes everywhere", text('"' + header().replace(",", '","') + '"', '"' + day().replace(",", '","') + '"')),
    good("names beside", text(header("序号", "户号", "用户名称", "日期"), day(1, POINT, "某某公司", "2026-03-01"))),
    good("GB18030", text("浙江", header(), day(), encoding="gb18030")),
    good("UTF-16", text(header(), day(), encoding="utf-16")),
    good("UTF-16 big-endian without a mark", text(header("nmi", "date"), day(), encoding="utf-16-be")),
    good("UTF-8 with a mark", text(header(), day(), encoding="utf-8-sig")),
    good("line feeds", text(header(), day(), end="\n")),
    good("zip", zipped(PLAIN, "电量.csv")),
    good("gzip", gzip.compress(PLAIN, mtime=0)),
    good("no header", text(day())),
    good(
        "columns ahead of their names", text(row("日期", *numbered(), "户号"), row("2026-03-01", *["0.25"] * 96, POINT))
    ),
    good("empty columns behind", text(header() + ",,,", day() + ",,,")),
]
CELLS = [
    *(
        good(f"date {written}", dated(written))
        for written in (
            "2026-03-01",
            "2026/3/1",
            "2026/03/01",
            "20260301",
            "2026年3月1日",
            "2026年03月01日",
            "2026.3.1",
            "01.03.2026",
            "2026-03-01 00:00:00",
            "2026/3/1 0:00",
            "2026-03-01T00:00:00",
        )
    ),
    *(
        good(
            f"missing as {mark!r}",
            text(header(), row(POINT, "2026-03-01", *["0.25"] * 92, *[mark] * 4)),
            one(23_000, "A92 N4"),
        )
        for mark in (
            "",
            "NULL",
            "--",
            "-",
            "N/A",
            "NaN",
            "1e8",
            "1E+08",
            "1.0E+8",
            "1.00E+08",
            "100000000",
            "100000000.00",
            "\\N",
        )
    ),
    good("a whole day missing", text(header(), day(cell="NULL")), one(0, "N96")),
    good(
        "padding in watt hours",
        text(header(), row(POINT, "2026-03-01", *["250"] * 92, *["1.00E+08"] * 4)),
        one(23_000, "A92 N4"),
        unit="Wh",
    ),
    good("decimal commas", semicolons(*["0,25"] * 96)),
    good("decimal commas and whole numbers", semicolons(*["0,25"] * 92, *["1"] * 4), one(27_000)),
    good("decimal points between semicolons", semicolons(*["0.25"] * 96)),
    good("exponents", text(header(), day(cell="2.5E-1"))),
    good("spaces around", text(header(), day(cell=" 0.25 "))),
    good("finer than a watt hour", text(header(), day(cell="0.0333")), one(3197)),
    good("watt hours by the person", text(header(), day(cell="250")), unit="Wh"),
    good("kilowatts by the person", text(header(), day(cell="1")), unit="kW"),
    good("kilowatts in the labels", headed(cell="1", labels=numbered("P{}(kW)"))),
    good("kilowatts in the title", text("负荷曲线 单位：kW", header(), day(cell="1"))),
    good("kilowatt hours as the standard writes them", headed("电量(kW·h)", cells=("",))),
    good("kilowatt hours with a dot in the labels", headed(labels=numbered("P{}(kW·h)"))),
    good("kilowatt hours with other dots", headed(labels=numbered("P{}（kW•h）"))),
    good("kilowatt hours with a point", headed(labels=numbered("P{}(kW.h)"))),
    good("ten thousand kilowatt hours", headed(cell="0.0001", labels=numbered("P{}(万千瓦时)")), one(96_000)),
    good("ten thousand kWh", headed(cell="0.0001", labels=numbered("P{}(万kWh)")), one(96_000)),
    good("megawatt hours in Chinese", headed(cell="0.001", labels=numbered("P{}(兆瓦时)")), one(96_000)),
    good("a unit in each row", headed("单位", cells=("MWh",), cell="0.001"), one(96_000)),
    good("a unit in each row as the standard writes it", headed("单位", cells=("kW·h",))),
    good("a capacity in kilowatts beside", headed("合同容量(kW)", cells=(315,))),
    good("a capacity in kVA beside", headed("容量(kVA)", cells=(315,))),
    good("a total", headed("日电量", cells=(24,))),
    good("a total in English", text(header("NMI", "Date", "Daily Total (kWh)"), day(POINT, "2026-03-01", "24.00"))),
    good("a rounded total", headed("合计", cells=("3.2",), cell="0.0333"), one(3197)),
    good("a total behind", text(row("户号", "日期", *numbered(), "合计"), day(tail=(24,)))),
    good("a total in the unit of the row", headed("单位", "合计", cells=("Wh", 24_000), cell=250)),
    good("an energy total of powers", headed("日电量(kWh)", cells=(24,), cell="1", labels=numbered("P{}(kW)"))),
    good(
        "a total of what the curve lost",
        text(header("户号", "日期", "日电量"), row(POINT, "2026-03-01", 24, *["0.25"] * 92, *[""] * 4)),
        one(23_000, "A92 N4"),
    ),
    good(
        "registers",
        registers("正向有功", "反向有功", "无功"),
        one() | one(register="B1", kind="feed_in") | one(register="Q1", kind="reactive", unit="varh"),
    ),
    good(
        "registers in brackets", registers("正向有功（总）", "反向有功(总)"), one() | one(register="B1", kind="feed_in")
    ),
    good(
        "registers in English",
        text(header("NMI", "Date", "Register"), day(POINT, "2026-03-01", "Import"), day(POINT, "2026-03-01", "Export")),
        one() | one(register="B1", kind="feed_in"),
    ),
    good(
        "registers by OBIS",
        registers("1-1:1.29.0", "1-1:2.29.0", column="OBIS"),
        one() | one(register="B1", kind="feed_in"),
    ),
    good(
        "NEM suffixes",
        text(header("NMI", "Suffix", "Date"), day(POINT, "E1", "2026-03-01"), day(POINT, "B1", "2026-03-01")),
        one() | one(register="B1", kind="feed_in"),
    ),
    good("power by its register", registers("有功功率", unit="(kW)"), one(6000)),
    good("reactive energy", headed("单位", cells=("kvarh",)), one(register="Q1", kind="reactive", unit="varh")),
    good("an estimated row", headed("数据状态", cells=("估算",)), one(runs="E96")),
    good("a multiplier of one", headed("倍率", cells=(1,))),
    good("leading zeros", text(header(), day("0000123456", "2026-03-01")), one(point="0000123456")),
    good("a number kept as text", text(header(), day(f'="{POINT}"', "2026-03-01"))),
    good("a number behind an apostrophe", text(header(), day(f"'{POINT}", "2026-03-01"))),
    good("a number behind a tab", text(header(), day(f"\t{POINT}", "2026-03-01"))),
    good(
        "two supply points and days",
        text(header(), *(day(p, d) for p in (POINT, "77") for d in ("2026-03-01", "2026-03-02"))),
        {(p, "E1", d): Day(24_000, "A96") for p in (POINT, "77") for d in ("2026-03-01", "2026-03-02")},
    ),
    good(
        "the point that is given, named in the first row",
        text(header(), day("甲", "2026-03-01"), day("", "2026-03-02")),
        one() | one(date="2026-03-02"),
        identifier=POINT,
    ),
    good("notes that are no units", headed(labels=numbered("P{}(Actual)"))),
    good("the point that is given", text(header("日期"), day("2026-03-01")), identifier=POINT),
    good(
        "23 hours by the clock",
        text(header(columns=clock()), row(POINT, SPRING, *["0.25"] * 8, *[""] * 4, *["0.25"] * 84)),
        one(23_000, "A92", SPRING),
        zone=BERLIN,
    ),
    good(
        "23 hours by number",
        text(header(), row(POINT, SPRING, *["0.25"] * 92, *[""] * 4)),
        one(23_000, "A92", SPRING),
        zone=BERLIN,
    ),
    good(
        "23 hours, the row cut", text(header(), day(POINT, SPRING, count=92)), one(23_000, "A92", SPRING), zone=BERLIN
    ),
    good(
        "25 hours in a hundred columns",
        text(header(columns=numbered(count=100)), day(POINT, AUTUMN, count=100)),
        one(25_000, "A100", AUTUMN),
        zone=BERLIN,
    ),
    good(
        "an odd day in a hundred columns",
        text(header(columns=numbered(count=100)), row(POINT, "2026-03-01", *["0.25"] * 96, *[""] * 4)),
        zone=BERLIN,
    ),
    good(
        "days of another zone by the person",
        text(header(), day(POINT, AUTUMN)),
        one(date=AUTUMN),
        zone_given="Etc/GMT-1",
    ),
]
CASES = (*HEADERS, *CELLS)
