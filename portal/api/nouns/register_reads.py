"""Register reads: out by supply point, in by the batch, with what became of each."""

from __future__ import annotations

from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from kernel.errors import GridhallError, NotFound, gettext_noop
from portal.api import parsing, values, views
from portal.api.nouns import meters
from portal.api.nouns.registers import DecimalText
from tenants.customers import queries as customer_queries
from tenants.metering import operations, queries

MOST_READS = 1_000
QUALITIES = ["actual", "customer", "substituted", "estimated"]
REASONS = ["periodic", "installation", "removal", "multiplier", "suspension", "resumption", "move", "special", "reset"]
DOUBTS = ["", "backward", "implausible", "suspended_use"]
OUTCOMES = ["accepted", "corrected", "unchanged", "outdated", "refused"]


class RegisterRead(serializers.Serializer):
    """What a register showed; it counts from the start of its day."""

    id = serializers.IntegerField()
    meter = serializers.CharField(source="register.meter.serial")
    register = serializers.CharField(source="register.code")
    day = serializers.DateField()
    read_at = serializers.DateTimeField()
    read = DecimalText(source="value")
    resumes_at = DecimalText(allow_null=True, help_text="What a reset left on the register.")
    quality = serializers.ChoiceField(choices=QUALITIES)
    reason = serializers.ChoiceField(choices=REASONS)
    doubt = serializers.ChoiceField(choices=DOUBTS, help_text="Why it is not used yet; empty: it is.")
    version = serializers.IntegerField()
    recorded_at = serializers.DateTimeField()


class NewRead(parsing.Input):
    """One read."""

    supply_point = serializers.CharField(max_length=32)
    meter = serializers.CharField(max_length=40, required=False, default="", allow_blank=True)
    register = serializers.RegexField(meters.REGISTER_CODE)
    day = values.DayField()
    read = DecimalText()
    resumes_at = DecimalText(required=False)
    quality = serializers.ChoiceField(choices=QUALITIES, default="actual")
    reason = serializers.ChoiceField(choices=REASONS, default="periodic")
    note = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


@values.example(
    {
        "reads": [
            {"supply_point": "4103035915", "meter": "M100", "register": "1", "day": "2026-06-01", "read": "10512.5"}
        ]
    }
)
class NewReads(parsing.Input):
    """Reads to be stored: each by itself, whatever becomes of the others."""

    reads = serializers.ListField(child=NewRead(), min_length=1, max_length=MOST_READS)


class ReadOutcome(serializers.Serializer):
    """What became of a read."""

    outcome = serializers.ChoiceField(choices=OUTCOMES)
    id = serializers.IntegerField(allow_null=True, help_text="Of the read that stands now.")
    doubt = serializers.ChoiceField(choices=DOUBTS)
    code = serializers.CharField(allow_blank=True, help_text="Of the refusal.")
    detail = serializers.CharField(allow_blank=True, help_text="Why it was refused.")


class ReadOutcomes(serializers.Serializer):
    """What became of each read, in their order."""

    results = ReadOutcome(many=True)


class SupplyPointReads(views.Noun):
    """Reads of a supply point."""

    scopes = {"list": Capability.SEE_READINGS}
    ordering = ("-day", "-id")

    def get_queryset(self) -> Any:
        return queries.reads_of(register_ids=[])

    @extend_schema(summary=_("List register reads"), responses=RegisterRead(many=True))
    def list(self, request: Request, identifier: str) -> Response:
        point = customer_queries.supply_point_by_identifier(identifier=identifier)
        registers = queries.registers_of(supply_point_ids=[point.pk]).values_list("pk", flat=True)
        return self.page(queries.reads_of(register_ids=list(registers)), RegisterRead)


class RegisterReadBatches(views.Noun):
    """Reads given as JSON."""

    scopes = {"create": Capability.IMPORT_READINGS}
    pointer_base = ""

    @extend_schema(summary=_("Store register reads"), request=NewReads, responses={200: ReadOutcomes})
    def create(self, request: Request) -> Response:
        given = self.body(NewReads)["reads"]
        points = customer_queries.supply_points_by_identifier(identifiers={each["supply_point"] for each in given})
        registers = queries.registers_by_code(supply_point_ids=[point.pk for point in points.values()])
        found = [_found(points.get(each["supply_point"]), registers, each) for each in given]
        reads = [read for read in found if isinstance(read, operations.NewRead)]
        stored = iter(operations.store_each(reads=reads, at=timezone.now(), source="api", by=self.caller.name))
        results = [_said(next(stored) if isinstance(read, operations.NewRead) else read) for read in found]
        return Response({"results": results})


def _said(outcome: operations.Outcome | GridhallError) -> dict[str, Any]:
    """What became of a read, as it is answered."""
    if isinstance(outcome, GridhallError):
        said = outcome.say(translation.gettext)
        return {"outcome": "refused", "id": None, "doubt": "", "code": outcome.code, "detail": said}
    key = outcome.read.pk if outcome.read is not None else None
    return {"outcome": outcome.outcome, "id": key, "doubt": outcome.doubt, "code": "", "detail": ""}


def _found(
    point: Any, registers: dict[tuple[int, str], list[Any]], given: dict[str, Any]
) -> operations.NewRead | GridhallError:
    """The read with its register, or why there is none."""
    if point is None:
        return NotFound(what=gettext_noop("supply point"), name=given["supply_point"])
    alike = registers.get((point.pk, given["register"]), ())
    register = queries.register_among(registers=alike, serial=given["meter"], day=given["day"])
    if register is None:
        return NotFound(what=gettext_noop("register"), name=f"{given['meter']} {given['register']}".strip())
    return operations.NewRead(
        register.pk,
        given["day"],
        given["read"],
        given["quality"],
        given["reason"],
        given.get("resumes_at"),
        note=given["note"],
    )
