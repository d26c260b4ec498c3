"""Green Button: blocks in any order on local days, with the clock changes of the place; what is odd is refused."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tenants.metering.formats import base, detect, espi_time
from tenants.metering.formats.base import Quality

FILES = Path(__file__).resolve().parents[3] / "examples" / "meters" / "greenbutton"
NEW_YORK = ZoneInfo("America/New_York")
EASTERN = (
    "<dstEndRule>B40E2000</dstEndRule><dstOffset>3600</dstOffset>"
    "<dstStartRule>360E2000</dstStartRule><tzOffset>-18000</tzOffset>"
)
POINT = "/UsagePoint/P7"


def entry(resource, address, body, *, related="", up=""):
    links = f'<link rel="self" href="{address}"/>' + (f'<link rel="related" href="{related}"/>' if related else "")
    links += f'<link rel="up" href="{up}"/>' if up else ""
    return (
        f'<entry>{links}<content><{resource} xmlns="http://naesb.org/espi">{body}</{resource}></content>'
        "<updated>2026-04-01T00:00:00Z</updated></entry>"
    )


def reading_type(**changes):
    fields = {"accumulationBehaviour": 4, "commodity": 1, "flowDirection": 1, "intervalLength": 900}
    fields |= {"powerOfTenMultiplier": 0, "uom": 72, **changes}
    return "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())


def reading(start, value=250, duration=900, quality=None):
    marks = f"<ReadingQuality><quality>{quality}</quality></ReadingQuality>" if quality is not None else ""
    period = f"<timePeriod><duration>{duration}</duration><start>{start}</start></timePeriod>"
    return f"<IntervalReading>{marks}{period}<value>{value}</value></IntervalReading>"


def block(*readings, start=None, duration=None):
    interval = f"<interval><duration>{duration}</duration><start>{start}</start></interval>" if start else ""
    address = f"{POINT}/MeterReading/1/IntervalBlock"
    return entry("IntervalBlock", f"{address}/{id(readings)}", interval + "".join(readings), up=address)


def feed(*blocks, kind=None, local=EASTERN):
    parts = [
        entry("UsagePoint", POINT, "<ServiceCategory><kind>0</kind></ServiceCategory>"),
        entry("LocalTimeParameters", "/LocalTimeParameters/1", local) if local else "",
        entry("MeterReading", f"{POINT}/MeterReading/1", "", related="/ReadingType/1"),
        entry("ReadingType", "/ReadingType/1", kind or reading_type()),
    ]
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{"".join([*blocks, *parts])}</feed>'


def items(xml, **options):
    content = xml if isinstance(xml, bytes) else xml.encode()
    return list(detect.read(source=io.BytesIO(content), options=base.ReadOptions(**options)).items)


def refused(xml, **options):
    found = [item for item in items(xml, **options) if isinstance(item, base.Refusal)]
    assert all("{" not in each.sentence for each in found)
    return [each.code for each in found]


def refused_file(xml, **options):
    with pytest.raises(base.FileRefused) as caught:
        items(xml, **options)
    return caught.value.refusal.code


def midnight(day, zone=NEW_YORK):
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def whole_day(day, zone=NEW_YORK):
    start, end = midnight(day, zone), midnight(day + dt.timedelta(days=1), zone)
    return block(*(reading(at) for at in range(start, end, 900)), start=start, duration=end - start)


class TestGreenButton:
    def test_puts_readings_on_local_days(self):
        [found] = items(feed(whole_day(dt.date(2026, 1, 5))))

        assert (found.identifier, found.register_code, found.kind, found.unit) == ("P7", "E1", "consumption", "Wh")
        assert (found.day, found.zone, found.minutes) == (dt.date(2026, 1, 5), "America/New_York", 15)
        assert (found.values.tolist(), found.missing) == ([250] * 96, 0)
        assert found.stamped_at == dt.datetime(2026, 4, 1, tzinfo=dt.UTC)

    @pytest.mark.parametrize(("day", "slots"), [(dt.date(2026, 3, 8), 92), (dt.date(2026, 11, 1), 100)])
    def test_counts_the_slots_of_the_clock_change(self, day, slots):
        before, after = day - dt.timedelta(days=1), day + dt.timedelta(days=1)

        found = items(feed(*(whole_day(each) for each in (after, day, before))))

        assert [(each.day, each.values.size, each.total) for each in found] == [
            (before, 96, 24_000),
            (day, slots, slots * 250),
            (after, 96, 24_000),
        ]

    def test_takes_the_time_of_change_from_the_blocks_of_the_day(self):
        days = [dt.date(2026, 1, 5), dt.date(2026, 1, 6)]
        first, second = (whole_day(day) for day in days)

        found = items(feed(first, second.replace("2026-04-01T", "2026-04-02T")))

        assert [each.stamped_at.day for each in found] == [1, 2]

    def test_marks_slots_without_a_reading_as_missing(self):
        start = midnight(dt.date(2026, 1, 5))

        [found] = items(feed(block(reading(start), reading(start + 4500))))

        assert (found.missing, found.total) == (94, 500)
        assert [slot for slot in range(96) if found.quality[slot] != Quality.MISSING] == [0, 5]

    @pytest.mark.parametrize(
        ("code", "quality"),
        [
            (None, Quality.ACTUAL),
            (0, Quality.ACTUAL),
            (19, Quality.ACTUAL),
            (7, Quality.SUBSTITUTED),
            (8, Quality.ESTIMATED),
            (10, Quality.QUESTIONABLE),
            (99, Quality.QUESTIONABLE),
        ],
    )
    def test_translates_the_quality(self, code, quality):
        [found] = items(feed(block(reading(midnight(dt.date(2026, 1, 5)), quality=code))))

        assert found.quality[0] == quality

    @pytest.mark.parametrize(
        ("changes", "register", "unit", "first"),
        [
            ({"flowDirection": 19}, "B1", "Wh", 250),
            ({"powerOfTenMultiplier": 3}, "E1", "Wh", 250_000),
            ({"powerOfTenMultiplier": -3}, "E1", "Wh", 0),
            ({"uom": 73}, "Q1", "varh", 250),
            ({"uom": 38}, "D1", "W", 250),
        ],
    )
    def test_takes_measure_and_direction_from_the_reading_type(self, changes, register, unit, first):
        [found] = items(feed(whole_day(dt.date(2026, 1, 5)), kind=reading_type(**changes)))

        assert (found.register_code, found.unit, found.values[0]) == (register, unit, first)

    def test_prefers_the_zone_that_is_given(self):
        [found] = items(feed(whole_day(dt.date(2026, 1, 5))), zone="America/Toronto", identifier="1000000007")

        assert (found.zone, found.identifier) == ("America/Toronto", "1000000007")

    def test_refuses_a_supply_point_whose_clock_is_another(self):
        xml = feed(whole_day(dt.date(2026, 1, 5)))

        assert refused(xml, zone_of=lambda names: "America/Chicago") == ["zone_differs"]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"commodity": 7}, "commodity"),
            ({"accumulationBehaviour": 3}, "accumulation"),
            ({"uom": 119}, "uom"),
            ({"flowDirection": 4}, "flow_direction"),
            ({"powerOfTenMultiplier": 40}, "multiplier"),
            ({"intervalLength": 86400}, "interval_seconds"),
            ({"intervalLength": 3600}, "interval_differs"),
        ],
    )
    def test_refuses_readings_it_cannot_bill(self, changes, code):
        assert refused(feed(whole_day(dt.date(2026, 1, 5)), kind=reading_type(**changes))) == [code]

    @pytest.mark.parametrize(
        ("blocks", "code"),
        [
            ([[reading(1767589200), reading(1767589200, 251)]], "reading_twice"),
            ([[reading(1767589200 + 60)]], "off_grid"),
            ([[reading(1767589200, -1)]], "negative"),
            ([[reading(1767589200, 2**40)]], "too_big"),
            ([["<IntervalReading><value>1</value></IntervalReading>"]], "element_missing"),
        ],
    )
    def test_refuses_readings_that_are_wrong(self, blocks, code):
        assert refused(feed(*(block(*readings) for readings in blocks))) == [code]

    def test_takes_the_same_reading_twice_once(self):
        day = dt.date(2026, 1, 5)

        [found] = items(feed(whole_day(day), whole_day(day)))

        assert found.total == 24_000

    def test_refuses_a_reading_outside_its_block(self):
        start = midnight(dt.date(2026, 1, 5))

        assert refused(feed(block(reading(start + 3600), start=start, duration=3600))) == ["outside_block"]

    def test_needs_to_know_the_zone(self):
        assert refused(feed(whole_day(dt.date(2026, 1, 5)), local="")) == ["zone_unknown"]

    @pytest.mark.parametrize(
        ("xml", "code"),
        [
            (feed(whole_day(dt.date(2026, 1, 5)))[:-20], "xml_broken"),
            ("<html><body>Sign in</body></html>", "xml_not_green_button"),
            (feed(), "no_readings"),
            ('<!DOCTYPE a [<!ENTITY x "y">]><feed>&x;</feed>', "xml_forbidden"),
            ('<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><feed/>', "xml_forbidden"),
            ("<a>" * 100 + "</a>" * 100, "xml_too_deep"),
            (f'<a b="{"x" * 2_000_000}"/>', "xml_token_too_long"),
            (feed(block("<IntervalReading><value>1.5</value></IntervalReading>")), "element_number"),
            (feed(block(reading("soon"))), "element_number"),
        ],
    )
    def test_refuses_xml_that_is_no_whole_feed(self, xml, code):
        assert refused_file(xml) == code

    @pytest.mark.parametrize(
        ("name", "days", "total"),
        [("TestGBDataHourlyNineDaysBinnedDaily.xml", 9, 199_563), ("test_usage_data_1.xml", 5, 511_688)],
    )
    def test_reads_the_published_examples(self, name, days, total):
        with (FILES / name).open("rb") as source:
            found = list(detect.read(source=source).items)

        assert (len(found), sum(day.total for day in found)) == (days, total)
        assert {day.missing for day in found} == {0}


class TestLocalTime:
    def test_decodes_the_rules_of_north_america(self):
        assert espi_time.change_of("360E2000", 2026) == dt.datetime(2026, 3, 8, 2)
        assert espi_time.change_of("B40E2000", 2026) == dt.datetime(2026, 11, 1, 2)

    def test_decodes_the_last_sunday_of_a_month(self):
        rule = f"{3 << 28 | 7 << 25 | 7 << 17 | 2 << 12:08X}"

        assert espi_time.change_of(rule, 2026) == dt.datetime(2026, 3, 29, 2)

    @pytest.mark.parametrize(
        ("local", "zone"),
        [
            (espi_time.LocalTime(-18000, 3600, "360E2000", "B40E2000"), "America/New_York"),
            (espi_time.LocalTime(-28800, 3600, "360E2000", "B40E2000"), "America/Los_Angeles"),
            (espi_time.LocalTime(-25200, 0, "", ""), "America/Phoenix"),
            (espi_time.LocalTime(28800, 0, "00000000", "00000000"), "Asia/Shanghai"),
            (espi_time.LocalTime(-18000, 0, "", ""), "America/Panama"),
            (espi_time.LocalTime(-3 * 3600, 0, "", ""), "America/Sao_Paulo"),
            (espi_time.LocalTime(7 * 3600, 0, "", ""), "Etc/GMT-7"),
        ],
    )
    def test_finds_a_zone_that_keeps_the_same_clock(self, local, zone):
        found = espi_time.zone_of(local=local, year=2026)

        assert found is not None
        moments = [dt.datetime(2026, month, 15, 12) for month in range(1, 13)]
        assert [m.replace(tzinfo=found).utcoffset() for m in moments] == [
            m.replace(tzinfo=ZoneInfo(zone)).utcoffset() for m in moments
        ]
