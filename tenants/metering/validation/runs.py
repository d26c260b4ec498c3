"""Runs of slots: the longest of each row, vectorised over days × slots, and the gaps of one row; pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, order=True)
class Slots:
    """Slots from ``first`` up to, not including, ``end``."""

    first: int
    end: int

    @property
    def count(self) -> int:
        return self.end - self.first


def longest(mask: Mask) -> tuple[Counts, Counts]:
    """Return for each row the length of its longest run of True, and the slot behind that run."""
    if not mask.size:
        return np.zeros(mask.shape[0], dtype=np.int64), np.zeros(mask.shape[0], dtype=np.int64)
    places = np.arange(1, mask.shape[1] + 1, dtype=np.int32)
    broken = np.where(mask, 0, places)
    np.maximum.accumulate(broken, axis=1, out=broken)
    lengths = places - broken
    at = lengths.argmax(axis=1)
    found = np.take_along_axis(lengths, at[:, None], axis=1)[:, 0]
    return found.astype(np.int64), at + 1


def runs_of(mask: Mask) -> list[Slots]:
    """Return the runs of True of one row, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [Slots(int(first), int(end)) for first, end in edges.reshape(-1, 2)]
