"""Customers: a person or company that contracts with the retailer."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from portal.api import filtering, parsing, values, views
from tenants.customers import operations, queries

KINDS = (("household", _("Household")), ("business", _("Business")))


class Customer(serializers.Serializer):
    """A person or company that contracts with the retailer."""

    number = serializers.CharField(help_text="Stands in addresses and on bills.")
    name = values.PersonalField()
    kind = serializers.ChoiceField(choices=KINDS)
    segment = serializers.CharField(allow_blank=True)
    email = values.PersonalField(allow_blank=True)
    phone = values.PersonalField(allow_blank=True)
    language = serializers.CharField(allow_blank=True, help_text="In which the customer is written to.")


@values.example(
    {"number": "C-1001", "name": "Ada Moss", "kind": "household", "email": "ada@example.org", "language": "en"}
)
class NewCustomer(parsing.Input):
    """A customer to be added."""

    number = serializers.CharField(max_length=32)
    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=KINDS, default="household")
    segment = serializers.CharField(max_length=40, allow_blank=True, default="")
    email = serializers.CharField(max_length=254, allow_blank=True, default="")
    phone = serializers.CharField(max_length=40, allow_blank=True, default="")
    language = serializers.CharField(max_length=12, allow_blank=True, default="")


@values.example({"phone": "+61 2 5550 1234"})
class CustomerChange(parsing.Input):
    """What is to be changed; the rest stays."""

    name = serializers.CharField(max_length=200, required=False)
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    segment = serializers.CharField(max_length=40, allow_blank=True, required=False)
    email = serializers.CharField(max_length=254, allow_blank=True, required=False)
    phone = serializers.CharField(max_length=40, allow_blank=True, required=False)
    language = serializers.CharField(max_length=12, allow_blank=True, required=False)


class CustomerFilters(filtering.Filters):
    kind = django_filters.ChoiceFilter(choices=KINDS, help_text="Households or businesses.")
    segment = django_filters.CharFilter(help_text="Exactly this segment.")
    search = django_filters.CharFilter(method="meet", help_text="Meets numbers, names, e-mails and supply points.")

    def meet(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=queries.customers(search=value).values("pk"))


class Customers(views.Noun):
    """Customers of this company."""

    scopes = {
        "list": Capability.SEE_CUSTOMERS,
        "create": Capability.CHANGE_CUSTOMERS,
        "retrieve": Capability.SEE_CUSTOMERS,
        "partial_update": Capability.CHANGE_CUSTOMERS,
    }
    filterset_class = CustomerFilters
    ordering = ("number",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.customers()

    @extend_schema(summary=_("List customers"), responses=Customer(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Customer)

    @extend_schema(summary=_("Add a customer"), request=NewCustomer, responses={201: Customer})
    def create(self, request: Request) -> Response:
        made = operations.create_customer(**self.body(NewCustomer))
        return self.show(Customer(made).data, created=f"/api/v1/customers/{made.number}")

    @extend_schema(summary=_("Show a customer"), responses=Customer)
    def retrieve(self, request: Request, number: str) -> Response:
        return self.show(self._shown(number))

    @extend_schema(summary=_("Change a customer"), request=CustomerChange, responses=Customer)
    def partial_update(self, request: Request, number: str) -> Response:
        with self.changing(lambda: self._shown(number)):
            changed = operations.update_customer(number=number, **self.body(CustomerChange))
        return self.show(Customer(changed).data)

    def _shown(self, number: str) -> Any:
        return Customer(queries.customer(number=number)).data
