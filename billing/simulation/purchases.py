"""What energy costs the retailer: metered energy at the prices of an index series."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from billing.rating import inputs
from billing.rating.formulas import units
from billing.runs import readings
from billing.runs.readings import Grid, Readings
from kernel.errors import Invalid, gettext_noop
from kernel.periods import Period
from tenants.tariffs import indices

SINGLE, INTERVAL = "single", "interval"
WH_PER_UNIT = {"kWh": 3, "MWh": 6}
"""Decimal places by which Wh lie below the unit of a price."""
_LARGEST = 2**62


class NotAPrice(Invalid):
    """Only a price of energy, one a period or one an interval, can be a purchase price."""

    code = "not_a_price"
    template = gettext_noop(
        "The series {series} is in {unit}; purchase prices are in {currency}/kWh or {currency}/MWh, "
        "with one value a month or one per interval."
    )


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """The purchase prices of one month: one value, or one per ``minutes``; ``places`` turns Wh into units."""

    places: int
    single: Decimal | None
    series: inputs.Series | None
    minutes: int


def require_price(*, code: str, currency: str) -> None:
    """This will raise NotFound or NotAPrice unless the series is a price of energy in ``currency``."""
    found = indices.series_by_code(code=code)
    if _places(found.unit, currency) is None or found.shape not in (SINGLE, INTERVAL):
        raise NotAPrice(series=code, unit=found.unit or "–", currency=currency, where="purchase_series")


def prices_of(*, code: str, currency: str, month: Period) -> Prices | None:
    """This will return the prices of a month; None when they are not published for all of it."""
    series = indices.series_by_code(code=code)
    found = indices.publications(codes=[code], period=month).get(code)
    places = _places(series.unit, currency)
    if found is None or not found.covered or places is None or "" not in found.values:
        return None
    if found.shape == SINGLE:
        return Prices(places, found.values[""][0], None, 0)
    return Prices(places, None, inputs.scaled(found.values[""]), series.interval_minutes or 0)


def cost_of(*, prices: Prices, read: Readings, days: Period, month: Period) -> Decimal | None:
    """This will return Σ (consumption − feed-in) × price over ``days`` of ``month``, exact.

    None when the readings are coarser than the prices or the prices do not cover the month's intervals.
    """
    at = read.grid.slots_of(days)
    energy = read.values[readings.CONSUMPTION][at] - read.values[readings.FEED_IN][at]
    if prices.single is not None:
        return (prices.single * int(energy.sum())).scaleb(-prices.places)
    whole = _per_slot(prices, read.grid, month)
    if whole is None or prices.series is None:
        return None
    start = at.start - read.grid.slots_of(month).start
    total = _product(energy, whole[start : start + energy.size])
    return Decimal(total).scaleb(-prices.series.places - prices.places)


def _places(unit: str, currency: str) -> int | None:
    price, _, per = unit.partition("/")
    try:
        known = units.parse(price) == units.parse(currency)
    except units.UnknownUnit:
        return None
    return WH_PER_UNIT.get({"度": "kWh", "千瓦时": "kWh"}.get(per, per)) if known else None


def _per_slot(prices: Prices, grid: Grid, month: Period) -> npt.NDArray[np.generic] | None:
    """The price of each slot of the month; a price of an hour holds for its four quarters."""
    slots = grid.slots_of(month)
    count = slots.stop - slots.start
    if prices.series is None or not prices.minutes or prices.minutes % grid.minutes:
        return None
    values = np.repeat(prices.series.values, prices.minutes // grid.minutes)
    return values if values.size == count else None


def _product(energy: npt.NDArray[np.int64], prices: npt.NDArray[np.generic]) -> int:
    """Σ energy × price in integers; beyond 64 bits in Python's own."""
    if not energy.size:
        return 0
    largest = int(np.abs(energy).max()) * max(abs(int(value)) for value in (prices.min(), prices.max()))
    if largest * energy.size >= _LARGEST:
        return sum(int(wh) * int(price) for wh, price in zip(energy, prices, strict=True))
    return int((energy * prices.astype(np.int64)).sum())
