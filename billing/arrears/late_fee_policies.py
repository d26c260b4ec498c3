"""What a market charges for paying late, read from its pack. Pure.

Sources: China, 供电营业规则 (rates a day, split at the end of the year, least amount); Germany, §§ 247, 288, 289 BGB
(points above the base rate, lump sum, no interest on interest); a rate a month and a fixed fee as in the United States
and Australia. What a rule leaves open is a value of the policy.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kernel.errors import GridhallError, gettext_noop

DAYS, WHOLE_DELAY, NEW_YEAR_ONLY = "days", "whole_delay", "new_year_only"
STARTED, COMPLETED, BY_DAY = "started", "completed", "by_day"
NEVER, MONTHLY = "never", "monthly"
AFTER_PRINCIPAL, BEFORE_PRINCIPAL = "after_principal", "before_principal"
WHEN_PAID, WHEN_DUE = "when_paid", "when_due"
COUNTED, FREE = "counted", "free"
ACTUAL = "actual"

CHOICES = {
    "year_split": (DAYS, WHOLE_DELAY, NEW_YEAR_ONLY),
    "year_of": ("due", "issued", "supplied"),
    "months": (STARTED, COMPLETED, BY_DAY),
    "fixed_repeats": (NEVER, MONTHLY),
    "order": (AFTER_PRINCIPAL, BEFORE_PRINCIPAL),
    "charged": (WHEN_PAID, WHEN_DUE, MONTHLY),
    "payment_day": (COUNTED, FREE),
    "starts": ("day_after_due",),
}


class BadLateFeePolicy(GridhallError):
    """A pack or a company's own rule for late fees cannot be read."""

    code = "late_fee_policy_bad"
    template = gettext_noop("The rule for late fees is wrong at “{key}”: {reason}")


@dataclass(frozen=True, slots=True)
class BaseRate:
    """A statutory base rate of interest a year, from a day on."""

    since: dt.date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class LateFeePolicy:
    """The rule for one kind of customer; every amount and rate is a decimal, rates are shares (0.001 = 1 ‰)."""

    own_year: Decimal = Decimal(0)
    cross_year: Decimal = Decimal(0)
    per_month: Decimal = Decimal(0)
    per_year: Decimal = Decimal(0)
    above_base: Decimal | None = None
    base_rates: tuple[BaseRate, ...] = ()
    fixed: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    minimum_overdue: Decimal = Decimal(0)
    most_of_principal: Decimal | None = None
    grace_days: int = 0
    year_split: str = DAYS
    year_of: str = "due"
    months: str = STARTED
    fixed_repeats: str = NEVER
    order: str = AFTER_PRINCIPAL
    charged: str = WHEN_PAID
    payment_day: str = COUNTED
    days_in_year: int | None = None

    def base_rate_on(self, day: dt.date) -> Decimal:
        """Return the base rate in force on a day; the earliest known one before the first."""
        known = [each.rate for each in self.base_rates if each.since <= day]
        return known[-1] if known else self.base_rates[0].rate

    @property
    def knows_years(self) -> bool:
        """Whether the end of the year changes the rate."""
        return self.own_year != self.cross_year or self.year_split == NEW_YEAR_ONLY


def of_kind(policy: Mapping[str, Any], kind: str) -> LateFeePolicy:
    """This will read the policy ``late_fee`` for a kind of customer; raises BadLateFeePolicy.

    A kind without rates and without a fixed fee pays none.
    """
    rates = policy.get("rates", {}).get(kind, {})
    _check(policy, rates)
    above = rates.get("per_year_above_base")
    daily = rates.get("per_day")
    year = policy.get("days_in_year", ACTUAL)
    most = policy.get("most_of_principal")
    return LateFeePolicy(
        own_year=_decimal(rates.get("own_year", daily), "own_year"),
        cross_year=_decimal(rates.get("cross_year", daily), "cross_year"),
        per_month=_decimal(rates.get("per_month"), "per_month"),
        per_year=_decimal(rates.get("per_year"), "per_year"),
        above_base=None if above is None else _decimal(above, "per_year_above_base"),
        base_rates=_base_rates(policy.get("base_rates", ())),
        fixed=_decimal(_of_kind(policy.get("fixed"), kind), "fixed"),
        minimum=_decimal(policy.get("minimum"), "minimum"),
        minimum_overdue=_decimal(policy.get("minimum_overdue"), "minimum_overdue"),
        most_of_principal=None if most is None else _decimal(most, "most_of_principal"),
        grace_days=int(policy.get("grace_days", 0)),
        days_in_year=None if year == ACTUAL else int(year),
        **{key: policy[key] for key in CHOICES if key in policy and key != "starts"},
    )


def _check(policy: Mapping[str, Any], rates: Mapping[str, Any]) -> None:
    for key, allowed in CHOICES.items():
        if key in policy and policy[key] not in allowed:
            raise BadLateFeePolicy(key=key, reason=", ".join(allowed), where=key)
    if policy.get("compound"):
        raise BadLateFeePolicy(key="compound", reason="late fees bear no late fees", where="compound")
    if "per_year_above_base" in rates and not policy.get("base_rates"):
        raise BadLateFeePolicy(key="base_rates", reason="points above a base rate need one", where="base_rates")


def _of_kind(value: Any, kind: str) -> Any:
    return value.get(kind) if isinstance(value, Mapping) else value


def _base_rates(rows: Any) -> tuple[BaseRate, ...]:
    found = [BaseRate(dt.date.fromisoformat(row["from"]), Decimal(row["rate"])) for row in rows]
    return tuple(sorted(found, key=lambda each: each.since))


def _decimal(value: Any, key: str) -> Decimal:
    found = Decimal(0) if value is None else Decimal(str(value))
    if found < 0 or not found.is_finite():
        raise BadLateFeePolicy(key=key, reason="an amount is never negative", where=key)
    return found
