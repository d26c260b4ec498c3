"""A case held against the market's rule for disconnection, from what is written down."""

from __future__ import annotations

import datetime as dt

from billing.arrears import covers, disconnection, policies, resting
from billing.arrears.disconnection import Check
from billing.arrears.models import AccountStanding, Case
from tenants.customers import queries as customer_queries
from tenants.service import queries as service_queries

AUTHORITY = "authority_copy"


def check(*, case: Case, on: dt.date) -> Check:
    """This will hold a case against the market's rule for disconnection on a day; see ``disconnection.check``."""
    account = customer_queries.account_by_id(account_id=case.account_id)
    points = service_queries.supply_points_of(account_id=case.account_id, on=on)
    region = points[0].premises.region if points else ""
    return disconnection.check(
        rule=policies.stops(kind=account.customer.kind),
        facts=_facts(case, on),
        on=on,
        days=policies.day_kinds(region=region),
    )


def _facts(case: Case, on: dt.date) -> disconnection.Facts:
    found = covers.overdue(on=on, account_ids=[case.account_id]).get(case.account_id)
    standing = AccountStanding.objects.filter(account_id=case.account_id).first()
    rests = resting.reasons(account_ids=[case.account_id], on=on).get(case.account_id, "")
    since = found.due_since if found else case.due_since
    return disconnection.Facts(
        overdue=found.amount if found else case.overdue * 0,
        due_since=since,
        demand_on=_last(case, "demand", since),
        notice_on=_last(case, "stop_notice", since),
        announced_on=_last(case, "stop_announced", since),
        authority_told_on=_last(case, AUTHORITY, since),
        flags=standing.flags if standing else (),
        rests=rests,
    )


def _last(case: Case, kind: str, since: dt.date) -> dt.date | None:
    """The day of the latest such step for what has been due since ``since``; an older one was for other bills."""
    found = case.events.filter(kind=kind, on__gte=since).order_by("-on", "-pk").first()
    return found.on if found else None
