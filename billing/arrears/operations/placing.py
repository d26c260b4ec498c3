"""Debts are handed to agencies and recalled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.arrears import covers, locks, words
from billing.arrears.covers import Overdue
from billing.arrears.models import Agency, Placement
from billing.arrears.operations import agreeing
from kernel.errors import Conflict, Invalid, NotFound, gettext_noop
from tenants.customers import refusals

AGENCY, PLACEMENT = gettext_noop("agency"), gettext_noop("hand-over")


class AgencyExists(Conflict):
    """A code names one agency."""

    code = "agency_exists"
    template = gettext_noop("There is an agency “{agency}” already.")


class AlreadyPlaced(Conflict):
    """A debt is with one agency."""

    code = "debt_already_placed"
    template = gettext_noop("The debt is at an agency already; recall it first.")


def add_agency(*, code: str, name: str, commission: Decimal) -> Agency:
    """This will add an agency with its commission as a share (0.15 = 15 %); raises Invalid or AgencyExists."""
    if not 0 <= commission <= 1:
        raise Invalid(reason=gettext_noop("A commission is a share from 0 to 1."), where="commission")
    if not code or not name:
        raise Invalid(reason=gettext_noop("An agency has a code and a name."), where="code")
    with refusals.named({"arrears_agency_code_once": AgencyExists(agency=code, where="code")}):
        return Agency.objects.create(code=code, name=name, commission=commission)


@transaction.atomic
def place(*, account_id: int, agency: str, on: dt.date, at: dt.datetime, by: Any = None) -> Placement:
    """This will hand all that is overdue on an account to an agency; raises NotFound, NothingOverdue, AlreadyPlaced."""
    locks.hold_accounts([account_id])
    found = Agency.objects.filter(code=agency, is_active=True).first()
    if found is None:
        raise NotFound(what=AGENCY, name=agency)
    owed = covers.overdue(on=on, account_ids=[account_id]).get(account_id)
    if owed is None:
        raise agreeing.NothingOverdue()
    made = _placement(found, owed, on, at, by)
    with refusals.named({"arrears_placed_once": AlreadyPlaced()}):
        made.save(force_insert=True)
    return made


class Agencies:
    """The agencies in use and the debts at one, read for many accounts at once.

    ``only`` is the agency that gets debts without being chosen; None when there are several, or none.
    """

    def __init__(self, *, account_ids: Collection[int]) -> None:
        found = list(Agency.objects.filter(is_active=True)[:2])
        self.only = found[0] if len(found) == 1 else None
        placed = Placement.objects.filter(account_id__in=account_ids, state=Placement.State.PLACED)
        self._placed = set(placed.values_list("account_id", flat=True))

    def has(self, account_id: int) -> bool:
        """Whether the account's debt is at an agency."""
        return account_id in self._placed

    def place(self, *, debts: Sequence[Overdue], on: dt.date, at: dt.datetime) -> None:
        """Hand debts to the only agency in one statement; one that a person handed over meanwhile stays where it is."""
        if self.only is not None:
            rows = [_placement(self.only, owed, on, at) for owed in debts]
            Placement.objects.bulk_create(rows, ignore_conflicts=True)


def _placement(agency: Agency, owed: Overdue, on: dt.date, at: dt.datetime, by: Any = None) -> Placement:
    return Placement(
        account_id=owed.account_id,
        agency=agency,
        amount=owed.amount,
        currency=owed.money.currency,
        commission=agency.commission,
        covers=dict(owed.items),
        placed_on=on,
        by=words.name_of(by),
        at=at,
    )


@transaction.atomic
def recall(*, placement_id: int, on: dt.date) -> Placement:
    """This will take a debt back from an agency; what it collected stays. Raises NotFound."""
    found = Placement.objects.select_for_update().filter(pk=placement_id, state=Placement.State.PLACED).first()
    if found is None:
        raise NotFound(what=PLACEMENT, name=str(placement_id))
    found.state, found.ended_on = Placement.State.RECALLED, on
    found.save(update_fields=["state", "ended_on"])
    return found
