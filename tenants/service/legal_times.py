"""When supply may be stopped: days and hours on which a market forbids it. Pure; the rules are the market's policy.

Sources: the Chinese rule on holidays and their eves (市场规则 A11); Australia, National Energy Retail Rules,
rule 116 (1) (h); the others stand in their packs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from billing.rating.calendar_days import SATURDAY, CalendarEnds, DayKinds

ONE_DAY = dt.timedelta(days=1)
FARTHEST = 366
"""Days ahead that are searched for an allowed one."""

HOLIDAY, EVE_OF_HOLIDAY, WEEKEND, EVE_OF_WEEKEND = "holiday", "eve_of_holiday", "weekend", "eve_of_weekend"
CLOSED_SEASON, HOUR, CALENDAR_ENDS = "closed_season", "hour", "calendar_ends"


@dataclass(frozen=True, slots=True)
class Season:
    """Days of a year, both included; one that ends before it starts goes over New Year."""

    first: tuple[int, int]
    last: tuple[int, int]

    def __contains__(self, day: dt.date) -> bool:
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last


@dataclass(frozen=True, slots=True)
class StopRules:
    """What a market asks before supply is stopped, and how soon it is to be resumed."""

    never_on: tuple[str, ...]
    seasons: tuple[Season, ...]
    opens: dt.time | None
    closes: dt.time | None
    final_notice: dt.timedelta
    reconnect: dt.timedelta


def of_policy(policy: Mapping[str, Any]) -> StopRules:
    """This will read the policy ``disconnection`` of a pack."""
    hours = policy.get("hours")
    return StopRules(
        never_on=tuple(policy.get("never_on", ())),
        seasons=tuple(
            Season(_month_day(each["first"]), _month_day(each["last"])) for each in policy.get("closed_seasons", ())
        ),
        opens=dt.time.fromisoformat(hours["from"]) if hours else None,
        closes=dt.time.fromisoformat(hours["to"]) if hours else None,
        final_notice=dt.timedelta(hours=int(policy.get("final_notice_hours", 0))),
        reconnect=dt.timedelta(hours=int(policy["reconnect_hours"])),
    )


def hindrances(*, at: dt.datetime, zone: ZoneInfo, rules: StopRules, days: DayKinds) -> tuple[str, ...]:
    """This will name what forbids stopping supply at an instant; nothing when it is allowed.

    A day whose neighbours the calendar does not know is forbidden: nobody guesses whether it is a holiday's eve.
    """
    local = at.astimezone(zone)
    found = day_hindrances(day=local.date(), rules=rules, days=days)
    return found if _within_hours(local.time(), rules) else (*found, HOUR)


def day_hindrances(*, day: dt.date, rules: StopRules, days: DayKinds) -> tuple[str, ...]:
    """This will name what forbids stopping supply on a day at any hour."""
    try:
        found = [name for name in rules.never_on if _falls_on(name, day, days)]
    except CalendarEnds:
        found = [CALENDAR_ENDS]
    return (*found, CLOSED_SEASON) if any(day in season for season in rules.seasons) else tuple(found)


def next_allowed(*, after: dt.datetime, zone: ZoneInfo, rules: StopRules, days: DayKinds) -> dt.datetime | None:
    """This will return the first instant from ``after`` on at which supply may be stopped, in UTC.

    None when the calendar ends before there is one.
    """
    local = after.astimezone(zone)
    for number in range(FARTHEST):
        day = local.date() + number * ONE_DAY
        if day_hindrances(day=day, rules=rules, days=days):
            continue
        opens = dt.datetime.combine(day, rules.opens or dt.time.min, zone)
        start = max(local, opens)
        if _within_hours(start.time(), rules):
            return start.astimezone(dt.UTC)
    return None


def forbidden_days(*, first: dt.date, count: int, rules: StopRules, days: DayKinds) -> Iterator[tuple[dt.date, str]]:
    """This will yield each forbidden day of ``count`` days with its first reason, for a calendar on a page."""
    for number in range(count):
        day = first + number * ONE_DAY
        found = day_hindrances(day=day, rules=rules, days=days)
        if found:
            yield day, found[0]


def _falls_on(name: str, day: dt.date, days: DayKinds) -> bool:
    tomorrow = day + ONE_DAY
    checks = {
        HOLIDAY: lambda: bool(days.holidays_of(day)),
        EVE_OF_HOLIDAY: lambda: bool(days.holidays_of(tomorrow)),
        WEEKEND: lambda: day.weekday() >= SATURDAY,
        EVE_OF_WEEKEND: lambda: day.weekday() < SATURDAY <= tomorrow.weekday(),
    }
    return checks[name]()


def _within_hours(time: dt.time, rules: StopRules) -> bool:
    return (rules.opens is None or time >= rules.opens) and (rules.closes is None or time < rules.closes)


def _month_day(text: str) -> tuple[int, int]:
    month, day = _two(text.split("-"))
    return month, day


def _two(parts: Sequence[str]) -> tuple[int, int]:
    return int(parts[0]), int(parts[1])
