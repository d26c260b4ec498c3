"""What holds of each kind of records in the present company, and whose records are needed still."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import markets
from hosting import plans
from tenancy import context, retention
from tenancy.retention import Held, Months, Rule, Scope
from tenants.customers.models import Account, Occupancy
from tenants.protection.models import RetentionChoice


def months_of(*, rule: Rule, chosen: int | None) -> Months:
    """This will return what holds of a rule in the present company, by its market, plan and own number."""
    retailer = context.current_retailer()
    policies: Mapping[str, Any] = markets.pack(retailer.market).policies
    plan = plans.of(retailer).limits.get("retention_months")
    return retention.holding(rule=rule, policies=policies, chosen=chosen, plan=plan)


def chosen() -> dict[str, int]:
    """This will return the company's own numbers."""
    return dict(RetentionChoice.objects.values_list("rule", "months"))


def held() -> Held:
    """This will return whose records are needed still, each account with its customer and his places."""
    found = retention.held()
    accounts = set(found.accounts) | set(
        Account.objects.filter(customer_id__in=found.customers).values_list("pk", flat=True)
    )
    customers = set(found.customers) | set(
        Account.objects.filter(pk__in=accounts).values_list("customer_id", flat=True)
    )
    points = Occupancy.objects.filter(account_id__in=accounts).values_list("supply_point_id", flat=True)
    return Held(frozenset(customers), frozenset(accounts), found.supply_points | frozenset(points))


def scope_of(*, months: int, on: dt.date, needed: Held, limit: int = retention.BATCH) -> Scope:
    """This will return what may go on a day of what is kept so many months."""
    return Scope(before=retention.first_kept_day(months=months, on=on), held=needed, limit=limit)
