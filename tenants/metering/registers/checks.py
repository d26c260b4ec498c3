"""The checks that quantities of one meter must pass against each other, and the correction of a wrong one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from kernel.errors import Invalid, gettext_noop
from tenants.metering.registers import stretches, units


class NoRate(Invalid):
    """What the meter measured must be above zero for a rate to exist."""

    code = "no_correction_rate"
    template = gettext_noop(
        "A rate needs a measured power above zero: a meter that stood still or ran backward is mended by substituted "
        "reads."
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """What a market allows: so many steps of the register, or a share of the quantity, whichever is more."""

    resolutions: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True)
class Sums:
    """Two ways to the same quantity, in Wh, and how far apart they may be."""

    intervals: int
    register: int
    tolerance: int

    @property
    def difference(self) -> int:
        return self.intervals - self.register

    @property
    def passes(self) -> bool:
        return abs(self.difference) <= self.tolerance


def tolerance(*, quantity: int, decimals: int, unit: str, multiplier: Fraction, limits: Limits) -> int:
    """This will return what a difference may be at most, in Wh: V3 and A12 of market-rules.md.

    max(2 × register resolution × multiplier, 0.1 %): resolution 0.01 kWh and multiplier 800 allow 16 kWh.
    """
    resolution = Fraction(1, 10**decimals) * units.unit(name=unit).scale
    steps = Fraction(limits.resolutions) * resolution * multiplier
    return int(max(steps, Fraction(limits.share) * abs(quantity)))


def total_and_parts(*, total: int, parts: list[int], allowed: int) -> int | None:
    """This will return what the total register has beyond those of the times of use, or None beyond ``allowed``."""
    rest = total - sum(parts)
    return rest if abs(rest) <= allowed else None


def correction_rate(*, right: Decimal, wrong: Decimal) -> Fraction:
    """This will return (right − wrong) / wrong, the 更正率 of wrong wiring (A12); raises NoRate.

    Three-phase power without one current measures two thirds: (3 − 2) / 2 = 0.5, half as much again is owed.
    """
    if wrong <= 0 or right < 0:
        raise NoRate(where="power_wrong")
    return (Fraction(right) - Fraction(wrong)) / Fraction(wrong)


def corrected(*, recorded: int, rate: Fraction) -> int:
    """This will return what is to be added to ``recorded`` Wh; negative where too much was measured."""
    owed = recorded * rate
    return stretches.whole(owed) if owed >= 0 else -stretches.whole(-owed)
