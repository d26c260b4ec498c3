"""Step tables of the packs: written out as rows, or taken from a column of a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from markets import files

Rows = tuple[Mapping[str, Any], ...]


def read(settings: Mapping[str, Any], *, folder: Path) -> dict[str, Rows]:
    """This will return the tables by name; a row is ``{below, value}``, the last one's ``below`` None."""
    return {name: _rows(entry, folder) for name, entry in settings.items()}


def _rows(entry: Mapping[str, Any], folder: Path) -> Rows:
    if "rows" in entry:
        return tuple(dict(row) for row in entry["rows"])
    step = Decimal(entry["step"])
    found = sorted((Decimal(row[entry["x"]]), row[entry["value"]]) for row in files.read_rows(folder / entry["file"]))
    lowest = [{"below": str(found[0][0]), "value": entry["lower"]}] if "lower" in entry else []
    return (*lowest, *_merged([(x + step, str(Decimal(value))) for x, value in found]))


def _merged(steps: list[tuple[Decimal, str]]) -> Rows:
    """Join neighbours of the same value, and leave the last row open."""
    kept = [pair for n, pair in enumerate(steps) if n + 1 == len(steps) or steps[n + 1][1] != pair[1]]
    closed = [{"below": str(below), "value": value} for below, value in kept[:-1]]
    return (*closed, {"below": None, "value": kept[-1][1]})
