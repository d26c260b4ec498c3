"""Tier progress: how far the use of a month or year has come through the steps of a price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.shared.charts import axes, figures, svg
from portal.shared.charts.figures import Figure, LegendEntry

_HEIGHT, _BAR, _TOP = 66.0, 18.0, 22.0
_AIR = Decimal("1.25")


@dataclass(frozen=True, slots=True)
class Tier:
    """A step: up to ``upto`` (None: open) at the price written in ``note``."""

    label: Any
    upto: Decimal | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tiers:
    """``used`` of a unit against tiers in order, the last one open."""

    title: Any
    used: Decimal
    tiers: Sequence[Tier]
    unit: str = "kWh"
    places: int = 0
    subtitle: Any = ""

    def figure(self) -> Figure:
        """Return the chart in four widths with its table."""
        views = [figures.view(size, _draw(self, size)) for size in svg.SIZES]
        legend = [
            LegendEntry(f"{t.label} · {t.note}" if t.note else t.label, f"tier-{i + 1}") for i, t in _numbered(self)
        ]
        return Figure(self.title, views, self.subtitle, legend, _table(self))


def used_in_tiers(used: Decimal, tiers: Sequence[Tier]) -> list[Decimal]:
    """Return how much of ``used`` falls into each tier."""
    found, floor = [], Decimal(0)
    for tier in tiers:
        top = used if tier.upto is None else min(used, tier.upto)
        found.append(max(top - floor, Decimal(0)))
        floor = floor if tier.upto is None else tier.upto
    return found


def _draw(chart: Tiers, size: svg.Size) -> str:
    bounds = [tier.upto for tier in chart.tiers if tier.upto is not None]
    end = max(chart.used, *bounds, Decimal(1)) * (
        _AIR if chart.used > max(bounds, default=Decimal(0)) * Decimal("0.9") else 1
    )
    if chart.tiers[-1].upto is None:
        end = max(end, max(bounds, default=Decimal(1)) * _AIR)
    scale = axes.Scale(0.0, float(end), 0.0, float(size.width))
    parts, floor = [], Decimal(0)
    for place, tier in _numbered(chart):
        top = end if tier.upto is None else tier.upto
        parts.append(_segment(scale, floor, top, chart.used, place + 1))
        if tier.upto is not None:
            written = figures.shown(tier.upto, chart.places)
            x = min(scale(float(tier.upto)), size.width - svg.width_of(written) / 2)
            parts.append(svg.text(written, x, _TOP + _BAR + 18, anchor="middle"))
        floor = top
    label = f"{figures.shown(chart.used, chart.places)} {chart.unit}"
    half = svg.width_of(label) / 2
    marker = min(max(scale(float(chart.used)), half + 4), size.width - half - 4)
    parts.append(svg.line(scale(float(chart.used)), _TOP - 5, scale(float(chart.used)), _TOP + _BAR + 3, "g-marker"))
    parts.append(svg.text(label, marker, _TOP - 9, "g-value g-value-strong", "middle"))
    return svg.picture(size, f"{chart.title}: {label}", *parts, height=_HEIGHT)


def _segment(scale: axes.Scale, floor: Decimal, top: Decimal, used: Decimal, number: int) -> str:
    left, right = scale(float(floor)), scale(float(top)) - 2
    filled = min(max(scale(float(used)), left), right)
    back = svg.rect(left, _TOP, right - left, _BAR, f"g-fill g-tier-{number} g-tier-back")
    front = svg.rect(left, _TOP, filled - left, _BAR, f"g-fill g-tier-{number}") if filled > left else ""
    return back + front


def _table(chart: Tiers) -> figures.DataTable:
    shares = used_in_tiers(chart.used, chart.tiers)
    rows = [
        (tier.label, [figures.shown(tier.upto, chart.places), figures.shown(share, chart.places), tier.note])
        for tier, share in zip(chart.tiers, shares, strict=True)
    ]
    return figures.DataTable(["", "≤", chart.unit, ""], rows)


def _numbered(chart: Tiers) -> list[tuple[int, Tier]]:
    return list(enumerate(chart.tiers))
