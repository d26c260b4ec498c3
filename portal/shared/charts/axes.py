"""Axes: round ticks, scales from values to places, and labels that do not run into each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.shared import formats
from portal.shared.charts import svg

_ROUND_STEPS = (1, 2, 2.5, 5, 10)
TOP, BOTTOM, SIDE = 14.0, 26.0, 10.0


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight scale from values [low, high] to places [start, end]."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Ticks:
    """Round values that enclose the data, with as many decimals as they need."""

    values: tuple[float, ...]
    places: int

    @property
    def low(self) -> float:
        return self.values[0]

    @property
    def high(self) -> float:
        return self.values[-1]

    def labels(self, prefix: str = "") -> list[str]:
        """Return the ticks as the reader writes numbers."""
        return [
            f"{'-' if v < 0 else ''}{prefix}{formats.number(Decimal(str(abs(v))), self.places)}" for v in self.values
        ]


@dataclass(frozen=True, slots=True)
class Plot:
    """The field in which the data is drawn."""

    left: float
    right: float
    top: float
    bottom: float
    count: int

    @property
    def slot(self) -> float:
        """Width of one place along the x axis."""
        return (self.right - self.left) / max(self.count, 1)

    def x(self, place: float) -> float:
        return self.left + place * self.slot

    def scale(self, ticks: Ticks) -> Scale:
        return Scale(ticks.low, ticks.high, self.bottom, self.top)

    def hover(self) -> dict[str, float | int]:
        """Return what the hover script needs to find the place under the pointer."""
        return {
            "data_left": self.left,
            "data_right": self.right,
            "data_top": self.top,
            "data_bottom": self.bottom,
            "data_count": self.count,
        }


def nice_ticks(low: float, high: float, wanted: int = 4) -> Ticks:
    """Return about ``wanted`` steps of 1, 2, 2.5 or 5 times a power of ten around [low, high] and zero."""
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        high = 1.0
    rough = (high - low) / wanted
    magnitude = 10.0 ** math.floor(math.log10(rough))
    step = next(unit for unit in _ROUND_STEPS if unit * magnitude >= rough * 0.999) * magnitude
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    places = max(0, -math.floor(math.log10(step) + 1e-9) + (1 if _is_quarter(step, magnitude) else 0))
    return Ticks(tuple(round(n * step, 10) for n in range(first, last + 1)), places)


def plot_for(size: svg.Size, left: Sequence[str], right: Sequence[str], count: int) -> Plot:
    """Return the field that leaves room for the labels of both axes."""
    start = max((svg.width_of(label) for label in left), default=0.0) + SIDE
    end = max((svg.width_of(label) for label in right), default=0.0) + (SIDE if right else 2.0)
    return Plot(start, size.width - end, TOP, size.height - BOTTOM, count)


def value_axis(plot: Plot, ticks: Ticks, labels: Sequence[str], *, right: bool = False) -> str:
    """Return the labels of a value axis; the left one brings the grid lines."""
    scale, parts = plot.scale(ticks), []
    for value, label in zip(ticks.values, labels, strict=True):
        y = scale(value)
        if right:
            parts.append(svg.text(label, plot.right + 8, y + 4))
            continue
        parts.append(svg.line(plot.left, y, plot.right, y, "g-axis" if value == 0 else "g-grid"))
        parts.append(svg.text(label, plot.left - 8, y + 4, anchor="end"))
    return "".join(parts)


def category_axis(plot: Plot, labels: Sequence[str]) -> str:
    """Return the labels under the places, as many as fit, always evenly spaced."""
    widest = max((svg.width_of(label) for label in labels), default=0.0) + 10
    every = even_step(len(labels), max(1, math.ceil(widest / plot.slot)))
    shown = [(place, label) for place, label in enumerate(labels) if place % every == 0 and label]
    edge = plot.right
    return "".join(
        svg.text(label, min(plot.x(place + 0.5), edge - svg.width_of(label) / 2 + 8), plot.bottom + 18, anchor="middle")
        for place, label in shown
    )


def boundary_axis(plot: Plot, labels: Sequence[str]) -> str:
    """Return the labels at the start of places (hours of a day), as many as fit."""
    widest = max((svg.width_of(label) for label in labels), default=0.0) + 12
    every = even_step(len(labels), max(1, math.ceil(widest / plot.slot)))
    return "".join(
        svg.text(label, max(plot.x(place), svg.width_of(label) / 2), plot.bottom + 18, anchor="middle")
        for place, label in enumerate(labels)
        if place % every == 0
    )


def even_step(count: int, least: int) -> int:
    """Return the smallest step of at least ``least`` that people count in, dividing ``count`` when one does."""
    if least <= 1:
        return 1
    dividing = [step for step in range(least, count + 1) if count % step == 0]
    if dividing and dividing[0] <= least * 2 and dividing[0] < count:
        return dividing[0]
    return next((step for step in (2, 5, 7, 10, 15, 20, 30) if step >= least), least)


def _is_quarter(step: float, magnitude: float) -> bool:
    return abs(step / magnitude - 2.5) < 1e-9
