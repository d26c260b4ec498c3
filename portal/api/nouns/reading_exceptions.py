"""Reading exceptions, proposals for days and final days: what validation found, and what is decided on it."""

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
from kernel.periods import Period
from portal.api import filtering, parsing, problems, values, views
from tenants.customers import queries as customer_queries
from tenants.metering import queries
from tenants.metering.operations import applying, editing, estimating, validating

STATES = ("open", "healed", "accepted", "estimated", "edited")
PROPOSAL_STATES = ("proposed", "applied", "declined", "overtaken")
KINDS = ("estimate", "edit")
LARGEST = 2**31 - 1
MOST_INTERVALS = 300
MOST_KEYS = 1000


class ReadingException(serializers.Serializer):
    """A day of a channel that a check did not let pass."""

    id = serializers.IntegerField()
    supply_point = serializers.CharField(source="channel.supply_point.identifier")
    register = serializers.CharField(source="channel.register_code")
    day = serializers.DateField()
    code = serializers.ChoiceField(choices=queries.CODES)
    text = serializers.SerializerMethodField(help_text="What was found, as a sentence.")
    params = serializers.DictField(help_text="The numbers of the finding.")
    blocking = serializers.BooleanField(help_text="Bills over the day wait.")
    state = serializers.ChoiceField(choices=STATES)
    version = serializers.IntegerField(help_text="The version of the day that was looked at.")
    found_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    closed_by = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)

    def get_text(self, exception: Any) -> str:
        return queries.sentence_of(exception=exception)


class ProposalPart(serializers.Serializer):
    """Intervals that are filled by one method; they count from 0, the end is not included."""

    first = serializers.IntegerField()
    end = serializers.IntegerField()
    method = serializers.CharField()
    days = serializers.ListField(child=serializers.DateField(), help_text="The days it leans on.")
    scaled = serializers.BooleanField(help_text="Scaled to what registers counted.")


class ReadingProposal(serializers.Serializer):
    """A day as it should read instead."""

    id = serializers.IntegerField()
    supply_point = serializers.CharField(source="channel.supply_point.identifier")
    register = serializers.CharField(source="channel.register_code")
    day = serializers.DateField()
    kind = serializers.ChoiceField(choices=KINDS)
    state = serializers.ChoiceField(choices=PROPOSAL_STATES)
    base_version = serializers.IntegerField(help_text="The version it was made for; 0 when there was none.")
    parts = ProposalPart(many=True)
    values = serializers.SerializerMethodField(help_text="The whole day, in the channel's unit.")
    states = serializers.SerializerMethodField(help_text="What each interval would be.")
    reason = serializers.CharField(allow_blank=True)
    needs_second = serializers.BooleanField(help_text="Somebody else than made_by has to approve.")
    correction = serializers.BooleanField(help_text="Changes a final day; its bill is made anew.")
    made_at = serializers.DateTimeField()
    made_by = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)

    def get_values(self, proposal: Any) -> list[int]:
        found: list[int] = queries.proposal_shown(proposal=proposal).values.tolist()
        return found

    def get_states(self, proposal: Any) -> list[str]:
        return queries.proposal_shown(proposal=proposal).states


@values.example({"note": "A new oven."})
class Deciding(parsing.Input):
    """A word on the decision."""

    note = serializers.CharField(max_length=200, allow_blank=True, default="")


class NewValue(parsing.Input):
    """One interval, counted from 0, in the channel's unit."""

    interval = serializers.IntegerField(min_value=0, max_value=MOST_INTERVALS)
    value = serializers.IntegerField(min_value=-LARGEST, max_value=LARGEST)


@values.example(
    {
        "supply_point": "P3200771278",
        "register": "E1",
        "day": "2026-03-01",
        "values": [{"interval": 40, "value": 108}],
        "reason": "Read from the dial",
    }
)
class NewEdit(parsing.Input):
    """Values that a person sets, with the reason."""

    supply_point = serializers.CharField(max_length=32)
    register = serializers.CharField(max_length=16)
    day = values.DayField()
    values = NewValue(many=True, min_length=1, max_length=MOST_INTERVALS)  # type: ignore[call-arg]
    reason = serializers.CharField(max_length=200)
    base_version = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False)
    correction = serializers.BooleanField(required=False, default=False)


@values.example({"supply_points": ["P3200771278"], "period": {"start": "2026-03-01", "end": "2026-04-01"}})
class NewFinalDays(parsing.Input):
    """Days that are closed: from then on they change by marked corrections only."""

    supply_points = serializers.ListField(
        child=serializers.CharField(max_length=32), min_length=1, max_length=MOST_KEYS
    )
    period = values.ClosedPeriodField()


class FinalDays(serializers.Serializer):
    """How many channels were closed."""

    channels = serializers.IntegerField()


class ExceptionFilters(filtering.Filters):
    state = django_filters.ChoiceFilter(choices=[(each, each) for each in STATES], help_text="Where it stands.")
    code = django_filters.ChoiceFilter(choices=[(each, each) for each in queries.CODES], help_text="The check.")
    blocking = django_filters.BooleanFilter(help_text="Whether bills wait for it.")
    supply_point = django_filters.CharFilter(
        field_name="channel__supply_point__identifier", help_text="The supply point."
    )


class ProposalFilters(filtering.Filters):
    state = django_filters.ChoiceFilter(
        choices=[(each, each) for each in PROPOSAL_STATES], help_text="Where it stands."
    )
    kind = django_filters.ChoiceFilter(choices=[(each, each) for each in KINDS], help_text="Estimate or edit.")
    supply_point = django_filters.CharFilter(
        field_name="channel__supply_point__identifier", help_text="The supply point."
    )


class ReadingExceptions(views.Noun):
    """What checks found on days of readings."""

    scopes = {
        "list": Capability.SEE_READINGS,
        "retrieve": Capability.SEE_READINGS,
        "accept": Capability.IMPORT_READINGS,
        "estimate": Capability.IMPORT_READINGS,
    }
    filterset_class = ExceptionFilters

    def get_queryset(self) -> QuerySet[Any]:
        return queries.exceptions(state="")

    @extend_schema(summary=_("List reading exceptions"), responses=ReadingException(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), ReadingException)

    @extend_schema(summary=_("Show a reading exception"), responses=ReadingException)
    def retrieve(self, request: Request, exception_id: int) -> Response:
        return self.show(self._shown(exception_id))

    @extend_schema(summary=_("Accept readings as they are"), request=Deciding, responses=ReadingException)
    def accept(self, request: Request, exception_id: int) -> Response:
        note = self.body(Deciding)["note"]
        found = queries.reading_exception(exception_id=exception_id)
        if not validating.accept(exception_ids=[found.pk], by=_person(self), at=timezone.now(), note=note):
            raise validating.CannotAccept()
        self.record("readings.accept", f"reading exception {found.pk}", check=found.code)
        return self.show(self._shown(exception_id))

    @extend_schema(
        summary=_("Estimate what is missing or doubted"),
        description="The ladder fills the intervals; on a final day nothing is done.",
        request=None,
        responses=ReadingProposal,
    )
    def estimate(self, request: Request, exception_id: int) -> Response:
        found = queries.reading_exception(exception_id=exception_id)
        proposal = estimating.estimate(
            channel_id=found.channel_id,
            day=found.day,
            at=timezone.now(),
            by=_person(self),
            slots=validating.doubted(exception=found),
        )
        self.record("readings.estimate", f"reading exception {found.pk}", proposal=proposal.pk)
        return self.show(ReadingProposal(queries.proposal(proposal_id=proposal.pk)).data)

    def _shown(self, exception_id: int) -> Any:
        return ReadingException(queries.reading_exception(exception_id=exception_id)).data


class ReadingProposals(views.Noun):
    """Estimates and edits of days of readings."""

    scopes = {
        "list": Capability.SEE_READINGS,
        "retrieve": Capability.SEE_READINGS,
        "create": Capability.IMPORT_READINGS,
        "approve": Capability.APPROVE_READINGS,
        "decline": Capability.APPROVE_READINGS,
    }
    filterset_class = ProposalFilters

    def get_queryset(self) -> QuerySet[Any]:
        return queries.proposals(state="")

    @extend_schema(summary=_("List proposals for days of readings"), responses=ReadingProposal(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), ReadingProposal)

    @extend_schema(summary=_("Show a proposal for a day of readings"), responses=ReadingProposal)
    def retrieve(self, request: Request, proposal_id: int) -> Response:
        return self.show(self._shown(proposal_id))

    @extend_schema(
        summary=_("Edit readings"),
        description="Small changes stand at once; above the market's threshold another person has to approve.",
        request=NewEdit,
        responses={201: ReadingProposal},
    )
    def create(self, request: Request) -> Response:
        given = self.body(NewEdit)
        point = self.refer(
            customer_queries.supply_point_by_identifier, where="supply_point", identifier=given["supply_point"]
        )
        channel = queries.channels_of(supply_point_ids=[point.pk]).filter(register_code=given["register"]).first()
        if channel is None:
            raise problems.UnknownReference(where="register", what=estimating.CHANNEL, name=given["register"])
        made = editing.edit(
            channel_id=channel.pk,
            day=given["day"],
            values={each["interval"]: each["value"] for each in given["values"]},
            reason=given["reason"],
            by=_person(self),
            at=timezone.now(),
            base_version=given.get("base_version"),
            correction=given["correction"],
        )
        self.record("readings.edit", f"{point.identifier} {channel.register_code} {made.day}", proposal=made.pk)
        return self.show(self._shown(made.pk), created=f"/api/v1/reading-proposals/{made.pk}")

    @extend_schema(summary=_("Approve a proposal"), request=Deciding, responses=ReadingProposal)
    def approve(self, request: Request, proposal_id: int) -> Response:
        note = self.body(Deciding)["note"]
        applying.apply(proposal_id=proposal_id, by=_person(self), at=timezone.now(), note=note)
        self.record("readings.approve", f"reading proposal {proposal_id}")
        return self.show(self._shown(proposal_id))

    @extend_schema(summary=_("Decline a proposal"), request=Deciding, responses=ReadingProposal)
    def decline(self, request: Request, proposal_id: int) -> Response:
        note = self.body(Deciding)["note"]
        applying.decline(proposal_id=proposal_id, by=_person(self), at=timezone.now(), note=note)
        self.record("readings.decline", f"reading proposal {proposal_id}")
        return self.show(self._shown(proposal_id))

    def _shown(self, proposal_id: int) -> Any:
        return ReadingProposal(queries.proposal(proposal_id=proposal_id)).data


class FinalReadings(views.Noun):
    """Days of readings that are closed."""

    scopes = {"create": Capability.APPROVE_READINGS}

    @extend_schema(summary=_("Make days of readings final"), request=NewFinalDays, responses={200: FinalDays})
    def create(self, request: Request) -> Response:
        given = self.body(NewFinalDays)
        points = customer_queries.supply_points_by_identifier(identifiers=set(given["supply_points"]))
        for place, identifier in enumerate(given["supply_points"]):
            if identifier not in points:
                raise problems.UnknownReference(
                    where=f"supply_points.{place}", what=customer_queries.SUPPLY_POINT, name=identifier
                )
        channels = queries.channels_of(supply_point_ids=[point.pk for point in points.values()])
        ids = [channel.pk for channel in channels]
        period = Period(**given["period"])
        editing.finalise(channel_ids=ids, period=period, by=_person(self), at=timezone.now())
        self.record("readings.finalise", f"{len(ids)} channels", start=str(period.start), end=str(period.end))
        return Response({"channels": len(ids)})


def _person(noun: views.Noun) -> str:
    return str(noun.signed()["by"].email)
