"""Green Button files in the shapes utilities and portals give them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from harness.meter_files.atom import (
    EASTERN,
    JAN_5,
    LOS_ANGELES,
    NAME,
    PACIFIC,
    POINT,
    ROOT,
    block,
    bounds,
    entry,
    espi,
    feed,
    local_time,
    meter_reading,
    prefixed,
    quality,
    reading,
    reading_type,
    readings,
    second_point,
    usage_point,
    usual,
)
from harness.meter_files.cases import Case, Day
from harness.meter_files.nem12 import zipped


def one(
    total: int = 24_000, runs: str = "A96", day: str = "2026-01-05", register: str = "E1", name: str = NAME, **said: Any
) -> dict:
    return {(name, register, day): Day(total, runs, **said)}


def good(name: str, content: bytes | str, days: dict | None = None, **more: Any) -> Case:
    written = content.encode() if isinstance(content, str) else content
    return Case(
        f"green button: {name}",
        written,
        one() if days is None else days,
        zone=more.pop("zone", "America/New_York"),
        **more,
    )


def bad(name: str, content: bytes | str, code: str, at: str = "", nth: int = 1, **more: Any) -> Case:
    """A file that is refused; each element stands on a line of its own, ``at`` begins the line that is told."""
    written = content.encode() if isinstance(content, str) else content
    written = written.replace(b"><", b">\n<")
    lines = written.decode("latin-1").split("\n")
    row = [n for n, line in enumerate(lines, 1) if line.startswith(at)][nth - 1] if at else None
    places = ((row, more.pop("column", None), code),)
    return Case(
        f"green button: {name}",
        written,
        refused=places,
        known=more.pop("known", (NAME,)),
        zone=more.pop("zone", "America/New_York"),
        **more,
    )


DAY = block(readings())
PLAIN = usual(DAY)
START = bounds(JAN_5)[0]
SPRING, AUTUMN = dt.date(2026, 3, 8), dt.date(2026, 11, 1)


_MIXED = quality(8), quality(0, 8), quality(19)
GOOD = [
    good("plain", PLAIN),
    good("prefixes everywhere", prefixed(PLAIN)),
    good("line ends between elements", PLAIN.replace(b"><", b">\r\n\t<")),
    good("byte order mark", b"\xef\xbb\xbf" + PLAIN),
    good("utf-16", PLAIN.decode().replace("UTF-8", "UTF-16").encode("utf-16")),
    good(
        "Latin-1",
        feed(
            usage_point(),
            local_time(),
            meter_reading(),
            reading_type(),
            DAY,
            head='<?xml version="1.0" encoding="ISO-8859-1"?>',
            title="Café",
        ).encode("latin-1"),
    ),
    good(
        "Windows-1252",
        feed(
            usage_point(),
            local_time(),
            meter_reading(),
            reading_type(),
            DAY,
            head="<?xml version='1.0' encoding='windows-1252'?>",
            title="José’s",
        ).encode("cp1252"),
    ),
    good("no declaration", feed(usage_point(), local_time(), meter_reading(), reading_type(), DAY, head="")),
    good(
        "a style sheet and comments",
        PLAIN.replace(b"?><feed", b'?><?xml-stylesheet type="text/xsl" href="a.xsl"?><!-- usage --><feed'),
    ),
    good("zip", zipped(PLAIN, "usage.xml")),
    good("entries the other way round", feed(DAY, reading_type(), meter_reading(), local_time(), usage_point())),
    good("relative addresses", PLAIN.replace(ROOT.encode(), b"")),
    good("trailing slashes", PLAIN.replace(b'"/><link', b'/"/><link')),
    good(
        "hours",
        usual(block(readings(seconds=3600, value=1000)), kind=reading_type(intervalLength=3600)),
        one(runs="A24"),
    ),
    good(
        "half-hours",
        usual(block(readings(seconds=1800, value=500)), kind=reading_type(intervalLength=1800)),
        one(runs="A48"),
    ),
    good(
        "five minutes",
        usual(block(readings(seconds=300, value=10)), kind=reading_type(intervalLength=300)),
        one(2880, "A288"),
    ),
    good("no interval length", usual(DAY, kind=reading_type(intervalLength=None))),
    good("several blocks of a day", usual(block(readings()[:40]), block(readings()[40:]))),
    good(
        "several blocks in an entry",
        PLAIN.replace(
            b"</IntervalBlock>",
            b"</IntervalBlock>" + espi("IntervalBlock", "".join(readings(dt.date(2026, 1, 6)))).encode(),
        ),
        one() | one(day="2026-01-06"),
    ),
    good(
        "blocks backwards",
        usual(block(readings(dt.date(2026, 1, 6)), dt.date(2026, 1, 6)), DAY),
        one() | one(day="2026-01-06"),
    ),
    good("readings backwards", usual(block(readings()[::-1]))),
    good("overlapping blocks that agree", usual(block(readings()[:60]), block(readings()[50:]))),
    good("the same entry twice", usual(DAY, DAY)),
    good("a block without an interval", usual(block(readings(), None))),
    good(
        "readings without a period follow on",
        usual(block(["<IntervalReading><value>250</value></IntervalReading>"] * 96)),
    ),
    good("missing intervals", usual(block(readings()[:10] + readings()[14:])), one(23_000, "A10 N4 A82")),
    good(
        "costs beside the values",
        usual(block([each.replace("<timePeriod>", "<cost>1200</cost><timePeriod>") for each in readings()])),
    ),
    good("kilowatt hours", usual(DAY, kind=reading_type(powerOfTenMultiplier=3)), one(24_000_000)),
    good(
        "milliwatt hours",
        usual(block(readings(value=250_333)), kind=reading_type(powerOfTenMultiplier=-3)),
        one(24_032),
    ),
    good("no multiplier", usual(DAY, kind=reading_type(powerOfTenMultiplier=None))),
    good("primary metered", usual(DAY, kind=reading_type(commodity=2))),
    good("feed-in", usual(DAY, kind=reading_type(flowDirection=19)), one(register="B1", kind="feed_in")),
    good("reactive", usual(DAY, kind=reading_type(uom=73)), one(register="Q1", kind="reactive", unit="varh")),
    good(
        "watts",
        usual(DAY, kind=reading_type(uom=38, kind=37, accumulationBehaviour=12)),
        one(register="D1", kind="demand", unit="W"),
    ),
    good("zeros", usual(block(readings(value=0))), one(0)),
    good(
        "qualities",
        usual(
            block([*readings()[:93], *(reading(START + (93 + n) * 900, inside=each) for n, each in enumerate(_MIXED))])
        ),
        one(runs="A93 E2 A1"),
    ),
    good("a quality for all by default", usual(DAY, kind=reading_type(defaultQuality=8)), one(runs="E96")),
    good(
        "a default quality and one of its own",
        usual(block([reading(START, inside=quality(19)), *readings()[1:]]), kind=reading_type(defaultQuality=10)),
        one(runs="A1 Q95"),
    ),
    good("23 hours", usual(block(readings(SPRING), SPRING)), one(23_000, "A92", "2026-03-08")),
    good("25 hours", usual(block(readings(AUTUMN), AUTUMN)), one(25_000, "A100", "2026-11-01")),
    good(
        "23 hours in hours",
        usual(block(readings(SPRING, seconds=3600), SPRING), kind=reading_type(intervalLength=3600)),
        one(5750, "A23", "2026-03-08"),
    ),
    good(
        "Pacific",
        usual(block(readings(zone=LOS_ANGELES), zone=LOS_ANGELES), local=local_time(PACIFIC)),
        zone="America/Los_Angeles",
    ),
    good("a local time for each usage point", usual(DAY, local=local_time() + local_time(number=2))),
    good("changed at the beginning of time", usual(block(readings(), updated="0001-01-01T00:00:00Z"))),
    good("no local time", feed(usage_point(), meter_reading(), reading_type(), DAY)),
    good(
        "two registers",
        feed(
            usage_point(readings=(1, 2)),
            local_time(),
            meter_reading(),
            meter_reading(2, 2),
            reading_type(),
            reading_type(2, flowDirection=19),
            DAY,
            block(readings(value=5), number=2),
        ),
        one() | one(480, register="B1", kind="feed_in"),
    ),
    good(
        "a meter reading for each day",
        feed(
            usage_point(readings=(1, 2)),
            local_time(),
            meter_reading(),
            meter_reading(2),
            reading_type(),
            DAY,
            block(readings(dt.date(2026, 1, 6)), dt.date(2026, 1, 6), number=2),
        ),
        one() | one(day="2026-01-06"),
    ),
    good(
        "two usage points",
        feed(usage_point(), local_time(), meter_reading(), reading_type(), DAY, *second_point()),
        one() | one(9600, name="77"),
    ),
    good(
        "a summary beside the readings",
        PLAIN.replace(
            b"</feed>",
            entry(
                f"{POINT}/UsageSummary/1",
                espi(
                    "UsageSummary",
                    "<billLastPeriod>1</billLastPeriod><overallConsumptionLastPeriod><value>1</value>"
                    "</overallConsumptionLastPeriod>",
                ),
            ).encode()
            + b"</feed>",
        ),
    ),
    good(
        "an unread meter reading beside",
        feed(usage_point(readings=(1, 2)), local_time(), meter_reading(), meter_reading(2), reading_type(), DAY),
    ),
    good("a supply point that is given", PLAIN, one(name="10032789"), options={"identifier": "10032789"}),
]
_BOMB = '<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
BAD = [
    bad("before all meters", usual(block([reading(0)], None)), "not_an_instant", "<IntervalReading"),
    bad("at the end of time", usual(block([reading(253_402_214_400)], None)), "not_an_instant", "<IntervalReading"),
    bad(
        "XXE",
        PLAIN.replace(b"<feed", b'<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]><feed', 1),
        "xml_forbidden",
        "<!DOCTYPE",
    ),
    bad("a billion laughs", PLAIN.replace(b"<feed", _BOMB.encode() + b"<feed", 1), "xml_forbidden", "<!DOCTYPE"),
    bad("cut", PLAIN[:-300], "xml_broken", "<start>1767673800</start", column=18),
    bad("not well formed", PLAIN.replace(b"</value>", b"</valu>", 1), "xml_broken", "<value>250</valu>", column=13),
    bad(
        "bytes that are not its encoding",
        PLAIN.replace(b"Usage", b"Usag\xe9", 1),
        "xml_broken",
        "<title>Usag",
        column=12,
    ),
    bad("an encoding nobody knows", PLAIN.replace(b"UTF-8", b"KLINGON-1", 1), "xml_broken"),
    bad("a page", b"<!doctype html><html><body>Sign in</body></html>", "xml_broken", "<!doctype", column=1),
    bad("another vocabulary", PLAIN.replace(b"naesb.org/espi", b"example.com/espi"), "xml_not_green_button"),
    bad("no readings", usual(), "no_readings"),
    bad("an empty block", usual(block([])), "no_readings"),
    bad("gas by the usage point", usual(DAY, point=usage_point(kind=1)), "commodity", "<UsagePoint"),
    bad("gas by the reading type", usual(DAY, kind=reading_type(commodity=7, uom=169)), "commodity", "<ReadingType"),
    bad(
        "gas beside electricity",
        feed(usage_point(), local_time(), meter_reading(), reading_type(), DAY, *second_point(1)),
        "commodity",
        "<UsagePoint",
        2,
        known=(NAME, "77"),
    ),
    bad("therms", usual(DAY, kind=reading_type(uom=169)), "uom", "<ReadingType"),
    bad("no unit", usual(DAY, kind=reading_type(uom=None)), "uom", "<ReadingType"),
    bad("net", usual(DAY, kind=reading_type(flowDirection=4)), "flow_direction", "<ReadingType"),
    bad(
        "an accumulating register",
        usual(DAY, kind=reading_type(accumulationBehaviour=1)),
        "accumulation",
        "<ReadingType",
    ),
    bad(
        "a multiplier beyond all meters",
        usual(DAY, kind=reading_type(powerOfTenMultiplier=30)),
        "multiplier",
        "<ReadingType",
    ),
    bad(
        "a multiplier that is no number",
        usual(DAY, kind=reading_type(powerOfTenMultiplier="+-3")),
        "element_number",
        "<ReadingType",
    ),
    bad(
        "days for intervals",
        usual(block(readings(seconds=86_400)), kind=reading_type(intervalLength=86_400)),
        "interval_seconds",
        "<ReadingType",
    ),
    bad(
        "readings of another length",
        usual(DAY, kind=reading_type(intervalLength=3600)),
        "interval_differs",
        "<IntervalReading",
    ),
    bad(
        "no reading type", feed(usage_point(), local_time(), meter_reading(), DAY), "no_reading_type", "<IntervalBlock"
    ),
    bad("negative", usual(block([reading(START, -250), *readings()[1:]])), "negative", "<IntervalReading"),
    bad("fractional", usual(block([reading(START, "250.5"), *readings()[1:]])), "element_number", "<IntervalReading"),
    bad("words", usual(block([reading(START, "much"), *readings()[1:]])), "element_number", "<IntervalReading"),
    bad("beyond int32", usual(block([reading(START, 2**31), *readings()[1:]])), "too_big", "<IntervalReading"),
    bad(
        "beyond all integers",
        usual(block([reading(START, 10**30), *readings()[1:]])),
        "element_number",
        "<IntervalReading",
    ),
    bad(
        "costs without values",
        usual(block([each.replace("<value>250</value>", "<cost>12</cost>") for each in readings()])),
        "element_missing",
        "<IntervalReading",
    ),
    bad("off the grid", usual(block([reading(START + 60)])), "off_grid", "<IntervalReading"),
    bad("outside of its block", usual(block([reading(START + 86_400)])), "outside_block", "<IntervalReading"),
    bad(
        "overlapping blocks that differ",
        usual(DAY, block(readings(value=251)[:1])),
        "reading_twice",
        "<IntervalReading",
        97,
    ),
    bad(
        "two whole meter readings of one kind",
        feed(
            usage_point(readings=(1, 2)),
            local_time(),
            meter_reading(),
            meter_reading(2),
            reading_type(),
            DAY,
            block(readings(value=90), number=2),
        ),
        "reading_twice",
        "<IntervalReading",
        97,
    ),
    bad(
        "a clock that is not the supply point's",
        usual(DAY, local=local_time(PACIFIC)),
        "zone_differs",
        "<IntervalBlock",
    ),
    bad(
        "a rule that is none",
        usual(DAY, local=local_time(EASTERN.replace("B40E2000", "ZZZ"))),
        "zone_differs",
        "<IntervalBlock",
    ),
    bad(
        "an offset that is no number",
        usual(DAY, local=local_time(EASTERN.replace("-18000", "+-5"))),
        "element_number",
        "<LocalTimeParameters",
    ),
    bad("an unknown supply point", PLAIN, "unknown_supply_point", "<IntervalBlock", known=("other",)),
    bad(
        "a supply point given for two",
        feed(usage_point(), local_time(), meter_reading(), reading_type(), DAY, *second_point()),
        "many_usage_points",
        options={"identifier": NAME},
    ),
    bad("deeply nested", b"<a>" * 10_000 + b"</a>" * 10_000, "xml_too_deep", "<a>", 61),
]
CASES = (*GOOD, *BAD)
