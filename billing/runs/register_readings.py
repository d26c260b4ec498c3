"""Readings of supply points that registers count: days laid on the grid's slots, times of use, shapes, corrections.

A register tells the energy of days, not of slots. A day's energy lies evenly on its slots, or as the intervals of that
day lie where there are any; quantities by time of use stay beside it (docs/algorithms/registers.md, Bills).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from kernel.errors import GridhallError, gettext_noop
from kernel.periods import Period

Values = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
DEMAND = "demand"
MINUTES = 30
"""The grid of a supply point without intervals: every clock of the world changes by whole numbers of these."""


class ShapeUnknown(GridhallError):
    """A price by time of use needs to know when energy was used."""

    code = "shape_unknown"
    template = gettext_noop(
        "The register of {identifier} counts all day, and the price changes within the day. Readings by interval or "
        "registers by time of use are needed."
    )


class LabelsDiffer(GridhallError):
    """The times of use of the registers are those of the price."""

    code = "register_labels_differ"
    template = gettext_noop(
        "The registers of {identifier} count {counted}; the calendar of the price has {priced} in these days."
    )


@dataclass(frozen=True, slots=True, eq=False)
class ByDay:
    """What is known of a kind day by day: ``wh`` [labels × days]; "" is what was counted all day."""

    labels: tuple[str, ...]
    wh: Values

    @property
    def labelled(self) -> bool:
        """Whether all energy has a time of use."""
        return len(self.labels) > 1 and ("" not in self.labels or not self.wh[self.labels.index("")].any())

    def part(self, days: slice) -> tuple[tuple[str, ...], Values]:
        """This will return the labels of times of use and their energy [labels × days] in those days."""
        rows = [row for row, label in enumerate(self.labels) if label]
        return tuple(self.labels[row] for row in rows), self.wh[rows, days]


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """One kind on the grid's slots.

    ``flat`` marks the days of which no slot is known, only the day's energy; ``by_day`` holds their times of use where
    registers count some and no day comes from intervals.
    """

    values: Values
    missing: Mask
    estimated: Mask
    flat: Mask
    by_day: ByDay | None = None


def merged(*, day_of_slot: npt.NDArray[np.int32], use: Any, found: Laid | None) -> Laid:
    """This will lay what registers counted (a ``KindUse``) over what intervals say (``found``), if there are any.

    Intervals come first, except where bills follow the registers always: then they only say how a day's energy lies.
    Days without intervals are those of the registers where no stretch between two reads holds an interval.
    """
    if found is None:
        return _laid(day_of_slot, use, None)
    measured = _days_with(~found.missing, day_of_slot, use.covered.size)
    if use.always:
        return _laid(day_of_slot, use, np.where(found.missing, 0, found.values))
    taken = ~measured & use.covered & _whole_stretches(use, ~measured)
    if not taken.any():
        return found
    own = _laid(day_of_slot, use, None)
    here = taken[day_of_slot]
    return Laid(
        np.where(here, own.values, found.values),
        found.missing & ~here,
        np.where(here, own.estimated, found.estimated),
        taken,
        own.by_day if taken.all() else None,
    )


def corrected(*, laid: Laid, day_of_slot: npt.NDArray[np.int32], period: Period, corrections: Iterable[Any]) -> Laid:
    """This will add each correction's rate of what was recorded in its days, cut to Wh by cumulated rounding."""
    for each in corrections:
        days = each.period.intersection(period)
        if days is None:
            continue
        at = slice((days.start - period.start).days, (days.end - period.start).days)
        laid = _with_rate(laid, day_of_slot, at, each.rate)
    return laid


def series_labels(
    *, by_day: ByDay, days: slice, painted: Sequence[tuple[tuple[str, ...], npt.NDArray[np.int8]]], identifier: str
) -> tuple[tuple[str, ...], Values]:
    """This will return the labels and energy [labels × days] by which a price with calendars is rated.

    ``painted`` holds each calendar's labels and the label of each slot. Raises LabelsDiffer where a time of use is
    priced that no register counts, or counted that has no price.
    """
    counted, wh = by_day.part(days)
    for names, codes in painted:
        priced = {names[code] for code in np.unique(codes)}
        used = {label for label, row in zip(counted, wh, strict=True) if row.any()}
        if not used <= priced or not priced <= set(counted):
            raise LabelsDiffer(
                identifier=identifier, counted=", ".join(sorted(counted)), priced=", ".join(sorted(priced))
            )
    return counted, wh


def constant_within_days(*, codes: npt.NDArray[np.int8], day_of_slot: npt.NDArray[np.int32]) -> bool:
    """This will tell whether a calendar changes at midnight only: then a day's energy needs no shape."""
    same_day = day_of_slot[1:] == day_of_slot[:-1]
    return not bool((same_day & (codes[1:] != codes[:-1])).any())


def _laid(day_of_slot: npt.NDArray[np.int32], use: Any, shape: Values | None) -> Laid:
    """Lay days on slots, by ``shape`` where it says something of the day."""
    peak = bool(use.uses) and use.uses[0].register.kind == DEMAND
    values = use.per_day[day_of_slot] if peak else _spread(use.per_day, day_of_slot, shape)
    flat: Mask = np.full(use.covered.size, not peak, np.bool_)
    if shape is not None:
        flat &= np.bincount(day_of_slot, weights=shape, minlength=flat.size) <= 0
    missing = ~use.covered[day_of_slot]
    by_day = ByDay(use.labels, use.wh) if any(use.labels) and not peak else None
    return Laid(np.where(missing, 0, values), missing, use.estimated[day_of_slot], flat, by_day)


def _spread(per_day: Values, day_of_slot: npt.NDArray[np.int32], shape: Values | None) -> Values:
    """Spread each day's energy over its slots by ``shape``, evenly without one: the slots sum to the day."""
    values = np.zeros(day_of_slot.size, np.int64)
    edges = np.searchsorted(day_of_slot, np.arange(per_day.size + 1))
    for day, (start, end) in enumerate(itertools.pairwise(edges.tolist())):
        weights = None if shape is None else shape[start:end]
        if weights is None or weights.sum() <= 0 or (weights < 0).any():
            weights = np.ones(end - start, np.int64)
        values[start:end] = _share(int(per_day[day]), weights)
    return values


def _share(total: int, weights: Values) -> Values:
    """Cut ``total`` by ``weights`` with cumulated rounding; exact, whatever the size."""
    whole = int(weights.sum())
    sums = np.cumsum(weights).astype(object) * total
    edges = (2 * sums + whole) // (2 * whole)
    return np.diff(edges, prepend=0).astype(np.int64)


def _with_rate(laid: Laid, day_of_slot: npt.NDArray[np.int32], days: slice, rate: Fraction) -> Laid:
    values, by_day = laid.values.copy(), laid.by_day
    at = slice(*np.searchsorted(day_of_slot, [days.start, days.stop]).tolist())
    if by_day is None:
        values[at] += _rated(values[at], rate)
        return replace(laid, values=values)
    wh = by_day.wh.copy()
    for row in wh:
        row[days] += _rated(row[days], rate)
    values[at] = _spread(wh.sum(axis=0), day_of_slot, values)[at]
    return replace(laid, values=values, by_day=ByDay(by_day.labels, wh))


def _rated(values: Values, rate: Fraction) -> Values:
    sums = np.cumsum(values).astype(object) * rate.numerator
    edges = (2 * sums + rate.denominator) // (2 * rate.denominator)
    return np.diff(edges, prepend=0).astype(np.int64)


def _days_with(mask: Mask, day_of_slot: npt.NDArray[np.int32], days: int) -> Mask:
    found: Mask = np.bincount(day_of_slot[mask], minlength=days) > 0
    return found


def _whole_stretches(use: Any, empty: Mask) -> Mask:
    """Days in stretches that hold no interval at all: beside intervals a stretch says nothing of single days."""
    whole = np.ones(empty.size, np.bool_)
    start = use.first_day
    for each in use.uses:
        first, last = (each.period.start - start).days, (each.period.end - start).days
        days = slice(max(first, 0), max(last, 0))
        if not empty[days].all():
            whole[days] = False
    return whole


def troubles(uses: Mapping[str, Any]) -> dict[str, GridhallError]:
    """This will return, by kind, the first reason why registers could not be counted."""
    return {kind: use.troubles[0] for kind, use in uses.items() if use.troubles}
