"""Writing down who was shown personal fields of whom: one row for a page, an answer or a file."""

from __future__ import annotations

import datetime as dt
from typing import Any

from kernel.errors import Invalid, gettext_noop
from kernel.personal import NOBODY, Seen
from tenants.customers.models import Customer, PersonalAccess

MOST_NAMED = 2000
"""Customers and premises that a row names; a file of more counts as an access to everybody."""
LONGEST_REASON = 300
LONGEST_PAGE, LONGEST_NAME = 120, 160
ALL_FIELDS = ("Account.billing_address", "Customer.email", "Customer.name", "Customer.phone", "Premises.address")
Door = PersonalAccess.Door


def note_shown(*, seen: Seen, door: str, page: str, by: Any, at: dt.datetime) -> PersonalAccess | None:
    """This will record what was shown whole to ``by`` (anything with ``pk`` and ``name``); nothing for nothing."""
    if not seen:
        return None
    customers = sorted(key for what, key in seen if what == "customer")
    premises = sorted(key for what, key in seen if what == "premises")
    many = len(customers) + len(premises) > MOST_NAMED or (door == Door.EXPORT and NOBODY in seen)
    return PersonalAccess.objects.create(
        at=at,
        actor_id=getattr(by, "pk", None),
        actor_name=_name(by),
        door=door,
        page=page[:LONGEST_PAGE],
        customers=[] if many else customers,
        premises=[] if many else premises,
        everybody=many,
        fields=sorted({field for fields in seen.values() for field in fields}),
    )


def show_on_request(*, customer: Customer, reason: str, page: str, by: Any, at: dt.datetime) -> PersonalAccess:
    """This will record that somebody whose post masks personal fields asked to see a customer's; raises Invalid."""
    words = " ".join(reason.split())
    if not words:
        raise Invalid(reason=gettext_noop("Say why you need to see it; it is recorded."), where="reason")
    if len(words) > LONGEST_REASON:
        raise Invalid(reason=gettext_noop("Say it in at most 300 characters."), where="reason")
    return PersonalAccess.objects.create(
        at=at,
        actor_id=getattr(by, "pk", None),
        actor_name=_name(by),
        door=Door.SHOWN,
        page=page[:LONGEST_PAGE],
        customers=[customer.pk],
        fields=list(ALL_FIELDS),
        reason=words,
    )


def _name(by: Any) -> str:
    return str(getattr(by, "name", "") or by)[:LONGEST_NAME]
