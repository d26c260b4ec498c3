"""States dated facts of accounts, and the company's own limits for bills."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.runs import limits
from billing.runs.models import AccountFact, BillingRules
from kernel.errors import Conflict, Invalid, gettext_noop
from tenants.customers import date_ranges, refusals
from tenants.customers import queries as customer_queries

KINDS = ("household", "business")
LIMITS: Mapping[str, tuple[str, ...]] = {
    "brakes": ("times_history_above", "times_history_below", "zero_use_days", "estimated_share", "approval_above"),
    "estimates": ("max_hours", "max_share"),
}
SWITCHES = ("negative_total", "first_bill")
LARGEST = Decimal(10) ** 12


class FactOverlaps(Conflict):
    """A day has one value."""

    code = "fact_overlaps"
    template = gettext_noop("“{name}” has another value on some of these days already.")


class LimitImplausible(Invalid):
    """A limit that no bill can be held against."""

    code = "limit_implausible"
    template = gettext_noop("“{value}” is no limit for {name}.")


@transaction.atomic
def state_fact(
    *,
    account_id: int,
    name: str,
    value: Decimal,
    start: dt.date,
    at: dt.datetime,
    end: dt.date | None = None,
    supply_point_id: int | None = None,
    source: str = "",
) -> AccountFact:
    """This will state that ``name`` is ``value`` from ``start`` up to, not including, ``end``.

    What was stated before without an end ends where the new one starts; bills in review are rated anew at issue.
    Raises NotFound or FactOverlaps.
    """
    customer_queries.account_by_id(account_id=account_id)
    same = AccountFact.objects.filter(account_id=account_id, supply_point_id=supply_point_id, name=name)
    earlier = same.filter(period__startswith__lt=start, period__upper_inf=True).select_for_update().first()
    if earlier is not None:
        earlier.period = date_ranges.to_range(earlier.period.lower, start)
        earlier.save(update_fields=["period"])
    stated = AccountFact(
        account_id=account_id,
        supply_point_id=supply_point_id,
        name=name,
        value=value,
        period=date_ranges.to_range(start, end),
        source=source,
        stated_at=at,
    )
    with refusals.named({"runs_fact_one_value_a_day": FactOverlaps(where="start", name=name)}):
        stated.save()
    return stated


@transaction.atomic
def set_rules(*, rules: Mapping[str, Mapping[str, Any]]) -> limits.Rules:
    """This will set the company's own limits; what is not named is the market's. Raises LimitImplausible.

    ``{"brakes": {"times_history_above": "3", "approval_above": {"household": "5000"}}, "estimates": {...}}``.
    """
    for group, given in rules.items():
        for name, value in given.items():
            _check(group, name, value)
    BillingRules.objects.update_or_create(pk=1, defaults={"rules": dict(rules)})
    return limits.of_retailer()


def _check(group: str, name: str, value: Any) -> None:
    if isinstance(value, Mapping):
        for kind, each in value.items():
            if kind not in KINDS and group != limits.ESTIMATES:
                raise LimitImplausible(where=name, name=name, value=kind)
            _check(group, kind if name in KINDS else name, each)
    elif name in SWITCHES and isinstance(value, bool):
        return
    elif name not in LIMITS.get(group, ()) or not _is_limit(value):
        raise LimitImplausible(where=name, name=name, value=str(value))


def _is_limit(value: Any) -> bool:
    try:
        number = Decimal(str(value))
    except decimal.InvalidOperation:
        return False
    return number.is_finite() and 0 <= number < LARGEST
