"""Who looked at a customer's personal fields."""

from __future__ import annotations

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
