"""Calendars: which label (tip, peak, flat, valley, deep, or any other) each moment has.

A calendar is data (docs/algorithms/calendars.md). Every distinct kind of local day is painted once in steps of
five minutes; the labels of any run of slots are then cut from those days, through instants, so that the days
of 23 and 25 hours have the labels that the clock on the wall showed.
"""

from __future__ import annotations

import datetime as dt
import math
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from billing.rating import calendar_rules, calendar_windows
from billing.rating.calendar_days import CalendarEnds, DayKinds, PlainWeek
from billing.rating.calendar_rules import CalendarFault, FactMissing, Facts
from kernel import market_time, periods
from kernel.errors import GridhallError, gettext_noop
from kernel.money import EXACT

__all__ = [
    "Calendar",
    "CalendarEnds",
    "CalendarFault",
    "DayKinds",
    "FactMissing",
    "Facts",
    "PlainWeek",
    "SlotAcrossWindows",
    "SlotOffStep",
    "Span",
    "load",
]

Labels = npt.NDArray[np.int8]

NO_FACTS: Facts = {}
MOST_LABELS = 127

_KEYS = (
    "calendar", "title", "time_zone", "region", "labels", "label_titles", "otherwise", "rules", "source", "note",
)  # fmt: skip
_ONE_DAY = dt.timedelta(days=1)
_ONE_GRAIN = dt.timedelta(minutes=calendar_windows.GRAIN_MINUTES)
_ONE_MINUTE = np.timedelta64(1, "m")


class UnknownTimeZone(CalendarFault):
    """A time zone that the world's table does not have."""

    code = "calendar_time_zone"
    template = gettext_noop("“{name}” is not a time zone. Write one as in “Asia/Shanghai”.")


class BadLabels(calendar_rules.WrongShape):
    """The labels are not a list of different names."""

    template = gettext_noop("“labels” needs different names, at least one and at most {most}; {found} was given.")


class SlotAcrossWindows(GridhallError):
    """A slot begins under one label and ends under another."""

    code = "slot_across_windows"
    template = gettext_noop(
        "The {minutes}-minute slot of {start} begins as “{first}” and ends as “{last}” in calendar {calendar}: "
        "its readings are too coarse for these windows."
    )


class SlotOffStep(GridhallError):
    """A slot starts between the five-minute steps of the calendar."""

    code = "slot_off_step"
    template = gettext_noop("The slot of {start} does not start on a five-minute step of the day.")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a local day under one label, as the clock on the wall shows it."""

    start: str
    end: str
    label: str


@dataclass(frozen=True, eq=False)
class Calendar:
    """A checked calendar document with the working-day table it was loaded with."""

    name: str
    title: Mapping[str, str] | str
    time_zone: zoneinfo.ZoneInfo
    labels: tuple[str, ...]
    label_titles: Mapping[str, Mapping[str, str]]
    otherwise: str
    rules: tuple[calendar_rules.Rule, ...]
    days: DayKinds
    _painted: dict[tuple[int, ...], Labels] = field(default_factory=dict, repr=False)

    @property
    def facts(self) -> frozenset[str]:
        """Names of the dated facts that this calendar needs."""
        return frozenset(rule.when for rule in self.rules if rule.when)

    def labels_of(
        self,
        *,
        start: dt.datetime,
        end: dt.datetime,
        minutes: int,
        facts: Facts = NO_FACTS,
    ) -> Labels:
        """This will return the label index [slots] of each slot of ``minutes`` in [start, end).

        Raises SlotAcrossWindows, SlotOffStep, CalendarEnds and FactMissing.
        """
        return self.labels_at(
            starts=market_time.slot_starts(start, end, minutes),
            minutes=minutes,
            facts=facts,
        )

    def labels_at(self, *, starts: market_time.Instants, minutes: int, facts: Facts = NO_FACTS) -> Labels:
        """This will return the label index [slots] of slots given by their UTC starts (datetime64), in any order."""
        if starts.size == 0:
            return np.zeros(0, dtype=np.int8)
        grain = math.gcd(minutes, calendar_windows.GRAIN_MINUTES)
        origin, steps = self._steps_between(starts.min(), starts.max() + minutes * _ONE_MINUTE, facts)
        offsets = self._offsets(starts, origin, grain)
        fine = np.repeat(steps, calendar_windows.GRAIN_MINUTES // grain)
        inside = fine[offsets[:, None] + np.arange(minutes // grain)]
        self._refuse_mixed(inside, starts, minutes)
        return np.ascontiguousarray(inside[:, 0])

    def day_of_slot(self, *, start: dt.datetime, end: dt.datetime, minutes: int) -> npt.NDArray[np.int32]:
        """This will count for each slot [slots] in [start, end) the local days since the day of the first slot."""
        starts = market_time.slot_starts(start, end, minutes)
        if starts.size == 0:
            return np.zeros(0, dtype=np.int32)
        days = _days(self._local_day(starts[0]), self._local_day(starts[-1]))
        midnights = [periods.midnight(day, self.time_zone).replace(tzinfo=None) for day in days]
        return np.searchsorted(np.array(midnights, dtype="datetime64[s]"), starts, side="right").astype(np.int32) - 1

    def minutes_by_label(self, day: dt.date, *, facts: Facts = NO_FACTS) -> dict[str, int]:
        """This will count the minutes of each label in the local ``day``; they sum to 1380, 1440 or 1500."""
        steps = self._steps_of(day, facts)
        counts = np.bincount(steps, minlength=len(self.labels)) * calendar_windows.GRAIN_MINUTES
        return {label: int(count) for label, count in zip(self.labels, counts, strict=True)}

    def hours_by_label(self, day: dt.date, *, facts: Facts = NO_FACTS) -> dict[str, Decimal]:
        """This will give the hours of each label in the local ``day``."""
        per_hour = Decimal(calendar_windows.MINUTES_PER_HOUR)
        minutes = self.minutes_by_label(day, facts=facts)
        return {label: EXACT.divide(Decimal(count), per_hour) for label, count in minutes.items()}

    def spans_of(self, day: dt.date, *, facts: Facts = NO_FACTS) -> tuple[Span, ...]:
        """This will list the stretches of ``day`` on the clock, from 00:00 to 24:00, each under one label."""
        pattern = self._pattern(day, facts)
        cuts = [
            0,
            *(np.flatnonzero(np.diff(pattern)) + 1).tolist(),
            calendar_windows.STEPS_PER_DAY,
        ]
        clocks = [calendar_windows.clock(cut * calendar_windows.GRAIN_MINUTES) for cut in cuts]
        return tuple(Span(clocks[n], clocks[n + 1], self.labels[pattern[cut]]) for n, cut in enumerate(cuts[:-1]))

    def _steps_between(self, first: np.datetime64, last: np.datetime64, facts: Facts) -> tuple[np.datetime64, Labels]:
        """Return the UTC start of the first local day and the labels of all five-minute steps up to ``last``."""
        day, stop = (self._local_day(instant) for instant in (first, last - np.timedelta64(1, "s")))
        origin = periods.midnight(day, self.time_zone).replace(tzinfo=None)
        painted = [self._steps_of(one, facts) for one in _days(day, stop)]
        return np.datetime64(origin, "s"), np.concatenate(painted)

    def _steps_of(self, day: dt.date, facts: Facts) -> Labels:
        """Return the labels of the five-minute steps that really pass in the local day: 276, 288 or 300."""
        pattern = self._pattern(day, facts)
        start, end = market_time.day_bounds(day, self.time_zone)
        if end - start == _ONE_DAY:
            return pattern
        count = (end - start) // _ONE_GRAIN
        walls = ((start + n * _ONE_GRAIN).astimezone(self.time_zone) for n in range(count))
        return np.take(pattern, [_step_of(wall) for wall in walls])

    def _pattern(self, day: dt.date, facts: Facts) -> Labels:
        """Return the labels of the 288 five-minute steps of a plain day with the rules that hold on ``day``."""
        holding = tuple(n for n, rule in enumerate(self.rules) if rule.covers(day, days=self.days, facts=facts))
        if holding not in self._painted:
            self._painted[holding] = self._paint([self.rules[n] for n in holding])
        return self._painted[holding]

    def _paint(self, rules: Sequence[calendar_rules.Rule]) -> Labels:
        ranks = calendar_rules.ranks_of(self.labels, self.otherwise)
        pattern = np.full(
            calendar_windows.STEPS_PER_DAY,
            self.labels.index(self.otherwise),
            dtype=np.int8,
        )
        for rule in sorted(rules, key=lambda one: (one.level, ranks[one.label]), reverse=True):
            pattern[rule.mask] = self.labels.index(rule.label)
        pattern.flags.writeable = False
        return pattern

    def _local_day(self, instant: np.datetime64) -> dt.date:
        return self._local(instant).date()

    def _local(self, instant: np.datetime64) -> dt.datetime:
        naive: dt.datetime = instant.astype("datetime64[s]").item()
        return naive.replace(tzinfo=dt.UTC).astimezone(self.time_zone)

    def _offsets(self, starts: market_time.Instants, origin: np.datetime64, grain: int) -> npt.NDArray[np.int64]:
        steps, rest = np.divmod(starts - origin, grain * _ONE_MINUTE)
        off = np.flatnonzero(rest)
        if off.size:
            raise SlotOffStep(start=_shown(self._local(starts[off[0]])))
        return steps.astype(np.int64)

    def _refuse_mixed(self, inside: Labels, starts: market_time.Instants, minutes: int) -> None:
        mixed = np.flatnonzero((inside != inside[:, :1]).any(axis=1))
        if mixed.size:
            row = inside[mixed[0]]
            raise SlotAcrossWindows(
                minutes=minutes,
                start=_shown(self._local(starts[mixed[0]])),
                first=self.labels[row[0]],
                last=self.labels[row[row != row[0]][0]],
                calendar=self.name,
            )


def load(document: Mapping[str, Any], *, days: DayKinds) -> Calendar:
    """This will check a calendar document and return it as a calendar.

    ``days`` is the market's working-day table. Raises CalendarFault, BadWindow or BadDate with a JSON pointer in
    ``where``.
    """
    calendar_rules.require_keys(document, known=_KEYS, key="calendar", where="")
    labels = _labels(document)
    otherwise = document.get("otherwise", labels[0] if len(labels) == 1 else None)
    return Calendar(
        name=calendar_rules.require_text(document.get("calendar"), key="calendar", where="/calendar"),
        title=document.get("title", ""),
        time_zone=_time_zone(document),
        labels=labels,
        label_titles=_label_titles(document, labels),
        otherwise=calendar_rules.require_label(otherwise, labels=labels, where="/otherwise"),
        rules=calendar_rules.read_rules(document.get("rules", ()), labels=labels, days=days),
        days=days,
    )


def _labels(document: Mapping[str, Any]) -> tuple[str, ...]:
    found = calendar_rules.require_list(document.get("labels"), key="labels", where="/labels")
    labels = tuple(str(label) for label in found if isinstance(label, (str, int)) and str(label))
    if not labels or len(labels) != len(found) or len(set(labels)) != len(labels) or len(labels) > MOST_LABELS:
        raise BadLabels(most=MOST_LABELS, found=repr(found), where="/labels")
    return labels


def _label_titles(document: Mapping[str, Any], labels: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
    titles = document.get("label_titles", {})
    calendar_rules.require_keys(titles, known=labels, key="label_titles", where="/label_titles")
    return dict(titles)


def _time_zone(document: Mapping[str, Any]) -> zoneinfo.ZoneInfo:
    name = calendar_rules.require_text(document.get("time_zone"), key="time_zone", where="/time_zone")
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownTimeZone(name=name, where="/time_zone") from None


def _days(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + n * _ONE_DAY for n in range((last - first).days + 1))


def _step_of(wall: dt.datetime) -> int:
    return (wall.hour * calendar_windows.MINUTES_PER_HOUR + wall.minute) // calendar_windows.GRAIN_MINUTES


def _shown(local: dt.datetime) -> str:
    return local.strftime("%Y-%m-%d %H:%M")
