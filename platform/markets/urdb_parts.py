"""What the parts of a URDB rate share: the document being made, prices and calendars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kernel.errors import gettext_noop
from markets import hour_schedules
from markets.foreign_json import Entry

MARKET = "us"
PERIOD_TITLES = {"en": "Period {number}", "zh-hans": "时段 {number}"}


@dataclass(slots=True)
class Parts:
    """What the document is put together from."""

    time_zone: str
    name: str
    calendars: dict[str, dict[str, Any]] = field(default_factory=dict)
    charges: list[dict[str, Any]] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)

    def add_calendar(self, calendar: dict[str, Any]) -> tuple[str, list[str]]:
        """This will keep a calendar and return its name and labels."""
        self.calendars[calendar["calendar"]] = calendar
        return calendar["calendar"], calendar["labels"]


def price_of(entry: Entry) -> Decimal:
    """This will return ``rate`` with its adjustment ``adj``. Raises ImportRefused where there is neither."""
    if not entry.has("rate") and not entry.has("adj") and entry.get("rate").value is None:
        raise entry.get("rate").refuse(gettext_noop("At {place}: a price is missing here."))
    return sum((entry.get(key).number() for key in ("rate", "adj") if entry.has(key)), Decimal(0))


def calendar_of(rate: Entry, kind: str, periods: int, parts: Parts, title: Mapping[str, str]) -> dict[str, Any]:
    """This will write the calendar of a structure; without schedules it needs to have one period."""
    keys = [f"{kind}{days}schedule" for days in ("weekday", "weekend")]
    if not any(rate.has(key) for key in keys) and periods == 1:
        schedules = [((0,) * hour_schedules.HOURS,) * hour_schedules.MONTHS] * 2
    else:
        schedules = [hour_schedules.read(rate.get(key), periods=periods) for key in keys]
    return hour_schedules.document(
        *schedules,
        market=MARKET,
        prefix="urdb",
        time_zone=parts.time_zone,
        title={language: text.format(name=parts.name) for language, text in title.items()},
        period_titles=PERIOD_TITLES,
    )
