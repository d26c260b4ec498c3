"""What an add-on comes to up to a day; pure.

The amount up to a day is rounded, never the amount of a stretch: the charge of a stretch is the difference of two
such sums. So the charges of any cut of the days sum to the same, and whole months cost exactly the agreed amount.
"""

from __future__ import annotations

import datetime as dt
import decimal
from dataclasses import dataclass
from decimal import Decimal

from kernel.money import EXACT, round_to_minor
from kernel.periods import Period

MONTHS_OF_YEAR = 12


@dataclass(frozen=True, slots=True)
class Terms:
    """``amount`` for one piece and one stretch of ``months`` calendar months; ``end`` None while it runs.

    ``prorated``: a stretch that is held in part costs its share by days; otherwise it costs the whole on its first day.
    Stretches start with the month of ``start``.
    """

    amount: Decimal
    quantity: Decimal
    months: int
    prorated: bool
    currency: str
    start: dt.date
    end: dt.date | None


def due_until(*, terms: Terms, until: dt.date) -> Decimal:
    """This will return what the add-on comes to for its days before ``until``, rounded to the minor unit."""
    end = until if terms.end is None else min(until, terms.end)
    if end <= terms.start:
        return Decimal(0)
    with decimal.localcontext(EXACT):
        return round_to_minor(terms.amount * terms.quantity * _stretches(terms, end), terms.currency)


def _stretches(terms: Terms, end: dt.date) -> Decimal:
    """How many stretches, parts of one by days, lie before ``end``."""
    count, first = Decimal(0), terms.start.replace(day=1)
    while first < end:
        stretch = Period(first, _later(first, terms.months))
        held = stretch.intersection(Period(terms.start, end))
        if held is not None:
            count += Decimal(held.days) / stretch.days if terms.prorated else 1
        first = stretch.end
    return count


def _later(first: dt.date, months: int) -> dt.date:
    at = first.month - 1 + months
    return dt.date(first.year + at // MONTHS_OF_YEAR, at % MONTHS_OF_YEAR + 1, 1)
