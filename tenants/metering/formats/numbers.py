"""Text cells to integers, exactly: no reading passes through a float that could change it.

The usual row, whole numbers with up to six decimals, is converted by numpy. That is exact: seven digits before and
six behind the point stay below 10^13, where a double is off by less than 0.01 of the sixth decimal, so rounding to
whole millionths gives the written number. Everything else takes the way of Python's exact fractions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from tenants.metering.formats import base

Integers = npt.NDArray[np.int64]

_CELL = r"(?:[0-9]{1,7}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})"
_PLAIN_ROW = re.compile(rf"{_CELL}(?:,{_CELL})*", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_MILLION = 1_000_000
_SAFE = 2**61


@dataclass(frozen=True, slots=True)
class BadCell:
    """The cell at ``index`` (from 0) is refused."""

    index: int
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Cells:
    """Integers in the unit, which slots are missing, and the cells that are refused."""

    values: base.Values
    missing: npt.NDArray[np.bool_]
    bad: list[BadCell]


def exact(text: str) -> Decimal | None:
    """Return the number that is written, or None when none is."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def convert(
    *, cells: Sequence[str], factor: Fraction, cumulate: bool, is_missing: Callable[[str], bool] = lambda text: not text
) -> Cells:
    """Turn ``cells`` into int32 after multiplying each with ``factor``.

    A product finer than one unit is rounded half up: with ``cumulate`` on the running sum, so that the day's total
    is right to the unit, else (power) each by itself.
    """
    joined = ",".join(cells)
    if _PLAIN_ROW.fullmatch(joined):
        millionths = np.rint(np.fromstring(joined, sep=",") * _MILLION).astype(np.int64)
        wide = _rounded(millionths, factor / _MILLION, cumulate) if millionths.size == len(cells) else None
        if wide is not None and int(wide.max()) <= base.LARGEST:
            return Cells(wide.astype(np.int32), np.zeros(wide.size, dtype=bool), [])
    return _convert_slowly(cells, factor, cumulate, is_missing)


def _rounded(scaled: Integers, factor: Fraction, cumulate: bool) -> Integers | None:
    """Multiply and round half up in int64, or return None where that could overflow."""
    upper = np.add.accumulate(scaled) if cumulate else scaled
    if int(upper.max()) * factor.numerator >= _SAFE:
        return None
    rounded: Integers = (upper * (2 * factor.numerator) + factor.denominator) // (2 * factor.denominator)
    if cumulate:
        rounded[1:] -= rounded[:-1].copy()
    return rounded


def _convert_slowly(cells: Sequence[str], factor: Fraction, cumulate: bool, is_missing: Callable[[str], bool]) -> Cells:
    values = np.zeros(len(cells), dtype=np.int32)
    missing = np.zeros(len(cells), dtype=bool)
    bad: list[BadCell] = []
    running, given = Fraction(0), 0
    for index, text in enumerate(cells):
        if is_missing(text):
            missing[index] = True
            continue
        number = exact(text)
        code = _fault(number, factor)
        if code is not None or number is None:
            bad.append(BadCell(index, code or "not_a_number", text))
            continue
        product = Fraction(number) * factor
        running = running + product if cumulate else product
        rounded = half_up(running)
        values[index] = rounded - given if cumulate else rounded
        given = rounded
    return Cells(values, missing, bad)


def _fault(number: Decimal | None, factor: Fraction) -> str | None:
    if number is None:
        return "not_a_number"
    if number < 0:
        return "negative"
    return "too_big" if Fraction(number) * factor > base.LARGEST else None


def half_up(value: Fraction) -> int:
    """Round a number that is not negative to the nearest integer, halves up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
