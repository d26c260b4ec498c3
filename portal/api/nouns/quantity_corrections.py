"""Corrections of quantities: asked for here, approved in the console when they are large."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from kernel.errors import Invalid, gettext_noop
from kernel.periods import Period
from portal.api import parsing, values, views
from portal.api.nouns import meters
from portal.api.nouns.registers import DecimalText
from tenants.customers import queries as customer_queries
from tenants.metering import operations, queries

CAUSES = ["wiring", "ratio", "meter_error", "tampering", "other"]
CORRECTION_STATES = ["requested", "approved", "refused", "withdrawn"]
KEY = r"^[A-Za-z0-9_.:-]{1,64}$"


class EndNotAfterStart(Invalid):
    """A period has days."""

    code = "end_not_after_start"
    template = gettext_noop("The end must be later than the start.")


class Correction(serializers.Serializer):
    """A correction of a quantity: recorded × (right − measured) / measured is added."""

    id = serializers.IntegerField()
    supply_point = serializers.CharField(source="supply_point.identifier")
    kind = serializers.ChoiceField(choices=meters.KINDS)
    period = values.PeriodField()
    power_right = DecimalText()
    power_measured = DecimalText(source="power_wrong")
    cause = serializers.ChoiceField(choices=CAUSES)
    reason = serializers.CharField()
    recorded_wh = serializers.IntegerField()
    added_wh = serializers.IntegerField()
    needs_approval = serializers.BooleanField()
    state = serializers.ChoiceField(choices=CORRECTION_STATES)
    requested_by = serializers.CharField()
    decided_by = serializers.CharField(allow_blank=True)

    class Meta:
        ref_name = "QuantityCorrection"


@values.example(
    {
        "supply_point": "4103035915",
        "period": {"start": "2026-05-01", "end": "2026-06-01"},
        "power_right": "3",
        "power_measured": "2",
        "cause": "wiring",
        "reason": "One phase was without current.",
        "key": "work-order-1815",
    }
)
class NewCorrection(parsing.Input):
    """What is to be corrected, and why; the same `key` asks for the same correction."""

    supply_point = serializers.CharField(max_length=32)
    kind = serializers.ChoiceField(choices=meters.KINDS, default="consumption")
    period = values.ClosedPeriodField()
    power_right = DecimalText()
    power_measured = DecimalText()
    cause = serializers.ChoiceField(choices=CAUSES)
    reason = serializers.CharField(max_length=400)
    key = serializers.RegexField(KEY)


class QuantityCorrections(views.Noun):
    """Corrections of quantities, the latest first."""

    scopes = {
        "list": Capability.SEE_READINGS,
        "create": Capability.IMPORT_READINGS,
        "retrieve": Capability.SEE_READINGS,
    }
    pointer_base = ""
    ordering = ("-id",)

    def get_queryset(self) -> Any:
        return queries.corrections()

    @extend_schema(summary=_("List corrections of quantities"), responses=Correction(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Correction)

    @extend_schema(
        summary=_("Ask for a correction of a quantity"),
        description="Up to the market's threshold it counts at once; above it a person approves it in the console.",
        request=NewCorrection,
        responses={201: Correction},
    )
    def create(self, request: Request) -> Response:
        given = self.body(NewCorrection)
        point = self.refer(
            customer_queries.supply_point_by_identifier, where="supply_point", identifier=given["supply_point"]
        )
        start, end = given["period"]["start"], given["period"]["end"]
        if end <= start:
            raise EndNotAfterStart(where="period.end")
        made = operations.request_correction(
            supply_point_id=point.pk,
            kind=given["kind"],
            period=Period(start, end),
            power_right=given["power_right"],
            power_wrong=given["power_measured"],
            cause=given["cause"],
            reason=given["reason"],
            key=given["key"],
            by=self.caller.name,
            at=timezone.now(),
        )
        self.record("correction.request", f"supply point {point.identifier}", added_wh=made.added_wh, state=made.state)
        found = queries.correction(correction_id=made.pk)
        return self.show(Correction(found).data, created=f"/api/v1/quantity-corrections/{made.pk}")

    @extend_schema(summary=_("Show a correction of a quantity"), responses=Correction)
    def retrieve(self, request: Request, correction_id: int) -> Response:
        return self.show(Correction(queries.correction(correction_id=correction_id)).data)
