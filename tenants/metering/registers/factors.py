"""What one count of a register stands for on a day: the product of its dated ratios, as an exact fraction."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from kernel.errors import GridhallError, gettext_noop
from kernel.periods import Period
from tenants.metering.registers import units

CONTENT = "energy_content"


class FactorMissing(GridhallError):
    """A count cannot be turned into energy."""

    code = "factor_missing"
    template = gettext_noop("The register {register} has no {factor} for {day}. Enter it from that day on.")


@dataclass(frozen=True, slots=True)
class Factor:
    """One ratio from ``start`` up to, not including, ``end`` (None: still in force)."""

    kind: str
    ratio: Fraction
    start: dt.date
    end: dt.date | None = None

    def holds_on(self, day: dt.date) -> bool:
        """This will tell whether the ratio is in force on ``day``."""
        return self.start <= day and (self.end is None or day < self.end)


def ratio(*, kinds: Sequence[Factor], on: dt.date, unit: str, register: str) -> Fraction:
    """This will multiply what is in force on a day: 10000/100 × 10/5 = 200, without the scale of the unit.

    Raises FactorMissing when a kind that the register has on other days, or that its unit needs, has no value.
    """
    needed = {factor.kind for factor in kinds} | ({CONTENT} if units.unit(name=unit).by_content else set())
    product = Fraction(1)
    for kind in sorted(needed):
        found = next((factor for factor in kinds if factor.kind == kind and factor.holds_on(on)), None)
        if found is None:
            raise FactorMissing(register=register, factor=kind, day=on.isoformat())
        product *= found.ratio
    return product


def parts(*, kinds: Sequence[Factor], period: Period, unit: str, register: str) -> list[tuple[Period, Fraction]]:
    """This will cut ``period`` where a ratio changes and return the product of each part; raises FactorMissing."""
    edges = {period.start, period.end}
    edges |= {day for factor in kinds for day in (factor.start, factor.end) if day is not None and day in period}
    ordered = sorted(edges)
    return [
        (Period(start, end), ratio(kinds=kinds, on=start, unit=unit, register=register))
        for start, end in itertools.pairwise(ordered)
    ]
