"""Colours of time-of-use labels: each label of a calendar gets one of the five bands, from dear to cheap."""

from __future__ import annotations

from collections.abc import Iterable

from portal.shared.charts import BANDS

KNOWN = {
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
SPARE = ("flat", "valley", "peak", "deep", "tip")


def tones(labels: Iterable[str]) -> dict[str, str]:
    """Return the band of each label; no two share one as long as there are bands left."""
    found: dict[str, str] = {}
    for label in labels:
        if label and label not in found:
            wanted = KNOWN.get(label, SPARE[0])
            free = [tone for tone in (wanted, *SPARE) if tone not in found.values()]
            found[label] = free[0] if free else wanted
    return found


def in_order(labels: Iterable[str], tone_of: dict[str, str]) -> list[str]:
    """Return the labels from cheap to dear, as bars are stacked from the foot."""
    return sorted(labels, key=lambda label: -BANDS.index(tone_of[label]))
