"""What a register should show on a day, going by its history, and what is odd about a number beside it; pure."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tenants.metering.registers import dials, ordering
from tenants.metering.registers.ordering import Standing

NO_HISTORY, ABOVE, BELOW, NOT_BETWEEN = "no_history", "above", "below", "not_between"


@dataclass(frozen=True, slots=True)
class Habits:
    """How far from its history a number may be: shares of the highest and lowest use a day, and units that are no news.

    Stretches that began more than ``days`` before the day are left out.
    """

    above: Decimal
    below: Decimal
    floor: Decimal
    days: int


@dataclass(frozen=True, slots=True)
class Expected:
    """By how much the register should have gone since ``before``: from ``least`` to ``most`` units, usually ``usual``.

    None where nothing is known; with a read ``after`` it lies between the two.
    """

    before: Standing | None
    after: Standing | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    usual: Decimal | None = None

    def range(self, *, digits: int | None, decimals: int) -> tuple[Decimal, Decimal] | None:
        """This will return the numbers on the dial between which the read is expected, or None."""
        if self.before is None or self.least is None or self.most is None:
            return None
        step = Decimal(1).scaleb(-decimals)
        low = (self.before.leaves + self.least) // step * step
        most = self.before.leaves + self.most
        high = most // step * step
        high = high if high == most else high + step
        if digits is None:
            return low, high
        whole = dials.capacity(digits=digits)
        return low % whole, high % whole


@dataclass(frozen=True, slots=True)
class Oddity:
    """Why a number is looked at twice: a code, and the numbers of its sentence as text."""

    code: str
    params: dict[str, Any]


def expected(*, believed: Sequence[Standing], day: dt.date, rules: ordering.Rules, habits: Habits) -> Expected:
    """This will say what a register should show on ``day`` beside its ``believed`` reads, which stand in order.

    The use a day of each earlier stretch is its habit: between ``below`` × the lowest and ``above`` × the highest of
    them is usual, ``floor`` units more or less are no news.
    """
    before = next((each for each in reversed(believed) if each.day < day), None)
    after = next((each for each in believed if each.day > day), None)
    if before is None:
        return Expected(None, after)
    if after is not None:
        between = _went(before, after, rules)
        return Expected(before, after, Decimal(0) if between is not None else None, between)
    rates = list(_rates([each for each in believed if each.day <= before.day], day, rules, habits))
    if not rates:
        return Expected(before)
    days = (day - before.day).days
    least = max(Decimal(0), min(rates) * habits.below * days - habits.floor)
    most = max(rates) * habits.above * days + habits.floor
    return Expected(before, None, least, most, sum(rates, Decimal(0)) / len(rates) * days)


def oddities(*, given: Standing, expected: Expected, rules: ordering.Rules) -> list[Oddity]:
    """This will return what is odd about a number: first what no dial does, else what the history does not know."""
    doubt = ordering.doubt(before=expected.before, given=given, after=expected.after, rules=rules)
    before = expected.before
    if doubt and before is not None:
        return [Oddity(doubt, {"last": _text(before.leaves), "last_day": before.day.isoformat()})]
    if doubt and expected.after is not None:
        after = expected.after
        return [Oddity(NOT_BETWEEN, {"last": _text(after.value), "last_day": after.day.isoformat()})]
    if before is None or expected.least is None or expected.most is None:
        return [] if expected.after is not None else [Oddity(NO_HISTORY, {})]
    went = dials.advance(start=before.leaves, end=given.value, digits=rules.digits, rollover_share=rules.rollover_share)
    if went is None:
        return []
    usual = {"went": _text(went), "usual": _text((expected.usual or Decimal(0)) // 1)}
    if went > expected.most:
        return [Oddity(ABOVE, usual)]
    return [Oddity(BELOW, usual)] if went < expected.least else []


def _rates(earlier: Sequence[Standing], day: dt.date, rules: ordering.Rules, habits: Habits) -> list[Decimal]:
    found = []
    for start, end in itertools.pairwise(earlier):
        went = _went(start, end, rules)
        if went is not None and (day - start.day).days <= habits.days:
            found.append(went / (end.day - start.day).days)
    return found


def _went(start: Standing, end: Standing, rules: ordering.Rules) -> Decimal | None:
    return dials.advance(start=start.leaves, end=end.value, digits=rules.digits, rollover_share=rules.rollover_share)


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"
