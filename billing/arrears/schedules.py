"""Instalments and interest on deposits: amounts and days. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
import decimal
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from kernel import money

MONTH_OF_DAYS = 30
"""Instalments asked for every so many days fall on the same day of each month."""


@dataclass(frozen=True, slots=True)
class Part:
    """One instalment."""

    position: int
    due_on: dt.date
    amount: Decimal


def instalments(*, total: Decimal, count: int, first_on: dt.date, every_days: int, places: int) -> tuple[Part, ...]:
    """This will share ``total`` over ``count`` instalments that differ by one minor unit at most and sum up to it.

    The larger ones come first. Every 30 days means every month, on the day of the first.
    """
    shares = money.largest_remainder(total, [Decimal(1)] * count, places=places)
    return tuple(
        Part(position=place + 1, due_on=_due(first_on, place, every_days), amount=amount)
        for place, amount in enumerate(sorted(shares, reverse=True))
    )


def due_by(*, parts: Sequence[Part], on: dt.date) -> Decimal:
    """This will sum what should have been paid by the end of a day."""
    return sum((part.amount for part in parts if part.due_on <= on), Decimal(0))


def missed(*, parts: Sequence[Part], paid: Decimal, on: dt.date, days_of_grace: int) -> Part | None:
    """This will return the first instalment whose day and grace have passed unpaid, or None."""
    upto = Decimal(0)
    for part in parts:
        upto += part.amount
        if paid < upto and on > part.due_on + dt.timedelta(days=days_of_grace):
            return part
    return None


def interest(
    *, held: Sequence[tuple[dt.date, Decimal]], until: dt.date, per_year: Decimal, days_in_year: int | None, places: int
) -> Decimal:
    """This will compute simple interest on a deposit up to, not including, ``until``.

    ``held`` says how much is held from a day on; a year has ``days_in_year`` days, or its own 365 or 366 with None.
    """
    steps = sorted(held)
    with decimal.localcontext(money.EXACT):
        total = Decimal(0)
        for place, (since, amount) in enumerate(steps):
            ends = min(steps[place + 1][0] if place + 1 < len(steps) else until, until)
            total += sum(
                (amount * per_year * days / year for days, year in _by_year(since, ends, days_in_year)), Decimal(0)
            )
    return money.round_half_up(total, places)


def _by_year(since: dt.date, until: dt.date, days_in_year: int | None) -> list[tuple[int, int]]:
    found = []
    while since < until:
        ends = min(dt.date(since.year + 1, 1, 1), until)
        length = days_in_year or (dt.date(since.year + 1, 1, 1) - dt.date(since.year, 1, 1)).days
        found.append(((ends - since).days, length))
        since = ends
    return found


def _due(first: dt.date, place: int, every_days: int) -> dt.date:
    if every_days != MONTH_OF_DAYS:
        return first + dt.timedelta(days=place * every_days)
    months = first.year * 12 + first.month - 1 + place
    year, month = months // 12, months % 12 + 1
    return dt.date(year, month, min(first.day, calendar.monthrange(year, month)[1]))
