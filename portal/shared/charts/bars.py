"""Stacked bars: one bar per day or month, one segment per time-of-use label; a line for the cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.shared.charts import axes, figures, svg
from portal.shared.charts.figures import Figure, Overlay, Series

_WIDEST = 46.0
_FILL = 0.72


@dataclass(frozen=True, slots=True)
class StackedBars:
    """``categories`` stand under the bars; ``details`` (default: the same) name the rows of the table and tooltip.

    Series are stacked in the order given, the first at the foot; negative values (fed in) hang below zero. With
    ``links`` a click on a bar, or Enter, goes where the row of the table goes (a day, from its month).
    """

    title: Any
    categories: Sequence[str]
    series: Sequence[Series]
    unit: str = "kWh"
    places: int = 1
    subtitle: Any = ""
    details: Sequence[str] = ()
    overlay: Overlay | None = None
    links: Sequence[str] = ()

    def figure(self) -> Figure:
        """Return the chart in four widths with its table."""
        views = [figures.view(size, _draw(self, size)) for size in svg.SIZES]
        return Figure(self.title, views, self.subtitle or self.unit, _legend(self), _table(self))


def _draw(chart: StackedBars, size: svg.Size) -> str:
    ticks = _ticks(chart)
    labels = ticks.labels()
    over = axes.nice_ticks(0, max(figures.present(chart.overlay.values), default=0)) if chart.overlay else None
    over_labels = over.labels(chart.overlay.symbol) if over and chart.overlay else []
    plot = axes.plot_for(size, labels, over_labels, len(chart.categories))
    parts = [axes.value_axis(plot, ticks, labels), _bars(chart, plot, plot.scale(ticks))]
    if chart.overlay and over:
        parts += [axes.value_axis(plot, over, over_labels, right=True), overlay_line(plot, over, chart.overlay)]
    parts.append(axes.category_axis(plot, chart.categories))
    return svg.picture(size, f"{chart.title}, {chart.unit}", *parts, **plot.hover())


def _ticks(chart: StackedBars) -> axes.Ticks:
    columns = range(len(chart.categories))
    above = [sum(max(_at(s, i), 0.0) for s in chart.series) for i in columns]
    below = [sum(min(_at(s, i), 0.0) for s in chart.series) for i in columns]
    return axes.nice_ticks(min(below, default=0), max(above, default=0))


def _bars(chart: StackedBars, plot: axes.Plot, scale: axes.Scale) -> str:
    width = min(plot.slot * _FILL, _WIDEST)
    gap = 1.0 if width > 5 else 0.5
    parts = []
    for place in range(len(chart.categories)):
        x, above, below = plot.x(place + 0.5) - width / 2, 0.0, 0.0
        for series in chart.series:
            value = _at(series, place)
            if value == 0:
                continue
            base = above if value > 0 else below
            y0, y1 = sorted((scale(base), scale(base + value)))
            parts.append(svg.rect(x, y0 + gap / 2, width, y1 - y0 - gap / 2, f"g-fill g-{series.tone}"))
            above, below = above + max(value, 0), below + min(value, 0)
    return "".join(parts)


def overlay_line(plot: axes.Plot, ticks: axes.Ticks, overlay: Overlay) -> str:
    """Return the second axis' line, broken where a value is missing."""
    scale = plot.scale(ticks)
    runs: list[list[tuple[float, float]]] = []
    run: list[tuple[float, float]] = []
    for place, value in enumerate(overlay.values):
        if value is None:
            runs, run = [*runs, run], []
        elif overlay.step:
            run += [(plot.x(place), scale(float(value))), (plot.x(place + 1), scale(float(value)))]
        else:
            run.append((plot.x(place + 0.5), scale(float(value))))
    drawn = [points for points in [*runs, run] if points]
    return "".join(svg.path(points, "g-over-back") + svg.path(points, "g-over") for points in drawn)


def _at(series: Series, place: int) -> float:
    return float(series.values[place] or 0)


def _legend(chart: StackedBars) -> list[figures.LegendEntry]:
    boxes = [figures.LegendEntry(series.label, series.tone) for series in reversed(chart.series)]
    return boxes + overlay_legend(chart.overlay) if len(chart.series) > 1 or chart.overlay else []


def overlay_legend(overlay: Overlay | None) -> list[figures.LegendEntry]:
    """Return the legend of the second axis' line, if there is one."""
    return [figures.LegendEntry(overlay.label, "over-key", "line")] if overlay else []


def _table(chart: StackedBars) -> figures.DataTable:
    many = len(chart.series) > 1
    series = list(reversed(chart.series))
    heads = ["", *[s.label for s in series], *([chart.unit] if many else [])]
    tones = ["", *[s.tone for s in series], *([""] if many else [])]
    rows = []
    for place, name in enumerate(chart.details or chart.categories):
        values = [figures.shown(s.values[place], chart.places) for s in series]
        if many:
            values.append(figures.shown(sum((s.values[place] or 0 for s in series), start=0), chart.places))
        if chart.overlay:
            values.append(figures.shown(chart.overlay.values[place], chart.overlay.places, chart.overlay.symbol))
        rows.append((name, values))
    over = ([chart.overlay.label], ["over-key"]) if chart.overlay else ([], [])
    return figures.DataTable([*heads, *over[0]], rows, [*tones, *over[1]], chart.links)
