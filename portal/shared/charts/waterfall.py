"""A bill as a waterfall: from the last one to this one, or from nothing to the total, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.shared.charts import axes, figures, svg
from portal.shared.charts.figures import Figure

_ROW, _BAR = 38.0, 20.0
_LABEL_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Step:
    """A level (``total=True``: last bill, this bill, a subtotal) or a change that leads from one to the next."""

    label: Any
    amount: Decimal
    total: bool = False
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Waterfall:
    """Levels and changes in order; amounts are written with ``symbol`` before them."""

    title: Any
    steps: Sequence[Step]
    symbol: str = ""
    places: int = 2
    subtitle: Any = ""

    def figure(self) -> Figure:
        """Return the chart in four widths with its table."""
        views = [figures.view(size, _draw(self, size)) for size in svg.SIZES]
        rows = [(step.label, [_written(self, step)]) for step in self.steps]
        return Figure(self.title, views, self.subtitle, (), figures.DataTable(["", self.symbol], rows))


def spans(steps: Sequence[Step]) -> list[tuple[Decimal, Decimal]]:
    """Return where each step starts and ends: a level from zero, a change from where the last one ended."""
    found, reached = [], Decimal(0)
    for step in steps:
        start = Decimal(0) if step.total else reached
        reached = start + step.amount
        found.append((start, reached))
    return found


def _draw(chart: Waterfall, size: svg.Size) -> str:
    stacked = size is svg.SMALL
    row = _ROW + 12 if stacked else _ROW
    found = spans(chart.steps)
    ends = [float(end) for span in found for end in span]
    amounts = [_written(chart, step) for step in chart.steps]
    left = 0.0 if stacked else size.width * _LABEL_SHARE
    right = size.width - max(map(svg.width_of, amounts), default=0.0) * 1.15 - 8
    scale = axes.Scale(min(*ends, 0.0), max(*ends, 0.01), left, right)
    parts = []
    for place, (step, span) in enumerate(zip(chart.steps, found, strict=True)):
        parts.append(_step(step, span, scale, place * row, row, stacked=stacked))
        weight = "g-value g-value-strong" if step.total else "g-value"
        parts.append(svg.text(amounts[place], size.width, place * row + row - 13, weight, "end"))
        if place:
            join = scale(float(found[place][0] if not step.total else found[place][1]))
            top = (place - 1) * row + row - 8
            parts.append(svg.line(join, top, join, top + row - _BAR, "g-join"))
    label = f"{chart.title}: " + ", ".join(f"{s.label} {a}" for s, a in zip(chart.steps, amounts, strict=True))
    return svg.picture(size, label, *parts, height=row * len(chart.steps))


def _step(
    step: Step, span: tuple[Decimal, Decimal], scale: axes.Scale, top: float, row: float, *, stacked: bool
) -> str:
    low, high = sorted((scale(float(span[0])), scale(float(span[1]))))
    tone = step.tone or ("level" if step.total else "loss" if step.amount > 0 else "gain")
    bar_top = top + row - _BAR - 8
    bar = svg.rect(low, bar_top, max(high - low, 2.0), _BAR, f"g-fill g-{tone}")
    css = "g-row-name g-value-strong" if step.total else "g-row-name"
    label = svg.text(step.label, 0, top + 15, css) if stacked else svg.text(step.label, 0, bar_top + 15, css)
    return label + bar


def _written(chart: Waterfall, step: Step) -> str:
    text = figures.shown(step.amount, chart.places, chart.symbol)
    return text if step.total or step.amount < 0 else f"+{text}"
