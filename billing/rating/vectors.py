"""Exact arithmetic over many intervals: scaled int64 with an overflow check, Python integers beyond, else decimals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from billing.rating import inputs

_LIMIT = 2**62
Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """Values [accounts or 1, intervals or 1]: integers with ``places`` decimals, or with None decimals as they are."""

    values: Array
    places: int | None

    @classmethod
    def of_scalars(cls, values: Sequence[Decimal]) -> Vector:
        """This will return one value per account, the same for all intervals."""
        if any(value != values[0] for value in values):
            return _column(values)
        return _column(values[:1])

    @property
    def is_exact(self) -> bool:
        return self.places is None

    def decimals(self) -> Array:
        """This will return the values as decimals."""
        if self.places is None:
            return self.values
        places = self.places
        return _each(lambda value: Decimal(int(value)).scaleb(-places), self.values)

    def bound(self) -> int:
        """The largest magnitude among the integers."""
        if self.values.size == 0:
            return 0
        return max(int(self.values.max()), -int(self.values.min()))


Operation: TypeAlias = Callable[[Vector, Vector], Vector]


def _column(values: Sequence[Decimal]) -> Vector:
    series = inputs.scaled(values)
    return Vector(series.values.reshape(-1, 1), series.places)


def _each(function: Callable[..., Any], *arrays: Array) -> Array:
    result = np.frompyfunc(function, len(arrays), 1)(*arrays)
    return np.asarray(result, dtype=object)


def elementwise(function: Callable[..., Decimal], *vectors: Vector) -> Vector:
    """This will apply a decimal function to every interval."""
    return Vector(_each(function, *(vector.decimals() for vector in vectors)), None)


def negate(vector: Vector) -> Vector:
    return Vector(-vector.values, vector.places)


def add(left: Vector, right: Vector) -> Vector:
    a, b, places = _aligned(left, right)
    return Vector(a + b, places)


def subtract(left: Vector, right: Vector) -> Vector:
    return add(left, negate(right))


def multiply(left: Vector, right: Vector) -> Vector:
    if left.places is None or right.places is None:
        return Vector(left.decimals() * right.decimals(), None)
    a, b = left.values, right.values
    if left.bound() * right.bound() >= _LIMIT:
        a, b = a.astype(object), b.astype(object)
    return Vector(a * b, left.places + right.places)


def divide(left: Vector, right: Vector) -> Vector:
    """This will divide in decimals; raises decimal.DivisionByZero or InvalidOperation."""
    return Vector(left.decimals() / right.decimals(), None)


def least(left: Vector, right: Vector) -> Vector:
    a, b, places = _aligned(left, right)
    return Vector(np.minimum(a, b), places)


def greatest(left: Vector, right: Vector) -> Vector:
    a, b, places = _aligned(left, right)
    return Vector(np.maximum(a, b), places)


def choose(masks: Sequence[Array], choices: Sequence[Vector]) -> Vector:
    """This will take ``choices[i]`` where ``masks[i]`` [intervals] holds."""
    if any(choice.places is None for choice in choices):
        arrays, places = [choice.decimals() for choice in choices], None
    else:
        places = max(cast(int, choice.places) for choice in choices)
        arrays = [_at_places(choice, places) for choice in choices]
    rows, width = max(array.shape[0] for array in arrays), masks[0].shape[0]
    whole = np.zeros((rows, width), dtype=np.result_type(*arrays))
    for mask, array in zip(masks, arrays, strict=True):
        whole[:, mask] = np.broadcast_to(array, (rows, width))[:, mask]
    return Vector(whole, places)


def _aligned(left: Vector, right: Vector) -> tuple[Array, Array, int | None]:
    if left.places is None or right.places is None:
        return left.decimals(), right.decimals(), None
    places = max(left.places, right.places)
    return _at_places(left, places), _at_places(right, places), places


def _at_places(vector: Vector, places: int) -> Array:
    """Integers at ``places`` decimals, wide enough that two of them can be added."""
    step = 10 ** (places - cast(int, vector.places))
    values = vector.values
    if vector.bound() * step >= _LIMIT // 2:
        values = values.astype(object)
    return values * step if step > 1 else values


def total(vector: Vector) -> list[Decimal]:
    """This will return the sum over the intervals, per account."""
    values = vector.values
    if vector.places is None:
        return [sum(row, Decimal(0)) for row in values]
    if values.dtype != object and vector.bound() * values.shape[1] >= _LIMIT:
        values = values.astype(object)
    return _as_decimals(values.sum(axis=1), vector.places)


def highest(vector: Vector) -> list[Decimal]:
    """This will return the largest value, per account."""
    return _as_decimals(vector.values.max(axis=1), vector.places)


def mean_of_highest(vector: Vector, number: int) -> list[Decimal]:
    """This will return the mean of the ``number`` largest values, or of all when there are fewer."""
    ordered = np.sort(vector.values, axis=1)[:, -number:]
    return [value / ordered.shape[1] for value in total(Vector(ordered, vector.places))]


def _as_decimals(values: Array, places: int | None) -> list[Decimal]:
    if places is None:
        return list(values)
    return [Decimal(int(value)).scaleb(-places).normalize() for value in values]
