"""What paying late costs, day by day, from the history of what was open. Pure and exact.

A debt becomes spans: days in a row with the same open amount and the same rate. The fee of a span is exact; the sum
over a debt is rounded, once. Late fees bear no late fees: the amounts are principal.
"""

from __future__ import annotations

import calendar
import datetime as dt
import decimal
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.arrears import late_fee_policies as rules
from billing.arrears.late_fee_policies import LateFeePolicy
from kernel import money

ONE_DAY = dt.timedelta(days=1)
FIXED, DAILY, MONTHLY, YEARLY = "fixed", "daily", "monthly", "yearly"


@dataclass(frozen=True, slots=True)
class OpenFrom:
    """How much principal is open from a day's end on; the first says what was billed."""

    day: dt.date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Debt:
    """One bill: when it fell due, to which year it belongs, and how its open principal went down (or up)."""

    due_on: dt.date
    history: Sequence[OpenFrom]
    year: int | None = None

    @property
    def own_year(self) -> int:
        return self.due_on.year if self.year is None else self.year


@dataclass(frozen=True, slots=True)
class Span:
    """Days [first, until) on which ``amount`` was open at ``rate``; ``fee`` is exact."""

    kind: str
    first: dt.date
    until: dt.date
    amount: Decimal
    rate: Decimal
    fee: Decimal

    @property
    def days(self) -> int:
        return (self.until - self.first).days


@dataclass(frozen=True, slots=True)
class LateFee:
    """The fee of one debt for the days of delay before ``until``: its spans, their exact sum, and what is charged."""

    until: dt.date
    spans: tuple[Span, ...]
    exact: Decimal
    total: Decimal


def of_debt(*, debt: Debt, until: dt.date, policy: LateFeePolicy, places: int) -> LateFee:
    """This will compute the late fee of a debt for all days of delay before ``until``.

    ``places`` are the decimals of the currency. Nothing is due for what was paid in time; a fee is never negative.
    """
    spans = tuple(_spans(debt, until, policy))
    with decimal.localcontext(money.EXACT):
        exact = sum((span.fee for span in spans), Decimal(0))
    return LateFee(until=until, spans=spans, exact=exact, total=_charged(exact, debt, policy, places))


def accrued(*, debt: Debt, first: dt.date, until: dt.date, policy: LateFeePolicy) -> Decimal:
    """This will sum what accrues on the days [first, until), unrounded and without a least amount."""
    with decimal.localcontext(money.EXACT):
        return sum((_clipped(span, first, until) for span in _spans(debt, until, policy)), Decimal(0))


def first_day(*, debt: Debt, policy: LateFeePolicy) -> dt.date:
    """This will return the first day of delay."""
    return debt.due_on + (1 + policy.grace_days) * ONE_DAY


def _charged(exact: Decimal, debt: Debt, policy: LateFeePolicy, places: int) -> Decimal:
    if exact <= 0:
        return money.round_half_up(Decimal(0), places)
    fee = max(money.round_half_up(exact, places), policy.minimum)
    if policy.most_of_principal is not None:
        principal = max((each.amount for each in debt.history), default=Decimal(0))
        fee = min(fee, money.round_half_up(principal * policy.most_of_principal, places))
    return money.round_half_up(fee, places)


def _spans(debt: Debt, until: dt.date, policy: LateFeePolicy) -> list[Span]:
    found = _stretches(debt, first_day(debt=debt, policy=policy), until, policy)
    stretches = list(itertools.dropwhile(lambda stretch: stretch[2] < policy.minimum_overdue, found))
    if not stretches:
        return []
    first = stretches[0][0]  # later than the first day of delay when a payment made in time came back
    with decimal.localcontext(money.EXACT):
        return [
            *_fixed(first, stretches, policy),
            *_daily(debt, stretches, policy),
            *_monthly(first, until, stretches, policy),
            *_yearly(stretches, policy),
        ]


Stretch = tuple[dt.date, dt.date, Decimal]
"""First day, day after the last, and the amount open on each of them."""


def _stretches(debt: Debt, first: dt.date, until: dt.date, policy: LateFeePolicy) -> Iterable[Stretch]:
    """Yield the days on which something is open, cut where the open amount changes."""
    moved = ONE_DAY if policy.payment_day == rules.COUNTED else dt.timedelta()
    changes = [(each.day + moved, max(each.amount, Decimal(0))) for each in sorted(debt.history, key=lambda e: e.day)]
    starts = [max(day, first) for day, _amount in changes]
    for place, (_day, amount) in enumerate(changes):
        ends = min(starts[place + 1] if place + 1 < len(starts) else until, until)
        if amount > 0 and starts[place] < ends:
            yield starts[place], ends, amount


def _fixed(first: dt.date, stretches: Sequence[Stretch], policy: LateFeePolicy) -> Iterable[Span]:
    if not policy.fixed:
        return
    last = stretches[-1][1]
    days = [first] if policy.fixed_repeats == rules.NEVER else _month_starts(first, last)
    for day in days:
        amount = _open_on(day, stretches)
        if amount:
            yield Span(FIXED, day, day + ONE_DAY, amount, Decimal(0), policy.fixed)


def _daily(debt: Debt, stretches: Sequence[Stretch], policy: LateFeePolicy) -> Iterable[Span]:
    if not (policy.own_year or policy.cross_year):
        return
    new_year = dt.date(debt.own_year + 1, 1, 1)
    crossed = stretches[-1][1] > new_year
    for first, until, amount in _cut(stretches, [new_year]):
        rate = policy.own_year if until <= new_year else policy.cross_year
        if crossed and policy.year_split == rules.WHOLE_DELAY:
            rate = policy.cross_year
        if crossed and policy.year_split == rules.NEW_YEAR_ONLY and until <= new_year:
            continue
        yield Span(DAILY, first, until, amount, rate, amount * rate * (until - first).days)


def _monthly(start: dt.date, end: dt.date, stretches: Sequence[Stretch], policy: LateFeePolicy) -> Iterable[Span]:
    if not policy.per_month:
        return
    starts = _month_starts(start, stretches[-1][1])
    for place, first in enumerate(starts):
        until = _month_later(start, place + 1)
        if policy.months == rules.BY_DAY:
            yield from _part_month(first, until, stretches, policy)
        elif policy.months == rules.STARTED:
            amount = _open_on(first, stretches)
            if amount:
                yield Span(MONTHLY, first, first + ONE_DAY, amount, policy.per_month, amount * policy.per_month)
        elif until <= end:
            amount = min((_open_on(day, stretches) for day in _days(first, until)), default=Decimal(0))
            if amount:
                yield Span(MONTHLY, until - ONE_DAY, until, amount, policy.per_month, amount * policy.per_month)


def _part_month(first: dt.date, until: dt.date, stretches: Sequence[Stretch], policy: LateFeePolicy) -> Iterable[Span]:
    length = (until - first).days
    for since, ends, amount in _cut(stretches, [first, until]):
        if first <= since and ends <= until:
            fee = amount * policy.per_month * (ends - since).days / length
            yield Span(MONTHLY, since, ends, amount, policy.per_month, fee)


def _yearly(stretches: Sequence[Stretch], policy: LateFeePolicy) -> Iterable[Span]:
    if policy.above_base is None and not policy.per_year:
        return
    last = stretches[-1][1]
    years = [dt.date(year, 1, 1) for year in range(stretches[0][0].year + 1, last.year + 1)]
    for first, until, amount in _cut(stretches, [*years, *(each.since for each in policy.base_rates)]):
        rate = policy.per_year
        if policy.above_base is not None:
            rate = max(policy.base_rate_on(first) + policy.above_base, Decimal(0))
        length = policy.days_in_year or _days_of_year(first.year)
        yield Span(YEARLY, first, until, amount, rate, amount * rate * (until - first).days / length)


def _cut(stretches: Sequence[Stretch], at: Iterable[dt.date]) -> Iterable[Stretch]:
    """Yield the stretches, cut at each of the days."""
    marks = sorted(set(at))
    for first, until, amount in stretches:
        edges = [first, *(mark for mark in marks if first < mark < until), until]
        for since, ends in itertools.pairwise(edges):
            yield since, ends, amount


def _clipped(span: Span, first: dt.date, until: dt.date) -> Decimal:
    days = (min(span.until, until) - max(span.first, first)).days
    return span.fee * days / span.days if days > 0 else Decimal(0)


def _open_on(day: dt.date, stretches: Sequence[Stretch]) -> Decimal:
    return next((amount for first, until, amount in stretches if first <= day < until), Decimal(0))


def _days(first: dt.date, until: dt.date) -> Iterable[dt.date]:
    return (first + number * ONE_DAY for number in range((until - first).days))


def _days_of_year(year: int) -> int:
    return (dt.date(year + 1, 1, 1) - dt.date(year, 1, 1)).days


def _month_starts(start: dt.date, until: dt.date) -> list[dt.date]:
    found: list[dt.date] = []
    while (day := _month_later(start, len(found))) < until:
        found.append(day)
    return found


def _month_later(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, or the last of a shorter month."""
    place = day.year * 12 + day.month - 1 + months
    year, month = place // 12, place % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
