"""Who decides about a correction: the market's policy by kind of customer; pure but for the market's numbers."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kernel.money import EXACT
from kernel.periods import Period
from markets import packs
from tenancy import context

NOBODY, PERSON, TWO = "nobody", "person", "two"
BY_AMOUNT, BY_PERCENT, BY_AGE, PART_CREDITED, BY_LIMIT, WRONG_METER = (
    "above_amount",
    "above_percent",
    "too_old",
    "credited_in_part",
    "beyond_limit",
    "wrong_meter_too_long",
)
SWITCHED_OFF, CREDITED = "never_automatic", "credited"
MONTHS_OF_YEAR = 12
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Bill:
    """What a correction makes of one bill."""

    period: Period
    before: Decimal
    after: Decimal
    credited_in_part: bool = False
    credited: bool = False
    wrong_meter: tuple[Period, ...] = ()


@dataclass(frozen=True, slots=True)
class WrongMeter:
    """How far back a meter found wrong is corrected: a share of the time since its last test, so many months at most.

    供电营业规则: half the time since the last test or the exchange, where the moment it went wrong is not known.
    """

    share: Decimal
    months: int

    def period(self, *, tested_on: dt.date, found_on: dt.date) -> Period | None:
        """This will return the days to correct of a meter found wrong on ``found_on``, tested well on ``tested_on``."""
        if tested_on >= found_on:
            return None
        days = int(EXACT.multiply(Decimal((found_on - tested_on).days), self.share).to_integral_value())
        start = max(found_on - dt.timedelta(days=days), months_before(found_on, self.months))
        return Period(start, found_on) if start < found_on else None


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one kind of customer."""

    automatic: bool
    up_to: Decimal
    percent: Decimal
    days_back: int
    two_from: Decimal
    undercharge_days: int | None
    wrong_meter: WrongMeter | None

    def needs(self, *, bills: Sequence[Bill], on: dt.date) -> tuple[str, list[str]]:
        """This will say who decides about a chain of bills, and why: a program, a person, or two people."""
        difference = sum((bill.after - bill.before for bill in bills), Decimal(0))
        moved = sum((abs(bill.after - bill.before) for bill in bills), Decimal(0))
        before = sum((abs(bill.before) for bill in bills), Decimal(0))
        oldest = min((bill.period.end for bill in bills), default=on)
        age = (on - oldest).days
        doubts = {
            SWITCHED_OFF: not self.automatic,
            BY_AMOUNT: moved > self.up_to,
            BY_PERCENT: moved * HUNDRED > before * self.percent,
            BY_AGE: age > self.days_back,
            PART_CREDITED: any(bill.credited_in_part for bill in bills),
            CREDITED: any(bill.credited for bill in bills),
            BY_LIMIT: difference > 0 and self.undercharge_days is not None and age > self.undercharge_days,
            WRONG_METER: any(self._too_long(period) for bill in bills for period in bill.wrong_meter),
        }
        found = [code for code, holds in doubts.items() if holds]
        if moved >= self.two_from:
            return TWO, found
        return (PERSON if found else NOBODY), found

    def _too_long(self, period: Period) -> bool:
        return self.wrong_meter is not None and period.start < months_before(period.end, self.wrong_meter.months)


def of_retailer() -> Mapping[str, Policy]:
    """This will read the rules of the present retailer's market, by kind of customer."""
    rules = packs.pack(context.current_retailer().market).policies["corrections"]
    return {kind: _of_kind(rules, kind) for kind in ("household", "business")}


def months_before(day: dt.date, months: int) -> dt.date:
    """This will return the day so many months earlier, the last of its month where there is no such day."""
    at = day.year * MONTHS_OF_YEAR + day.month - 1 - months
    year, month = divmod(at, MONTHS_OF_YEAR)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def _of_kind(rules: Mapping[str, Any], kind: str) -> Policy:
    automatic, limits = rules["automatic"][kind], rules.get("undercharge_days") or {}
    wrong = rules.get("wrong_meter")
    return Policy(
        automatic=bool(automatic["on"]),
        up_to=Decimal(str(automatic["up_to"])),
        percent=Decimal(str(automatic["percent"])),
        days_back=int(automatic["days_back"]),
        two_from=Decimal(str(rules["four_eyes_from"][kind])),
        undercharge_days=None if limits.get(kind) is None else int(limits[kind]),
        wrong_meter=None if wrong is None else WrongMeter(Decimal(str(wrong["share"])), int(wrong["months"])),
    )
