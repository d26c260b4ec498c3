"""Legal holds: placed and lifted by staff, each with its reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from identity import operations as identity_operations
from kernel.errors import Conflict, Invalid, gettext_noop
from tenants.customers.models import Customer
from tenants.protection.models import LegalHold

LONGEST_REASON = 400


def place(*, customer: Customer, reason: str, at: dt.datetime, by: Any) -> LegalHold:
    """This will forbid to erase a customer or to let his records expire; raises Invalid or Conflict."""
    if not reason.strip():
        raise Invalid(where="reason", reason=gettext_noop("Say why: which claim, court or authority needs it."))
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)
        if LegalHold.objects.filter(customer=customer, lifted_at__isnull=True).exists():
            raise Conflict(reason=gettext_noop("a legal hold stands already."))
        made = LegalHold.objects.create(
            customer=customer, reason=reason.strip()[:LONGEST_REASON], placed_by=by, placed_at=at
        )
        identity_operations.record(action="privacy.hold", subject=f"customer {customer.number}", by=by, at=at)
    return made


def lift(*, customer: Customer, at: dt.datetime, by: Any) -> None:
    """This will end the legal hold of a customer; raises Conflict when none stands."""
    with transaction.atomic():
        rows = LegalHold.objects.filter(customer=customer, lifted_at__isnull=True)
        if not rows.update(lifted_at=at, lifted_by=by):
            raise Conflict(reason=gettext_noop("no legal hold stands."))
        identity_operations.record(action="privacy.lift", subject=f"customer {customer.number}", by=by, at=at)
