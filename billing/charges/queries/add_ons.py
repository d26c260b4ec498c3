"""Reads of what accounts pay for month by month."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from billing.charges.models import AddOn
from kernel.errors import NotFound, gettext_noop

ADD_ON = gettext_noop("add-on")


def add_ons(*, account_ids: Collection[int] | None = None) -> QuerySet[AddOn]:
    """This will list add-ons with account and customer, by account."""
    found = AddOn.objects.select_related("account__customer", "supply_point").order_by("account__number", "pk")
    return found if account_ids is None else found.filter(account_id__in=account_ids)


def add_on(*, add_on_id: int) -> AddOn:
    """This will return one; raises NotFound."""
    found = add_ons().filter(pk=add_on_id).first()
    if found is None:
        raise NotFound(what=ADD_ON, name=str(add_on_id))
    return found
