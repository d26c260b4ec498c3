"""What people ask about their own data: a copy, their removal, a correction; erasing takes two persons' keys."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from kombu.exceptions import OperationalError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from hosting import certificate_pages
from identity.capabilities import Capability, NotAllowed
from kernel import sentences
from kernel.errors import NotFound, gettext_noop
from portal.api import filtering, parsing, values, views
from tenants.customers import queries as customer_queries
from tenants.protection import queries, tasks
from tenants.protection.operations import requests

KINDS = ["access", "erasure", "correction"]
STATES = ["asked", "checked", "erasing", "ready", "done", "refused", "withdrawn"]
SOURCES = ["portal", "staff", "api"]
ZIP, PDF = "application/zip", "application/pdf"
LONGEST = 400


class Wishes(serializers.Serializer):
    """What shall stand in the customer's fields, and words about anything else."""

    name = values.PersonalField(required=False)
    email = values.PersonalField(required=False)
    phone = values.PersonalField(required=False)
    note = values.PersonalField(required=False)

    class Meta:
        ref_name = "DataRequestWishes"

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return {name: self.fields[name].to_representation(value) for name, value in instance.items()}


class DataRequest(serializers.Serializer):
    """A person's request about his data, with the day until which the law asks for an answer."""

    id = serializers.IntegerField(source="pk")
    customer = serializers.CharField(source="customer.number")
    kind = serializers.ChoiceField(choices=KINDS)
    state = serializers.ChoiceField(choices=STATES)
    source = serializers.ChoiceField(choices=SOURCES, help_text="Through which door it was asked.")  # type: ignore[assignment]
    asked_at = serializers.DateTimeField()
    due_on = serializers.DateField(help_text="The answer is due.")
    checked_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why it was refused; the person is told.")
    archive_until = serializers.DateTimeField(source="file_until", allow_null=True)
    sha256 = serializers.CharField(allow_blank=True, help_text="Of the archive.")
    certified = serializers.SerializerMethodField(help_text="Whether there is a certificate of erasure.")

    class Meta:
        ref_name = "DataAsked"

    def get_certified(self, found: Any) -> bool:
        return found.certificate is not None


class Objection(serializers.Serializer):
    """What stands against erasing the person now."""

    code = serializers.CharField()
    detail = serializers.SerializerMethodField(help_text="The same as a sentence.")

    class Meta:
        ref_name = "ErasureObjection"

    def get_detail(self, each: Any) -> str:
        return sentences.fill(gettext(each.template), each.params)


class DataRequestDetail(DataRequest):
    """A request with what a correction asks for and what stands against an erasure."""

    wanted = serializers.SerializerMethodField(help_text="Of a correction that is not carried out yet.")
    objections = serializers.SerializerMethodField(help_text="Of an erasure that is open.")

    class Meta:
        ref_name = "DataAskedDetail"

    @extend_schema_field(Wishes)
    def get_wanted(self, found: Any) -> Any:
        return Wishes(queries.wishes(request=found)).data

    @extend_schema_field(Objection(many=True))
    def get_objections(self, found: Any) -> Any:
        waits = found.kind == "erasure" and found.state in {"asked", "checked"}
        against = queries.objections(customer=found.customer, on=self.context["on"]) if waits else []
        return Objection(against, many=True).data


class NewWishes(parsing.Input):
    """What shall stand in the customer's fields; what is left out stays as it is."""

    name = serializers.CharField(max_length=200, required=False)
    email = serializers.EmailField(max_length=254, required=False)
    phone = serializers.CharField(max_length=40, required=False)


@values.example({"customer": "C-1001", "kind": "correction", "wanted": {"email": "ada@example.com"}})
class NewDataRequest(parsing.Input):
    """What a customer asks for. Make sure that it is he who asks."""

    customer = serializers.CharField(max_length=32, help_text="The customer's number.")
    kind = serializers.ChoiceField(choices=KINDS)
    wanted = NewWishes(required=False, help_text="Of a correction.")
    note = serializers.CharField(
        max_length=LONGEST, required=False, default="", allow_blank=True, help_text="Of a correction: anything else."
    )


@values.example({"reason": "We could not make sure that it is you."})
class RefusingDataRequest(parsing.Input):
    """Why it is refused."""

    reason = serializers.CharField(max_length=LONGEST, help_text="The person is told.")


class DataRequestFilters(filtering.Filters):
    customer = django_filters.CharFilter(field_name="customer__number", help_text="The customer's number.")
    kind = django_filters.ChoiceFilter(choices=[(one, one) for one in KINDS], help_text="What is asked for.")
    state = django_filters.ChoiceFilter(choices=[(one, one) for one in STATES], help_text="Where it stands.")


class DataRequests(views.Noun):
    """What people ask about their own data."""

    scopes = {
        "list": Capability.SEE_PRIVACY,
        "create": Capability.WORK_PRIVACY,
        "retrieve": Capability.SEE_PRIVACY,
        "check": Capability.WORK_PRIVACY,
        "approve": Capability.APPROVE_PRIVACY,
        "correct": Capability.WORK_PRIVACY,
        "refuse": Capability.WORK_PRIVACY,
        "withdraw": Capability.WORK_PRIVACY,
        "archive": Capability.WORK_PRIVACY,
        "certificate": Capability.SEE_PRIVACY,
        "certificate_page": Capability.SEE_PRIVACY,
    }
    moves_money = frozenset({"approve"})
    filterset_class = DataRequestFilters
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.requests()

    @extend_schema(summary=_("List requests about personal data"), responses=DataRequest(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), DataRequest)

    @extend_schema(
        summary=_("Record a request about personal data"),
        description=_("Asked again while one of its kind is open, it is the same request."),
        request=NewDataRequest,
        responses={201: DataRequestDetail},
    )
    def create(self, request: Request) -> Response:
        given = self.body(NewDataRequest)
        customer = self.refer(customer_queries.customer, number=given["customer"], where="customer")
        made = requests.ask(
            customer=customer, kind=given["kind"], source="api", wanted=given.get("wanted"), note=given["note"],
            **self.signed(),
        )  # fmt: skip
        if made.kind == "access":
            _order(tasks.give_out, made.pk)
        return self.show(self._shown(made.pk), created=f"/api/v1/data-requests/{made.pk}")

    @extend_schema(summary=_("Show a request about personal data"), responses=DataRequestDetail)
    def retrieve(self, request: Request, request_id: int) -> Response:
        return self.show(self._shown(request_id))

    @extend_schema(summary=_("Note that the person was checked"), request=None, responses=DataRequestDetail)
    def check(self, request: Request, request_id: int) -> Response:
        requests.check(request_id=request_id, **self.signed())
        return self.show(self._shown(request_id))

    @extend_schema(
        summary=_("Erase the person"),
        description=_(
            "Needs the key of another person than the one whose key checked the request. The rows are gone with the "
            "answer; files, what a payment provider holds, and the certificate follow: then the state is `done`."
        ),
        request=None,
        responses={202: DataRequestDetail},
    )
    def approve(self, request: Request, request_id: int) -> Response:
        requests.erase(request_id=request_id, **self.signed())
        _order(tasks.finish, request_id)
        return self.show(self._shown(request_id), accepted=f"/api/v1/data-requests/{request_id}")

    @extend_schema(summary=_("Carry out a correction"), request=None, responses=DataRequestDetail)
    def correct(self, request: Request, request_id: int) -> Response:
        requests.correct(request_id=request_id, **self.signed())
        return self.show(self._shown(request_id))

    @extend_schema(
        summary=_("Refuse a request about personal data"), request=RefusingDataRequest, responses=DataRequestDetail
    )
    def refuse(self, request: Request, request_id: int) -> Response:
        given = self.body(RefusingDataRequest)
        requests.refuse(request_id=request_id, reason=given["reason"], **self.signed())
        return self.show(self._shown(request_id))

    @extend_schema(summary=_("Take a request about personal data back"), request=None, responses=DataRequestDetail)
    def withdraw(self, request: Request, request_id: int) -> Response:
        requests.withdraw(request_id=request_id, **self.signed())
        return self.show(self._shown(request_id))

    @extend_schema(
        summary=_("Download the copy of a person's data"),
        description=_("Needs the scope `customers:personal`, too. Each download is recorded."),
        responses={(200, ZIP): OpenApiResponse(OpenApiTypes.BINARY, description="A ZIP.")},
    )
    def archive(self, request: Request, request_id: int) -> HttpResponse:
        if not self.caller.can(Capability.SEE_PERSONAL):
            raise NotAllowed(capability=str(Capability.SEE_PERSONAL))
        found = queries.request(request_id=request_id)
        content = requests.file_of(request=found, at=timezone.now())
        self.record("privacy.fetch", f"customer {found.customer.number}", request=found.pk)
        return _file(content, f"data-{found.customer.number}.zip", ZIP)

    @extend_schema(summary=_("Show the certificate of an erasure"), responses=OpenApiTypes.OBJECT)
    def certificate(self, request: Request, request_id: int) -> Response:
        return self.show(_certificate(request_id))

    @extend_schema(
        summary=_("Download the certificate of an erasure"),
        responses={(200, PDF): OpenApiResponse(OpenApiTypes.BINARY, description="A PDF that carries the JSON.")},
    )
    def certificate_page(self, request: Request, request_id: int) -> HttpResponse:
        drawn = certificate_pages.draw(document=_certificate(request_id), language=get_language() or "en")
        return _file(drawn, f"erasure-{request_id}.pdf", PDF)

    def _shown(self, request_id: int) -> Any:
        context = {**self.get_serializer_context(), "on": self.today()}
        return DataRequestDetail(queries.request(request_id=request_id), context=context).data


def _certificate(request_id: int) -> dict[str, Any]:
    found = queries.request(request_id=request_id)
    if found.certificate is None:
        raise NotFound(what=gettext_noop("certificate"), name=str(request_id))
    return dict(found.certificate)


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    headers = {"X-Content-Type-Options": "nosniff", "Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, kind, headers=headers)


def _order(task: Any, request_id: int) -> None:
    """Let the workers go on once this is committed; the sweep does so when the queue rests."""

    def send() -> None:
        try:
            task.delay(request_id=request_id)
        except OperationalError:
            return

    transaction.on_commit(send)
