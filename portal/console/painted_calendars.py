"""A calendar painted: for each month and kind of day, the stretches of the day under their labels."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, pgettext

from billing.rating.calendars import Calendar, Span
from kernel.errors import GridhallError
from portal.console import bands, usage
from portal.shared import formats
from tenants.tariffs import tariff_documents

HOURS = 24
WORKING, FREE, HOLIDAY = "working", "free", "holiday"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a day: ``x`` and ``width`` in hours; the text tells hours and label."""

    x: str
    width: str
    tone: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """Months and kinds of day that look alike."""

    months: str
    days: str
    stretches: list[Stretch]


@dataclass(frozen=True, slots=True)
class Painting:
    """A calendar over a year."""

    title: Any
    year: int
    rows: list[Row]
    legend: list[tuple[str, str]]


def paint(*, name: str, year: int) -> Painting | None:
    """This will paint the calendar over ``year``; days outside the market's table are left out."""
    calendar = tariff_documents.calendar_of(name=name)
    titles = usage.label_titles(name)
    tone_of = bands.tones(calendar.labels)
    months = [_month(calendar, year, month) for month in range(1, 13)]
    rows = [
        Row(_months(first, last), _days(kinds, found), [_stretch(span, tone_of, titles) for span in spans])
        for first, last, found in _alike(months)
        for kinds, spans in _kinds_alike(found)
    ]
    used = {stretch.tone for row in rows for stretch in row.stretches}
    legend = [(tone_of[label], titles.get(label, label)) for label in calendar.labels if tone_of[label] in used]
    return Painting(calendar.title, year, rows, legend) if rows else None


def _month(calendar: Calendar, year: int, month: int) -> dict[str, tuple[Span, ...]]:
    """Return the usual day of each kind in a month."""
    seen: dict[str, Counter[tuple[Span, ...]]] = {}
    facts = {fact: () for fact in calendar.facts}
    for day in _days_of(year, month):
        try:
            kind, spans = _kind(calendar, day), calendar.spans_of(day, facts=facts)
        except GridhallError:
            continue
        seen.setdefault(kind, Counter())[spans] += 1
    return {kind: seen[kind].most_common(1)[0][0] for kind in (WORKING, FREE, HOLIDAY) if kind in seen}


def _kind(calendar: Calendar, day: dt.date) -> str:
    if calendar.days.holidays_of(day):
        return HOLIDAY
    return WORKING if calendar.days.is_working_day(day) else FREE


def _days_of(year: int, month: int) -> Iterator[dt.date]:
    day = dt.date(year, month, 1)
    while day.month == month:
        yield day
        day += dt.timedelta(days=1)


def _alike(months: list[dict[str, tuple[Span, ...]]]) -> list[tuple[int, int, dict[str, tuple[Span, ...]]]]:
    """Put neighbouring months together whose kinds of day look alike; a month without holidays has the others'."""
    groups: list[tuple[int, int, dict[str, tuple[Span, ...]]]] = []
    for number, found in enumerate(months, start=1):
        if not found:
            continue
        if groups and groups[-1][1] == number - 1 and _fits(groups[-1][2], found):
            first, _last, before = groups[-1]
            groups[-1] = (first, number, {**before, **found})
        else:
            groups.append((number, number, found))
    return groups


def _fits(before: dict[str, tuple[Span, ...]], found: dict[str, tuple[Span, ...]]) -> bool:
    return all(before.get(kind, spans) == spans for kind, spans in found.items())


def _kinds_alike(found: dict[str, tuple[Span, ...]]) -> list[tuple[list[str], tuple[Span, ...]]]:
    rows: list[tuple[list[str], tuple[Span, ...]]] = []
    for kind in (WORKING, FREE, HOLIDAY):
        spans = found.get(kind)
        if spans is None:
            continue
        same = next((kinds for kinds, other in rows if other == spans), None)
        if same is None:
            rows.append(([kind], spans))
        else:
            same.append(kind)
    return rows


def _months(first: int, last: int) -> str:
    if (first, last) == (1, 12):
        return gettext("All year")
    names = [formats.short_month(dt.date(2000, month, 1)) for month in (first, last)]
    return names[0] if first == last else f"{names[0]}–{names[1]}"


def _days(kinds: list[str], found: dict[str, tuple[Span, ...]]) -> str:
    if len(kinds) == len(found):
        return gettext("Every day")
    names = {
        WORKING: gettext("Working days"),
        FREE: gettext("Weekends"),
        HOLIDAY: pgettext("kind of day", "Holidays"),
    }
    return ", ".join(names[kind] for kind in kinds)


def _stretch(span: Span, tone_of: dict[str, str], titles: dict[str, str]) -> Stretch:
    start, end = _hours(span.start), _hours(span.end)
    title = titles.get(span.label, span.label)
    return Stretch(f"{start:g}", f"{end - start:g}", tone_of[span.label], title, f"{span.start}–{span.end} {title}")


def _hours(clock: str) -> float:
    hours, minutes = clock.split(":")
    return int(hours) + int(minutes) / 60
