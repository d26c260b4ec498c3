"""Standard load profiles of a market: the shape of a day of a class of customers, from the pack's table."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from markets import files, packs

FLAT = "flat"
SUNDAY = 7
_SCALE = 10**6


def shape(*, market: str, profile: str, day: dt.date, rest_day: bool) -> tuple[int, ...] | None:
    """This will return the weights of a day's slots, whole numbers of any size, or None for a profile nobody knows.

    ``profile`` is a column of the market's table in any case of letters, or "flat". A holiday counts as a Sunday.
    """
    if profile.lower() == FLAT:
        return (1,)
    said = packs.pack(market).settings.get("profiles")
    if not said:
        return None
    table = _table(packs.pack(market).folder / said["file"])
    weekday = SUNDAY if rest_day and day.isoweekday() < SUNDAY - 1 else day.isoweekday()
    return table.get((profile.lower(), season_of(day=day, seasons=said["seasons"]), weekday))


def season_of(*, day: dt.date, seasons: list[Mapping[str, Any]]) -> str:
    """Return the season of a day: the first whose days, “11-01” to “03-20”, hold it; the last has no days."""
    at = day.strftime("%m-%d")
    for season in seasons:
        first, last = season.get("first"), season.get("last")
        if first is None or last is None or (first <= at <= last if first <= last else at >= first or at <= last):
            return str(season["name"])
    raise ValueError("The last season of a table of profiles has no days: it holds all others.")


@functools.cache
def _table(path: Path) -> Mapping[tuple[str, str, int], tuple[int, ...]]:
    found: dict[tuple[str, str, int], list[int]] = {}
    for row in files.read_rows(path):
        place = row["period"], int(row["weekday"])
        for name, value in row.items():
            if name not in {"period", "weekday", "time"}:
                found.setdefault((name.lower(), *place), []).append(int(Decimal(value) * _SCALE))
    return {place: tuple(weights) for place, weights in found.items()}
