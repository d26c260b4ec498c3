"""Who looked at a customer's personal fields."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Q, QuerySet

from tenants.customers.models import Customer, Occupancy, PersonalAccess


def accesses_to(*, customer: Customer) -> QuerySet[PersonalAccess]:
    """This will list accesses to what is personal of a customer, the latest first; a file of many is everybody's."""
    held = Occupancy.objects.filter(account__customer=customer).values_list("supply_point__premises_id", flat=True)
    places = sorted(set(held))
    found = Q(customers__contains=[customer.pk]) | Q(everybody=True)
    if places:
        found |= Q(premises__overlap=places)
    return PersonalAccess.objects.filter(found).order_by("-at", "-pk")


def accesses_before(*, instant: dt.datetime, but_of: Collection[int] = ()) -> QuerySet[PersonalAccess]:
    """This will list accesses older than an instant, but those that concern one of the customers ``but_of``.

    A file of many concerns everybody: while there is anybody to leave out, those stay too.
    """
    found = PersonalAccess.objects.filter(at__lt=instant)
    wanted = sorted(but_of)
    if not wanted:
        return found
    held = Occupancy.objects.filter(account__customer_id__in=wanted)
    places = sorted(set(held.values_list("supply_point__premises_id", flat=True)))
    concerns = Q(everybody=True) | Q(customers__overlap=wanted)
    return found.exclude(concerns | Q(premises__overlap=places) if places else concerns)
