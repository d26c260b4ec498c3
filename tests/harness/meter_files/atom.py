"""Builds Green Button feeds (NAESB REQ.21, ESPI) element by element."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
RULES = "<dstEndRule>B40E2000</dstEndRule><dstOffset>3600</dstOffset><dstStartRule>360E2000</dstStartRule>"
EASTERN = f"{RULES}<tzOffset>-18000</tzOffset>"
PACIFIC = f"{RULES}<tzOffset>-28800</tzOffset>"
JAN_5 = dt.date(2026, 1, 5)
ROOT = "https://utility.example.com/DataCustodian/espi/1_1/resource"
POINT = f"{ROOT}/RetailCustomer/9b6c7063/UsagePoint/5446AF3F"
NAME = "5446AF3F"
UPDATED = "2026-04-01T00:00:00Z"


def entry(address: str, body: str, *, up: str = "", related: Iterable[str] = (), updated: str = UPDATED) -> str:
    links = f'<link rel="self" href="{address}"/>' + (f'<link rel="up" href="{up}"/>' if up else "")
    links += "".join(f'<link rel="related" href="{target}"/>' for target in related)
    return (
        f"<entry><id>urn:uuid:0</id>{links}<title/><content>{body}</content>"
        f"<published>2026-04-01T00:00:00Z</published><updated>{updated}</updated></entry>"
    )


def espi(name: str, body: str = "") -> str:
    return f'<{name} xmlns="http://naesb.org/espi">{body}</{name}>'


def reading_type(number: int = 1, **changes: Any) -> str:
    said = {"accumulationBehaviour": 4, "commodity": 1, "currency": 840, "dataQualifier": 12, "flowDirection": 1}
    said |= {"intervalLength": 900, "kind": 12, "phase": 769, "powerOfTenMultiplier": 0, "timeAttribute": 0, "uom": 72}
    fields = {key: value for key, value in (said | changes).items() if value is not None}
    body = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
    return entry(f"{ROOT}/ReadingType/{number}", espi("ReadingType", body))


def usage_point(address: str = POINT, kind: int = 0, readings: Iterable[int] = (1,)) -> str:
    related = [f"{address}/MeterReading", *(f"{address}/MeterReading/{n}" for n in readings)]
    body = f"<ServiceCategory><kind>{kind}</kind></ServiceCategory><status>1</status>"
    return entry(address, espi("UsagePoint", body), up=address.rsplit("/", 1)[0], related=related)


def meter_reading(number: int = 1, kind: int = 1, address: str = POINT) -> str:
    own = f"{address}/MeterReading/{number}"
    related = [f"{own}/IntervalBlock", f"{ROOT}/ReadingType/{kind}"]
    return entry(own, espi("MeterReading"), up=f"{address}/MeterReading", related=related)


def local_time(rules: str = EASTERN, number: int = 1) -> str:
    return entry(f"{ROOT}/LocalTimeParameters/{number}", espi("LocalTimeParameters", rules))


def reading(start: int, value: object = 250, *, seconds: int = 900, inside: str = "") -> str:
    period = f"<timePeriod><duration>{seconds}</duration><start>{start}</start></timePeriod>"
    return f"<IntervalReading>{inside}{period}<value>{value}</value></IntervalReading>"


def quality(*codes: int) -> str:
    return "".join(f"<ReadingQuality><quality>{code}</quality></ReadingQuality>" for code in codes)


def bounds(day: dt.date, zone: ZoneInfo = NEW_YORK) -> tuple[int, int]:
    start, end = (dt.datetime.combine(each, dt.time(), zone) for each in (day, day + dt.timedelta(days=1)))
    return int(start.timestamp()), int(end.timestamp())


def readings(day: dt.date = JAN_5, *, zone: ZoneInfo = NEW_YORK, value: object = 250, seconds: int = 900) -> list[str]:
    start, end = bounds(day, zone)
    return [reading(at, value, seconds=seconds) for at in range(start, end, seconds)]


_numbers = itertools.count(1)


def block(
    inside: list[str],
    day: dt.date | None = JAN_5,
    *,
    zone: ZoneInfo = NEW_YORK,
    number: int = 1,
    point: str = POINT,
    updated: str = UPDATED,
) -> str:
    interval = ""
    if day is not None:
        start, end = bounds(day, zone)
        interval = f"<interval><duration>{end - start}</duration><start>{start}</start></interval>"
    up = f"{point}/MeterReading/{number}/IntervalBlock"
    body = espi("IntervalBlock", interval + "".join(inside))
    return entry(f"{up}/{next(_numbers)}", body, up=up, updated=updated)


def feed(*entries: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>', title: str = "Usage") -> str:
    return (
        f'{head}<feed xmlns="http://www.w3.org/2005/Atom" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<id>urn:uuid:0</id><title>{title}</title><updated>{UPDATED}</updated>{''.join(entries)}</feed>"
    )


def usual(*blocks: str, kind: str = "", local: str = "", point: str = "") -> bytes:
    parts = (point or usage_point(), local or local_time(), meter_reading(), kind or reading_type())
    return feed(*parts, *blocks).encode()


def prefixed(content: bytes) -> bytes:
    """The same feed with prefixes, as some servers write it."""
    text = content.decode().replace(' xmlns="http://naesb.org/espi"', "")
    for name in (
        "UsagePoint",
        "ServiceCategory",
        "status",
        "MeterReading",
        "ReadingType",
        "LocalTimeParameters",
        "IntervalBlock",
        "IntervalReading",
        "interval",
        "duration",
        "start",
        "timePeriod",
        "value",
        "uom",
        "accumulationBehaviour",
        "commodity",
        "currency",
        "dataQualifier",
        "flowDirection",
        "intervalLength",
        "phase",
        "powerOfTenMultiplier",
        "timeAttribute",
        "kind",
        "tzOffset",
        "dstOffset",
        "dstEndRule",
        "dstStartRule",
    ):
        text = text.replace(f"<{name}>", f"<espi:{name}>").replace(f"</{name}>", f"</espi:{name}>")
    for name in ("feed", "entry", "link", "id", "title", "content", "published", "updated"):
        for mark in ("<", "</"):
            for end in (">", " ", "/>"):
                text = text.replace(f"{mark}{name}{end}", f"{mark}atom:{name}{end}")
    return text.replace(
        'xmlns="http://www.w3.org/2005/Atom"',
        'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:espi="http://naesb.org/espi"',
    ).encode()


def second_point(kind: int = 0) -> tuple[str, ...]:
    other = f"{ROOT}/RetailCustomer/9b6c7063/UsagePoint/77"
    return (usage_point(other, kind), meter_reading(address=other), block(readings(value=100), point=other))
