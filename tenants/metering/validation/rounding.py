"""Whole numbers out of exact ones: by the running sum, and by the largest remainder; pure."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

HALF = Fraction(1, 2)


def cumulated(values: Sequence[Fraction]) -> list[int]:
    """Round the running sum half up: each result is within one of its value, their sum is the rounded exact sum.

    107.5, 115, 122.5 become 108, 115, 122 (sum 345).
    """
    found, exact, rounded = [], Fraction(0), 0
    for value in values:
        exact += value
        now = (exact + HALF).__floor__()
        found.append(now - rounded)
        rounded = now
    return found


def shared(*, total: int, weights: Sequence[int]) -> list[int]:
    """Share ``total`` by ``weights`` so that the parts sum to it exactly: the largest remainders get what is left.

    Without any weight all parts are alike. Of equal remainders the earlier is served first.
    """
    if not weights:
        return []
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    parts = [divmod(total * weight, whole) for weight in weights]
    found = [part for part, _ in parts]
    order = sorted(range(len(parts)), key=lambda place: -parts[place][1])
    for place in order[: total - sum(found)]:
        found[place] += 1
    return found
