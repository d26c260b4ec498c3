"""What a page shows of a chart: title, legend, the drawing in four widths, and the table behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from portal.shared import formats
from portal.shared.charts import svg

Value = Decimal | int | float
Values = Sequence[Value | None]

BANDS = ("tip", "peak", "flat", "valley", "deep")
"""Time-of-use labels from dear to cheap; ``band-<label>`` is their class."""


@dataclass(frozen=True, slots=True)
class Series:
    """One row of values: ``tone`` is ``band-peak`` … or ``series-1`` … ``series-6``."""

    label: Any
    values: Values
    tone: str = "series-1"


@dataclass(frozen=True, slots=True)
class Overlay:
    """A line on a second axis: a cost or a price. ``symbol`` is written before its values."""

    label: Any
    values: Values
    symbol: str = ""
    places: int = 2
    step: bool = False


@dataclass(frozen=True, slots=True)
class LegendEntry:
    label: Any
    tone: str
    shape: str = "box"

    @property
    def css(self) -> str:
        return f"g-{self.tone}"


@dataclass(frozen=True, slots=True)
class DataTable:
    """The same figures as text: heads, rows (name, values), each column's tone for the tooltip, each row's link."""

    heads: Sequence[Any]
    rows: Sequence[tuple[Any, Sequence[str]]]
    tones: Sequence[str] = ()
    links: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class View:
    name: str
    svg: SafeString


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart that is ready to be shown with ``{% chart figure %}``."""

    title: Any
    views: Sequence[View]
    subtitle: Any = ""
    legend: Sequence[LegendEntry] = ()
    table: DataTable | None = field(default=None)


def view(size: svg.Size, drawing: str) -> View:
    return View(size.name, mark_safe(drawing))  # noqa: S308


def shown(value: Value | None, places: int, prefix: str = "", suffix: str = "") -> str:
    """Return a value of the table: fixed decimals, a dash where there is none."""
    if value is None:
        return "–"
    exact = Decimal(str(value))
    written = formats.number(abs(exact), places)
    negative = exact < 0 and any(digit in "123456789" for digit in written)
    return f"{'-' if negative else ''}{prefix}{written}{suffix}"


def present(values: Values) -> list[float]:
    """Return the values that are there, as coordinates."""
    return [float(value) for value in values if value is not None]


def spark(values: Values, label: str = "") -> SafeString:
    """Return a small line without axes; gaps stay gaps."""
    width, height, inset = 96.0, 24.0, 2.0
    known = present(values)
    if not known:
        return mark_safe("")
    low, span = min(known), (max(known) - min(known)) or 1.0
    step = (width - 2 * inset) / max(len(values) - 1, 1)
    points = [
        (inset + place * step, height - inset - (float(value) - low) / span * (height - 2 * inset))
        for place, value in enumerate(values)
        if value is not None
    ]
    dot = svg.element("circle", cx=points[-1][0], cy=points[-1][1], r=2.0, css="g-spark-end")
    named = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    drawing = svg.element(
        "svg", svg.path(points, "g-spark-line"), dot, viewBox="0 0 96 24", css="g-spark", width=96, height=24, **named
    )
    return mark_safe(drawing)  # noqa: S308
