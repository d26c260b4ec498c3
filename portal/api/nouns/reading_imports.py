"""Reading imports: a meter file goes in, a report for every row comes out; the work is done in the background."""

from __future__ import annotations

from functools import partial
from typing import Any

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from kernel.errors import Conflict, gettext_noop
from portal.api import filtering, parsing, views
from tenants.metering import operations, queries, tasks

STATES = (
    "mapping", "uploaded", "checking", "checked", "confirmed", "importing", "done", "refused", "taking_back",
    "taken_back",
)  # fmt: skip
OUTCOMES = ("accepted", "corrected", "unchanged", "outdated", "refused")
LARGEST_FILE = 200 * 2**20


SOURCE_NOTE = ("first", "end", "quality", "method", "reason", "words")


class NotChecked(Conflict):
    """Only a file that was checked and kept can be confirmed."""

    code = "import_not_checked"
    template = gettext_noop("Import {number} is {state}; only one that was checked can be confirmed.")


class ReadingImport(serializers.Serializer):
    """One file: where it stands and what it changed."""

    id = serializers.IntegerField()
    file_name = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=STATES)
    finished = serializers.BooleanField(source="is_finished", help_text="Nothing more happens by itself.")
    format = serializers.CharField(allow_blank=True)
    size = serializers.IntegerField(help_text="Bytes.")
    checksum = serializers.CharField(help_text="SHA-256.")
    days_read = serializers.IntegerField(help_text="Rises while the file is read.")
    rows_read = serializers.IntegerField(help_text="Rises while the file is read.")
    bytes_read = serializers.IntegerField(help_text="Of bytes_total.")
    bytes_total = serializers.IntegerField(help_text="Once unpacked; 0 before it is opened.")
    days_accepted = serializers.IntegerField()
    days_corrected = serializers.IntegerField()
    days_unchanged = serializers.IntegerField()
    days_outdated = serializers.IntegerField()
    rows_refused = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class NewReadingImport(parsing.Input):
    """A file: NEM12, Green Button XML, or a CSV with a day in each row."""

    file = serializers.FileField(allow_empty_file=True, help_text="Its format is recognised by its content.")
    zone = serializers.CharField(max_length=64, allow_blank=True, default="", help_text="Overrules the file's zone.")
    unit = serializers.CharField(max_length=16, allow_blank=True, default="", help_text="Of a file that names none.")
    identifier = serializers.CharField(
        max_length=32, allow_blank=True, default="", help_text="The supply point of a file that holds one only."
    )
    profile = serializers.CharField(
        max_length=80, allow_blank=True, default="", help_text="The mapping profile that says what the columns are."
    )
    dry_run = serializers.BooleanField(required=False, default=False, help_text="Only say what it would change.")

    def validate_file(self, file: Any) -> Any:
        if file.size > LARGEST_FILE:
            raise serializers.ValidationError(_("The file is larger than 200 MB."), code="too_large")
        return file


class SourceNote(serializers.Serializer):
    """What a source says of intervals; they count from 0, the end is not included. Codes are those of NEM12."""

    first = serializers.IntegerField()
    end = serializers.IntegerField()
    quality = serializers.CharField(help_text="The letter of the source, such as S.")
    method = serializers.CharField(allow_blank=True, help_text="The source's number of the method, such as 52.")
    reason = serializers.CharField(allow_blank=True, help_text="The source's reason code, such as 79.")
    words = serializers.CharField(allow_blank=True, help_text="The source's own words.")
    text = serializers.CharField(help_text="All of it as a sentence.")


class ReadingImportRow(serializers.Serializer):
    """What became of a row of the file."""

    row = serializers.IntegerField(allow_null=True, help_text="From 1; null where the file as a whole is meant.")
    column = serializers.IntegerField(allow_null=True)
    outcome = serializers.ChoiceField(choices=OUTCOMES)
    code = serializers.CharField(allow_blank=True, help_text="Why it was refused.")
    reason = serializers.SerializerMethodField(help_text="The same as a sentence.")
    supply_point = serializers.CharField(source="identifier", allow_blank=True)
    register = serializers.CharField(source="register_code", allow_blank=True)
    day = serializers.DateField(allow_null=True)
    total = serializers.IntegerField(allow_null=True)
    missing = serializers.IntegerField(allow_null=True)
    notes = serializers.SerializerMethodField(help_text="What the source says of intervals beside their values.")

    def get_reason(self, row: Any) -> str:
        return queries.refusal_sentence(row=row)

    @extend_schema_field(SourceNote(many=True))
    def get_notes(self, row: Any) -> list[dict[str, Any]]:
        return [
            {**{name: note[name] for name in SOURCE_NOTE}, "text": _note_text(note)}
            for note in queries.import_notes(params=row.params)
        ]


class ImportFilters(filtering.Filters):
    state = django_filters.ChoiceFilter(choices=[(state, state) for state in STATES], help_text="Where it stands.")


class RowFilters(filtering.Filters):
    outcome = django_filters.ChoiceFilter(choices=[(each, each) for each in OUTCOMES], help_text="What became of it.")


class ReadingImports(views.Noun):
    """Imports of meter files."""

    scopes = {
        "list": Capability.SEE_READINGS,
        "create": Capability.IMPORT_READINGS,
        "retrieve": Capability.SEE_READINGS,
        "confirm": Capability.IMPORT_READINGS,
    }
    parser_classes = [MultiPartParser, parsing.ExactJSONParser]
    filterset_class = ImportFilters
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.imports()

    @extend_schema(summary=_("List reading imports"), responses=ReadingImport(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), ReadingImport)

    @extend_schema(
        summary=_("Import a meter file"),
        request={"multipart/form-data": NewReadingImport},
        responses={202: ReadingImport},
    )
    def create(self, request: Request) -> Response:
        given = self.body(NewReadingImport)
        file, dry_run = given.pop("file"), given.pop("dry_run")
        record = self.refer(
            operations.upload_file,
            where="profile",
            file=file,
            file_name=file.name,
            source="api",
            at=timezone.now(),
            requested_by=self.caller.name,
            check_only=dry_run,
            **given,
        )
        _enqueue(record)
        return self.show(ReadingImport(record).data, accepted=f"/api/v1/reading-imports/{record.pk}")

    @extend_schema(summary=_("Show a reading import"), responses=ReadingImport)
    def retrieve(self, request: Request, import_id: int) -> Response:
        return self.show(ReadingImport(queries.reading_import(import_id=import_id)).data)

    @extend_schema(summary=_("Confirm a checked import"), request=None, responses={202: ReadingImport})
    def confirm(self, request: Request, import_id: int) -> Response:
        record = queries.reading_import(import_id=import_id)
        if not operations.confirm_import(import_id=record.pk):
            raise NotChecked(number=import_id, state=record.state)
        record = queries.reading_import(import_id=import_id)
        _enqueue(record)
        return self.show(ReadingImport(record).data, accepted=f"/api/v1/reading-imports/{record.pk}")


class ReadingImportRows(views.Noun):
    """The report of an import, row by row."""

    scopes = {"list": Capability.SEE_READINGS}
    filterset_class = RowFilters
    ordering = ("id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.import_report(import_id=self.kwargs.get("import_id", 0))

    @extend_schema(summary=_("Show the report of an import"), responses=ReadingImportRow(many=True))
    def list(self, request: Request, import_id: int) -> Response:
        queries.reading_import(import_id=import_id)
        return self.page(self.get_queryset(), ReadingImportRow)


def _note_text(note: Any) -> str:
    return queries.source_sentence(
        letter=note["quality"], method=note["method"], reason=note["reason"], words=note["words"]
    )


def _enqueue(record: Any) -> None:
    transaction.on_commit(partial(tasks.import_readings.delay, record.pk))
