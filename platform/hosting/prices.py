"""What a plan costs: pure arithmetic over the prices of its version.

Supply points are charged by the day: a twelfth of the year's price is a month's, and a day is a 365th of a year. So a
point that came on the 20th costs eleven days, and a change of plan needs no special case.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kernel.money import Money, round_half_up

MONTH, YEAR = "month", "year"
MONTHS = {MONTH: 1, YEAR: 12}
MONTHS_OF_YEAR, DAYS_OF_YEAR = 12, 365
RATE_PLACES = 10


@dataclass(frozen=True, slots=True)
class Price:
    """The base of a period, and a supply point for a period."""

    base: Money
    point: Decimal
    interval: str

    @property
    def point_day(self) -> Decimal:
        """Return what a supply point costs for a day."""
        return round_half_up(self.point * MONTHS_OF_YEAR / MONTHS[self.interval] / DAYS_OF_YEAR, RATE_PLACES)

    @property
    def base_of_month(self) -> Decimal:
        """Return the base as a month's, to compare and to sum."""
        return self.base.amount / MONTHS[self.interval]

    def of_month(self, points: int) -> Decimal:
        """Return what ``points`` supply points cost in a month, with the base, not rounded."""
        return self.base_of_month + self.point * points / MONTHS[self.interval]


def of(prices: Mapping[str, Any], *, currency: str, interval: str) -> Price | None:
    """Return the price in a currency and rhythm; None when the plan has none."""
    found = prices.get(currency, {}).get(interval)
    if found is None:
        return None
    return Price(Money.rounded(Decimal(found["base"]), currency), Decimal(found["point"]), interval)


def usage(price: Price, *, point_days: int) -> Money:
    """Return the charge for supply-point days."""
    return Money.rounded(price.point_day * point_days, price.base.currency)


def rest(money: Money, *, start: dt.date, end: dt.date, on: dt.date) -> Money:
    """Return the part of a period's amount that falls on ``on`` and the days after."""
    left, whole = max((end - on).days, 0), (end - start).days
    return Money.rounded(money.amount * min(left, whole) / whole, money.currency)


def off(money: Money, percent: Decimal) -> Money:
    """Return what a coupon takes off."""
    return Money.rounded(money.amount * percent / 100, money.currency)


def period_after(start: dt.date, *, interval: str, anchor_day: int) -> dt.date:
    """Return the end of the period that begins on ``start``: on the anchor's day, or the last of a shorter month."""
    months = start.year * MONTHS_OF_YEAR + start.month - 1 + MONTHS[interval]
    year, month = divmod(months, MONTHS_OF_YEAR)
    return dt.date(year, month + 1, min(anchor_day, calendar.monthrange(year, month + 1)[1]))


def months_later(on: dt.date, months: int) -> dt.date:
    """Return the same day some months later, or the last of a shorter month."""
    year, month = divmod(on.year * MONTHS_OF_YEAR + on.month - 1 + months, MONTHS_OF_YEAR)
    return dt.date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1]))
