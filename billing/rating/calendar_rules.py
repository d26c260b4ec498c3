"""The rules of a calendar document: which days and hours they mean, and which of two wins.

Precedence (tariff language, Calendars): a named day (holiday, dated fact, single date) over a kind of day of
the week over a part of the year over all year. Inside one level tip and deep over peak over valley over flat;
a calendar with other labels ranks them as its ``labels`` list does, and ``otherwise`` last.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from billing.rating import calendar_windows
from billing.rating.calendar_days import SATURDAY, DayKinds
from kernel.errors import GridhallError, gettext_noop

Facts = Mapping[str, Collection[dt.date]]
"""Dated facts: for each name the local days on which it holds."""

ANY_HOLIDAY = "any"
MONTHS = range(1, 13)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USUAL_RANKS = {"tip": 0, "deep": 0, "peak": 1, "valley": 2, "flat": 3}

_RULE_KEYS = (
    "label", "windows", "months", "dates", "weekdays", "weekend", "working_day", "holidays", "when", "note",
)  # fmt: skip


class CalendarFault(GridhallError):
    """A calendar document says something that cannot be followed."""

    code = "calendar_fault"
    template = gettext_noop("The calendar cannot be read here.")


class WrongShape(CalendarFault):
    """A value has another form than its place needs."""

    code = "calendar_shape"


class NeedsMapping(WrongShape):
    """Names with values belong here."""

    template = gettext_noop("“{key}” needs names with values; {found} was given.")


class NeedsList(WrongShape):
    """A list belongs here."""

    template = gettext_noop("“{key}” needs a list; {found} was given.")


class NeedsEntry(WrongShape):
    """An empty list would select every day without saying so."""

    template = gettext_noop("“{key}” needs at least one entry. Leave it out to mean every day.")


class NeedsText(WrongShape):
    """A text belongs here."""

    template = gettext_noop("“{key}” needs a text; {found} was given.")


class NeedsTruth(WrongShape):
    """True or false belongs here."""

    template = gettext_noop("“{key}” needs true or false; {found} was given.")


class NeedsOneOf(WrongShape):
    """One of a few values belongs here."""

    template = gettext_noop("“{key}” needs one of {known}; {found} was given.")


class UnknownKey(CalendarFault):
    """A key that calendars do not have."""

    code = "calendar_key"
    template = gettext_noop("“{key}” means nothing here. Known are: {known}.")


class UnknownLabel(CalendarFault):
    """A label that the calendar does not declare."""

    code = "calendar_label"
    template = gettext_noop("The label “{label}” is not in this calendar's list. It has: {known}.")


class UnknownHoliday(CalendarFault):
    """A holiday that the working-day table does not know."""

    code = "calendar_holiday"
    template = gettext_noop("The working-day table knows no holiday “{name}”. It knows: {known}.")


class FactMissing(GridhallError):
    """A rule depends on a dated fact that was not given."""

    code = "not_ready"
    template = gettext_noop("Not ready: fact {fact}, which decides the labels of {day}.")


class Level(enum.IntEnum):
    """How narrowly a rule names its days; the lower wins."""

    NAMED_DAY = 0
    DAY_OF_WEEK = 1
    PART_OF_YEAR = 2
    ALL_YEAR = 3


@dataclass(frozen=True, eq=False)
class Rule:
    """One line of a calendar: all of its selectors have to hold; an empty one holds always."""

    label: str
    mask: calendar_windows.Mask
    months: frozenset[int] = frozenset()
    dates: tuple[calendar_windows.YearDays, ...] = ()
    weekdays: frozenset[int] = frozenset()
    weekend: bool | None = None
    working_day: bool | None = None
    holidays: frozenset[str] = field(default_factory=frozenset)
    when: str | None = None

    @cached_property
    def level(self) -> Level:
        if self.holidays or self.when or (self.dates and all(days.is_single for days in self.dates)):
            return Level.NAMED_DAY
        if self.weekdays or self.weekend is not None or self.working_day is not None:
            return Level.DAY_OF_WEEK
        return Level.PART_OF_YEAR if self.months or self.dates else Level.ALL_YEAR

    def covers(self, day: dt.date, *, days: DayKinds, facts: Facts) -> bool:
        """Return whether the rule holds on ``day``; asks the table and the facts only when it must."""
        return self._in_season(day) and self._on_kind_of_day(day, days) and self._on_named_day(day, days, facts)

    def _in_season(self, day: dt.date) -> bool:
        if self.months and day.month not in self.months:
            return False
        if self.dates and not any(day in span for span in self.dates):
            return False
        return not self.weekdays or day.weekday() in self.weekdays

    def _on_kind_of_day(self, day: dt.date, days: DayKinds) -> bool:
        if self.weekend is not None and self.weekend != _is_weekend(day, days):
            return False
        return self.working_day is None or self.working_day == days.is_working_day(day)

    def _on_named_day(self, day: dt.date, days: DayKinds, facts: Facts) -> bool:
        if self.holidays:
            found = days.holidays_of(day)
            if not found or (ANY_HOLIDAY not in self.holidays and not found & self.holidays):
                return False
        if self.when is None:
            return True
        if self.when not in facts:
            raise FactMissing(fact=self.when, day=day)
        return day in facts[self.when]


def read_rules(entries: object, *, labels: Sequence[str], days: DayKinds) -> tuple[Rule, ...]:
    """This will read the ``rules`` of a calendar document. Raises CalendarFault with a pointer."""
    return tuple(
        _read_rule(entry, labels=labels, days=days, where=f"/rules/{index}")
        for index, entry in enumerate(require_list(entries, key="rules", where="/rules"))
    )


def ranks_of(labels: Sequence[str], otherwise: str) -> dict[str, tuple[int, int]]:
    """This will give each label its rank inside a level; the lower wins."""
    if set(labels) <= set(USUAL_RANKS):
        return {label: (USUAL_RANKS[label], place) for place, label in enumerate(labels)}
    return {label: (int(label == otherwise), place) for place, label in enumerate(labels)}


def require_keys(entry: object, *, known: Collection[str], key: str, where: str) -> Mapping[str, Any]:
    """This will return ``entry`` as a mapping that has only ``known`` keys."""
    if not isinstance(entry, Mapping):
        raise NeedsMapping(key=key, found=repr(entry), where=where)
    for name in entry:
        if name not in known:
            raise UnknownKey(key=name, known=", ".join(known), where=f"{where}/{name}")
    return entry


def require_list(value: object, *, key: str, where: str) -> Sequence[Any]:
    """This will return ``value`` as a list; a text is none."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise NeedsList(key=key, found=repr(value), where=where)
    return value


def require_label(value: object, *, labels: Sequence[str], where: str) -> str:
    """This will return ``value`` as one of the calendar's labels."""
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    if text is None or text not in labels:
        raise UnknownLabel(label=value, known=", ".join(labels), where=where)
    return text


def require_text(value: object, *, key: str, where: str) -> str:
    """This will return ``value`` as a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise NeedsText(key=key, found=repr(value), where=where)
    return value


def _read_rule(entry: object, *, labels: Sequence[str], days: DayKinds, where: str) -> Rule:
    rule = require_keys(entry, known=_RULE_KEYS, key="rules", where=where)
    when = rule.get("when")
    return Rule(
        label=require_label(rule.get("label"), labels=labels, where=f"{where}/label"),
        mask=_mask(rule, where=f"{where}/windows"),
        months=frozenset(_members(rule, "months", MONTHS, where)),
        dates=tuple(
            calendar_windows.year_days(text, where=f"{where}/dates/{n}")
            for n, text in enumerate(_list(rule, "dates", where))
        ),
        weekdays=frozenset(WEEKDAYS.index(name) for name in _members(rule, "weekdays", WEEKDAYS, where)),
        weekend=_truth(rule, "weekend", where),
        working_day=_truth(rule, "working_day", where),
        holidays=_holidays(rule, days=days, where=f"{where}/holidays"),
        when=None if when is None else require_text(when, key="when", where=f"{where}/when"),
    )


def _mask(rule: Mapping[str, Any], *, where: str) -> calendar_windows.Mask:
    if "windows" not in rule:
        return np.ones(calendar_windows.STEPS_PER_DAY, dtype=np.bool_)
    texts = require_list(rule["windows"], key="windows", where=where)
    if not texts:
        raise NeedsEntry(key="windows", where=where)
    masks = [calendar_windows.window_mask(text, where=f"{where}/{n}") for n, text in enumerate(texts)]
    return np.asarray(np.logical_or.reduce(masks), dtype=np.bool_)


def _list(rule: Mapping[str, Any], key: str, where: str) -> Sequence[Any]:
    """Return a selector's list; a selector that is given but empty would silently select every day."""
    if key not in rule:
        return ()
    found = require_list(rule[key], key=key, where=f"{where}/{key}")
    if not found:
        raise NeedsEntry(key=key, where=f"{where}/{key}")
    return found


def _members(rule: Mapping[str, Any], key: str, allowed: Sequence[Any], where: str) -> Sequence[Any]:
    found = _list(rule, key, where)
    for n, value in enumerate(found):
        if isinstance(value, bool) or value not in allowed:
            known = ", ".join(str(one) for one in allowed)
            raise NeedsOneOf(key=key, known=known, found=repr(value), where=f"{where}/{key}/{n}")
    return found


def _truth(rule: Mapping[str, Any], key: str, where: str) -> bool | None:
    value = rule.get(key)
    if value is not None and not isinstance(value, bool):
        raise NeedsTruth(key=key, found=repr(value), where=f"{where}/{key}")
    return value


def _holidays(rule: Mapping[str, Any], *, days: DayKinds, where: str) -> frozenset[str]:
    if rule.get("holidays") == ANY_HOLIDAY:
        return frozenset({ANY_HOLIDAY})
    names = _list(rule, "holidays", where.rpartition("/")[0])
    for n, name in enumerate(names):
        if name not in days.holiday_names:
            raise UnknownHoliday(
                name=name,
                known=", ".join(sorted(days.holiday_names)) or "-",
                where=f"{where}/{n}",
            )
    return frozenset(names)


def _is_weekend(day: dt.date, days: DayKinds) -> bool:
    return day.weekday() >= SATURDAY and not days.is_working_day(day)
