"""How an account that pays ahead stands: what is left, how long it lasts, what is to be done. Pure.

    available = paid ahead + credit limit - used and not yet billed - charges that wait for the next bill

What is left must never fall below zero. Accounts are looked at once a day, so that supply is ordered to be stopped
while the use until the next look is still covered, or that of the hours that an order takes (``lead_hours``) where
those are more; the order is sent as late as the covered use allows. Warnings are given at days of use that are left
(design: market rules A11, “warning at e.g. 3 days' use, stop at 0 + grace”): once each in an episode, the smaller ones
after the larger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kernel.money import EXACT

HOURS_OF_DAY = Decimal(24)
LOOKED_AT_EVERY = HOURS_OF_DAY
"""Hours from one assessment to the next."""
ENDLESS = Decimal(999)
"""Days that are left when nothing is used."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy ``prepayment`` of a market."""

    warning_days: tuple[int, ...]
    warning_amount: Decimal
    lead_hours: Decimal
    credit_limit: Decimal
    stops: bool


@dataclass(frozen=True, slots=True)
class Position:
    """Amounts in one currency; ``daily`` is the mean use of a day."""

    credit: Decimal
    limit: Decimal
    used: Decimal
    charges: Decimal
    daily: Decimal

    @property
    def available(self) -> Decimal:
        return self.credit + self.limit - self.used - self.charges

    @property
    def days_left(self) -> Decimal:
        """Days for which what is available lasts, not below zero."""
        if self.available <= 0:
            return Decimal(0)
        if self.daily <= 0:
            return ENDLESS
        return min(ENDLESS, EXACT.divide(self.available, self.daily))

    def is_used_up(self, rules: Rules) -> bool:
        """This will tell whether supply must be stopped so that nothing is used beyond the limit."""
        covered = max(rules.lead_hours, LOOKED_AT_EVERY)
        return self.available <= EXACT.divide(EXACT.multiply(self.daily, covered), HOURS_OF_DAY)

    def hours_until_stop(self, rules: Rules) -> Decimal:
        """This will return for how many hours supply may go on before an order must be sent; not below zero."""
        if self.available <= 0 or self.daily <= 0:
            return Decimal(0)
        lasts = EXACT.divide(EXACT.multiply(self.available, HOURS_OF_DAY), self.daily)
        return max(Decimal(0), EXACT.subtract(lasts, rules.lead_hours))

    def warning(self, rules: Rules) -> int | None:
        """This will return the smallest warning that is due (days), None while there is enough."""
        due = [days for days in rules.warning_days if self.days_left <= days]
        if not due and self.available <= rules.warning_amount:
            due = [max(rules.warning_days)]
        return min(due, default=None)

    def figures(self) -> dict[str, str]:
        """This will return the figures as text, for the record."""
        names = ("credit", "limit", "used", "charges", "daily", "available")
        return {name: f"{getattr(self, name):f}" for name in names}


def rules_of(policy: Mapping[str, Any]) -> Rules:
    """This will read a market's policy ``prepayment``."""
    return Rules(
        warning_days=tuple(sorted((int(days) for days in policy["warning_days"]), reverse=True)),
        warning_amount=Decimal(policy["warning_amount"]),
        lead_hours=Decimal(str(policy["lead_hours"])),
        credit_limit=Decimal(policy["credit_limit"]),
        stops=bool(policy["stops"]),
    )
