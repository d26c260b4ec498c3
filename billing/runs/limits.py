"""The limits by which bills are judged: the company's own where it has set some, else the market's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.runs.brakes import Limits
from billing.runs.models import BillingRules
from markets import packs
from tenancy import context

BRAKES, ESTIMATES = "brakes", "estimates"


@dataclass(frozen=True, slots=True)
class Estimates:
    """How much of a bill may stand on estimates made for it: hours without a reading, and their share of all."""

    max_hours: Decimal
    max_share: Decimal


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds at a company, by kind of customer where it differs."""

    brakes: Mapping[str, Any]
    estimates: Mapping[str, Any]

    def of_kind(self, kind: str) -> Limits:
        """This will return the brakes of household or business customers."""
        return Limits.of_policy(self.brakes, kind)

    def estimates_of(self, kind: str) -> Estimates:
        """This will return what may be estimated for household or business customers; nothing unless it is said."""
        found = self.estimates.get(kind) or {}
        return Estimates(Decimal(str(found.get("max_hours", 0))), Decimal(str(found.get("max_share", 0))))


def of_retailer() -> Rules:
    """This will read the limits of the present retailer, in one query."""
    policies = packs.pack(context.current_retailer().market).policies
    own = BillingRules.objects.filter(pk=1).values_list("rules", flat=True).first() or {}
    return Rules(
        brakes=_merged(policies[BRAKES], own.get(BRAKES, {})),
        estimates=_merged(policies["billing"].get(ESTIMATES, {}), own.get(ESTIMATES, {})),
    )


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, value in own.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = _merged(merged[name], value) if both else value
    return merged
