"""The quick way for rows of one reading: what was understood once is looked up; anything else goes the slow way.

Supply point, register, unit and serial are one key, times and numbers are looked up as they are written. A row is taken
only where nothing is left to decide: one place for its time, not ahead, a free slot of a day that stands open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from tenants.metering.formats import base, long_days
from tenants.metering.formats.base import Quality

MOST_KEPT = 200_000
"""Words that are remembered of each sort: a file of ever new ones is read the slow way from there on."""

_ROLES = frozenset({"identifier", "serial", "register", "unit", "stamp", "value"})


@dataclass(slots=True, eq=False)
class _Head:
    """One register of the file and the day of it that was read last."""

    form: base.Form
    factor: Fraction
    ordinal: int = 0
    day: long_days._Open | None = None


@dataclass(slots=True)
class Reader:
    """How the quick way asks the format; each callable answers None where the slow way has to look."""

    delimiter: str
    keys: tuple[int, ...]
    stamp: int
    value: int
    days: long_days.Days
    form_of: Callable[[list[str]], tuple[base.Form, Fraction] | None]
    place_of: Callable[[list[str], base.Form], long_days.Place | None]
    value_of: Callable[[str], int | None]
    heads: dict[object, _Head] = field(default_factory=dict)
    places: dict[tuple[str, str], long_days.Place] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)

    def take(self, row: int, line: str) -> long_days._Open | bool:
        """Put a row into its day: True, or the day when it is whole now. False: nothing was done with it."""
        if '"' in line:
            return False
        understood = self._understood(line.split(self.delimiter))
        if understood is None:
            return False
        head, place, value = understood
        day = head.day if head.ordinal == place.ordinal else None
        if day is None:
            day = self._turned_to(head, place, row)
        slot = place.slot
        if day is None or day.quality[slot]:
            return False
        day.values[slot] = value
        day.quality[slot] = Quality.ACTUAL
        day.left -= 1
        return True if day.left else day

    def _understood(self, cells: list[str]) -> tuple[_Head, long_days.Place, int] | None:
        try:
            words, stamp = cells[self.value], cells[self.stamp]
            key: object = cells[self.keys[0]] if len(self.keys) == 1 else tuple([cells[at] for at in self.keys])
        except IndexError:
            return None
        head = self.heads.get(key) or self._head(key, cells)
        if head is None:
            return None
        place = self.places.get((stamp, head.form.zone)) or self._place(stamp, cells, head.form)
        value = self.values.get(words)
        if value is None:
            value = self._value(words)
        return None if place is None or value is None else (head, place, value)

    def _turned_to(self, head: _Head, place: long_days.Place, row: int) -> long_days._Open | None:
        """Open the day of a place; None where it is closed."""
        found = self.days.opened(form=head.form, factor=head.factor, place=place, row=row)
        if isinstance(found, base.Refusal):
            return None
        head.ordinal, head.day = place.ordinal, found
        return found

    def _head(self, key: object, cells: list[str]) -> _Head | None:
        found = self.form_of([cell.strip() for cell in cells])
        if found is None:
            return None
        head = _Head(*found)
        if len(self.heads) < MOST_KEPT:
            self.heads[key] = head
        return head

    def _place(self, stamp: str, cells: list[str], form: base.Form) -> long_days.Place | None:
        found = self.place_of([cell.strip() for cell in cells], form)
        if found is not None and len(self.places) < MOST_KEPT:
            self.places[stamp, form.zone] = found
        return found

    def _value(self, words: str) -> int | None:
        found = self.value_of(words.strip())
        if found is not None and len(self.values) < MOST_KEPT:
            self.values[words] = found
        return found


def fits(columns: frozenset[str]) -> bool:
    """Tell whether the roles of a table's columns are those the quick way knows."""
    return columns <= _ROLES and "stamp" in columns
