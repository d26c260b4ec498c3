"""Charts drawn on the server as SVG: ``StackedBars(...).figure()`` in a view, ``{% chart figure %}`` on the page."""

from portal.shared.charts.bars import StackedBars
from portal.shared.charts.curves import Curve
from portal.shared.charts.donut import Donut, Share
from portal.shared.charts.figures import BANDS, Figure, Overlay, Series
from portal.shared.charts.tiers import Tier, Tiers
from portal.shared.charts.waterfall import Step, Waterfall

__all__ = [
    "BANDS",
    "Curve",
    "Donut",
    "Figure",
    "Overlay",
    "Series",
    "Share",
    "StackedBars",
    "Step",
    "Tier",
    "Tiers",
    "Waterfall",
]
