"""The market's rules for collections, as the present retailer's pack states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.arrears import disconnection, late_fee_policies, paths
from billing.arrears.late_fee_policies import LateFeePolicy
from markets import packs, working_days
from tenancy import context

USUAL = "usual"


@dataclass(frozen=True, slots=True)
class PromiseRule:
    """How far ahead a customer may promise, by credit class, and how often he may break it."""

    longest_days: Mapping[str, int]
    broken_in_year: int


@dataclass(frozen=True, slots=True)
class InstalmentRule:
    """How many instalments a customer may have, by credit class, how far apart, and what the portal may agree."""

    most: Mapping[str, int]
    every_days: int
    least_amount: Decimal
    days_of_grace: int
    self_service_up_to: Decimal


@dataclass(frozen=True, slots=True)
class DepositRule:
    """Who is asked for a deposit of how many months, what interest it bears, when it is given back."""

    asked: Mapping[str, bool]
    credit_classes: frozenset[str]
    months_of_use: Decimal
    per_year: Decimal
    days_in_year: int | None
    guarantee_reminder_days: int


@dataclass(frozen=True, slots=True)
class WriteOffRule:
    """From which amount on a second person approves, from which on with finance's post; after how many days."""

    four_eyes_from: Decimal
    two_posts_from: Decimal
    overdue_days: int


def late_fees(*, kind: str) -> LateFeePolicy:
    """This will return the rule for late fees of a kind of customer."""
    return late_fee_policies.of_kind(_policy("late_fee"), kind)


def waiver_four_eyes_from() -> Decimal:
    """This will return the amount from which on a second person approves a waiver."""
    return Decimal(_policy("late_fee").get("waiver", {}).get("four_eyes_from", "0"))


def stops(*, kind: str) -> disconnection.Rule:
    """This will return what is asked before supply is stopped."""
    return disconnection.of_policy(_policy("disconnection"), kind)


def plan_lifts_stop() -> bool:
    """This will say whether an instalment plan brings supply back."""
    return bool(_policy("disconnection").get("plan_lifts", False))


def protections() -> list[str]:
    """This will list the flags of accounts that matter to the market's rule of disconnection."""
    policy = _policy("disconnection")
    return sorted({*policy.get("protected", ()), *policy.get("authority_copy", ())})


def credit_classes() -> list[str]:
    """This will list the credit classes, the best first."""
    return list(_policy("dunning")["credit_classes"])


def standard_path() -> Mapping[str, Any]:
    """This will return the document of the path that holds until the company has its own."""
    policy = _policy("dunning")
    return {"minimum": policy["minimum"], "steps": list(policy["path"])}


def standard_minimum() -> Decimal:
    """This will return what must at least be overdue to open a case where no path says otherwise."""
    return paths.read(standard_path()).minimum


def promises() -> PromiseRule:
    """This will return the rule for promises to pay."""
    policy = _policy("promises")
    return PromiseRule(longest_days=policy["longest_days"], broken_in_year=int(policy["broken_in_year"]))


def instalments() -> InstalmentRule:
    """This will return the rule for instalment plans."""
    policy = _policy("instalments")
    return InstalmentRule(
        most=policy["most"],
        every_days=int(policy["every_days"]),
        least_amount=Decimal(policy["least_amount"]),
        days_of_grace=int(policy["days_of_grace"]),
        self_service_up_to=Decimal(policy["self_service_up_to"]),
    )


def deposits() -> DepositRule:
    """This will return the rule for deposits."""
    policy = _policy("deposits")
    year = policy["interest"]["days_in_year"]
    return DepositRule(
        asked=policy["asked"],
        credit_classes=frozenset(policy["credit_classes"]),
        months_of_use=Decimal(policy["months_of_use"]),
        per_year=Decimal(policy["interest"]["per_year"]),
        days_in_year=None if year == late_fee_policies.ACTUAL else int(year),
        guarantee_reminder_days=int(policy["guarantee_reminder_days"]),
    )


def write_offs() -> WriteOffRule:
    """This will return the rule for write-offs."""
    policy = _policy("write_off")
    return WriteOffRule(
        four_eyes_from=Decimal(policy["four_eyes_from"]),
        two_posts_from=Decimal(policy["two_posts_from"]),
        overdue_days=int(policy["overdue_days"]),
    )


def day_kinds(*, region: str = "") -> working_days.WorkingDays:
    """This will return the working days and holidays of a region, else of the market."""
    market = packs.pack(context.current_retailer().market)
    return market.day_kinds(region if region in market.regions else None)


def number_format(*, language: str) -> Mapping[str, str]:
    """This will return how the market writes amounts and days in a language."""
    formats: Mapping[str, Mapping[str, str]] = packs.pack(context.current_retailer().market).texts["number_format"]
    return formats.get(language) or next(iter(formats.values()))


def _policy(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = packs.pack(context.current_retailer().market).policies[name]
    return found
