"""May supply be stopped? Every condition of the market's rule with what it asks and what is there. Pure.

Sources: market rules A11 (China, 供电营业规则 and the local rules of 2022), National Energy Retail Rules 107-116
(Australia), § 19 StromGVV (Germany); the numbers are the policy ``disconnection`` of the pack.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.arrears import paths
from billing.rating.calendar_days import DayKinds

ONE_DAY = dt.timedelta(days=1)
OVERDUE_DAYS, DEMAND, NOTICE, ANNOUNCED, MINIMUM = "overdue_days", "demand_sent", "notice_given", "announced", "minimum"
PROTECTED, AUTHORITY, DISPUTED = "not_protected", "authority_copy", "nothing_rests"
TIMED = (OVERDUE_DAYS, NOTICE, ANNOUNCED)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a market asks of one kind of customer before supply is stopped for arrears."""

    overdue_days: int
    after_demand: bool
    minimum: Decimal
    notice: paths.Step
    announced: paths.Step | None
    authority_copy: frozenset[str]
    protected: frozenset[str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an account: amounts, dates of what was sent, protections, and why dunning rests ("" if not)."""

    overdue: Decimal
    due_since: dt.date
    demand_on: dt.date | None
    notice_on: dt.date | None
    announced_on: dt.date | None = None
    authority_told_on: dt.date | None = None
    flags: Collection[str] = ()
    rests: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: what is asked, what is there, whether it is met, and from which day on it can be."""

    code: str
    asked: str
    found: str
    met: bool
    from_day: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """All conditions on a day; ``earliest`` is the first day on which those that only need time are met."""

    on: dt.date
    conditions: tuple[Condition, ...]
    earliest: dt.date | None

    @property
    def legal(self) -> bool:
        return all(condition.met for condition in self.conditions)

    def as_json(self) -> dict[str, Any]:
        """Return the calculation as it is kept with the order."""
        rows = [
            {
                "code": each.code,
                "asked": each.asked,
                "found": each.found,
                "met": each.met,
                "from": each.from_day.isoformat() if each.from_day else None,
            }
            for each in self.conditions
        ]
        earliest = self.earliest.isoformat() if self.earliest else None
        return {"on": self.on.isoformat(), "legal": self.legal, "earliest": earliest, "conditions": rows}


def of_policy(policy: Mapping[str, Any], kind: str) -> Rule:
    """This will read the policy ``disconnection`` for a kind of customer."""
    announced = policy.get("announced_days")
    return Rule(
        overdue_days=int(policy["overdue_days"]),
        after_demand=bool(policy.get("after_demand", True)),
        minimum=Decimal(policy.get("minimum", "0")),
        notice=_wait(policy["notice_days"][kind], policy.get("notice_days_kind", paths.CALENDAR)),
        announced=None if announced is None else _wait(announced, policy.get("announced_days_kind", paths.CALENDAR)),
        authority_copy=frozenset(policy.get("authority_copy", ())),
        protected=frozenset(policy.get("protected", ())),
    )


def check(*, rule: Rule, facts: Facts, on: dt.date, days: DayKinds) -> Check:
    """This will hold the facts against the rule on a day; blackout days and hours bind whoever sends the order."""
    conditions = tuple(_conditions(rule, facts, on, days))
    timed = [each.from_day for each in conditions if each.code in TIMED]
    known = all(day is not None for day in timed)
    return Check(on=on, conditions=conditions, earliest=max(filter(None, timed)) if known and timed else None)


def _conditions(rule: Rule, facts: Facts, on: dt.date, days: DayKinds) -> list[Condition]:
    overdue_from = facts.due_since + rule.overdue_days * ONE_DAY
    found = [
        _timed(OVERDUE_DAYS, str(rule.overdue_days), str((on - facts.due_since).days), overdue_from, on),
        _asked(MINIMUM, f"{rule.minimum:f}", f"{facts.overdue:f}", 0 < facts.overdue >= rule.minimum),
        _sent(NOTICE, rule.notice, facts.notice_on, on, days),
        _asked(PROTECTED, ", ".join(sorted(rule.protected)), ", ".join(sorted(rule.protected & set(facts.flags))),
               not rule.protected & set(facts.flags)),
        _asked(DISPUTED, "", facts.rests, not facts.rests),
    ]  # fmt: skip
    if rule.after_demand:
        found.insert(1, _asked(DEMAND, "", _text(facts.demand_on), facts.demand_on is not None))
    if rule.announced is not None:
        found.append(_sent(ANNOUNCED, rule.announced, facts.announced_on, on, days))
    if rule.authority_copy & set(facts.flags):
        told = facts.authority_told_on is not None
        found.append(_asked(AUTHORITY, ", ".join(sorted(rule.authority_copy)), _text(facts.authority_told_on), told))
    return found


def _sent(code: str, wait: paths.Step, sent_on: dt.date | None, on: dt.date, days: DayKinds) -> Condition:
    from_day = paths.next_day(after=sent_on, step=wait, days=days) if sent_on else None
    return _timed(code, str(wait.wait), _text(sent_on), from_day, on)


def _timed(code: str, asked: str, found: str, from_day: dt.date | None, on: dt.date) -> Condition:
    return Condition(code, asked, found, from_day is not None and on >= from_day, from_day)


def _asked(code: str, asked: str, found: str, met: bool) -> Condition:
    return Condition(code, asked, found, met)


def _wait(days: Any, kind: str) -> paths.Step:
    return paths.Step(code="wait", wait=int(days), days=kind, channel="none", action=paths.STOP)


def _text(day: dt.date | None) -> str:
    return day.isoformat() if day else ""
