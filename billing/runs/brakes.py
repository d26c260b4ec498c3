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
DOUBTED, ESTIMATED = "readings_doubted", "estimated_share"
FIRST_BILL, ABOVE_APPROVAL = "first_bill", "above_approval"
WHOLE = 100
LEAST_HISTORY_DAYS = 25
"""A first bill of a few days says nothing about what is usual."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a market holds for plausible."""

    times_above: Decimal
    times_below: Decimal
    negative_total: bool
    zero_use_days: int
    estimated_share: Decimal = Decimal(1)
    first_bill: bool = False
    approval_above: Decimal | None = None

    @classmethod
    def of_policy(cls, policy: Mapping[str, Any], kind: str) -> Limits:
        """This will read ``policies.brakes`` of a market pack; a mapping among them is by kind of customer."""
        own: dict[str, Any] = {
            name: value.get(kind) if isinstance(value, Mapping) else value for name, value in policy.items()
        }
        approval = own.get("approval_above")
        return cls(
            times_above=Decimal(own["times_history_above"]),
            times_below=Decimal(own["times_history_below"]),
            negative_total=bool(own["negative_total"]),
            zero_use_days=int(own["zero_use_days"]),
            estimated_share=Decimal(own.get("estimated_share") or 1),
            first_bill=bool(own.get("first_bill")),
            approval_above=None if approval is None else Decimal(approval),
        )

    def needs_approval(self, total: Decimal) -> bool:
        """This will say whether a bill of ``total`` goes out only when a second person agrees."""
        return self.approval_above is not None and abs(total) > self.approval_above


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
    first_bill: bool = False
    slots: int = 0
    estimated_slots: int = 0
    doubted_readings: int = 0


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a bill is parked: a code and the figures a person needs."""

    code: str
    params: Mapping[str, str]


def doubts_about(
    *,
    total: Decimal,
    supplies: Sequence[Supply],
    period_days: int,
    limits: Limits,
    currency: str,
    billed: Decimal | None = None,
) -> list[Doubt]:
    """This will return every reason to park a bill, none when it is plausible.

    ``total`` is what the energy comes to, ``billed`` (unless given the same) what the bill does with its charges.
    """
    doubts = []
    if limits.negative_total and total < 0 and not any(supply.feed_in_wh for supply in supplies):
        doubts.append(Doubt(NEGATIVE, {"total": f"{total:f} {currency}"}))
    for supply in supplies:
        doubts += [found for found in (_use(supply, period_days, limits), *_readings(supply, limits)) if found]
    amount = total if billed is None else billed
    if limits.needs_approval(amount):
        said = {"total": f"{amount:f} {currency}", "limit": f"{limits.approval_above:f} {currency}"}
        doubts.append(Doubt(ABOVE_APPROVAL, said))
    return doubts


def _readings(supply: Supply, limits: Limits) -> list[Doubt]:
    doubts = []
    if supply.doubted_readings:
        doubts.append(Doubt(DOUBTED, {"identifier": supply.identifier, "count": str(supply.doubted_readings)}))
    if supply.estimated_slots > limits.estimated_share * supply.slots:
        share = supply.estimated_slots * WHOLE // supply.slots
        doubts.append(Doubt(ESTIMATED, {"identifier": supply.identifier, "percent": str(share)}))
    if limits.first_bill and supply.first_bill and supply.metered:
        doubts.append(Doubt(FIRST_BILL, {"identifier": supply.identifier}))
    return doubts


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
