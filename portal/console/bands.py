"""Which colour a time-of-use label has: each label of a calendar gets one of the five bands, from dear to cheap."""

from __future__ import annotations

from collections.abc import Iterable

from portal.shared.charts import BANDS

_KNOWN = {
    "tip": "tip",
    "critical": "tip",
    "peak": "peak",
    "mid_peak": "flat",
    "shoulder": "flat",
    "flat": "flat",
    "off_peak": "valley",
    "valley": "valley",
    "night": "deep",
    "super_off_peak": "deep",
    "free": "deep",
    "deep": "deep",
}
_SPARE = ("flat", "valley", "peak", "deep", "tip")


def tones(labels: Iterable[str]) -> dict[str, str]:
    """Return the band of each label; no two share one as long as there are bands left."""
    found: dict[str, str] = {}
    for label in labels:
        wanted = _KNOWN.get(label, _SPARE[0])
        free = [tone for tone in (wanted, *_SPARE) if tone not in found.values()]
        found[label] = free[0] if free else wanted
    return found


def from_cheap_to_dear(labels: Iterable[str], tone_of: dict[str, str]) -> list[str]:
    """Return the labels as bars are stacked, the cheapest at the foot."""
    return sorted(labels, key=lambda label: -BANDS.index(tone_of[label]))
