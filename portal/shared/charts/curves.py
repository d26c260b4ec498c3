"""Interval curves: what was used in each quarter or half hour, coloured by its time-of-use label, with the cost."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.shared.charts import axes, bars, figures, svg
from portal.shared.charts.figures import Figure, LegendEntry, Overlay, Series


@dataclass(frozen=True, slots=True)
class Curve:
    """One value per interval. ``times`` name the intervals' starts; None is a gap.

    ``bands`` gives the label of each interval ("peak" …) and ``band_labels`` its name for people. ``compare`` is
    a second line without area (the day before, a baseline). Values keep until the next interval (steps).
    """

    title: Any
    times: Sequence[str]
    values: figures.Values
    unit: str = "kWh"
    places: int = 3
    subtitle: Any = ""
    label: Any = ""
    bands: Sequence[str] = ()
    band_labels: Mapping[str, Any] = field(default_factory=dict)
    compare: Series | None = None
    overlay: Overlay | None = None

    def figure(self) -> Figure:
        """Return the chart in four widths with its table."""
        views = [figures.view(size, _draw(self, size)) for size in svg.SIZES]
        return Figure(self.title, views, self.subtitle or self.unit, _legend(self), _table(self))


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring intervals that have values and share a label: places [start, end)."""

    start: int
    end: int
    band: str


def runs_of(values: figures.Values, bands: Sequence[str]) -> Iterator[Run]:
    """Yield the runs of intervals with values, split where the label changes or a value is missing."""
    keys = [None if value is None else (bands[i] if bands else "") for i, value in enumerate(values)]
    place = 0
    for key, group in itertools.groupby(keys):
        length = len(list(group))
        if key is not None:
            yield Run(place, place + length, key)
        place += length


def _draw(chart: Curve, size: svg.Size) -> str:
    compared = figures.present(chart.compare.values) if chart.compare else []
    known = figures.present(chart.values) + compared
    ticks = axes.nice_ticks(min(known, default=0), max(known, default=0))
    over = axes.nice_ticks(0, max(figures.present(chart.overlay.values), default=0)) if chart.overlay else None
    labels = ticks.labels()
    over_labels = over.labels(chart.overlay.symbol) if over and chart.overlay else []
    plot = axes.plot_for(size, labels, over_labels, len(chart.times))
    scale = plot.scale(ticks)
    parts = [axes.value_axis(plot, ticks, labels), _areas(chart, plot, scale)]
    if chart.compare:
        parts.append(_steps(chart.compare.values, plot, scale, f"g-line g-line-dashed g-{chart.compare.tone}"))
    if chart.overlay and over:
        parts += [axes.value_axis(plot, over, over_labels, right=True), bars.overlay_line(plot, over, chart.overlay)]
    parts.append(axes.boundary_axis(plot, chart.times))
    return svg.picture(size, f"{chart.title}, {chart.unit}", *parts, **plot.hover())


def _areas(chart: Curve, plot: axes.Plot, scale: axes.Scale) -> str:
    parts = []
    for run in runs_of(chart.values, chart.bands):
        points = _corners(chart.values, run, plot, scale)
        floor = scale(0)
        tone = f"g-band-{run.band}" if run.band else "g-series-1"
        outline = [(points[0][0], floor), *points, (points[-1][0], floor)]
        parts.append(svg.path(outline, f"g-area{' g-area-band' if run.band else ''} {tone}", closed=True))
        parts.append(svg.path(points, f"g-line {tone}"))
    return "".join(parts)


def _steps(values: figures.Values, plot: axes.Plot, scale: axes.Scale, css: str) -> str:
    return "".join(svg.path(_corners(values, run, plot, scale), css) for run in runs_of(values, ()))


def _corners(values: figures.Values, run: Run, plot: axes.Plot, scale: axes.Scale) -> list[tuple[float, float]]:
    points = []
    for place in range(run.start, run.end):
        y = scale(float(values[place] or 0))
        points += [(plot.x(place), y), (plot.x(place + 1), y)]
    return points


def _legend(chart: Curve) -> list[LegendEntry]:
    used = [band for band in figures.BANDS if band in chart.bands]
    boxes = [LegendEntry(chart.band_labels.get(band, band), f"band-{band}") for band in used]
    if not used and (chart.compare or chart.overlay):
        boxes = [LegendEntry(chart.label or chart.unit, "series-1")]
    lines = [LegendEntry(chart.compare.label, chart.compare.tone, "dash")] if chart.compare else []
    return boxes + lines + bars.overlay_legend(chart.overlay)


def _table(chart: Curve) -> figures.DataTable:
    heads, tones = ["", chart.label or chart.unit], ["", "" if chart.bands else "series-1"]
    columns = [[figures.shown(value, chart.places) for value in chart.values]]
    if chart.bands:
        heads, tones = [*heads, chart.band_labels.get("", "")], [*tones, "band"]
        columns.append([str(chart.band_labels.get(band, band)) for band in chart.bands])
    if chart.compare:
        heads, tones = [*heads, chart.compare.label], [*tones, chart.compare.tone]
        columns.append([figures.shown(value, chart.places) for value in chart.compare.values])
    if chart.overlay:
        heads, tones = [*heads, chart.overlay.label], [*tones, "over-key"]
        over = chart.overlay
        columns.append([figures.shown(value, over.places, over.symbol) for value in over.values])
    rows = [(name, [column[place] for column in columns]) for place, name in enumerate(chart.times)]
    return figures.DataTable(heads, rows, tones)
