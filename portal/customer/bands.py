"""Colours of time-of-use labels: each label of a calendar gets one of the five bands, from dear to cheap."""

from __future__ import annotations

from collections.abc import Iterable

from portal.shared.charts import BANDS

KNOWN = {
    "tip": "tip",
    "critical": "tip",
    "peak": "peak",
    "on_peak": "peak",
    "mid_peak": "flat",
    "shoulder": "flat",
    "flat": "flat",
    "off_peak": "valley",
    "valley": "valley",
    "free": "deep",
    "super_off_peak": "deep",
    "deep": "deep",
    "night": "flat",
}
SPARE = ("flat", "valley", "peak", "deep", "tip")
SEASONS = ("summer_", "winter_")
"""Labels of two seasons never share a day, so they may share a colour."""


def tones(labels: Iterable[str]) -> dict[str, str]:
    """Return the band of each label, whatever their order; within a season no two share one while there are five."""
    found: dict[str, str] = {}
    taken: set[tuple[str, str]] = set()
    for label in sorted({label for label in labels if label}, key=_rank):
        season, wanted = _season(label), KNOWN.get(_plain(label), SPARE[0])
        free = [tone for tone in (wanted, *SPARE) if (season, tone) not in taken]
        found[label] = free[0] if free else wanted
        taken.add((season, found[label]))
    return found


def in_order(labels: Iterable[str], tone_of: dict[str, str]) -> list[str]:
    """Return the labels from cheap to dear, as bars are stacked from the foot."""
    return sorted(labels, key=lambda label: -BANDS.index(tone_of[label]))


def _season(label: str) -> str:
    return next((season for season in SEASONS if label.startswith(season)), "")


def _plain(label: str) -> str:
    return label.removeprefix(_season(label))


def _rank(label: str) -> tuple[int, str]:
    known = list(KNOWN)
    plain = _plain(label)
    return (known.index(plain) if plain in known else len(known), label)
