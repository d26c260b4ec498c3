"""Reads of requests, holds, rules and nights."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from kernel.errors import NotFound, gettext_noop
from tenancy import retention, subjects
from tenancy.retention import Months, Rule
from tenants.customers import personal_data
from tenants.customers.models import Customer
from tenants.protection import correcting, giving_out, terms
from tenants.protection.models import DataRequest, LegalHold, RetentionRun

State, Kind = DataRequest.State, DataRequest.Kind
COUNTED_AT_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of records as the page shows it: what holds, how many rows would go now (None: not counted)."""

    rule: Rule
    months: Months
    chosen: int | None
    before: dt.date | None
    would_go: int | None
    last_rows: int | None
    source: str


def requests(*, kind: str = "", state: str = "", customer: str = "") -> QuerySet[DataRequest]:
    """This will list requests with their customers, the newest first."""
    found = DataRequest.objects.select_related("customer", "asked_by", "checked_by", "decided_by")
    wanted = {"kind": kind, "state": state, "customer__number": customer}
    return found.filter(**{name: value for name, value in wanted.items() if value}).order_by("-asked_at", "-pk")


def request(*, request_id: int) -> DataRequest:
    """This will return one request; raises NotFound."""
    found = requests().filter(pk=request_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("request"), name=str(request_id))
    return found


def wishes(*, request: DataRequest) -> dict[str, Any]:
    """This will return what a correction asks for, by field, masked where the reader may not see it."""
    return dict(correcting.wishes(wanted=request.wanted, customer_id=request.customer_id))


def requests_of(*, customer: Customer) -> list[DataRequest]:
    """This will return the customer's own requests, the newest first."""
    return list(DataRequest.objects.filter(customer=customer).order_by("-asked_at", "-pk"))


def request_of(*, customer: Customer, request_id: int) -> DataRequest:
    """This will return the customer's own request; another's is NotFound like one that is not."""
    found = DataRequest.objects.filter(customer=customer, pk=request_id).first()
    if found is None:
        raise NotFound(what=gettext_noop("request"), name=str(request_id))
    return found


def overview(*, customer: Customer, language: str) -> list[dict[str, Any]]:
    """This will return what is held of a customer, table by table, and what erasing does to it."""
    return giving_out.overview(subject=personal_data.subject_of(customer=customer), language=language)


def objections(*, customer: Customer, on: dt.date) -> list[subjects.Objection]:
    """This will return what stands against erasing a customer now."""
    return subjects.objections(subject=personal_data.subject_of(customer=customer), on=on)


def hold_of(*, customer: Customer) -> LegalHold | None:
    """This will return the legal hold that stands on a customer, None for most."""
    return LegalHold.objects.select_related("placed_by").filter(customer=customer, lifted_at__isnull=True).first()


def holds() -> QuerySet[LegalHold]:
    """This will list the legal holds that stand."""
    rows = LegalHold.objects.select_related("customer", "placed_by").filter(lifted_at__isnull=True)
    return rows.order_by("-placed_at")


def is_erased(*, customer: Customer) -> bool:
    """This will tell whether the customer was erased."""
    done = DataRequest.objects.filter(customer=customer, kind=Kind.ERASURE, state__in=[State.DONE, State.ERASING])
    return bool(Customer.objects.filter(pk=customer.pk).filter(Exists(done.filter(customer=OuterRef("pk")))).exists())


def kept(*, on: dt.date, policies: Any, preview: bool = True) -> list[Kept]:
    """This will return every kind of records with what holds of it; with ``preview`` what would go tonight."""
    own, needed = terms.chosen(), terms.held()
    last = RetentionRun.objects.filter(finished_at__isnull=False).order_by("-day").first()
    found = []
    for rule in retention.rules():
        months = terms.months_of(rule=rule, chosen=own.get(rule.name))
        before, count = None, None
        if rule.expire is not None and months.months is not None:
            scope = terms.scope_of(months=months.months, on=on, needed=needed, limit=COUNTED_AT_MOST)
            before = scope.before
            count = rule.count(scope) if preview and rule.count is not None else None
        source = ((policies.get("retention") or {}).get(rule.policy) or {}).get("source", "")
        rows = last.rules.get(rule.name, {}).get("rows") if last else None
        found.append(Kept(rule, months, own.get(rule.name), before, count, rows, source))
    return found


def nights() -> QuerySet[RetentionRun]:
    """This will list the nights, the newest first."""
    return RetentionRun.objects.order_by("-day")


def night(*, day: dt.date) -> RetentionRun:
    """This will return one night that is finished; raises NotFound."""
    found = RetentionRun.objects.filter(day=day, finished_at__isnull=False).first()
    if found is None:
        raise NotFound(what=gettext_noop("record"), name=day.isoformat())
    return found


def to_give_out() -> list[int]:
    """This will return requests for access that wait for their archive."""
    return list(DataRequest.objects.filter(kind=Kind.ACCESS, state=State.ASKED).values_list("pk", flat=True))


def to_finish() -> list[int]:
    """This will return erasures whose rows are gone and whose files or certificate are not done."""
    return list(DataRequest.objects.filter(state=State.ERASING).values_list("pk", flat=True))


def nights_cut(*, before: dt.date) -> list[dt.date]:
    """This will return nights that began and were not finished."""
    return list(RetentionRun.objects.filter(finished_at__isnull=True, day__lt=before).values_list("day", flat=True))
