"""From reads to quantities: each stretch between two reads, its exact quantity, and its share of every day.

Within a stretch the quantity is spread evenly over the days and cut to whole Wh by cumulated rounding: the days of a
stretch sum to its quantity, whatever bills cut it. Nothing here knows a table.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from kernel.periods import Period
from tenants.metering.registers import dials, factors, units

HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Read:
    """What a register showed at the start of ``day``; ``resumes_at`` is what a reset left there.

    ``estimated`` tells that nobody looked at the register.
    """

    id: int
    day: dt.date
    value: Decimal
    resumes_at: Decimal | None = None
    estimated: bool = False

    @property
    def leaves(self) -> Decimal:
        """Where the register counts on from."""
        return self.value if self.resumes_at is None else self.resumes_at


@dataclass(frozen=True, slots=True)
class Counter:
    """How a register counts."""

    name: str
    unit: str
    digits: int | None
    decimals: int
    factors: tuple[factors.Factor, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """Days of a stretch with one multiplier; ``quantity`` in the kept unit (Wh, varh), exact."""

    period: Period
    multiplier: Fraction
    quantity: Fraction


@dataclass(frozen=True, slots=True)
class Stretch:
    """The days between two reads: by how much the register went, and the exact quantity of its parts."""

    start: Read
    end: Read
    advance: Decimal
    rolled_over: bool
    parts: tuple[Part, ...]

    @property
    def period(self) -> Period:
        return Period(self.start.day, self.end.day)

    @property
    def estimated(self) -> bool:
        return self.start.estimated or self.end.estimated

    @property
    def exact(self) -> Fraction:
        return sum((part.quantity for part in self.parts), Fraction(0))

    @property
    def quantity(self) -> int:
        """The whole Wh (varh, VAh) of the stretch, half up."""
        return whole(self.exact)

    def by_day(self) -> list[int]:
        """This will return the quantity of each day; the days sum to ``quantity``."""
        edges = [Fraction(0)]
        for part in self.parts:
            before, days = edges[-1], part.period.days
            edges += [before + part.quantity * count / days for count in range(1, days + 1)]
        cut = [whole(edge) for edge in edges]
        return [after - before for before, after in itertools.pairwise(cut)]


def whole(quantity: Fraction) -> int:
    """This will round a quantity that is not negative half up to whole units."""
    return (quantity + HALF).__floor__()


def between(*, counter: Counter, start: Read, end: Read, rollover_share: Decimal) -> Stretch:
    """This will return the stretch from ``start`` to ``end``; raises ``dials.Backward`` or ``factors.FactorMissing``.

    Where a factor changes inside the stretch its advance is shared by days; a change of transformers has a read on
    its day, so that only the heat of gas is ever shared.
    """
    advance = dials.advance(start=start.leaves, end=end.value, digits=counter.digits, rollover_share=rollover_share)
    if advance is None:
        raise dials.Backward(
            value=str(end.value), day=end.day.isoformat(), before=str(start.leaves), before_day=start.day.isoformat()
        )
    period = Period(start.day, end.day)
    scale = units.unit(name=counter.unit).scale
    cut = factors.parts(kinds=counter.factors, period=period, unit=counter.unit, register=counter.name)
    parts = tuple(
        Part(days, multiplier, Fraction(advance) * days.days / period.days * multiplier * scale)
        for days, multiplier in cut
    )
    return Stretch(start, end, advance, end.value < start.leaves, parts)


def peak(*, counter: Counter, since: dt.date, read: Read) -> Stretch:
    """This will return what a register of demand showed at ``read`` as the highest of the days since ``since``.

    The ratio is that of the last day; raises ``factors.FactorMissing``.
    """
    last = read.day - dt.timedelta(days=1)
    multiplier = factors.ratio(kinds=counter.factors, on=last, unit=counter.unit, register=counter.name)
    quantity = Fraction(read.value) * multiplier * units.unit(name=counter.unit).scale
    start = Read(read.id, since, Decimal(0), estimated=read.estimated)
    return Stretch(start, read, read.value, False, (Part(Period(since, read.day), multiplier, quantity),))


def along(*, counter: Counter, reads: Sequence[Read], rollover_share: Decimal) -> list[Stretch]:
    """This will return the stretches between neighbouring ``reads``, which stand in order of their days."""
    return [
        between(counter=counter, start=start, end=end, rollover_share=rollover_share)
        for start, end in itertools.pairwise(reads)
    ]


def scaled(*, stretch: Stretch, quantity: int) -> list[int]:
    """This will spread another ``quantity`` over the stretch's days as its own is spread, by cumulated rounding."""
    own = stretch.by_day()
    total = sum(own)
    weights = own if total else [1] * len(own)
    edges = itertools.accumulate((Fraction(quantity * weight, sum(weights)) for weight in weights), initial=Fraction(0))
    cut = [whole(edge) for edge in edges]
    return [after - before for before, after in itertools.pairwise(cut)]
