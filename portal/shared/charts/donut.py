"""Shares of a whole as a ring, with the whole written in the middle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.shared.charts import figures, svg
from portal.shared.charts.figures import Figure, LegendEntry, Value

_SIZE = svg.Size("every", 200, 200)
_OUTER, _INNER, _CENTRE = 92.0, 64.0, 100.0
_GAP = 0.012


@dataclass(frozen=True, slots=True)
class Share:
    label: Any
    value: Value
    tone: str = "series-1"


@dataclass(frozen=True, slots=True)
class Donut:
    """``middle`` is the big text in the ring (the sum, written out), ``note`` stands under it."""

    title: Any
    shares: Sequence[Share]
    middle: str
    note: str = ""
    unit: str = ""
    places: int = 1
    subtitle: Any = ""

    def figure(self) -> Figure:
        """Return the ring with its table."""
        total = sum(float(share.value) for share in self.shares) or 1.0
        rows = [
            (share.label, [figures.shown(share.value, self.places), f"{float(share.value) / total:.1%}"])
            for share in self.shares
        ]
        legend = [LegendEntry(share.label, share.tone) for share in self.shares]
        table = figures.DataTable(["", self.unit, "%"], rows)
        return Figure(self.title, [figures.view(_SIZE, _draw(self, total))], self.subtitle, legend, table)


def _draw(chart: Donut, total: float) -> str:
    parts, turn = [], 0.0
    for share in chart.shares:
        part = float(share.value) / total
        if part > 0:
            parts.append(_arc(turn, turn + part, f"g-fill g-{share.tone}"))
        turn += part
    parts.append(svg.text(chart.middle, _CENTRE, _CENTRE + (2 if chart.note else 7), "g-ring-value", "middle"))
    parts.append(svg.text(chart.note, _CENTRE, _CENTRE + 22, "g-axis-text", "middle") if chart.note else "")
    spoken = ", ".join(f"{share.label} {float(share.value) / total:.0%}" for share in chart.shares)
    return svg.picture(_SIZE, f"{chart.title}: {chart.middle}, {spoken}", *parts)


def _arc(start: float, end: float, css: str) -> str:
    gap = min(_GAP, (end - start) / 4)
    first, last = start + gap / 2, min(end - gap / 2, start + 0.9999)
    large = 1 if last - first > 0.5 else 0
    corners = [_point(first, _OUTER), _point(last, _OUTER), _point(last, _INNER), _point(first, _INNER)]
    a, b, c, d = (f"{svg.fixed(x)} {svg.fixed(y)}" for x, y in corners)
    outer, inner = svg.fixed(_OUTER), svg.fixed(_INNER)
    strokes = f"M{a}A{outer} {outer} 0 {large} 1 {b}L{c}A{inner} {inner} 0 {large} 0 {d}Z"
    return svg.element("path", d=strokes, css=css)


def _point(turn: float, radius: float) -> tuple[float, float]:
    angle = turn * 2 * math.pi - math.pi / 2
    return _CENTRE + radius * math.cos(angle), _CENTRE + radius * math.sin(angle)
