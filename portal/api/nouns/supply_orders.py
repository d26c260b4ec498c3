"""Supply orders: what a head-end system or a field crew fetches and reports."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from portal.api import filtering, parsing, values, views
from tenants.service import operations, queries

KINDS = ("stop", "resume")
STATES = ("requested", "dispatched", "done", "failed", "cancelled")
LONGEST_NOTE = 400


class SupplyOrder(serializers.Serializer):
    """One order to stop or resume supply at a supply point."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=KINDS)
    reason = serializers.CharField(help_text="arrears, prepayment, customer, safety or other.")
    supply_point = serializers.CharField(source="supply_point.identifier")
    account = serializers.CharField(source="account.number")
    state = serializers.ChoiceField(choices=STATES)
    requested_at = serializers.DateTimeField()
    earliest_at = serializers.DateTimeField(help_text="Not to be sent before.")
    promised_until = serializers.DateTimeField(allow_null=True, help_text="Supply is back by then.")
    final_notice_at = serializers.DateTimeField(allow_null=True)
    dispatched_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    calculation = values.ObjectField(help_text="Why it is allowed: the market's conditions as they stood.")
    evidence = values.ObjectField(help_text="What the field reported.")


@values.example({"done": True, "happened_at": "2026-04-20T03:10:00Z", "evidence": {"relay": "open"}})
class Report(parsing.Input):
    """What the field did."""

    done = serializers.BooleanField(help_text="False when it failed.")
    happened_at = serializers.DateTimeField()
    evidence = values.AttributesField(default=dict)


@values.example({"note": "Paid at the door."})
class TakingBack(parsing.Input):
    """Why it is taken back."""

    note = serializers.CharField(max_length=LONGEST_NOTE, allow_blank=True, default="")


class OrderFilters(filtering.Filters):
    kind = django_filters.ChoiceFilter(choices=[(each, each) for each in KINDS], help_text="What it asks for.")
    state = django_filters.ChoiceFilter(choices=[(each, each) for each in STATES], help_text="Where it stands.")
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")
    supply_point = django_filters.CharFilter(field_name="supply_point__identifier", help_text="Its identifier.")


class SupplyOrders(views.Noun):
    """Orders to the field."""

    scopes = {
        "list": Capability.SEE_ARREARS,
        "retrieve": Capability.SEE_ARREARS,
        "dispatch_order": Capability.WORK_ARREARS,
        "report": Capability.WORK_ARREARS,
        "cancel": Capability.WORK_ARREARS,
    }
    filterset_class = OrderFilters
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.orders()

    @extend_schema(summary=_("List supply orders"), responses=SupplyOrder(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), SupplyOrder)

    @extend_schema(summary=_("Show a supply order"), responses=SupplyOrder)
    def retrieve(self, request: Request, order_id: int) -> Response:
        return self.show(self._shown(order_id))

    @extend_schema(
        summary=_("Take a supply order"),
        description="The field has it now. A stop is refused on days and hours on which the market forbids it.",
        request=None,
        responses=SupplyOrder,
    )
    def dispatch_order(self, request: Request, order_id: int) -> Response:
        operations.dispatch(order_id=order_id, at=timezone.now(), by=self._who())
        return self._changed("supply_order.dispatch", order_id)

    @extend_schema(summary=_("Report a supply order"), request=Report, responses=SupplyOrder)
    def report(self, request: Request, order_id: int) -> Response:
        operations.report(order_id=order_id, **self.body(Report), at=timezone.now(), by=self._who())
        return self._changed("supply_order.report", order_id)

    @extend_schema(summary=_("Take a supply order back"), request=TakingBack, responses=SupplyOrder)
    def cancel(self, request: Request, order_id: int) -> Response:
        operations.cancel(order_id=order_id, note=self.body(TakingBack)["note"], at=timezone.now(), by=self._who())
        return self._changed("supply_order.cancel", order_id)

    def _who(self) -> str:
        return f"key {self.caller.key.prefix}"

    def _changed(self, word: str, order_id: int) -> Response:
        self.record(word, f"supply order {order_id}")
        return self.show(self._shown(order_id))

    def _shown(self, order_id: int) -> Any:
        return SupplyOrder(queries.order(order_id=order_id)).data
