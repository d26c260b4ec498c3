"""Calendar documents from the time-of-use windows of Consumer Data Right plans."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.errors import gettext_noop
from markets import hour_schedules
from markets.foreign_json import Entry

MARKET = "au"
STEP, DAY_MINUTES, HOUR_MINUTES = 5, 1440, 60
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
BUSINESS, HOLIDAYS = "BUSINESS_DAYS", "PUBLIC_HOLIDAYS"
WEEK_LENGTH = 5
LEAP_YEAR = 2000
WORDS = {"peak": "高峰", "off_peak": "低谷", "shoulder": "平段", "any_time": "全天", "other_times": "其他时段"}
_CLOCK = re.compile(r"T?(\d{2}):(\d{2})(?::\d{2})?(?:\.\d+)?Z?")
_DAY = re.compile(r"(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Season:
    """Days of every year, both included; ``dates`` is None for the whole year."""

    dates: str | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes [start, end) of the days ``days`` of a season, under one label."""

    label: str
    season: Season
    days: tuple[str, ...]
    start: int
    end: int
    entry: Entry


def seasons(entries: Sequence[Entry]) -> list[Season]:
    """This will read ``startDate`` and ``endDate`` of tariff periods that fill the year. Raises ImportRefused."""
    spans = [(_year_day(entry.get("startDate")), _year_day(entry.get("endDate")), entry) for entry in entries]
    ordered = sorted(spans, key=lambda span: span[0])
    for (_, end, entry), (start, _, _) in zip(ordered, [*ordered[1:], ordered[0]], strict=True):
        if _next_day(end) != start:
            raise entry.refuse(
                gettext_noop("At {place}: the tariff periods leave days of the year out, or name days twice.")
            )
    return [Season()] if len(spans) == 1 else [season_of(entry) for entry in entries]


def season_of(entry: Entry) -> Season:
    """This will read the days of one tariff period."""
    start, end = _year_day(entry.get("startDate")), _year_day(entry.get("endDate"))
    return Season() if _next_day(end) == start else Season(f"{start:%m-%d}..{end:%m-%d}")


def windows(entry: Entry, *, label: str, season: Season) -> list[Window]:
    """This will read one entry of ``timeOfUse`` (days, startTime, endTime); without times it is the whole day."""
    days = tuple(day.one_of(*WEEKDAYS, BUSINESS, HOLIDAYS) for day in entry.get("days").optional_items())
    start = _minute(entry.get("startTime"))
    end = _end_minute(entry.get("endTime"))
    chosen = days or (*WEEKDAYS, HOLIDAYS)
    if start < end:
        return [Window(label, season, chosen, start, end, entry)]
    parts = [(start, DAY_MINUTES), (0, end)]
    return [Window(label, season, chosen, *part, entry) for part in parts if part[0] < part[1]]


def document(
    found: Sequence[Window],
    *,
    titles: Mapping[str, str],
    title: str,
    time_zone: str,
    region: str,
    otherwise: str | None,
) -> dict[str, Any]:
    """This will write the calendar of windows that do not meet; ``otherwise`` names the hours that none of them has.

    Without ``otherwise`` the windows have to fill every day. Raises ImportRefused.
    """
    refuse_gaps(found, whole=otherwise is None)
    labels = list(dict.fromkeys(window.label for window in found))
    labels += [] if otherwise is None or otherwise in labels else [otherwise]
    last = otherwise or labels[-1]
    content: dict[str, Any] = {
        "title": {"en": title, "zh-hans": title},
        "time_zone": time_zone,
        "region": region,
        "labels": labels,
        "label_titles": _label_titles(labels, titles),
        "otherwise": last,
        "rules": list(_rules(window for window in found if window.label != last or _has_holidays(found))),
    }
    return {"calendar": f"{MARKET}/cdr-{hour_schedules.digest(content)}", **content}


def _has_holidays(found: Iterable[Window]) -> bool:
    """Whether days of the week and holidays differ, so that no hour may be left to ``otherwise``."""
    return any(set(window.days) & {BUSINESS, HOLIDAYS} and len(window.days) <= len(WEEKDAYS) for window in found)


def _label_titles(labels: Sequence[str], titles: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The plan's own words; in Chinese the usual word of a label, where only one label has it."""
    words = {label: WORDS.get(label.rstrip("0123456789").rstrip("_")) for label in labels}
    usual = {label: word for label, word in words.items() if word and list(words.values()).count(word) == 1}
    return {label: {"en": titles[label], "zh-hans": usual.get(label, titles[label])} for label in labels}


def _rules(found: Iterable[Window]) -> Iterable[dict[str, Any]]:
    """Windows of one label on the same days share a rule."""
    grouped: dict[tuple[str, Season, tuple[str, ...]], list[str]] = {}
    for window in found:
        key = (window.label, window.season, window.days)
        grouped.setdefault(key, []).append(f"{_clock(window.start)}-{_clock(window.end)}")
    for (label, season, days), clocks in grouped.items():
        rule: dict[str, Any] = {"label": label} | ({} if season.dates is None else {"dates": [season.dates]})
        times = {} if clocks == ["00:00-24:00"] else {"windows": clocks}
        for selector in _selectors(days):
            yield rule | selector | times


def _selectors(days: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rules that a list of days needs: a rule's selectors all have to hold."""
    if set(days) >= {*WEEKDAYS, HOLIDAYS}:
        return [{}]
    plain = [day.lower() for day in WEEKDAYS if day in days]
    found: list[dict[str, Any]] = []
    if plain:
        found.append({} if len(plain) == len(WEEKDAYS) else {"weekdays": plain})
    if BUSINESS in days:
        found.append({"working_day": True})
    if HOLIDAYS in days:
        found.append({"holidays": "any"})
    return found


def refuse_gaps(found: Sequence[Window], *, whole: bool) -> None:
    """This will refuse a moment of a kind of day under two labels, and one without where windows fill the day."""
    for season in dict.fromkeys(window.season for window in found):
        inside = [window for window in found if window.season == season]
        for day in (*WEEKDAYS, HOLIDAYS):
            owners: dict[int, str] = {}
            for window in (window for window in inside if _holds(window, day)):
                for minute in range(window.start, window.end, STEP):
                    if owners.setdefault(minute, window.label) != window.label:
                        raise window.entry.refuse(
                            gettext_noop("At {place}: two prices hold at {time}."), time=_clock(minute)
                        )
            stated = day != HOLIDAYS or any(BUSINESS in window.days for window in inside)
            missing = next((minute for minute in range(0, DAY_MINUTES, STEP) if minute not in owners), None)
            if whole and stated and missing is not None:
                raise inside[0].entry.refuse(
                    gettext_noop("At {place}: no price holds on {day} at {time}."), day=day, time=_clock(missing)
                )


def _holds(window: Window, day: str) -> bool:
    return day in window.days or (BUSINESS in window.days and day in WEEKDAYS[:WEEK_LENGTH])


def _minute(entry: Entry) -> int:
    if entry.value in (None, ""):
        return 0
    found = _CLOCK.fullmatch(entry.value) if isinstance(entry.value, str) else None
    minute = -1 if found is None else int(found[1]) * HOUR_MINUTES + int(found[2])
    if not 0 <= minute <= DAY_MINUTES or (found is not None and int(found[2]) >= HOUR_MINUTES):
        raise entry.refuse(
            gettext_noop("At {place}: a time of day such as 17:00 is expected here, not “{found}”."), found=entry.shown
        )
    if minute % STEP not in (0, STEP - 1):
        raise entry.refuse(
            gettext_noop("At {place}: windows start and end on five minutes; {found} does not."), found=entry.shown
        )
    return minute


def _end_minute(entry: Entry) -> int:
    """20:59 is the last minute of a window, 21:00 and 24:00 are its end; nothing is the end of the day."""
    minute = _minute(entry)
    return minute + 1 if minute % STEP else minute or DAY_MINUTES


def _clock(minute: int) -> str:
    return f"{minute // HOUR_MINUTES:02d}:{minute % HOUR_MINUTES:02d}"


def _year_day(entry: Entry) -> dt.date:
    found = _DAY.fullmatch(entry.value) if isinstance(entry.value, str) else None
    try:
        if found is None:
            raise ValueError
        return dt.date(LEAP_YEAR, int(found[1]), int(found[2]))
    except ValueError:
        sentence = gettext_noop("At {place}: a day of the year such as 07-01 is expected here, not “{found}”.")
        raise entry.refuse(sentence, found=entry.shown) from None


def _next_day(day: dt.date) -> dt.date:
    """The following day of the year; the one after 31 December is 1 January, after 28 February also 1 March."""
    if (day.month, day.day) == (2, 28):
        return dt.date(LEAP_YEAR, 3, 1)
    return (day + dt.timedelta(days=1)).replace(year=LEAP_YEAR)
