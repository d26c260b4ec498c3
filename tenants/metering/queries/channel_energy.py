"""Litres of gas as kWh: the dated factors of channels, laid over their recording days.

energy (Wh) = litres × volume correction × kWh per m³, since a litre is a thousandth of a cubic metre and a Wh of a kWh.
Rounded half up on the running sum of the day, like everything that is finer than its unit.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from kernel.errors import GridhallError, gettext_noop
from tenants.metering import packing
from tenants.metering.formats.base import Quality
from tenants.metering.models import ChannelFactor
from tenants.metering.registers import factors, units

LARGEST = 2**31 - 1
MARK_BITS = 32
"""Versions of converted days carry a mark of their factors above this bit: other factors are another version."""


class EnergyTooLarge(GridhallError):
    """An interval holds what 32 bits can count."""

    code = "interval_energy_too_large"
    template = gettext_noop("The energy of an interval of {day} is too large: check the factors of the channel.")


@dataclass(frozen=True, slots=True)
class Energy:
    """The factors of channels of litres; other channels have none and stay as they are."""

    held: dict[int, list[factors.Factor]]

    def ratio(self, channel_id: int, day: dt.date) -> Fraction | None:
        """This will return how many Wh a litre has on a day; None where no heat content is known."""
        try:
            return factors.ratio(kinds=self.held.get(channel_id, []), on=day, unit=units.VOLUME, register="")
        except factors.FactorMissing:
            return None

    def version(self, channel_id: int, day: dt.date, version: int) -> int:
        """This will return the version of a day, which for litres is that of readings and factors together."""
        if channel_id not in self.held:
            return version
        return version | zlib.crc32(str(self.ratio(channel_id, day)).encode()) << MARK_BITS

    def converted(self, channel_id: int, day: dt.date, packed: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
        """This will turn a packed day (values, quality) of litres into one of Wh; without factors it is missing."""
        ratio = self.ratio(channel_id, day)
        if ratio is None:
            return bytes(len(packed[0])), bytes([Quality.MISSING])
        edges = np.cumsum(packing.unpack_values(packed[0]), dtype=np.int64)
        sums = [_rounded(edge * ratio) for edge in edges.tolist()]
        values = np.diff(np.array([0, *sums], dtype=np.int64))
        if np.abs(values).max(initial=0) > LARGEST:
            raise EnergyTooLarge(day=day.isoformat())
        return packing.pack_values(values.astype(np.int32)), packed[1]


def of_litres(channel_ids: Collection[int]) -> Energy:
    """This will read the factors of channels of litres; without any channel nothing is asked."""
    if not channel_ids:
        return Energy({})
    held: dict[int, list[factors.Factor]] = {channel_id: [] for channel_id in channel_ids}
    for row in ChannelFactor.objects.filter(channel_id__in=channel_ids).order_by("channel_id", "kind", "period"):
        ratio = Fraction(row.numerator) / Fraction(row.denominator)
        held[row.channel_id].append(factors.Factor(row.kind, ratio, row.period.lower, row.period.upper))
    return Energy(held)


def _rounded(quantity: Fraction) -> int:
    return (quantity + Fraction(1, 2)).__floor__()
