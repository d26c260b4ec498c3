"""Dunning paths as documents: steps with waits, channels and deeds, read strictly; which day a step falls on. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from billing.rating.calendar_days import CalendarEnds, DayKinds
from kernel.errors import GridhallError, gettext_noop

ONE_DAY = dt.timedelta(days=1)
CALENDAR, WORKING = "calendar", "working"
DAYS = (CALENDAR, WORKING)
CHANNELS = ("customer", "email", "sms", "wechat", "letter", "portal", "none")
REMINDER, DEMAND, STOP_NOTICE, STOP_ANNOUNCED = "reminder", "demand", "stop_notice", "stop_announced"
STOP, AGENCY, CALL = "stop", "agency", "call"
ACTIONS = (REMINDER, DEMAND, STOP_NOTICE, STOP_ANNOUNCED, STOP, AGENCY, CALL)
KEYS = frozenset({"code", "wait", "days", "channel", "template", "fee", "minimum", "action", "title"})
MOST_STEPS, LONGEST_WAIT = 32, 366
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class BadPath(GridhallError):
    """A path cannot be read."""

    code = "dunning_path_bad"
    template = gettext_noop("The path is wrong at {where_said}: {reason}")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: ``wait`` days after the step before (the first: after the due date), what is sent and what is done."""

    code: str
    wait: int
    days: str
    channel: str
    action: str
    template: str = ""
    fee: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    title: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Path:
    """Steps in order; what is overdue below ``minimum`` starts no case."""

    steps: tuple[Step, ...]
    minimum: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom a path is; an empty collection means everybody."""

    kinds: Sequence[str] = ()
    segments: Sequence[str] = ()
    credit_classes: Sequence[str] = ()

    def fits(self, *, kind: str, segment: str, credit_class: str) -> bool:
        """Whether a customer belongs to it."""
        asked = ((self.kinds, kind), (self.segments, segment), (self.credit_classes, credit_class))
        return all(not wanted or value in wanted for wanted, value in asked)

    @property
    def narrowness(self) -> int:
        """How much it asks for: the narrower of two that fit is taken."""
        return sum(bool(wanted) for wanted in (self.kinds, self.segments, self.credit_classes))


def read(document: Mapping[str, Any]) -> Path:
    """This will read a path's document; raises BadPath that points at the step and the key."""
    rows = document.get("steps")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_STEPS:
        raise BadPath(where="steps", where_said="steps", reason=gettext_noop("a path has 1 to 32 steps"))
    steps = tuple(_step(row, place) for place, row in enumerate(rows))
    codes = [step.code for step in steps]
    for place, code in enumerate(codes):
        if code in codes[:place]:
            raise _bad(place, "code", gettext_noop("each step has a code of its own"))
    _check_order(steps)
    return Path(steps=steps, minimum=_amount(document.get("minimum", "0"), "minimum"))


def next_day(*, after: dt.date, step: Step, days: DayKinds) -> dt.date:
    """This will return the day a step falls on: ``step.wait`` calendar or working days after ``after``.

    Beyond the end of the holiday calendar the days of the week decide.
    """
    if step.days == CALENDAR:
        return after + step.wait * ONE_DAY
    day, left = after, step.wait
    while left:
        day += ONE_DAY
        left -= _is_worked(day, days)
    return day


def choose(candidates: Iterable[tuple[Audience, Any]], *, kind: str, segment: str, credit_class: str) -> Any:
    """This will return the path with the narrowest audience that the customer belongs to, or None.

    Of two equally narrow ones the first is taken.
    """
    fitting = [
        (audience, path)
        for audience, path in candidates
        if audience.fits(kind=kind, segment=segment, credit_class=credit_class)
    ]
    return max(fitting, key=lambda each: each[0].narrowness)[1] if fitting else None


def _is_worked(day: dt.date, days: DayKinds) -> bool:
    try:
        return days.is_working_day(day)
    except CalendarEnds:
        return day.isoweekday() <= 5


def _step(row: Any, place: int) -> Step:
    if not isinstance(row, Mapping):
        raise _bad(place, "", gettext_noop("a step is an object"))
    unknown = sorted(set(row) - KEYS)
    if unknown:
        raise _bad(place, unknown[0], gettext_noop("a step has no such key"))
    step = Step(
        code=_name(row.get("code"), place, "code"),
        wait=_wait(row.get("wait"), place),
        days=_one_of(row.get("days", CALENDAR), DAYS, place, "days"),
        channel=_one_of(row.get("channel", CHANNELS[0]), CHANNELS, place, "channel"),
        action=_one_of(row.get("action", REMINDER), ACTIONS, place, "action"),
        template=str(row.get("template") or ""),
        fee=_amount(row.get("fee", "0"), "fee", place),
        minimum=_amount(row.get("minimum", "0"), "minimum", place),
        title=_title(row.get("title"), place),
    )
    if step.channel != "none" and not _NAME.fullmatch(step.template):
        raise _bad(place, "template", gettext_noop("a step that sends something names its template"))
    return step


def _check_order(steps: Sequence[Step]) -> None:
    """Supply is stopped only after a demand and a notice of it."""
    seen: list[str] = []
    for place, step in enumerate(steps):
        if step.action == STOP and not {DEMAND, STOP_NOTICE} <= set(seen):
            raise _bad(place, "action", gettext_noop("a demand and a notice of disconnection come before the stop"))
        seen.append(step.action)


def _name(value: Any, place: int, key: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise _bad(place, key, gettext_noop("small letters, digits and _, beginning with a letter"))
    return value


def _wait(value: Any, place: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LONGEST_WAIT:
        raise _bad(place, "wait", gettext_noop("a number of days from 0 to 366"))
    return value


def _one_of(value: Any, allowed: Sequence[str], place: int, key: str) -> str:
    if value not in allowed:
        raise _bad(place, key, ", ".join(allowed))
    return str(value)


def _amount(value: Any, key: str, place: int | None = None) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0:
        raise _bad(place, key, gettext_noop("an amount that is not negative"))
    return found


def _title(value: Any, place: int) -> Mapping[str, str]:
    if (
        not isinstance(value, Mapping)
        or not value
        or not all(isinstance(text, str) and text for text in value.values())
    ):
        raise _bad(place, "title", gettext_noop("a title by language"))
    return dict(value)


def _bad(place: int | None, key: str, reason: str) -> BadPath:
    where = ".".join(part for part in (f"steps.{place}" if place is not None else "", key) if part)
    return BadPath(where=where, where_said=where, reason=reason)
