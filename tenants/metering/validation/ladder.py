"""The ladder of estimation: what stands in a gap, from the surest source to the last resort; pure.

1 a second meter, 2 a straight line over a short gap, 3 the other energy of the point (demand and reactive), 4 like
days, 5 a profile times the daily average, 6 the month before, 7 zero, which holds the bill. Then, where registers
bracket the gap, all that was estimated is scaled to what they counted (docs/algorithms/validation.md, Estimation).
Good slots are never touched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from tenants.metering.formats.base import LARGEST
from tenants.metering.validation import rounding, runs
from tenants.metering.validation.states import Method

Int64s = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A like day on the slots of the target day."""

    day: dt.date
    values: Int64s
    good: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Companion:
    """The other energy of the point on the target day: a slot is value × ``ratio`` of it."""

    values: Int64s
    good: Mask
    ratio: Fraction


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """A day with gaps and all there is to fill them.

    ``values`` and ``good`` reach over the day, [first, end), and, where known, its neighbours; what is not good is to
    be filled. ``unfit`` are slots that are kept but are no end points. The rest is on the slots of the day alone.
    """

    values: Int64s
    good: Mask
    unfit: Mask
    first: int
    end: int
    minutes: int
    second: Reference | None = None
    companion: Companion | None = None
    references: tuple[Reference, ...] = ()
    weights: Int64s | None = None
    daily_average: int | None = None
    month_average: int | None = None

    @property
    def slots(self) -> int:
        return self.end - self.first


@dataclass(frozen=True, slots=True)
class Part:
    """Slots [first, end) of the day filled by one method, from these days."""

    first: int
    end: int
    method: Method
    days: tuple[dt.date, ...] = ()
    scaled: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """The day with its gaps filled: ``values`` as they stood elsewhere, and how each gap was filled."""

    values: Int64s
    parts: tuple[Part, ...] = ()

    @property
    def without_basis(self) -> bool:
        return any(part.method is Method.ZERO for part in self.parts)


def estimate(*, situation: Situation, linear_gap_minutes: int) -> Estimate:
    """This will fill every slot of the day that is not good; never raises, never touches a good slot."""
    day = situation.values[situation.first : situation.end].copy()
    parts: list[Part] = []
    for gap in runs.runs_of(~situation.good):
        first, end = max(gap.first, situation.first), min(gap.end, situation.end)
        if first < end:
            slots = runs.Slots(first - situation.first, end - situation.first)
            parts += _fill(situation, gap, slots, day, linear_gap_minutes)
    return Estimate(day, tuple(parts))


def scale(*, estimates: Sequence[Estimate], energy: int) -> list[Estimate]:
    """This will scale the estimated slots of several days so that they sum to ``energy`` exactly.

    Slots of a second meter keep their value. Where nothing was estimated, or ``energy`` is less than nothing or than
    what the second meter told, all is returned as it was.
    """
    places = [(at, slot) for at, each in enumerate(estimates) for slot in _estimated_slots(each)]
    told = sum(int(each.values[part.first : part.end].sum()) for each in estimates for part in _told(each))
    if not places or energy < told:
        return list(estimates)
    weights = [int(estimates[at].values[slot]) for at, slot in places]
    found = rounding.shared(total=energy - told, weights=weights if min(weights) >= 0 else [0] * len(weights))
    if max(found) > LARGEST:
        return list(estimates)
    days = [each.values.copy() for each in estimates]
    for (at, slot), value in zip(places, found, strict=True):
        days[at][slot] = value
    return [Estimate(day, _marked(each)) for day, each in zip(days, estimates, strict=True)]


def _marked(each: Estimate) -> tuple[Part, ...]:
    """The parts with the mark of scaling; zero that is scaled to a register is a flat share, not a guess."""
    return tuple(
        part
        if part.method is Method.CHECK_METER
        else Part(part.first, part.end, Method.FLAT if part.method is Method.ZERO else part.method, part.days, True)
        for part in each.parts
    )


def _estimated_slots(each: Estimate) -> list[int]:
    return [
        slot for part in each.parts if part.method is not Method.CHECK_METER for slot in range(part.first, part.end)
    ]


def _told(each: Estimate) -> list[Part]:
    return [part for part in each.parts if part.method is Method.CHECK_METER]


def _fill(situation: Situation, gap: runs.Slots, slots: runs.Slots, day: Int64s, linear_gap_minutes: int) -> list[Part]:
    """Fill ``slots`` of the day, which are those of the ``gap`` that lie in it, by the first rung that reaches."""
    short = gap.count * situation.minutes <= linear_gap_minutes
    rungs: tuple[_Rung, ...] = (_second_meter, _line if short else _nothing, _other_energy, _like_days)
    for rung in (*rungs, _profile, _month_before):
        found = rung(situation, gap, slots)
        if found is not None and all(abs(value) <= LARGEST for value in found.values):
            day[slots.first : slots.end] = found.values
            return [Part(slots.first, slots.end, found.method, found.days)]
    day[slots.first : slots.end] = 0
    return [Part(slots.first, slots.end, Method.ZERO)]


@dataclass(frozen=True, slots=True)
class _Found:
    method: Method
    values: Sequence[int]
    days: tuple[dt.date, ...] = field(default_factory=tuple)


_Rung = Callable[[Situation, runs.Slots, runs.Slots], _Found | None]


def _nothing(situation: Situation, gap: runs.Slots, slots: runs.Slots) -> _Found | None:
    return None


def _second_meter(situation: Situation, gap: runs.Slots, slots: runs.Slots) -> _Found | None:
    second, place = situation.second, slice(slots.first, slots.end)
    if second is None or not second.good[place].all():
        return None
    return _Found(Method.CHECK_METER, second.values[place].tolist())


def _line(situation: Situation, gap: runs.Slots, slots: runs.Slots) -> _Found | None:
    """x_i = a + (b − a) · i / (n + 1) between the last good slot before and the first after the whole gap."""
    before, after = gap.first - 1, gap.end
    if before < 0 or after >= situation.good.size or situation.unfit[before] or situation.unfit[after]:
        return None
    a, b = int(situation.values[before]), int(situation.values[after])
    exact = [a + Fraction((b - a) * i, gap.count + 1) for i in range(1, gap.count + 1)]
    offset = situation.first + slots.first - gap.first
    return _Found(Method.LINEAR, rounding.cumulated(exact)[offset : offset + slots.count])


def _other_energy(situation: Situation, gap: runs.Slots, slots: runs.Slots) -> _Found | None:
    other, place = situation.companion, slice(slots.first, slots.end)
    if other is None or not other.good[place].all():
        return None
    return _Found(Method.DERIVED, rounding.cumulated([value * other.ratio for value in other.values[place].tolist()]))


def _like_days(situation: Situation, gap: runs.Slots, slots: runs.Slots) -> _Found | None:
    """The mean of the same slot on the like days; a slot that one of them lacks takes the mean of the others."""
    exact = []
    for slot in range(slots.first, slots.end):
        there = [int(each.values[slot]) for each in situation.references if each.good[slot]]
        if not there:
            return None
        exact.append(Fraction(sum(there), len(there)))
    days = [each.day for each in situation.references if each.good[slots.first : slots.end].any()]
    return _Found(Method.LIKE_DAY, rounding.cumulated(exact), tuple(days))


def _profile(situation: Situation, gap: runs.Slots, slots: runs.Slots) -> _Found | None:
    """The profile's share of the day times the daily average."""
    if situation.weights is None or situation.daily_average is None:
        return None
    whole = int(situation.weights.sum())
    if whole <= 0:
        return None
    shares = [Fraction(int(weight) * situation.daily_average, whole) for weight in situation.weights.tolist()]
    return _Found(Method.PROFILE, rounding.cumulated(shares)[slots.first : slots.end])


def _month_before(situation: Situation, gap: runs.Slots, slots: runs.Slots) -> _Found | None:
    if situation.month_average is None:
        return None
    flat = [Fraction(situation.month_average, situation.slots)] * situation.slots
    return _Found(Method.PREVIOUS_MONTH, rounding.cumulated(flat)[slots.first : slots.end])
