"""Agreements: an account takes a product at a supply point for a period."""

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
from kernel.errors import GridhallError, NotFound, gettext_noop
from portal.api import filtering, parsing, values, views
from tenants.customers import queries as customer_queries
from tenants.tariffs import operations, queries
from tenants.tariffs.operations import agreeing

AGREEMENT = gettext_noop("agreement")


class Agreement(serializers.Serializer):
    """Who takes what, where, when, with which parameters."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    supply_point = serializers.CharField(source="supply_point.identifier")
    product = serializers.CharField(source="product.code")
    parameters = values.ObjectField(help_text="As the tariff declares them; decimals as strings.")
    period = values.PeriodField()


@values.example({"account": "A-1001", "supply_point": "4103035915", "product": "flat", "start": "2026-05-01"})
class NewAgreement(parsing.Input):
    """What is to be agreed."""

    account = serializers.CharField(max_length=32, help_text="The account's number.")
    supply_point = serializers.CharField(max_length=32, help_text="The supply point's identifier.")
    product = serializers.CharField(max_length=64, help_text="The product's code.")
    start = values.DayField(help_text="The first day.")
    end = values.DayField(required=False, help_text="The day after the last one; it runs on without it.")
    parameters = values.ObjectField(required=False)

    def validate(self, attrs: Any) -> Any:
        if attrs.get("end") and attrs["end"] <= attrs["start"]:
            raise serializers.ValidationError({"end": [_("The end must be later than the start.")]})
        return attrs


@values.example({"on": "2026-09-01"})
class Ending(parsing.Input):
    """When it ends."""

    on = values.DayField(help_text="The day after the last one.")


class AgreementFilters(filtering.Filters):
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")
    supply_point = django_filters.CharFilter(field_name="supply_point__identifier", help_text="Its identifier.")
    product = django_filters.CharFilter(field_name="product__code", help_text="The product's code.")
    on = django_filters.DateFilter(field_name="period", lookup_expr="contains", help_text="In force on this day.")


class Agreements(views.Noun):
    """Agreements of this company."""

    scopes = {
        "list": Capability.SEE_TARIFFS,
        "create": Capability.CHANGE_CUSTOMERS,
        "retrieve": Capability.SEE_TARIFFS,
        "end": Capability.CHANGE_CUSTOMERS,
    }
    filterset_class = AgreementFilters
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.agreements()

    @extend_schema(summary=_("List agreements"), responses=Agreement(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Agreement)

    @extend_schema(summary=_("Make an agreement"), request=NewAgreement, responses={201: Agreement})
    def create(self, request: Request) -> Response:
        given = self.body(NewAgreement)
        lookups: dict[str, tuple[Any, str]] = {
            "account": (customer_queries.account, "number"),
            "supply_point": (customer_queries.supply_point_by_identifier, "identifier"),
            "product": (queries.product, "code"),
        }
        for name, (lookup, key) in lookups.items():
            given[name] = self.refer(lookup, where=name, **{key: given[name]})
        try:
            made = operations.agree(**given)
        except GridhallError as refusal:
            if refusal.where in given.get("parameters", {}):
                refusal.where = f"parameters.{refusal.where}"
            raise
        return self.show(Agreement(self._found(made.pk)).data, created=f"/api/v1/agreements/{made.pk}")

    @extend_schema(summary=_("Show an agreement"), responses=Agreement)
    def retrieve(self, request: Request, agreement_id: int) -> Response:
        return self.show(Agreement(self._found(agreement_id)).data)

    @extend_schema(summary=_("End an agreement"), request=Ending, responses=Agreement)
    def end(self, request: Request, agreement_id: int) -> Response:
        agreement, on = self._found(agreement_id), self.body(Ending)["on"]
        ended = operations.end_agreement(supply_point=agreement.supply_point, on=on)
        if ended.pk != agreement.pk:  # another one stands on that day; the transaction takes its end back
            raise agreeing.NothingAgreed(identifier=agreement.supply_point.identifier, date=on.isoformat(), where="on")
        return self.show(Agreement(self._found(agreement_id)).data)

    def _found(self, agreement_id: int) -> Any:
        found = self.get_queryset().filter(pk=agreement_id).first()
        if found is None:
            raise NotFound(what=AGREEMENT, name=str(agreement_id))
        return found
