"""Usage by local day and label, as a document's chart shows it: frozen with the invoice, in Wh."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from kernel.periods import Period, midnight


def by_day(
    *,
    starts: npt.NDArray[np.datetime64],
    values: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int8] | None,
    titles: Sequence[Mapping[str, str]],
    period: Period,
    zone: ZoneInfo,
) -> dict[str, Any]:
    """This will sum ``values`` (Wh per slot, starting at the UTC instants ``starts``) by local day and label.

    ``labels`` holds an index into ``titles`` for each slot; None means that all are the first. Returns
    ``{"titles": [...], "first": "2026-03-01", "days": [[Wh per label] per day]}``.
    """
    edges = [np.datetime64(midnight(day, zone).replace(tzinfo=None), "s") for day in period]
    day_of = np.searchsorted(np.array(edges), starts.astype("datetime64[s]"), side="right") - 1
    sums = np.zeros((period.days, len(titles)), dtype=np.int64)
    columns = np.zeros(len(values), dtype=np.int64) if labels is None else labels.astype(np.int64)
    np.add.at(sums, (day_of, columns), values)  # type: ignore[arg-type]
    return {"titles": [dict(title) for title in titles], "first": period.start.isoformat(), "days": sums.tolist()}


def combined(usages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """This will add up the usage of several parts, labels of the same title together; {} when there is none."""
    kept = [usage for usage in usages if usage.get("days")]
    if not kept:
        return {}
    titles: list[Mapping[str, str]] = []
    totals: dict[dt.date, dict[int, int]] = {}
    for usage in kept:
        places = [_place(titles, title) for title in usage["titles"]]
        first = dt.date.fromisoformat(usage["first"])
        for offset, day in enumerate(usage["days"]):
            row = totals.setdefault(first + dt.timedelta(days=offset), {})
            for place, value in zip(places, day, strict=True):
                row[place] = row.get(place, 0) + value
    start, last = min(totals), max(totals)
    days = [totals.get(start + dt.timedelta(days=n), {}) for n in range((last - start).days + 1)]
    return {
        "titles": [dict(title) for title in titles],
        "first": start.isoformat(),
        "days": [[row.get(place, 0) for place in range(len(titles))] for row in days],
    }


def _place(titles: list[Mapping[str, str]], title: Mapping[str, str]) -> int:
    if title not in titles:
        titles.append(title)
    return titles.index(title)
