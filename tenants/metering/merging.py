"""Two deliveries of one day become one, slot by slot, whichever of them comes first; pure.

Every reading has a stamp: when it last changed at its source, else when it was first given to us. Of two readings of a
slot the one with the later stamp stands; at the same stamp the better quality, then the larger value. A missing slot
never hides a reading. So merging is commutative, associative and idempotent: what stands in the end depends on the
set of deliveries alone (docs/decisions/0024-readings-in-any-order.md).

Readings of other intervals are never mixed within a day. The delivery with the latest stamp decides into how many slots
the day is cut (of two at the same instant the finer), and the latest delivery in other intervals is the day's floor:
no reading at or below it counts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenants.metering.formats.base import Qualities, Quality, Values

Stamps = npt.NDArray[np.int64]
NEVER = -(2**63)
"""The stamp of a slot for which nothing ever came."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_GUESSED_EARLIER = dt.timedelta(days=1900 * 365)


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """The slots of a day: values (0 where missing), qualities, stamps (NEVER where missing), and the day's floor."""

    values: Values
    quality: Qualities
    stamps: Stamps
    floor: int = NEVER

    @property
    def latest(self) -> int:
        """The stamp of the latest reading; NEVER where there is none."""
        return int(self.stamps.max())

    def says_the_same(self, other: Slots) -> bool:
        """Tell whether both have the same readings, whatever their stamps."""
        return np.array_equal(self.values, other.values) and np.array_equal(self.quality, other.quality)

    def is_said_by(self, other: Slots) -> bool:
        """Tell whether each reading here is also the other's."""
        here = self.quality != Quality.MISSING
        if self.values.size != other.values.size:
            return not here.any()
        alike = (self.values == other.values) & (self.quality == other.quality)
        return bool(alike[here].all())


def microseconds(instant: dt.datetime) -> int:
    """Return an instant as whole microseconds of 1970."""
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(stamp: int) -> dt.datetime:
    """Return the instant of a stamp."""
    return _EPOCH + stamp * _MICROSECOND


def guessed_at(*, at: dt.datetime) -> dt.datetime:
    """This will return the stamp of an estimate made here ``at``: earlier than any meter's, later than older estimates.

    So any reading that is delivered replaces it, even one that changed at its source before the estimate was made.
    """
    return at - _GUESSED_EARLIER


def delivered(*, values: Values, quality: Qualities, stamp: int) -> Slots:
    """This will build the slots of one delivery: each reading has the same ``stamp``, a missing one none."""
    return Slots(values, quality, np.where(quality == Quality.MISSING, NEVER, stamp))


def merged(*, standing: Slots, given: Slots) -> Slots:
    """This will return what stands after both, in whichever order they came."""
    if standing.values.size == given.values.size:
        return _joined(standing, given)
    lower, upper = sorted((standing, given), key=lambda slots: (slots.latest, slots.values.size))
    return _above(upper, _floor_under(lower, upper.values.size))


def packed_stamps(slots: Slots) -> bytes | None:
    """Return the stamps as little-endian int64 with the floor behind them; None when one stamp says it all."""
    there = slots.stamps[slots.stamps != NEVER]
    if slots.floor == NEVER and (not there.size or int(there.min()) == int(there.max())):
        return None
    return np.append(slots.stamps, slots.floor).astype("<i8").tobytes()


def unpacked_slots(*, values: Values, quality: Qualities, stamped_at: dt.datetime, stamps: bytes | None) -> Slots:
    """Return the slots of a stored day."""
    if stamps is None:
        return delivered(values=values, quality=quality, stamp=microseconds(stamped_at))
    found = np.frombuffer(stamps, dtype="<i8")
    return Slots(values, quality, found[:-1], int(found[-1]))


def _joined(one: Slots, other: Slots) -> Slots:
    """Slots of the same length: the higher reading of each."""
    takes = _ranks_above(other, one)
    laid = Slots(
        np.where(takes, other.values, one.values),
        np.where(takes, other.quality, one.quality),
        np.where(takes, other.stamps, one.stamps),
    )
    return _above(laid, max(one.floor, other.floor))


def _floor_under(lower: Slots, slots: int) -> int:
    """The floor that ``lower`` is to readings of another length: at the same instant the finer ones stand above."""
    if lower.latest == NEVER:
        return NEVER
    return lower.latest if lower.values.size > slots else lower.latest - 1


def _above(slots: Slots, floor: int) -> Slots:
    """Leave out what is at or below the floor."""
    floor = max(floor, slots.floor)
    gone = slots.stamps <= floor
    if not gone.any() or floor == NEVER:
        return Slots(slots.values, slots.quality, slots.stamps, floor)
    return Slots(
        np.where(gone, 0, slots.values).astype(np.int32),
        np.where(gone, Quality.MISSING, slots.quality).astype(np.uint8),
        np.where(gone, NEVER, slots.stamps),
        floor,
    )


def _ranks_above(other: Slots, one: Slots) -> npt.NDArray[np.bool_]:
    """Where ``other`` stands above ``one``: by stamp (that of a missing slot is the lowest), quality and value."""
    alike = other.stamps == one.stamps
    better = other.quality < one.quality
    larger = (other.quality == one.quality) & (other.values > one.values)
    found: npt.NDArray[np.bool_] = (other.stamps > one.stamps) | (alike & (better | larger))
    return found
