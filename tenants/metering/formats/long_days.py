"""Single readings put together to days, in whatever order they come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from tenants.metering.formats import base, long_stamps, numbers
from tenants.metering.formats.base import Quality

DECIMALS = 9
"""Cells are kept in billionths; a digit beyond is rounded first."""

MOST_OPEN_SLOTS = 24_000_000
"""Readings of days that are not whole yet; beyond this a file has to be sorted."""

_UNSEEN = 0
_SAFE = 2**61


@dataclass(frozen=True, slots=True)
class Place:
    """A slot of a day (by its ordinal) that has ``count`` slots; ``ahead`` when it has not ended yet."""

    ordinal: int
    slot: int
    count: int
    ahead: bool = False


def place_of(*, start: dt.datetime, zone: ZoneInfo, minutes: int) -> Place | None:
    """Return the place of an interval that starts at the instant ``start``; None where no interval starts then."""
    day = start.astimezone(zone).date()
    opens, closes = long_stamps.day_of(day=day, zone=zone)
    slot, rest = divmod((start - opens).total_seconds(), minutes * 60)
    count = int((closes - opens).total_seconds()) // (minutes * 60)
    return None if rest else Place(day.toordinal(), int(slot), count)


@dataclass(slots=True, eq=False)
class _Open:
    """A day that is being put together; quality 0 where nothing came yet."""

    form: base.Form
    factor: Fraction
    day: dt.date
    values: npt.NDArray[np.int64]
    quality: base.Qualities
    row: int
    left: int
    changed: dt.datetime | None = None


@dataclass(slots=True)
class Days:
    """The days of a file on their way."""

    most_open: int = field(default_factory=lambda: MOST_OPEN_SLOTS)
    _open: dict[tuple[base.Form, int], _Open] = field(default_factory=dict)
    _whole: dict[tuple[base.Form, int], int] = field(default_factory=dict)
    _slots: int = 0

    def opened(self, *, form: base.Form, factor: Fraction, place: Place, row: int) -> _Open | base.Refusal:
        """Return the day of a place, or why nothing can be put there any more."""
        key = (form, place.ordinal)
        found = self._open.get(key)
        if found is None:
            if key in self._whole:
                return base.Refusal("long_twice", row, None, {"other": self._whole[key]})
            found = self._open[key] = self._begun(form, factor, place, row)
        return found

    def put(
        self, *, day: _Open, slot: int, value: int | None, quality: Quality, changed: dt.datetime | None
    ) -> Iterator[base.Item]:
        """Put a reading (billionths; None is missing) into its slot; yields the day when it is whole."""
        day.values[slot] = value or 0
        day.quality[slot] = Quality.MISSING if value is None else quality
        if changed is not None and (day.changed is None or changed > day.changed):
            day.changed = changed
        day.left -= 1
        if not day.left:
            yield from self.whole(day=day)

    def whole(self, *, day: _Open) -> Iterator[base.Item]:
        """Yield a day that has all its readings; it is closed."""
        key = (day.form, day.day.toordinal())
        self._whole[key] = day.row
        self._slots -= day.values.size
        yield _made(self._open.pop(key))

    def is_free(self, day: _Open, slot: int) -> bool:
        """Tell whether nothing came for the slot yet."""
        return bool(day.quality[slot] == _UNSEEN)

    def rest(self) -> Iterator[base.Item]:
        """Yield the days that stayed with gaps, in the order of their rows."""
        left = sorted(self._open.values(), key=lambda day: day.row)
        self._open.clear()
        for day in left:
            day.quality[day.quality == _UNSEEN] = Quality.MISSING
            yield _made(day)

    def _begun(self, form: base.Form, factor: Fraction, place: Place, row: int) -> _Open:
        self._slots += place.count
        if self._slots > self.most_open:
            raise base.refuse_file("long_unsorted", row=row)
        values, quality = np.zeros(place.count, dtype=np.int64), np.zeros(place.count, dtype=np.uint8)
        return _Open(form, factor, dt.date.fromordinal(place.ordinal), values, quality, row, place.count)


def _made(day: _Open) -> base.Item:
    values = _units(day)
    if values is None:
        return base.Refusal("too_big", day.row, None, {"text": day.day.isoformat()})
    form = day.form
    return base.ChannelDay(
        identifier=form.identifier,
        register_code=form.register_code,
        kind=form.kind,
        unit=form.unit,
        minutes=form.minutes,
        day=day.day,
        zone=form.zone,
        values=values,
        quality=day.quality,
        row=day.row,
        meter_serial=form.meter_serial,
        aliases=form.aliases,
        stamped_at=day.changed,
    )


def _units(day: _Open) -> base.Values | None:
    """Billionths to whole units, rounded half up on the running sum; None where one is larger than a channel holds."""
    factor = day.factor / 10**DECIMALS
    upper = [int(value) for value in np.cumsum(day.values.astype(object))]
    if upper[-1] * factor.numerator < _SAFE:
        sums = np.array(upper, dtype=np.int64)
        rounded = (2 * sums * factor.numerator + factor.denominator) // (2 * factor.denominator)
        exact = 2 * upper[-1] * factor.numerator + factor.denominator < _SAFE * 2
    else:
        exact = False
    if not exact:
        rounded = np.array([numbers.half_up(value * factor) for value in upper], dtype=object)
    found = np.diff(rounded, prepend=0)
    return found.astype(np.int32) if int(found.max()) <= base.LARGEST else None
