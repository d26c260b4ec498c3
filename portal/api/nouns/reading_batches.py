"""Batches of readings: a result for each row, and one answer however often a batch is given."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from portal.api import parsing, values, views
from portal.api.nouns import readings
from portal.api.nouns.reading_imports import ReadingImportRow
from tenants.metering import operations, queries

MOST_ROWS, MOST_READINGS = 10_000, 300_000


class BatchRow(parsing.Input):
    """A day of one register on a day of its recording zone, or one reading of it; in the register's unit."""

    supply_point = serializers.CharField(max_length=64)
    register = serializers.CharField(max_length=16)
    day = values.DayField(required=False, help_text="With values: the whole day.")
    values = serializers.ListField(
        child=serializers.IntegerField(allow_null=True, min_value=-(2**53), max_value=2**53),
        min_length=1,
        max_length=300,
        required=False,
        help_text="One whole number for each interval; null where missing.",
    )
    start = serializers.DateTimeField(required=False, help_text="With value: when the interval starts.")
    value = serializers.IntegerField(required=False, min_value=-(2**53), max_value=2**53, help_text="One reading.")
    quality = serializers.ChoiceField(choices=readings.GIVEN_QUALITIES, default="actual")
    changed_at = serializers.DateTimeField(
        required=False, help_text="When the source changed it; else it ranks by when it is given."
    )

    def validate(self, attrs: Any) -> Any:
        given = {"day", "values", "start", "value"} & set(attrs)
        if given not in ({"day", "values"}, {"start", "value"}):
            said = _("Give a day and its values, or the start of an interval and its value.")
            raise serializers.ValidationError({"day": [said]})
        return attrs


@values.example(
    {
        "source": "hes-1",
        "key": "2026-05-01/0001",
        "rows": [{"supply_point": "4103035915", "register": "E1", "day": "2026-05-01", "values": [120] * 48}],
    }
)
class NewReadingBatch(parsing.Input):
    """Rows of a source under a key of its own."""

    source = serializers.CharField(max_length=40, help_text="Who gives the readings.")  # type: ignore[assignment]
    key = serializers.CharField(max_length=200, help_text="The source's name for this batch; given again it is known.")
    rows = serializers.ListField(child=BatchRow(), min_length=1, max_length=MOST_ROWS)

    def validate_rows(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if sum(len(row.get("values", ())) for row in rows) > MOST_READINGS:
            raise serializers.ValidationError(_("A batch has at most 300,000 readings."), code="too_large")
        return rows


class ReadingBatch(serializers.Serializer):
    """What became of a batch."""

    import_id = serializers.IntegerField(source="pk", help_text="Its number among the reading imports.")
    source = serializers.CharField()  # type: ignore[assignment]
    key = serializers.CharField()
    accepted = serializers.IntegerField(source="days_accepted", help_text="New days.")
    corrected = serializers.IntegerField(source="days_corrected", help_text="Days that changed what stood; it is kept.")
    unchanged = serializers.IntegerField(source="days_unchanged", help_text="Days that said what was known.")
    outdated = serializers.IntegerField(source="days_outdated", help_text="Days older than what stands.")
    refused = serializers.IntegerField(source="rows_refused", help_text="Rows that were not taken.")
    rows = serializers.SerializerMethodField(help_text="One for each row, in their order.")

    @extend_schema_field(ReadingImportRow(many=True))
    def get_rows(self, record: Any) -> list[dict[str, Any]]:
        found = queries.import_report(import_id=record.pk).filter(row__isnull=False).order_by("row")
        return [dict(each) for each in ReadingImportRow(found, many=True).data]


class RowedBatches(views.Noun):
    """Readings given as rows, each with its own result."""

    scopes = {"create": Capability.IMPORT_READINGS}
    pointer_base = ""

    @extend_schema(summary=_("Store a batch of readings"), request=NewReadingBatch, responses={200: ReadingBatch})
    def create(self, request: Request) -> Response:
        given = self.body(NewReadingBatch)
        record = operations.store_batch(
            source=given["source"],
            key=given["key"],
            rows=[_row(row) for row in given["rows"]],
            at=timezone.now(),
            requested_by=self.caller.name,
        )
        return Response(ReadingBatch(record).data)


def _row(given: dict[str, Any]) -> operations.BatchRow | operations.BatchReading:
    return operations.BatchRow(**given) if "day" in given else operations.BatchReading(**given)
