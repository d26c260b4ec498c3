"""The checks that a day answers by itself: counts, spikes, zeros, signs, flat lines, capacity; pure and vectorised.

``look_at`` takes many days of channels that share kind, unit and number of slots, and returns what it found; it never
raises and never changes a reading. Ratios are compared as whole numbers, so that a limit that is just met never rings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from tenants.metering.formats.base import Quality
from tenants.metering.validation import runs
from tenants.metering.validation.codes import Check
from tenants.metering.validation.limits import MINUTES_PER_HOUR, Limits

Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
THIRD = 3
NO_CAPACITY = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Days × slots of channels alike: int32 ``values``, uint8 ``quality`` (days × slots, or × 1 where all are alike).

    ``expected`` is how many slots each day's clock has, ``capacity_va`` the contract's VA, NO_CAPACITY where unknown.
    """

    values: Int32s
    quality: npt.NDArray[np.uint8]
    minutes: int
    is_power: bool
    expected: Int64s
    capacity_va: Int64s
    unit: str = "Wh"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found on one row of a block; ``first`` and ``end`` are slots, None for the whole day."""

    row: int
    check: Check
    first: int | None = None
    end: int | None = None
    params: dict[str, Any] = field(default_factory=dict)


def look_at(block: Block, limits: Limits) -> list[Finding]:
    """This will return all that the days of ``block`` show by themselves, check by check."""
    if not block.values.size:
        return []
    return [
        *_count(block),
        *_missing(block),
        *_questionable(block),
        *_spikes(block, limits),
        *_negative(block, limits),
        *_capacity(block, limits),
        *_flat(block, limits),
        *_zeros(block, limits),
    ]


def spike_at(*, values: Int64s, ratio: Fraction) -> bool:
    """Tell whether the highest of ``values`` is more than ``ratio`` above the third highest (V4)."""
    if values.size < THIRD:
        return False
    top = np.sort(values)[-THIRD:]
    return bool((int(top[-1]) - int(top[0])) * ratio.denominator > int(top[0]) * ratio.numerator)


def percent(part: int, whole: int) -> int | None:
    """Return how many per cent ``part`` is of ``whole``, rounded down; None of nothing."""
    return int(part) * 100 // int(whole) if whole else None


def _count(block: Block) -> list[Finding]:
    slots = block.values.shape[1]
    rows = np.flatnonzero(block.expected != slots)
    return [
        Finding(int(row), Check.INTERVAL_COUNT, params={"found": slots, "expected": int(block.expected[row])})
        for row in rows
    ]


def _spread(block: Block, rows: Int64s) -> npt.NDArray[np.uint8]:
    return np.broadcast_to(block.quality[rows], (rows.size, block.values.shape[1]))


def _of_quality(block: Block, quality: Quality) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    rows = np.flatnonzero((block.quality == quality).any(axis=1))
    return rows, _spread(block, rows) == quality


def _missing(block: Block) -> list[Finding]:
    rows, mask = _of_quality(block, Quality.MISSING)
    found = []
    for row, gone in zip(rows.tolist(), mask, strict=True):
        gaps = runs.runs_of(gone)
        params = {
            "found": int(gone.sum()),
            "expected": block.values.shape[1],
            "gaps": len(gaps),
            "longest": max(gap.count for gap in gaps),
        }
        found.append(Finding(row, Check.MISSING, gaps[0].first, gaps[-1].end, params))
    return found


def _questionable(block: Block) -> list[Finding]:
    rows, mask = _of_quality(block, Quality.QUESTIONABLE)
    return [
        Finding(row, Check.QUESTIONABLE, *_span(doubted), params={"found": int(doubted.sum())})
        for row, doubted in zip(rows.tolist(), mask, strict=True)
    ]


def _spikes(block: Block, limits: Limits) -> list[Finding]:
    if limits.spike_ratio is None or block.values.shape[1] < THIRD:
        return []
    ratio, floor = limits.spike_ratio, limits.spike_floor_w
    top = np.partition(block.values, (-THIRD, -1), axis=1)[:, -THIRD:].astype(np.int64)
    third, highest = top[:, 0], top[:, -1]
    above = (highest - third) * ratio.denominator > third * ratio.numerator
    power, factor = (1, 1) if block.is_power else (MINUTES_PER_HOUR, block.minutes)
    above &= highest * power * floor.denominator >= floor.numerator * factor
    found = []
    for row in np.flatnonzero(above).tolist():
        at = int(block.values[row].argmax())
        params = {
            "highest": int(highest[row]),
            "third": int(third[row]),
            "over": percent(int(highest[row] - third[row]), int(third[row])) or "∞",
            "allowed": int(ratio * 100),
            "unit": block.unit,
        }
        found.append(Finding(row, Check.SPIKE, at, at + 1, params))
    return found


def _negative(block: Block, limits: Limits) -> list[Finding]:
    if not limits.negative:
        return []
    rows = np.flatnonzero(block.values.min(axis=1) < 0)
    return [
        Finding(
            row,
            Check.NEGATIVE,
            *_span(block.values[row] < 0),
            params={
                "found": int((block.values[row] < 0).sum()),
                "lowest": int(block.values[row].min()),
                "unit": block.unit,
            },
        )
        for row in rows.tolist()
    ]


def _capacity(block: Block, limits: Limits) -> list[Finding]:
    if limits.capacity_ratio is None or not (block.capacity_va < NO_CAPACITY).any():
        return []
    ratio = limits.capacity_ratio
    power, factor = (1, 1) if block.is_power else (MINUTES_PER_HOUR, block.minutes)
    highest = block.values.max(axis=1).astype(np.int64) * power
    known = np.where(block.capacity_va < NO_CAPACITY, block.capacity_va, 0)
    above = highest * ratio.denominator > known * ratio.numerator * factor
    rows = np.flatnonzero(above & (block.capacity_va < NO_CAPACITY))
    found = []
    for row in rows.tolist():
        at = int(block.values[row].argmax())
        params = {"highest": int(highest[row]) // factor, "capacity": str(Fraction(int(known[row]), 1000))}
        found.append(Finding(row, Check.CAPACITY, at, at + 1, params))
    return found


def _flat(block: Block, limits: Limits) -> list[Finding]:
    if limits.flat_minutes is None:
        return []
    wanted = min(max(limits.flat_minutes // block.minutes, 2), block.values.shape[1])
    rows = np.flatnonzero(_may_be_flat(block.values, wanted))
    values = block.values[rows]
    alike = (values[:, 1:] == values[:, :-1]) & (values[:, 1:] != 0) & (_spread(block, rows)[:, 1:] != Quality.MISSING)
    lengths, ends = runs.longest(alike)
    found = []
    for place in np.flatnonzero(lengths + 1 >= wanted).tolist():
        end, count = int(ends[place]) + 1, int(lengths[place]) + 1
        params = {"found": count, "value": int(values[place, end - 1]), "unit": block.unit}
        found.append(Finding(int(rows[place]), Check.FLAT, end - count, end, params))
    return found


def _may_be_flat(values: Int32s, wanted: int) -> npt.NDArray[np.bool_]:
    """Rows where slots half a run apart agree somewhere: a run of ``wanted`` covers such a pair on a fixed grid."""
    step = max(wanted // 2, 1)
    sampled = values[:, ::step]
    found: npt.NDArray[np.bool_] = ((sampled[:, 1:] == sampled[:, :-1]) & (sampled[:, 1:] != 0)).any(axis=1)
    return found


def _zeros(block: Block, limits: Limits) -> list[Finding]:
    """Runs of nothing within one day; those that reach over days are found from the days' totals."""
    if limits.zero_minutes is None or limits.zero_minutes >= block.values.shape[1] * block.minutes:
        return []
    nothing = (block.values == 0) & (block.quality != Quality.MISSING)
    lengths, ends = runs.longest(nothing)
    rows = np.flatnonzero(lengths * block.minutes > limits.zero_minutes)
    return [
        Finding(
            row,
            Check.ZERO,
            int(ends[row] - lengths[row]),
            int(ends[row]),
            {
                "hours": int(lengths[row]) * block.minutes // MINUTES_PER_HOUR,
                "allowed": limits.zero_minutes // MINUTES_PER_HOUR,
            },
        )
        for row in rows.tolist()
    ]


def _span(mask: npt.NDArray[np.bool_]) -> tuple[int, int]:
    there = np.flatnonzero(mask)
    return int(there[0]), int(there[-1]) + 1
