"""Supply points with their premises, and who occupies them."""

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
from tenants.tariffs import operations as tariff_operations


class Premises(serializers.Serializer):
    """A place that is supplied."""

    address = values.PersonalField()
    region = serializers.CharField(allow_blank=True, help_text="The market's code of the region.")
    time_zone = serializers.CharField(help_text="The clock of the site, such as Asia/Shanghai.")


class NewPremises(parsing.Input):
    """The place of a new supply point."""

    address = serializers.CharField(max_length=1000)
    region = serializers.CharField(max_length=40, allow_blank=True, default="")
    time_zone = serializers.CharField(max_length=64)


class SupplyPoint(serializers.Serializer):
    """Where energy is handed over: NMI, 户号, ESI ID."""

    identifier = serializers.CharField()
    premises = Premises()
    attributes = values.ObjectField(help_text="What the grid knows: capacity_kva, voltage, household_size.")


@values.example(
    {
        "identifier": "4103035915",
        "premises": {"address": "1 Birch Street, Sydney", "region": "NSW", "time_zone": "Australia/Sydney"},
        "attributes": {"phases": 3},
    }
)
class NewSupplyPoint(parsing.Input):
    """A supply point to be added, at new premises."""

    identifier = serializers.CharField(max_length=32)
    premises = NewPremises()
    attributes = values.AttributesField(required=False)


@values.example({"attributes": {"capacity_kva": 315}})
class SupplyPointChange(parsing.Input):
    """Attributes to be set; the others stay."""

    attributes = values.AttributesField()


class Occupancy(serializers.Serializer):
    """An account answers for a supply point in a period."""

    account = serializers.CharField(source="account.number")
    supply_point = serializers.CharField(source="supply_point.identifier")
    period = values.PeriodField()


class Occupancies(serializers.Serializer):
    """The occupancies, the latest first."""

    results = Occupancy(many=True)


@values.example({"account": "A-1001", "on": "2026-05-01"})
class MoveIn(parsing.Input):
    """Who answers for the supply point from when on."""

    account = serializers.CharField(max_length=32, help_text="The account's number.")
    on = values.DayField(help_text="The first day.")
    until = values.DayField(required=False, help_text="The day after the last one, where it is known.")

    def validate(self, attrs: Any) -> Any:
        if attrs.get("until") and attrs["until"] <= attrs["on"]:
            raise serializers.ValidationError({"until": [_("The end must be later than the start.")]})
        return attrs


@values.example({"on": "2026-09-01"})
class MoveOut(parsing.Input):
    """When the occupancy ends."""

    on = values.DayField(help_text="The day after the last one.")


class SupplyPointFilters(filtering.Filters):
    region = django_filters.CharFilter(field_name="premises__region", help_text="The market's code of the region.")
    search = django_filters.CharFilter(method="meet", help_text="Meets identifiers and addresses.")

    def meet(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=queries.supply_points(search=value).values("pk"))


class SupplyPoints(views.Noun):
    """Supply points of this company."""

    scopes = {
        "list": Capability.SEE_CUSTOMERS,
        "create": Capability.CHANGE_CUSTOMERS,
        "retrieve": Capability.SEE_CUSTOMERS,
        "partial_update": Capability.CHANGE_CUSTOMERS,
        "occupancies": Capability.SEE_CUSTOMERS,
        "move_in": Capability.CHANGE_CUSTOMERS,
        "move_out": Capability.CHANGE_CUSTOMERS,
    }
    filterset_class = SupplyPointFilters
    ordering = ("identifier",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.supply_points()

    @extend_schema(summary=_("List supply points"), responses=SupplyPoint(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), SupplyPoint)

    @extend_schema(summary=_("Add a supply point"), request=NewSupplyPoint, responses={201: SupplyPoint})
    def create(self, request: Request) -> Response:
        given = self.body(NewSupplyPoint)
        made = operations.add_supply_point(
            identifier=given["identifier"], attributes=given.get("attributes"), **given["premises"]
        )
        return self.show(SupplyPoint(made).data, created=f"/api/v1/supply-points/{made.identifier}")

    @extend_schema(summary=_("Show a supply point"), responses=SupplyPoint)
    def retrieve(self, request: Request, identifier: str) -> Response:
        return self.show(self._shown(identifier))

    @extend_schema(summary=_("Change a supply point"), request=SupplyPointChange, responses=SupplyPoint)
    def partial_update(self, request: Request, identifier: str) -> Response:
        with self.changing(lambda: self._shown(identifier)):
            found = queries.supply_point_by_identifier(identifier=identifier)
            operations.update_supply_point(supply_point=found, attributes=self.body(SupplyPointChange)["attributes"])
        return self.show(self._shown(identifier))

    @extend_schema(summary=_("Show who occupied a supply point"), responses=Occupancies)
    def occupancies(self, request: Request, identifier: str) -> Response:
        found = queries.supply_point_by_identifier(identifier=identifier)
        rows = found.occupancies.select_related("account", "supply_point").order_by("-period")
        return self.show({"results": Occupancy(rows, many=True).data})

    @extend_schema(summary=_("Move in"), request=MoveIn, responses={201: Occupancy})
    def move_in(self, request: Request, identifier: str) -> Response:
        given = self.body(MoveIn)
        found = queries.supply_point_by_identifier(identifier=identifier)
        account = self.refer(queries.account, number=given.pop("account"), where="account")
        made = operations.move_in(account=account, supply_point=found, **given)
        return self.show(Occupancy(made).data, created=f"/api/v1/supply-points/{identifier}/occupancies")

    @extend_schema(summary=_("Move out"), request=MoveOut, responses=Occupancy)
    def move_out(self, request: Request, identifier: str) -> Response:
        found = queries.supply_point_by_identifier(identifier=identifier)
        ended = tariff_operations.move_out(supply_point=found, on=self.body(MoveOut)["on"])
        return self.show(Occupancy(ended).data)

    def _shown(self, identifier: str) -> Any:
        return SupplyPoint(queries.supply_point_by_identifier(identifier=identifier)).data
