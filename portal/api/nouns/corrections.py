"""Corrections of bills: found after readings, agreements or prices changed, approved with all that follows, or left."""

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

from billing.corrections import operations, queries
from identity.capabilities import Capability
from portal.api import filtering, parsing, values, views

STATES = list(queries.STATES)
NEEDS = ["nobody", "person", "two"]


class CorrectedLine(serializers.Serializer):
    """A line of the bill that is out beside the one that would take its place."""

    code = serializers.CharField()
    supply_point = serializers.CharField(source="identifier", allow_blank=True)
    before = serializers.DictField(child=serializers.CharField(allow_null=True), allow_null=True)
    after = serializers.DictField(child=serializers.CharField(allow_null=True), allow_null=True)


class BillCorrection(serializers.Serializer):
    """A bill that would be another today. Amounts are as prices are stated; `change` is null until it is rated."""

    id = serializers.IntegerField()
    account = serializers.CharField(source="account.number")
    invoice = serializers.CharField(source="invoice.number")
    period = values.PeriodField()
    state = serializers.ChoiceField(choices=STATES)
    decided_by = serializers.ChoiceField(choices=NEEDS, source="needs")
    decided_because = serializers.ListField(child=serializers.CharField(), source="needs_because")
    reasons = serializers.ListField(child=serializers.DictField())
    currency = serializers.CharField()
    before = serializers.DecimalField(max_digits=20, decimal_places=4)
    after = serializers.DecimalField(max_digits=20, decimal_places=4, allow_null=True)
    change = serializers.DecimalField(max_digits=20, decimal_places=4, allow_null=True, source="difference")
    before_wh = serializers.IntegerField()
    after_wh = serializers.IntegerField(allow_null=True)
    lines = CorrectedLine(many=True)
    follows = serializers.IntegerField(source="follows_id", allow_null=True)
    credit_note = serializers.CharField(source="credit_note.number", allow_null=True, default=None)
    rebills = serializers.SerializerMethodField()
    note = serializers.CharField(allow_blank=True)
    found_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)

    def get_rebills(self, row: Any) -> list[str]:
        return [each.invoice.number for each in row.rebills.all()]


@values.example({"expected": "312.40"})
class Approval(parsing.Input):
    """What all bills of the chain come to as it was seen; when they come out otherwise, nothing is done."""

    expected = serializers.DecimalField(max_digits=20, decimal_places=4, required=False)


@values.example({"note": "Agreed with the customer by telephone."})
class Dismissal(parsing.Input):
    """Why the bill stays as it is."""

    note = serializers.CharField(max_length=400)


class Looked(serializers.Serializer):
    """How many corrections are open after changes were looked at."""

    open = serializers.IntegerField()


class CorrectionFilters(filtering.Filters):
    """Filters of the list of corrections."""

    state = django_filters.ChoiceFilter(choices=[(state, state) for state in STATES])
    decided_by = django_filters.ChoiceFilter(field_name="needs", choices=[(each, each) for each in NEEDS])
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")
    invoice = django_filters.CharFilter(field_name="invoice__number", help_text="The bill to be corrected.")


class BillCorrections(views.Noun):
    """Corrections of bills, the newest first."""

    scopes = {
        "list": Capability.SEE_BILLS,
        "retrieve": Capability.SEE_BILLS,
        "approve": Capability.ISSUE_BILLS,
        "dismiss": Capability.ISSUE_BILLS,
        "detect": Capability.RUN_BILLS,
    }
    filterset_class = CorrectionFilters
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.corrections().prefetch_related("rebills__invoice").order_by("-pk")

    @extend_schema(summary=_("List corrections of bills"), responses=BillCorrection(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), BillCorrection)

    @extend_schema(summary=_("Show a correction of a bill"), responses=BillCorrection)
    def retrieve(self, request: Request, correction_id: int) -> Response:
        return self.show(_shown(correction_id))

    @extend_schema(
        summary=_("Approve a correction of a bill"),
        description="The bill and all that follows from it are credited and billed anew. Above the market's amount the "
        "second person's approval acts.",
        request=Approval,
        responses=BillCorrection,
    )
    def approve(self, request: Request, correction_id: int) -> Response:
        row = queries.correction(correction_id=correction_id)
        given = self.body(Approval)
        outcome = operations.approve(correction_id=row.pk, expected=given.get("expected"), **self.signed())
        self.record("correction.approve", f"bill {row.invoice.number}", done=outcome.done)
        return self.show(_shown(correction_id))

    @extend_schema(summary=_("Leave a bill as it is"), request=Dismissal, responses=BillCorrection)
    def dismiss(self, request: Request, correction_id: int) -> Response:
        row = queries.correction(correction_id=correction_id)
        operations.dismiss(correction_id=row.pk, note=self.body(Dismissal)["note"], **self.signed())
        self.record("correction.dismiss", f"bill {row.invoice.number}")
        return self.show(_shown(correction_id))

    @extend_schema(summary=_("Look for bills to correct"), request=None, responses=Looked)
    def detect(self, request: Request) -> Response:
        count = operations.run_now(at=timezone.now())
        self.record("correction.look", f"{count} open")
        return self.show({"open": count})


def _shown(correction_id: int) -> Any:
    return BillCorrection(queries.correction(correction_id=correction_id)).data
