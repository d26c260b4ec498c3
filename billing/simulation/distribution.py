"""How differences are spread: winners and losers, and histograms of shares and of amounts; pure, exact.

Everything is compared by multiplication, never by a rounded quotient: 2 % of 100.00 is 2.00, not 1.9999….
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)
SHARES = (Decimal("0.02"), Decimal("0.05"), Decimal("0.10"), Decimal("0.20"))
"""The edges of the histogram of shares, to both sides of "unchanged"."""
STEPS = 5
"""Edges of the histogram of amounts to either side."""
Pair = tuple[Decimal, Decimal]
"""What was billed, and what is simulated."""


@dataclass(frozen=True, slots=True)
class Side:
    """Those who pay less, or those who pay more: how many, and how much altogether (never negative)."""

    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Bin:
    """Accounts whose difference lies between ``low`` and ``high`` (None: without end); both 0 is "unchanged".

    The edge away from zero belongs to the bin: a bin from 0 to 0.02 holds 0.02. ``amount`` sums their differences.
    """

    low: Decimal | None
    high: Decimal | None
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Spread:
    """The differences of many accounts. ``unmeasured`` were billed nothing or less, so that there is no share."""

    winners: Side
    losers: Side
    unchanged: int
    shares: tuple[Bin, ...]
    amounts: tuple[Bin, ...]
    unmeasured: int


def spread(pairs: Iterable[Pair]) -> Spread:
    """This will return how the differences of (billed, simulated) are spread."""
    known = list(pairs)
    differences = [simulated - billed for billed, simulated in known]
    less = [-each for each in differences if each < 0]
    more = [each for each in differences if each > 0]
    measured = [(simulated - billed, billed) for billed, simulated in known if billed > 0]
    edges = amount_edges(max((abs(each) for each in differences), default=ZERO))
    return Spread(
        winners=Side(len(less), sum(less, ZERO)),
        losers=Side(len(more), sum(more, ZERO)),
        unchanged=len(known) - len(less) - len(more),
        shares=_bins(measured, SHARES),
        amounts=_bins([(each, Decimal(1)) for each in differences], edges),
        unmeasured=len(known) - len(measured),
    )


def amount_edges(largest: Decimal) -> tuple[Decimal, ...]:
    """This will return the last ``STEPS`` numbers 1, 2, 5, 10, 20… × 10ⁿ below ``largest``, from 0.01 on."""
    edges: list[Decimal] = []
    step = 0
    while (edge := Decimal((1, 2, 5)[step % 3]).scaleb(step // 3 - 2)) < largest:
        edges.append(edge)
        step += 1
    return tuple(edges[-STEPS:])


def _bins(values: Sequence[Pair], edges: Sequence[Decimal]) -> tuple[Bin, ...]:
    """Sort (difference, base) into bins by difference ÷ base, without dividing."""
    counts: dict[int, int] = {}
    amounts: dict[int, Decimal] = {}
    for difference, base in values:
        place = sum(abs(difference) > edge * base for edge in edges) + 1
        at = 0 if difference == 0 else place if difference > 0 else -place
        counts[at] = counts.get(at, 0) + 1
        amounts[at] = amounts.get(at, ZERO) + difference
    places = range(-len(edges) - 1, len(edges) + 2)
    return tuple(Bin(*_bounds(at, edges), counts.get(at, 0), amounts.get(at, ZERO)) for at in places)


def _bounds(at: int, edges: Sequence[Decimal]) -> tuple[Decimal | None, Decimal | None]:
    if at == 0:
        return ZERO, ZERO
    steps = (ZERO, *edges)
    near, far = steps[abs(at) - 1], steps[abs(at)] if abs(at) < len(steps) else None
    return (near, far) if at > 0 else (None if far is None else -far, -near)
