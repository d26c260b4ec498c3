"""Reads of dunning cases: lists, one case, what waits for a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from billing.arrears import disconnection, resting, stop_checks
from billing.arrears.models import Case, CaseEvent, InstalmentPlan, Placement, Promise, WriteOff
from kernel.errors import NotFound, gettext_noop
from tenants.service import queries as service_queries

CASE = gettext_noop("case")
BY_HAND = ("call", "agency_due", "stop_refused", "promise_broken", "plan_defaulted")


def cases(*, state: str = "", search: str = "", reason: str = "", path: str = "") -> QuerySet[Case]:
    """This will list cases with account, customer and path, the largest amount first; open ones unless asked."""
    found = Case.objects.select_related("account__customer", "path").order_by("-overdue", "pk")
    found = found.filter(state=state) if state else found.filter(closed_on__isnull=True)
    if reason:
        found = found.filter(reason=reason)
    if path:
        found = found.filter(path__code=path)
    if search.strip():
        words = search.strip()
        found = found.filter(Q(account__number__istartswith=words) | Q(account__customer__name__holds=words))
    return found


def all_cases() -> QuerySet[Case]:
    """This will list all cases, open and closed, by key."""
    return Case.objects.select_related("account__customer", "path").order_by("pk")


def case(*, case_id: int) -> Case:
    """This will return a case with account, customer and path; raises NotFound."""
    found = Case.objects.select_related("account__customer", "path").filter(pk=case_id).first()
    if found is None:
        raise NotFound(what=CASE, name=str(case_id))
    return found


def case_of_account(*, account_id: int) -> Case | None:
    """This will return the open case of an account, or None."""
    found = Case.objects.select_related("account__customer", "path")
    return found.filter(account_id=account_id, closed_on__isnull=True).first()


def events(*, account_id: int) -> list[CaseEvent]:
    """This will return all that was done in the cases of an account, the latest first."""
    found = CaseEvent.objects.filter(case__account_id=account_id).select_related("case")
    return list(found.order_by("-on", "-pk"))


def open_cases_count() -> int:
    """This will count the open cases."""
    return Case.objects.filter(closed_on__isnull=True).count()


def work_list(*, on: dt.date) -> QuerySet[Case]:
    """This will list open cases that ask for a person: a call, a broken promise, a stop that is not legal."""
    asked = CaseEvent.objects.filter(kind__in=BY_HAND, on__gte=on - dt.timedelta(days=7)).values("case_id")
    return cases().filter(pk__in=asked)


def check_of(*, case: Case, on: dt.date) -> disconnection.Check:
    """This will return the market's conditions for disconnection as they stand on a day."""
    return stop_checks.check(case=case, on=on)


def rest_sentence(*, reason: str) -> str:
    """This will say in the reader's language why a case rests or was closed."""
    sentence = resting.SENTENCES.get(reason, "")
    return gettext(sentence) if sentence else ""


def accounts_in_collection(*, account_ids: Collection[int]) -> set[int]:
    """This will return which of the accounts have something that a payment may change: a case, a promise, a stop."""
    rooms = (
        Case.objects.filter(closed_on__isnull=True),
        Promise.objects.filter(state=Promise.State.OPEN),
        InstalmentPlan.objects.filter(state=InstalmentPlan.State.ACTIVE),
        Placement.objects.filter(state=Placement.State.PLACED),
        WriteOff.objects.filter(state=WriteOff.State.APPROVED),
    )
    found = {account for room in rooms for account in _accounts(room.filter(account_id__in=account_ids))}
    stopped = service_queries.stopped_points(account_ids=account_ids).values()
    waiting = service_queries.open_orders(account_ids=account_ids).values_list("account_id", flat=True)
    return found | {order.account_id for order in stopped} | set(waiting)


def _accounts(room: QuerySet) -> list[int]:
    return list(room.values_list("account_id", flat=True))
