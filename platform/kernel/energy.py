"""Energy as integers: Wh in storage and sums, kWh as an exact decimal at the edge."""

from __future__ import annotations

from decimal import Decimal

WH_PER_KWH = 1000


def to_kwh(watt_hours: int) -> Decimal:
    """Return kWh as an exact decimal: 53328 → 53.328."""
    return Decimal(int(watt_hours)) / WH_PER_KWH


def to_wh(kilowatt_hours: Decimal) -> int:
    """Return Wh; refuses a value finer than one Wh."""
    watt_hours = kilowatt_hours * WH_PER_KWH
    if watt_hours != watt_hours.to_integral_value():
        raise ValueError(f"{kilowatt_hours} kWh is finer than one Wh.")
    return int(watt_hours)
