"""How long kinds of records are kept: rules that the rooms register, and the months that hold for a company. Pure.

A room registers its rules in ``expiry.py``. A rule names the key of the market's policy ``retention`` under which the
law's minimum stands, counts what would go and removes it in batches. What can never go by itself says why.

The months that hold are the company's own number, else the rule's usual one, else the plan's; never above what the
plan keeps, and never below what the law asks: the law wins.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MONTHS = 12
BATCH = 5_000
"""Rows that go in one transaction."""
READINGS, BOOKS, WORK, LETTERS, SIGN_IN = range(5)
"""The places of kinds, on the page and in the night's work."""
Titles = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """Whose records nobody may touch now: an open claim, an unpaid bill, an order of a court."""

    customers: frozenset[int] = frozenset()
    accounts: frozenset[int] = frozenset()
    supply_points: frozenset[int] = frozenset()

    def __or__(self, other: Held) -> Held:
        return Held(
            self.customers | other.customers,
            self.accounts | other.accounts,
            self.supply_points | other.supply_points,
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """What may go: all before the day, but what is held; ``limit`` rows in one batch."""

    before: dt.date
    held: Held = Held()
    limit: int = BATCH

    @property
    def instant(self) -> dt.datetime:
        """The beginning of the day, UTC."""
        return dt.datetime.combine(self.before, dt.time(), dt.UTC)


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of records.

    ``count`` returns how many rows of a scope would go, at most ``Scope.limit``; ``expire`` removes one batch and
    returns how many rows went. ``usual`` months hold where neither law nor company says more. Without ``expire`` the
    kind stays, and ``stays`` says why.
    """

    name: str
    titles: Titles
    policy: str = ""
    usual: int | None = None
    count: Callable[[Scope], int] | None = None
    expire: Callable[[Scope], int] | None = None
    stays: Titles | None = None
    longest: int | None = None
    """Months after which a sweep removes them anyway."""
    owner: bool = False
    """Whether only the owner of the tables may remove them: rows that are only ever added."""
    place: int = 0


@dataclass(frozen=True, slots=True)
class Months:
    """What holds of a rule: ``months`` None keeps for good; the bounds between which the company chooses."""

    months: int | None
    least: int
    most: int | None


_rules: dict[str, Rule] = {}
_needs: dict[str, Callable[[], Held]] = {}


def register(rule: Rule) -> None:
    """Add a kind of records; registered again it is replaced."""
    if (rule.expire is None) == (rule.stays is None):
        raise ValueError(f"{rule.name}: either it expires or it says why it stays")
    _rules[rule.name] = rule


def need(name: str, held: Callable[[], Held]) -> None:
    """Add who is asked, before a night's work, whose records are needed still."""
    _needs[name] = held


def rules() -> list[Rule]:
    """Return all kinds of records, in the order of the page and of the work: by place, then as they came."""
    return sorted(_rules.values(), key=lambda each: each.place)


def rule(name: str) -> Rule | None:
    """Return one kind of records, or None."""
    return _rules.get(name)


def held() -> Held:
    """Return all that is needed still in the present company."""
    found = Held()
    for ask in _needs.values():
        found |= ask()
    return found


def least_months(*, rule: Rule, policies: Mapping[str, Any]) -> int:
    """Return the months that the market's law asks for; 0 where it asks for none."""
    found = (policies.get("retention") or {}).get(rule.policy) or {}
    return int(found.get("months", 0))


def holding(*, rule: Rule, policies: Mapping[str, Any], chosen: int | None, plan: int | None) -> Months:
    """Return what holds for a company whose own number is ``chosen`` and whose plan keeps ``plan`` months."""
    least = least_months(rule=rule, policies=policies)
    bounds = [months for months in (plan, rule.longest) if months is not None]
    most = max(min(bounds), least) if bounds else None
    wanted = chosen if chosen is not None else rule.usual if rule.usual is not None else most
    if wanted is None:
        return Months(None, least, most)
    return Months(max(least, wanted if most is None else min(wanted, most)), least, most)


def first_kept_day(*, months: int, on: dt.date) -> dt.date:
    """Return the first day that is still kept on ``on``: so many months earlier, the last of a short month at most."""
    count = on.year * MONTHS + on.month - 1 - months
    year, month = divmod(count, MONTHS)
    following = dt.date(year + (month + 1) // MONTHS, (month + 1) % MONTHS + 1, 1)
    return dt.date(year, month + 1, min(on.day, (following - dt.timedelta(days=1)).day))
