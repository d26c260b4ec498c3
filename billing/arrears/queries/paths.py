"""Reads of dunning paths, and who would get what by a path today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from billing.arrears import covers, paths, policies, resting
from billing.arrears.models import AccountStanding, Case, DunningPath
from kernel.errors import NotFound, gettext_noop
from kernel.money import Money
from tenants.customers import queries as customer_queries

PATH = gettext_noop("dunning path")
MOST_SHOWN = 200
State = DunningPath.State


@dataclass(frozen=True, slots=True)
class Preview:
    """What one overdue account would get today by a path: its step, or why nothing."""

    account: Any
    overdue: Money
    days: int
    step: paths.Step | None
    rests: str


def paths_in_use() -> list[DunningPath]:
    """This will list each path's version in force and its draft, by code, with ``open_cases``."""
    found = DunningPath.objects.filter(state__in=[State.PUBLISHED, State.DRAFT])
    counted = found.annotate(open_cases=Count("cases", filter=Q(cases__closed_on__isnull=True)))
    return list(counted.order_by("code", "number"))


def path(*, code: str, number: int | None = None) -> DunningPath:
    """This will return a version of a path; without a number its draft, else the one in force. Raises NotFound."""
    found = DunningPath.objects.filter(code=code)
    if number is not None:
        one = found.filter(number=number).first()
    else:
        one = found.filter(state=State.DRAFT).first() or found.filter(state=State.PUBLISHED).first()
    if one is None:
        raise NotFound(what=PATH, name=code)
    return one


def versions(*, code: str) -> list[DunningPath]:
    """This will list all versions of a path, the latest first."""
    return list(DunningPath.objects.filter(code=code).order_by("-number"))


def preview(
    *,
    document: Mapping[str, Any],
    on: dt.date,
    kinds: Sequence[str] = (),
    segments: Sequence[str] = (),
    credit_classes: Sequence[str] = (),
) -> list[Preview]:
    """This will say for real overdue accounts what they would get today by a path, the largest amounts first.

    A new account stands at the step its days overdue have reached; one with a case at the step it has come to.
    Raises BadPath. Shows 200 accounts at most.
    """
    read = paths.read(document)
    found = covers.overdue(on=on)
    audience = paths.Audience(kinds=kinds, segments=segments, credit_classes=credit_classes)
    accounts = _audience(audience, found)[:MOST_SHOWN]
    taken = dict(Case.objects.filter(closed_on__isnull=True).values_list("account_id", "step"))
    rests = resting.reasons(account_ids=[account.pk for account in accounts], on=on)
    return [
        Preview(
            account=account,
            overdue=found[account.pk].money,
            days=(on - found[account.pk].due_since).days,
            step=_step(read, found[account.pk], taken.get(account.pk, 0), on),
            rests=rests.get(account.pk, ""),
        )
        for account in accounts
    ]


def _step(read: paths.Path, owed: covers.Overdue, taken: int, on: dt.date) -> paths.Step | None:
    if owed.amount < read.minimum or taken >= len(read.steps):
        return None
    days, day = policies.day_kinds(), owed.due_since
    for place, each in enumerate(read.steps):
        day = paths.next_day(after=day, step=each, days=days)
        if place >= taken and day <= on and owed.amount >= each.minimum:
            return each
    return None


def _audience(audience: paths.Audience, found: Mapping[int, covers.Overdue]) -> list[Any]:
    classes = dict(AccountStanding.objects.exclude(credit_class="").values_list("account_id", "credit_class"))
    rows = customer_queries.accounts().filter(pk__in=list(found))
    fitting = [
        row
        for row in rows
        if audience.fits(
            kind=row.customer.kind,
            segment=row.customer.segment,
            credit_class=classes.get(row.pk, policies.USUAL),
        )
    ]
    return sorted(fitting, key=lambda row: -found[row.pk].amount)
