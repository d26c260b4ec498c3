"""Which accounts are kept back, and so are neither billed nor reminded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Q, QuerySet

from billing.runs.models import AccountHold


def active(*, on: dt.date | None = None) -> QuerySet[AccountHold]:
    """This will list the holds that nobody lifted; with ``on`` only those that have not run out by that day."""
    found = AccountHold.objects.filter(lifted_at__isnull=True).select_related("account__customer", "placed_by")
    return found if on is None else found.filter(Q(until__isnull=True) | Q(until__gt=on))


def of_accounts(*, account_ids: Collection[int], on: dt.date) -> dict[int, str]:
    """This will return why accounts are held on a day, by account; those that are not are absent."""
    return dict(active(on=on).filter(account_id__in=account_ids).values_list("account_id", "note"))
