"""Calendar documents from schedules of 12 months × 24 hours, one for weekdays and one for weekends."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from markets.foreign_json import Entry

MONTHS, HOURS = 12, 24
WEEKDAYS, WEEKEND = ("mon", "tue", "wed", "thu", "fri"), ("sat", "sun")
_DIGITS = 12

Schedule = tuple[tuple[int, ...], ...]
"""For each month the period of each hour."""


def read(entry: Entry, *, periods: int) -> Schedule:
    """This will read a schedule whose periods lie below ``periods``. Raises ImportRefused."""
    return tuple(tuple(hour.whole(0, periods - 1) for hour in month.exactly(HOURS)) for month in entry.exactly(MONTHS))


def document(
    weekday: Schedule,
    weekend: Schedule,
    *,
    market: str,
    prefix: str,
    time_zone: str,
    title: Mapping[str, str],
    period_titles: Mapping[str, str],
    label: str = "period",
) -> dict[str, Any]:
    """This will write the calendar of two schedules: no holidays, Saturday and Sunday as the weekend.

    ``period_titles`` are texts with ``{number}``, counted from 1. The calendar's name follows from its content.
    """
    used = Counter(period for schedule in (weekday, weekend) for month in schedule for period in month)
    names = {period: f"{label}_{period + 1}" for period in sorted(used)}
    otherwise = max(sorted(used), key=lambda period: used[period])
    content: dict[str, Any] = {
        "title": dict(title),
        "time_zone": time_zone,
        "labels": list(names.values()),
        "label_titles": {
            name: {language: text.format(number=period + 1) for language, text in period_titles.items()}
            for period, name in names.items()
        },
        "otherwise": names[otherwise],
        "rules": [{"label": names[period], **rule} for period, rule in _rules(weekday, weekend) if period != otherwise],
    }
    return {"calendar": f"{market}/{prefix}-{digest(content)}", **content}


def digest(content: Mapping[str, Any]) -> str:
    """This will name content: the same content, the same name."""
    wording = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(wording.encode()).hexdigest()[:_DIGITS]


def _rules(weekday: Schedule, weekend: Schedule) -> list[tuple[int, dict[str, Any]]]:
    """Months with the same windows on the same days share a rule; no two rules meet in an hour."""
    months: dict[tuple[int, tuple[str, ...], tuple[str, ...] | None], list[int]] = {}
    for month in range(MONTHS):
        both = weekday[month] == weekend[month]
        parts = [(None, weekday)] if both else [(WEEKDAYS, weekday), (WEEKEND, weekend)]
        for days, schedule in parts:
            for period, windows in _windows(schedule[month]).items():
                months.setdefault((period, windows, days), []).append(month + 1)
    return [
        (period, _rule(found, windows, days))
        for (period, windows, days), found in sorted(months.items(), key=lambda pair: (pair[0][0], pair[1]))
    ]


def _rule(months: Sequence[int], windows: tuple[str, ...], days: tuple[str, ...] | None) -> dict[str, Any]:
    rule: dict[str, Any] = {} if len(months) == MONTHS else {"months": list(months)}
    if days is not None:
        rule["weekdays"] = list(days)
    if windows != (f"00:00-{HOURS}:00",):
        rule["windows"] = list(windows)
    return rule


def _windows(hours: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The windows of each period of a day: runs of equal hours."""
    starts = [hour for hour in range(HOURS) if hour == 0 or hours[hour] != hours[hour - 1]]
    found: dict[int, list[str]] = {}
    for start, end in zip(starts, [*starts[1:], HOURS], strict=True):
        found.setdefault(hours[start], []).append(f"{start:02d}:00-{end:02d}:00")
    return {period: tuple(windows) for period, windows in found.items()}
