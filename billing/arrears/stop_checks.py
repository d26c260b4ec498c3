"""Cases held against the market's rule for disconnection, from what is written down; many in a few statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max

from billing.arrears import covers, disconnection, policies, resting
from billing.arrears.covers import Overdue
from billing.arrears.disconnection import Check
from billing.arrears.models import AccountStanding, Case, CaseEvent
from tenants.customers import queries as customer_queries
from tenants.service import queries as service_queries

AUTHORITY = "authority_copy"
SENT = ("demand", "stop_notice", "stop_announced", AUTHORITY)


def check(*, case: Case, on: dt.date) -> Check:
    """This will hold a case against the market's rule for disconnection on a day; see ``disconnection.check``."""
    return Evidence(cases=[case], on=on).check(case)


class Evidence:
    """What is written down about cases on a day, read in as many statements for thousands as for one."""

    def __init__(self, *, cases: Sequence[Case], on: dt.date) -> None:
        accounts = sorted({case.account_id for case in cases})
        self.on = on
        self.points: Mapping[int, Sequence[Any]] = service_queries.supply_points_of_many(account_ids=accounts, on=on)
        self._overdue = covers.overdue(on=on, account_ids=accounts)
        self._rests = resting.reasons(account_ids=accounts, on=on)
        standing = AccountStanding.objects.filter(account_id__in=accounts)
        self._flags = dict(standing.values_list("account_id", "flags"))
        kinds = customer_queries.accounts().filter(pk__in=accounts).values_list("pk", "customer__kind")
        rules = {kind: policies.stops(kind=kind) for kind in {kind for _account, kind in kinds}}
        self._rules = {account: rules[kind] for account, kind in kinds}
        self._sent = _last_sent(cases)

    def check(self, case: Case) -> Check:
        """This will hold one of the cases against the rule."""
        points = self.points.get(case.account_id, ())
        return disconnection.check(
            rule=self._rules[case.account_id],
            facts=self._facts(case, self._overdue.get(case.account_id)),
            on=self.on,
            days=policies.day_kinds(region=points[0].premises.region if points else ""),
        )

    def _facts(self, case: Case, found: Overdue | None) -> disconnection.Facts:
        since = found.due_since if found else case.due_since
        sent = {kind: self._last(case, kind, since) for kind in SENT}
        return disconnection.Facts(
            overdue=found.amount if found else case.overdue * 0,
            due_since=since,
            demand_on=sent["demand"],
            notice_on=sent["stop_notice"],
            announced_on=sent["stop_announced"],
            authority_told_on=sent[AUTHORITY],
            flags=self._flags.get(case.account_id, ()),
            rests=self._rests.get(case.account_id, ""),
        )

    def _last(self, case: Case, kind: str, since: dt.date) -> dt.date | None:
        """The day of the latest such step for what has been due since ``since``; an older one was for other bills."""
        last = self._sent.get((case.pk, kind))
        return last if last is not None and last >= since else None


def _last_sent(cases: Sequence[Case]) -> dict[tuple[int, str], dt.date]:
    events = CaseEvent.objects.filter(case__in=[case.pk for case in cases], kind__in=SENT)
    rows = events.values_list("case_id", "kind").annotate(last=Max("on")).order_by()
    return {(case_id, kind): last for case_id, kind, last in rows}
