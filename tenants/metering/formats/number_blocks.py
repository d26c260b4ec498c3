"""Thousands of rows of plain decimals to integers at a stroke; exact, for no digit passes through a float.

All cells of a block are read together, byte by byte from their ends: points are taken out, then each digit counts with
its power of ten. A row with anything else than digits, points and the separator (an empty cell, a sign, a word) is
left to the slow way, which knows what to say about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from tenants.metering.formats import base

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

DECIMALS = 6
_LONGEST_CELL = 14
_INTEGER_DIGITS = 7
_SAFE = 2**61
_POINT, _LINE, _ZERO = ord("."), ord("\n"), ord("0")
_POWERS = 10 ** np.arange(_LONGEST_CELL + DECIMALS + 1, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Millionths:
    """Rows × cells in millionths, and which rows could be read; the others hold no sense."""

    values: Integers
    readable: Flags


def millionths(*, rows: Sequence[str], cells: int, delimiter: str) -> Millionths:
    """This will read ``rows`` of ``cells`` unsigned decimals each: at most 7 digits before the point and 6 behind."""
    fits = np.array([row.count(delimiter) == cells - 1 and row.isascii() for row in rows], dtype=bool)
    kept = [row for row, fit in zip(rows, fits.tolist(), strict=True) if fit]
    values = np.zeros((len(rows), cells), dtype=np.int64)
    if kept:
        found, readable = _read(kept, cells, delimiter)
        values[fits] = found
        fits[np.flatnonzero(fits)[~readable]] = False
    return Millionths(values, fits)


def units(*, read: Integers, factor: Fraction) -> base.Values | None:
    """This will multiply millionths by ``factor`` and round half up on the running sum of each row.

    None where a value is larger than a channel can hold.
    """
    scaled = factor / 10**DECIMALS
    upper = np.cumsum(read, axis=1)
    if int(upper[:, -1].max(initial=0)) * scaled.numerator >= _SAFE:
        return None
    if scaled.numerator == 1 and scaled.denominator % 2 == 0:
        rounded = (upper + scaled.denominator // 2) // scaled.denominator
    else:
        rounded = (upper * (2 * scaled.numerator) + scaled.denominator) // (2 * scaled.denominator)
    rounded[:, 1:] -= rounded[:, :-1].copy()
    return rounded.astype(np.int32) if int(rounded.max(initial=0)) <= base.LARGEST else None


def _read(rows: Sequence[str], cells: int, delimiter: str) -> tuple[Integers, Flags]:
    text = np.frombuffer(("\n".join(rows) + "\n").encode("ascii"), dtype=np.uint8)
    digits = text - _ZERO
    borders = (text == ord(delimiter)) | (text == _LINE)
    points = text == _POINT
    strange = np.flatnonzero(~((digits <= 9) | borders | points))
    ends = np.flatnonzero(borders)
    count = ends.size
    bad = np.zeros(count, dtype=bool)
    bad[np.searchsorted(ends, strange)] = True
    decimals = _decimals(points, ends, bad)
    packed = digits[~points]
    held = np.bincount(np.searchsorted(ends, np.flatnonzero(points)), minlength=count) if points.any() else 0
    ends = ends - np.cumsum(held) if points.any() else ends
    lengths = np.diff(ends, prepend=-1) - 1
    bad |= (lengths < 1) | (lengths - decimals > _INTEGER_DIGITS)
    values = _horner(packed, ends, lengths)
    values *= _POWERS[DECIMALS - decimals]
    readable: Flags = ~np.asarray(bad.reshape(-1, cells).any(axis=1))
    return values.reshape(-1, cells), readable


def _decimals(points: Flags, ends: Integers, bad: Flags) -> Integers:
    """How many digits each cell has behind its point; several points or too many digits make a cell bad."""
    decimals = np.zeros(ends.size, dtype=np.int64)
    at = np.flatnonzero(points)
    cell = np.searchsorted(ends, at)
    bad[cell[1:][np.diff(cell) == 0]] = True
    decimals[cell] = ends[cell] - at - 1
    bad |= decimals > DECIMALS
    decimals[bad] = 0
    return decimals


def _horner(digits: npt.NDArray[np.uint8], ends: Integers, lengths: Integers) -> Integers:
    """Sum the digits of each cell, from its last one, with their powers of ten."""
    longest = min(int(lengths.max(initial=0)), _LONGEST_CELL)
    values = np.zeros(ends.size, dtype=np.int64)
    for place in range(longest):
        there = lengths > place
        digit = digits[np.maximum(ends - 1 - place, 0)].astype(np.int64)
        digit *= there
        digit *= _POWERS[place]
        values += digit
    return values
