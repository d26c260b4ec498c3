"""Reads by customers: given by an app on their behalf, listed with what is odd, decided by whoever may."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from kernel.errors import NotFound, gettext_noop
from portal.api import filtering, parsing, values, views
from portal.api.nouns import meters
from portal.api.nouns.registers import DecimalText
from tenants.customers import queries as customer_queries
from tenants.metering import photos, queries
from tenants.metering.operations import self_reads

STATES = ["quarantined", "accepted", "corrected", "refused", "replaced"]
ODDITIES = [
    "no_history", "above", "below", "not_between", "backward", "implausible", "suspended_use", "person",
]  # fmt: skip
LARGEST_PHOTO = 64 * 2**20


class Oddity(serializers.Serializer):
    """Why a number is looked at."""

    code = serializers.ChoiceField(choices=ODDITIES)
    detail = serializers.SerializerMethodField(help_text="The same as a sentence.")

    class Meta:
        ref_name = "SelfReadOddity"

    def get_detail(self, oddity: dict[str, Any]) -> str:
        return queries.oddity_sentence(oddity=oddity)


class SelfRead(serializers.Serializer):
    """A number that a customer read."""

    id = serializers.IntegerField()
    customer = serializers.CharField(source="customer.number")
    supply_point = serializers.CharField(source="register.meter.supply_point.identifier")
    meter = serializers.CharField(source="register.meter.serial")
    register = serializers.CharField(source="register.code")
    day = serializers.DateField()
    read = DecimalText(source="value")
    state = serializers.ChoiceField(choices=STATES)
    oddities = Oddity(source="doubts", many=True)
    expected_from = DecimalText(source="low", allow_null=True)
    expected_to = DecimalText(source="high", allow_null=True)
    photo = serializers.SerializerMethodField(help_text="Whether there is one.")
    taken = DecimalText(source="decided_value", allow_null=True, help_text="The number a person let count.")
    reason = serializers.CharField(source="note", allow_blank=True)
    given_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)

    def get_photo(self, given: Any) -> bool:
        return bool(given.photo)


class NewSelfRead(parsing.Input):
    """A number as it stands on the dial, and the photo if there is one."""

    customer = serializers.CharField(max_length=32)
    supply_point = serializers.CharField(max_length=32)
    meter = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    register = serializers.RegexField(meters.REGISTER_CODE)
    day = values.DayField()
    read = DecimalText()
    photo = serializers.FileField(required=False, help_text="JPEG, PNG or WebP.")

    def validate_photo(self, file: Any) -> Any:
        if file.size > LARGEST_PHOTO:
            raise serializers.ValidationError(_("The photo is too large."), code="too_large")
        return file


@values.example({"reason": "The photo shows it."})
class Accepting(parsing.Input):
    """The number counts."""

    reason = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


@values.example({"read": "10512.5", "reason": "The photo shows 10512.5."})
class Correcting(parsing.Input):
    """Another number counts."""

    read = DecimalText()
    reason = serializers.CharField(max_length=400, help_text="The customer reads it.")

    class Meta:
        ref_name = "CorrectingSelfRead"


@values.example({"reason": "The photo shows another meter."})
class Refusing(parsing.Input):
    """The number does not count."""

    reason = serializers.CharField(max_length=400, help_text="The customer reads it.")

    class Meta:
        ref_name = "RefusingSelfRead"


class SelfReadFilters(filtering.Filters):
    state = django_filters.ChoiceFilter(choices=[(state, state) for state in STATES], help_text="Where it stands.")
    customer = django_filters.CharFilter(field_name="customer__number", help_text="The customer's number.")
    supply_point = django_filters.CharFilter(
        field_name="register__meter__supply_point__identifier", help_text="The supply point's identifier."
    )


class SelfReads(views.Noun):
    """What customers read off their meters."""

    scopes = {
        "list": Capability.SEE_READINGS,
        "create": Capability.IMPORT_READINGS,
        "retrieve": Capability.SEE_READINGS,
        "accept": Capability.APPROVE_READINGS,
        "correct": Capability.APPROVE_READINGS,
        "refuse": Capability.APPROVE_READINGS,
        "photo": Capability.SEE_READINGS,
    }
    parser_classes = [MultiPartParser, parsing.ExactJSONParser]
    filterset_class = SelfReadFilters
    ordering = ("-id",)
    pointer_base = ""

    def get_queryset(self) -> QuerySet[Any]:
        return queries.self_reads()

    @extend_schema(summary=_("List reads by customers"), responses=SelfRead(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), SelfRead)

    @extend_schema(
        summary=_("Give a read on behalf of a customer"),
        request={"multipart/form-data": NewSelfRead},
        responses={201: SelfRead},
    )
    def create(self, request: Request) -> Response:
        given = self.body(NewSelfRead)
        customer = self.refer(customer_queries.customer, where="customer", number=given["customer"])
        register = self.refer(_register, where="register", given=given)
        photo = given.get("photo")
        origin = self_reads.Origin(
            at=timezone.now(), source="api", by=self.caller.name, photo=None if photo is None else photo.read()
        )
        number = self_reads.Given(register.pk, given["day"], given["read"])
        [made] = self.refer(self_reads.give, where="register", customer_id=customer.pk, given=[number], origin=origin)
        return self.show(self._shown(made.pk), created=f"/api/v1/self-reads/{made.pk}")

    @extend_schema(summary=_("Show a read by a customer"), responses=SelfRead)
    def retrieve(self, request: Request, read_id: int) -> Response:
        return self.show(self._shown(read_id))

    @extend_schema(summary=_("Let a read by a customer count"), request=Accepting, responses=SelfRead)
    def accept(self, request: Request, read_id: int) -> Response:
        given = self.body(Accepting)
        self_reads.accept(self_read_id=read_id, note=given["reason"], **self._signed())
        self.record("self_read.accept", f"self-read {read_id}")
        return self.show(self._shown(read_id))

    @extend_schema(summary=_("Let another number count"), request=Correcting, responses=SelfRead)
    def correct(self, request: Request, read_id: int) -> Response:
        given = self.body(Correcting)
        self_reads.correct(self_read_id=read_id, value=given["read"], note=given["reason"], **self._signed())
        self.record("self_read.correct", f"self-read {read_id}", value=str(given["read"]), reason=given["reason"])
        return self.show(self._shown(read_id))

    @extend_schema(summary=_("Refuse a read by a customer"), request=Refusing, responses=SelfRead)
    def refuse(self, request: Request, read_id: int) -> Response:
        given = self.body(Refusing)
        self_reads.refuse(self_read_id=read_id, note=given["reason"], **self._signed())
        self.record("self_read.refuse", f"self-read {read_id}", reason=given["reason"])
        return self.show(self._shown(read_id))

    @extend_schema(
        summary=_("Download the photo of a read"),
        responses={(200, photos.CONTENT_TYPE): OpenApiResponse(OpenApiTypes.BINARY, description="A JPEG.")},
    )
    def photo(self, request: Request, read_id: int) -> HttpResponse:
        content = self_reads.photo_of(given=queries.self_read(self_read_id=read_id))
        return HttpResponse(content, photos.CONTENT_TYPE, headers={"X-Content-Type-Options": "nosniff"})

    def _shown(self, read_id: int) -> Any:
        return SelfRead(queries.self_read(self_read_id=read_id), context=self.get_serializer_context()).data

    def _signed(self) -> dict[str, Any]:
        return {"at": timezone.now(), "by": str(self.caller.key.created_by.email)}


def _register(given: dict[str, Any]) -> Any:
    points = customer_queries.supply_points_by_identifier(identifiers=[given["supply_point"]])
    point = points.get(given["supply_point"])
    found = point and queries.register_of(
        supply_point_id=point.pk, serial=given["meter"], code=given["register"], day=given["day"]
    )
    if found is None:
        raise NotFound(what=gettext_noop("register"), name=f"{given['meter']} {given['register']}".strip())
    return found
