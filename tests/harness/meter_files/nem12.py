"""NEM12 files after AEMO's specification (MDFF), and what providers, portals and spreadsheets make of them."""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any

from harness.meter_files.cases import Case, Day

NMI = "NEM1204062"
HEADER = "100,NEM12,200406011430,MDP1,RETAIL1"
STAMP = "20040604123456"


def channel(
    suffix: str = "E1", *, nmi: str = NMI, unit: str = "kWh", minutes: int = 30, serial: str = "METSER123"
) -> str:
    return f"200,{nmi},E1Q1,1,{suffix},N1,{serial},{unit},{minutes},20040701"


def values(value: object = "1.5", count: int = 48) -> str:
    return ",".join([str(value)] * count)


def day(
    date: str = "20040601", cells: str = "", quality: str = "A", reason: str = ",", tail: str = f",{STAMP},"
) -> str:
    return f"300,{date},{cells or values()},{quality},{reason}{tail}"


def text(*rows: str, end: str = "\r\n") -> bytes:
    return (end.join(rows) + end).encode()


def whole(*rows: str, end: str = "\r\n") -> bytes:
    return text(HEADER, *rows, "900", end=end)


def one(total: int = 72_000, runs: str = "A48", register: str = "E1", date: str = "2004-06-01", **said: Any) -> dict:
    return {(NMI, register, date): Day(total, runs, **said)}


def zipped(content: bytes, name: str, *others: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for other in others:
            archive.writestr(other, b"")
        archive.writestr(name, content)
    return target.getvalue()


PLAIN = whole(channel(), day())
_ONE = channel(), day()


def good(name: str, content: bytes, days: dict | None = None, **more: Any) -> Case:
    return Case(f"nem12: {name}", content, one() if days is None else days, zone="Australia/Sydney", **more)


def bad(
    name: str,
    content: bytes,
    *refused: tuple[int | None, int | None, str],
    known: tuple[str, ...] = (NMI,),
    **more: Any,
) -> Case:
    return Case(f"nem12: {name}", content, refused=refused, known=known, zone="Australia/Sydney", **more)


def varying(*events: str, quality: str = "V") -> bytes:
    return whole(channel(), day(quality=quality), *events)


GOOD = [
    good("plain", PLAIN),
    good("line feeds", whole(*_ONE, end="\n")),
    good("mixed line ends", PLAIN.replace(b"\r\n", b"\n", 2)),
    good("carriage returns only", whole(*_ONE, end="\r")),
    good("no end of the last line", PLAIN.rstrip()),
    good("byte order mark", b"\xef\xbb\xbf" + PLAIN),
    good("utf-16", PLAIN.decode().encode("utf-16")),
    good("blank lines", b"\r\n" + PLAIN.replace(b"\r\n", b"\r\n\r\n") + b"\r\n\r\n"),
    good("padded by a spreadsheet", b"\r\n".join(row + b"," * 40 for row in PLAIN.split(b"\r\n")[:-1])),
    good("cells with spaces", PLAIN.replace(b",", b" , ")),
    good(
        "every cell quoted", b"\r\n".join(b'"' + row.replace(b",", b'","') + b'"' for row in PLAIN.split(b"\r\n")[:-1])
    ),
    good(
        "comma in a quoted description",
        whole(channel(), day(reason='0,"Meter, changed"', quality="S52")),
        one(runs="S48"),
    ),
    good("five minutes", whole(channel(minutes=5), day(cells=values("0.125", 288))), one(36_000, "A288")),
    good("fifteen minutes", whole(channel(minutes=15), day(cells=values("0.25", 96))), one(24_000, "A96")),
    good("watt hours", whole(channel(unit="Wh"), day(cells=values("1500")))),
    good("lower-case unit", whole(channel(unit="kwh"), day())),
    good("megawatt hours", whole(channel(unit="MWH"), day(cells=values("0.0015")))),
    good("values finer than a watt hour", whole(channel(), day(cells=values("0.0333"))), one(1598, "A48")),
    good("fifteen decimals", whole(channel(), day(cells=values("1.500000000000000")))),
    good("exponents", whole(channel(), day(cells=values("1.5E0")))),
    good("no leading zero", whole(channel(), day(cells=values(".5"))), one(24_000)),
    good("zeros", whole(channel(), day(cells=values("0"))), one(0)),
    good("reactive", whole(channel("Q1", unit="KVARH"), day()), one(register="Q1", kind="reactive", unit="varh")),
    good("apparent", whole(channel("T1", unit="kVAh"), day()), one(register="T1", kind="apparent", unit="VAh")),
    good("feed-in", whole(channel("B1"), day()), one(register="B1", kind="feed_in")),
    good("power", whole(channel(unit="KW"), day()), one(kind="demand", unit="W")),
    good("check meter", whole(channel("F1"), day()), one(register="F1", kind="check")),
    good("lower-case suffix", whole(channel("e1"), day())),
    good("letters in the suffix", whole(channel("EA"), day()), one(register="EA")),
    good("no serial, no next read", whole(f"200,{NMI},,,E1,,,KWH,30", day())),
    good("an NMI with its check digit", whole(channel(nmi=f"{NMI}0"), day())),
    good("a header without participants", text("100,NEM12,200406011430,,", *_ONE, "900")),
    good("lower-case version", text(HEADER.replace("NEM12", "nem12"), *_ONE, "900")),
    good("seconds in the header", text("100,NEM12,20040601143000,MDP1,RETAIL1", *_ONE, "900")),
    good("no time of loading", whole(channel(), day(tail=f",{STAMP}"))),
    good("time of loading", whole(channel(), day(tail=f",{STAMP},20040605000000"))),
    good("no times", whole(channel(), day(tail=",,"))),
    good("final substitute", whole(channel(), day(quality="F15", reason="1,")), one(runs="F48")),
    good("substitute", whole(channel(), day(quality="S14", reason="76,")), one(runs="S48")),
    good("estimate", whole(channel(), day(quality="E52")), one(runs="E48")),
    good("null day", whole(channel(), day(cells=values("0"), quality="N")), one(0, "N48")),
    good("null day of empty cells", whole(channel(), day(cells=values(""), quality="N")), one(0, "N48")),
    good("nulls with numbers do not count", varying("400,1,40,A,,", "400,41,48,N,,"), one(60_000, "A40 N8")),
    good("three events", varying("400,1,20,F14,76,", "400,21,24,A,,", "400,25,48,S14,1,"), one(runs="F20 A4 S24")),
    good("events of one interval", varying("400,1,1,S14,76,", "400,2,47,A", "400,48,48,E52"), one(runs="S1 A46 E1")),
    good("padded events", varying("400,0001,0024,A,,", "400,0025,0048,E64,,"), one(runs="A24 E24")),
    good("events that explain an actual day", varying("400,1,28,A,79,", "400,29,48,A,,", quality="A")),
    good("B2B details", whole(*_ONE, "500,O,S01009,20040602120000,001123.5", "500,N,,20040602120000,")),
    good(
        "B2B details between days",
        whole(*_ONE, "500,O,S01009,20040602120000,1", day("20040602")),
        one() | one(date="2004-06-02"),
    ),
    good("days falling", whole(channel(), day("20040602"), day("20040601")), one() | one(date="2004-06-02")),
    good("leap day", whole(channel(), day("20240229")), one(date="2024-02-29")),
    good("the day the clock of Sydney changes", whole(channel(), day("20261004")), one(date="2026-10-04")),
    good(
        "two registers",
        whole(channel(), day(), channel("Q1", unit="kVArh"), day()),
        one() | one(register="Q1", kind="reactive", unit="varh"),
    ),
    good(
        "two supply points",
        whole(channel(), day(), channel(nmi="NEM1204063"), day()),
        one() | {("NEM1204063", "E1", "2004-06-01"): Day(72_000, "A48")},
    ),
    good(
        "a register that returns",
        whole(channel(), day(), channel("B1"), day(), channel(), day("20040602")),
        one() | one(register="B1", kind="feed_in") | one(date="2004-06-02"),
    ),
    good(
        "another meter",
        whole(channel(), day(), channel(serial="METSER124"), day("20040602")),
        one() | one(date="2004-06-02"),
    ),
    good(
        "shorter intervals from a day on",
        whole(channel(), day(), channel(minutes=5), day("20040602", values(1, 288))),
        one() | one(288_000, "A288", date="2004-06-02"),
    ),
    good(
        "a supply point that is given",
        whole(channel(), day(), channel("B1"), day()),
        {
            ("10032789", "E1", "2004-06-01"): Day(72_000, "A48"),
            ("10032789", "B1", "2004-06-01"): Day(72_000, "A48", "feed_in"),
        },
        options={"identifier": "10032789"},
    ),
    good("two blocks", PLAIN + whole(channel(), day("20040602")), one() | one(date="2004-06-02")),
    good("zip", zipped(PLAIN, "NEM12#1#MDP1#RETAIL1.csv")),
    good("zip in folders", zipped(PLAIN, "out/2004/文件.CSV", "out/", "__MACOSX/out/._文件.CSV")),
    good("gzip", gzip.compress(PLAIN, mtime=0)),
]
_LONG = whole(channel(), day(reason="0," + "x" * 70_000))
BAD = [
    bad("empty", b"", (None, None, "empty_file")),
    bad("blank", b"\r\n\r\n", (None, None, "empty_file")),
    bad("header only", text(HEADER), (1, None, "nem_end_missing")),
    bad("no days at all", text(HEADER, "900"), (None, None, "no_readings"), by_import=True),
    bad("unknown version", text(HEADER.replace("NEM12", "NEM14"), *_ONE, "900"), (1, 2, "nem_version")),
    bad("no header", text(*_ONE, "900"), (1, None, "nem_header_missing")),
    bad("no end", text(HEADER, *_ONE), (3, None, "nem_end_missing")),
    bad("cut in the middle of a row", PLAIN[:-90], (3, None, "nem_fields"), (3, None, "nem_end_missing")),
    bad("rows after the end", PLAIN + text(*_ONE), (5, None, "nem_after_end")),
    bad("a day before its channel", whole(day(), channel(), day("20040602")), (2, 1, "nem_order")),
    bad("too few values", whole(channel(), day(cells=values(count=47))), (3, None, "values_missing")),
    bad("too many values", whole(channel(), day(cells=values(count=49))), (3, None, "values_missing")),
    bad("half-hours in a quarter-hour channel", whole(channel(minutes=15), day()), (3, None, "values_missing")),
    bad("letters among the values", whole(channel(), day(cells="1.5,l.5," + values(count=46))), (3, 4, "not_a_number")),
    bad("a negative value", whole(channel(), day(cells="1.5,-0.5," + values(count=46))), (3, 4, "negative")),
    bad("an empty value", whole(channel(), day(cells="1.5,," + values(count=46))), (3, 4, "empty_reading")),
    bad("not a number", whole(channel(), day(cells=values("NaN"))), (3, 3, "not_a_number")),
    bad("infinite", whole(channel(), day(cells=values("Infinity"))), (3, 3, "not_a_number")),
    bad("a hexadecimal value", whole(channel(), day(cells=values("0x10"))), (3, 3, "not_a_number")),
    bad("underscores", whole(channel(), day(cells=values("1_000"))), (3, 3, "not_a_number")),
    bad("beyond int32", whole(channel(), day(cells=values("2147484"))), (3, 3, "too_big")),
    bad("30 February", whole(channel(), day("20230229")), (3, 2, "not_a_date")),
    bad("a day before all meters", whole(channel(), day("00010101")), (3, 2, "not_a_date")),
    bad("a day at the end of time", whole(channel(), day("99991231")), (3, 2, "not_a_date")),
    bad("changed before all meters", whole(channel(), day(tail=",00010101000000,")), (3, 54, "not_an_instant")),
    bad("created before all meters", PLAIN.replace(b"200406011430", b"000101010000"), (1, 3, "not_an_instant")),
    bad("a date with dashes", whole(channel(), day("2004-06-01")), (3, 2, "not_a_date")),
    bad("month 13", whole(channel(), day("20041301")), (3, 2, "not_a_date")),
    bad("one day twice", whole(channel(), day(), day()), (4, 2, "day_twice")),
    bad("one day twice in two channels", whole(channel(), day(), channel(), day()), (5, 2, "day_twice")),
    bad("one day twice in two blocks", PLAIN + PLAIN, (7, 2, "day_twice")),
    bad("an unknown quality", whole(channel(), day(quality="Z")), (3, 51, "quality")),
    bad("a method behind A", whole(channel(), day(quality="A14")), (3, 51, "quality_not_here")),
    bad("a reason that is no code", whole(channel(), day(quality="S14", reason="late,")), (3, 52, "reason_code")),
    bad(
        "a reason behind the last of the list",
        whole(channel(), day(quality="S14", reason="1234,")),
        (3, 52, "reason_code"),
    ),
    bad("V without events", varying(), (3, None, "events_missing")),
    bad("events that end early", varying("400,1,47,A,,"), (3, None, "events_missing")),
    bad("events with a gap", varying("400,1,20,A,,", "400,22,48,E52,,"), (5, 2, "event_range")),
    bad("events that overlap", varying("400,1,24,A,,", "400,24,48,E52,,"), (5, 2, "event_range")),
    bad("events beyond the day", varying("400,1,24,A,,", "400,25,49,E52,,"), (5, 2, "event_range")),
    bad("events backwards", varying("400,25,48,A,,", "400,1,24,E52,,"), (4, 2, "event_range")),
    bad(
        "events that contradict the day",
        varying("400,1,24,A,,", "400,25,48,S14,1,", quality="A"),
        (5, 4, "event_quality"),
    ),
    bad("events of half an actual day", varying("400,1,24,A,79,", quality="A"), (3, None, "events_missing")),
    bad(
        "a supply point given for two",
        whole(channel(), day(), channel(nmi="NEM1204063"), day()),
        (4, 2, "one_supply_point"),
        options={"identifier": NMI},
    ),
    bad("no NMI", whole(channel(nmi=""), day()), (2, 2, "nmi")),
    bad("twelve characters of NMI", whole(channel(nmi="NEM120406233"), day()), (2, 2, "nmi")),
    bad("a false check digit", whole(channel(nmi=f"{NMI}5"), day()), (2, 2, "nmi_check_digit")),
    bad("ten minutes", whole(channel(minutes=10), day()), (2, 9, "interval_length")),
    bad("an hour", whole(channel(minutes=60), day(cells=values(count=24))), (2, 9, "interval_length")),
    bad("volts", whole(channel("V1", unit="V"), day()), (2, 5, "nmi_suffix")),
    bad("no unit", whole(channel(unit=""), day()), (2, 8, "unit")),
    bad("active energy in kvarh", whole(channel(unit="kVArh"), day()), (2, 8, "unit_of_suffix")),
    bad("a row of its own kind", whole(channel(), "350,1", day()), (3, 1, "nem_indicator")),
    bad("a huge field", _LONG, (3, None, "line_too_long")),
    bad("an open quotation mark", whole(channel(), day(reason='0,"open')), (3, None, "broken_quotes")),
    bad("a NUL", PLAIN.replace(b"1.5", b"1\x00.5", 1), (None, None, "not_text")),
    bad("two files in a zip", zipped(PLAIN, "a.csv", "b.csv"), (None, None, "archive_of_many")),
    bad("a zip in a zip", zipped(zipped(PLAIN, "a.csv"), "a.zip"), (None, None, "archive_in_archive")),
    bad("a cut gzip", gzip.compress(PLAIN, mtime=0)[:-20], (None, None, "bad_archive")),
    bad("a cut zip", zipped(PLAIN, "a.csv")[:-20], (None, None, "bad_archive")),
    bad("an unknown supply point", PLAIN, (3, None, "unknown_supply_point"), known=(), by_import=True),
]
CASES = (*GOOD, *BAD)
