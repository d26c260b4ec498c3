"""Reads of what was agreed, charged, secured, written off and handed over."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from billing.arrears import covers
from billing.arrears.models import (
    AccountStanding,
    Agency,
    CaseEvent,
    Deposit,
    Hold,
    InstalmentPlan,
    LateFee,
    Placement,
    Promise,
    Waiver,
    WriteOff,
)
from billing.arrears.queries import dunning_cases
from kernel.errors import NotFound, gettext_noop
from tenants.service import queries as service_queries

DEPOSIT = gettext_noop("deposit")


@dataclass(frozen=True, slots=True)
class Collection:
    """All that collections know of one account."""

    case: Any
    overdue: covers.Overdue | None
    owed: covers.Overdue | None
    standing: AccountStanding | None
    events: list[CaseEvent]
    holds: list[Hold]
    promises: list[Promise]
    plans: list[InstalmentPlan]
    late_fees: list[LateFee]
    waivers: list[Waiver]
    deposits: list[Deposit]
    write_offs: list[WriteOff]
    placements: list[Placement]
    orders: list[Any]


def collection_of(*, account_id: int, on: dt.date) -> Collection:
    """This will return an account's history of collections in some fifteen statements."""
    return Collection(
        case=dunning_cases.case_of_account(account_id=account_id),
        overdue=covers.overdue(on=on, account_ids=[account_id]).get(account_id),
        owed=covers.owed(account_ids=[account_id]).get(account_id),
        standing=standing_of(account_id=account_id),
        events=dunning_cases.events(account_id=account_id),
        holds=list(Hold.objects.filter(account_id=account_id).order_by("-pk")),
        promises=list(promises(account_id=account_id)),
        plans=list(plans(account_id=account_id)),
        late_fees=list(late_fees_of(account_id=account_id)),
        waivers=list(waivers(account_id=account_id)),
        deposits=list(deposits(account_id=account_id)),
        write_offs=list(write_offs(account_id=account_id)),
        placements=list(placements(account_id=account_id)),
        orders=list(service_queries.orders(account_id=account_id)),
    )


def standing_of(*, account_id: int) -> AccountStanding | None:
    """This will return an account's credit class and protections, or None when nothing is noted."""
    return AccountStanding.objects.filter(account_id=account_id).first()


def promises(*, account_id: int | None = None, state: str = "") -> QuerySet[Promise]:
    """This will list promises to pay, the latest first."""
    return _listed(Promise.objects.select_related("account__customer"), account_id, state)


def plans(*, account_id: int | None = None, state: str = "") -> QuerySet[InstalmentPlan]:
    """This will list instalment plans with their instalments, the latest first."""
    found = InstalmentPlan.objects.select_related("account__customer").prefetch_related("instalments")
    return _listed(found, account_id, state)


def late_fees_of(*, account_id: int) -> QuerySet[LateFee]:
    """This will list the parts of late fees of an account, the latest first."""
    return LateFee.objects.filter(account_id=account_id).select_related("invoice", "charge").order_by("-pk")


def waivers(*, account_id: int | None = None, state: str = "") -> QuerySet[Waiver]:
    """This will list waivers of late fees, the latest first."""
    return _listed(Waiver.objects.select_related("account__customer", "invoice", "asked_by"), account_id, state)


def deposits(*, account_id: int | None = None, state: str = "", kind: str = "") -> QuerySet[Deposit]:
    """This will list deposits and guarantees with their movements, the latest first."""
    found = Deposit.objects.select_related("account__customer").prefetch_related("movements")
    return _listed(found.filter(kind=kind) if kind else found, account_id, state)


def deposit(*, deposit_id: int) -> Deposit:
    """This will return one deposit; raises NotFound."""
    found = deposits().filter(pk=deposit_id).first()
    if found is None:
        raise NotFound(what=DEPOSIT, name=str(deposit_id))
    return found


def write_offs(*, account_id: int | None = None, state: str = "") -> QuerySet[WriteOff]:
    """This will list write-offs, the latest first."""
    found = WriteOff.objects.select_related("account__customer", "asked_by", "decided_by")
    return _listed(found, account_id, state)


def placements(*, account_id: int | None = None, state: str = "", agency: str = "") -> QuerySet[Placement]:
    """This will list debts at agencies, the latest first."""
    found = Placement.objects.select_related("account__customer", "agency")
    return _listed(found.filter(agency__code=agency) if agency else found, account_id, state)


def agencies() -> list[Agency]:
    """This will list the agencies in use, by name."""
    return list(Agency.objects.filter(is_active=True).order_by("name"))


def _listed(found: QuerySet[Any], account_id: int | None, state: str) -> QuerySet[Any]:
    if account_id is not None:
        found = found.filter(account_id=account_id)
    return (found.filter(state=state) if state else found).order_by("-pk")
