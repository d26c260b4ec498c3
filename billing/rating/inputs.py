"""What one account is rated with: its slices of readings, parameters and published values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Integers: TypeAlias = npt.NDArray[Any]
"""int64, or Python integers in an object array where 64 bits are not enough."""
Mask: TypeAlias = npt.NDArray[np.bool_]

KILO = 3
"""Decimals of a channel in Wh, W or varh that formulas see as kWh, kW or kvarh."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The label of each interval, as a position in ``names``."""

    names: tuple[str, ...]
    codes: npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Integers per interval, ``places`` decimals below what formulas see; ``missing`` marks absent readings.

    ``labels`` where the series does not follow the slice's intervals; ``free`` where no label or day applies.
    """

    values: Integers
    places: int = KILO
    missing: Mask | None = None
    labels: Labels | None = None
    free: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", integers(self.values))


def integers(values: Integers) -> Integers:
    """This will return the values as int64 (or Python integers); a float is a fault of the program."""
    if values.dtype.kind not in "iuO":
        raise TypeError(f"Readings are integers, not {values.dtype}.")
    return values if values.dtype == object else values.astype(np.int64, copy=False)


IndexValue: TypeAlias = Decimal | Mapping[str, Decimal] | Series
"""One value, one per label, or one per interval."""
Balance: TypeAlias = Decimal | Sequence[Decimal] | Mapping[str, Decimal | Sequence[Decimal]]
"""Quantity used earlier in a window: a number, a list per band, or either per label."""


@dataclass(frozen=True, slots=True, eq=False)
class SliceInputs:
    """A stretch of the period in which nothing but readings changes.

    ``labels`` gives for each calendar the int8 label position of each slot; ``channels`` int64 per slot (Wh, W, varh)
    or a Series; ``indices`` the published values; ``day_of_slot`` counts local days from the slice's first, where days
    have other than ``slots / days`` intervals.
    """

    days: int
    period_start: dt.date | None = None
    parameters: Mapping[str, Decimal] = field(default_factory=dict)
    labels: Mapping[str, npt.NDArray[np.int8]] = field(default_factory=dict)
    channels: Mapping[str, Integers | Series] = field(default_factory=dict)
    indices: Mapping[str, IndexValue] = field(default_factory=dict)
    day_of_slot: npt.NDArray[np.int32] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AccountInputs:
    """All that one bill depends on. ``period_days`` counts the whole billing period; by default the slices' days.

    ``already`` fills the names the tariff's tiers use, ``carried`` the stored values (oldest first), ``facts`` the
    dated values.
    """

    slices: Sequence[SliceInputs]
    period_days: int | None = None
    already: Mapping[str, Balance] = field(default_factory=dict)
    carried: Mapping[str, Sequence[Decimal]] = field(default_factory=dict)
    facts: Mapping[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.slices:
            raise ValueError("A bill covers at least one slice.")


def scaled(values: Sequence[Decimal | None], *, labels: Labels | None = None, free: bool = False) -> Series:
    """This will return decimals as integers with as many places as they need; None is a missing reading."""
    places = max((_places(value) for value in values if value is not None), default=0)
    integers = [0 if value is None else int(value.scaleb(places)) for value in values]
    missing = np.array([value is None for value in values], dtype=np.bool_)
    return Series(integer_array(integers), places, missing if missing.any() else None, labels, free)


def integer_array(integers: Sequence[int]) -> Integers:
    """This will return int64 where the values fit, else Python integers."""
    fits = all(-(2**62) < value < 2**62 for value in integers)
    return np.array(integers, dtype=np.int64 if fits else object)


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
