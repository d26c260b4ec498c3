"""A meter file and what must come of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LETTERS = {1: "A", 2: "F", 3: "S", 4: "E", 5: "Q", 255: "N"}
Key = tuple[str, str, str]
Place = tuple[int | None, int | None, str]


@dataclass(frozen=True)
class Day:
    """The energy of a day in its base unit, and its qualities as run lengths: ``A20 S24 N4``."""

    total: int
    marks: str
    kind: str = "consumption"
    unit: str = "Wh"


@dataclass(frozen=True)
class Case:
    """A file: either ``days`` by (supply point, register, date), or ``refused`` places (row, column, code)."""

    name: str
    content: bytes
    days: Mapping[Key, Day] = field(default_factory=dict)
    refused: tuple[Place, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    zone: str = "Etc/UTC"
    known: tuple[str, ...] = ()
    by_import: bool = False
    """Only the import can refuse this, not the reader."""

    @property
    def points(self) -> set[str]:
        """The supply points the company has."""
        return {key[0] for key in self.days} | set(self.known)


def marks(qualities: Any) -> str:
    """Write qualities as run lengths."""
    letters = "".join(LETTERS[int(each)] for each in qualities)
    return " ".join(f"{run[0][0]}{len(run[0])}" for run in re.finditer(r"(.)\1*", letters))


def as_found(items: Any) -> tuple[dict[Key, Day], tuple[Place, ...]]:
    """What a reader said, in the words of a case."""
    days: dict[Key, Day] = {}
    refused: list[Place] = []
    for item in items:
        if hasattr(item, "code"):
            refused.append((item.row, item.column, item.code))
            continue
        key = (item.identifier, item.register_code, item.day.isoformat())
        assert key not in days
        days[key] = Day(int(item.values.sum(dtype="int64")), marks(item.quality), str(item.kind), str(item.unit))
    return days, tuple(refused)
