"""Brakes: when a rated bill is so implausible that a person must look at it first; pure.

The limits come from the market pack (``policies.brakes``); docs/algorithms/bill-runs.md has worked examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

NEGATIVE, ZERO_USE = "negative_total", "zero_use"
FAR_ABOVE, FAR_BELOW = "far_above_history", "far_below_history"
LEAST_HISTORY_DAYS = 25
"""A first bill of a few days says nothing about what is usual."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a market holds for plausible."""

    times_above: Decimal
    times_below: Decimal
    negative_total: bool
    zero_use_days: int

    @classmethod
    def of_policy(cls, policy: Mapping[str, Any]) -> Limits:
        """This will read ``policies.brakes`` of a market pack."""
        return cls(
            times_above=Decimal(policy["times_history_above"]),
            times_below=Decimal(policy["times_history_below"]),
            negative_total=bool(policy["negative_total"]),
            zero_use_days=int(policy["zero_use_days"]),
        )


@dataclass(frozen=True, slots=True)
class Supply:
    """One supply point's part of the bill and what it used before."""

    identifier: str
    days: int
    energy_wh: int
    feed_in_wh: int
    history_days: int = 0
    history_wh: int = 0
    metered: bool = True


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a bill is parked: a code and the figures a person needs."""

    code: str
    params: Mapping[str, str]


def doubt_about(*, total: Decimal, supplies: Sequence[Supply], period_days: int, limits: Limits) -> Doubt | None:
    """This will return the first reason to park a bill of ``total``, or None when it is plausible."""
    if limits.negative_total and total < 0 and not any(supply.feed_in_wh for supply in supplies):
        return Doubt(NEGATIVE, {"total": str(total)})
    for supply in supplies:
        found = _use(supply, period_days, limits)
        if found is not None:
            return found
    return None


def _use(supply: Supply, period_days: int, limits: Limits) -> Doubt | None:
    if not supply.metered:
        return None
    if supply.energy_wh == 0:
        # A roof that exports may cover all of its owner's use; an empty flat's meter may as well be broken.
        idle = supply.days >= min(period_days, limits.zero_use_days) and not supply.feed_in_wh
        return Doubt(ZERO_USE, {"identifier": supply.identifier, "days": str(supply.days)}) if idle else None
    if supply.history_days < LEAST_HISTORY_DAYS or supply.history_wh <= 0 or supply.days < LEAST_HISTORY_DAYS:
        return None
    # Per day, without dividing: energy / days against history / history_days.
    now, before = supply.energy_wh * supply.history_days, supply.history_wh * supply.days
    if now > before * limits.times_above:
        return Doubt(FAR_ABOVE, _compared(supply))
    return Doubt(FAR_BELOW, _compared(supply)) if now < before * limits.times_below else None


def _compared(supply: Supply) -> dict[str, str]:
    usual = supply.history_wh * supply.days // supply.history_days
    return {
        "identifier": supply.identifier,
        "energy_kwh": str(Decimal(supply.energy_wh) / 1000),
        "usual_kwh": str(Decimal(usual) / 1000),
    }
