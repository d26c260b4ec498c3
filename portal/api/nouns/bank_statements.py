"""Bank statements: a file goes in whole or not at all; its lines, and what they were booked to."""

from __future__ import annotations

from functools import partial
from typing import Any

import django_filters
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from billing.payments import operations, queries, tasks
from identity.capabilities import Capability
from portal.api import filtering, parsing, values, views

STATES = ("open", "parked", "done")
OUTCOMES = ("new", "known")


class BankStatement(serializers.Serializer):
    """A statement as it was imported."""

    id = serializers.IntegerField()
    bank_account = serializers.CharField(source="bank_account.number")
    file_name = serializers.CharField()
    format = serializers.CharField()
    identification = serializers.CharField(allow_blank=True)
    first_on = serializers.DateField(allow_null=True)
    last_on = serializers.DateField(allow_null=True)
    opening = serializers.SerializerMethodField(help_text="Null where the file does not say.")
    closing = serializers.SerializerMethodField(help_text="Null where the file does not say.")
    rows = serializers.IntegerField(source="row_count")
    new_rows = serializers.IntegerField(source="new_count", help_text="Those not imported before.")
    imported_at = serializers.DateTimeField()

    def get_opening(self, statement: Any) -> values.MoneyField:
        return values.amount(statement.opening, statement.bank_account.currency)  # type: ignore[return-value]

    def get_closing(self, statement: Any) -> values.MoneyField:
        return values.amount(statement.closing, statement.bank_account.currency)  # type: ignore[return-value]


class NewBankStatement(parsing.Input):
    """A file: CAMT.053, or CSV as the bank account's profile tells."""

    file = serializers.FileField(allow_empty_file=True)

    def validate_file(self, file: Any) -> Any:
        """Refuse, before it is read, what no statement reaches."""
        if file.size > queries.MOST_BYTES:
            raise serializers.ValidationError(_("The file is too large for a statement."))
        return file

    bank_account = serializers.CharField(
        max_length=34, allow_blank=True, default="", help_text="Its number; a CAMT file names it itself."
    )


class BankLine(serializers.Serializer):
    """A movement of a bank account."""

    id = serializers.IntegerField()
    statement = serializers.IntegerField(source="statement_id")
    booked_on = serializers.DateField()
    amount = serializers.SerializerMethodField(help_text="Negative went out.")
    left = serializers.SerializerMethodField(help_text="What still stands in suspense.")
    party_name = values.PersonalField(allow_blank=True)
    party_account = values.PersonalField(allow_blank=True)
    end_to_end = serializers.CharField(allow_blank=True)
    text = values.PersonalField(allow_blank=True)
    parked = serializers.CharField(allow_blank=True, help_text="Why it was put aside.")

    def get_amount(self, line: Any) -> values.MoneyField:
        return values.amount(line.amount, line.currency)  # type: ignore[return-value]

    def get_left(self, line: Any) -> values.MoneyField:
        return values.amount(abs(line.amount) - line.used, line.currency)  # type: ignore[return-value]


class LineFilters(filtering.Filters):
    state = django_filters.ChoiceFilter(
        choices=[(one, one) for one in STATES], method="standing", help_text="Where it stands."
    )
    statement = django_filters.NumberFilter(field_name="statement_id", max_value=2**63 - 1, help_text="Of this one.")

    def standing(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=queries.lines(state=value).values("pk"))


class BankStatements(views.Noun):
    """Statements of the company's bank accounts."""

    scopes = {"list": Capability.SEE_PAYMENTS, "create": Capability.TAKE_PAYMENTS, "retrieve": Capability.SEE_PAYMENTS}
    parser_classes = [MultiPartParser, parsing.ExactJSONParser]
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.statements()

    @extend_schema(summary=_("List bank statements"), responses=BankStatement(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), BankStatement)

    @extend_schema(
        summary=_("Import a bank statement"),
        request={"multipart/form-data": NewBankStatement},
        responses={201: BankStatement},
    )
    def create(self, request: Request) -> Response:
        given = self.body(NewBankStatement)
        number = given["bank_account"]
        chosen = self.refer(queries.bank_account, number=number, where="bank_account").pk if number else None
        made = operations.import_statement(
            content=given["file"].read(),
            file_name=given["file"].name,
            imported_by=self.caller.name,
            at=timezone.now(),
            bank_account_id=chosen,
        )
        last = made[-1]
        self.record("statement.import", f"statement {last.pk}", file=last.file_name, new=last.new_count)
        transaction.on_commit(partial(tasks.match.delay))
        return self.show(BankStatement(last).data, created=f"/api/v1/bank-statements/{last.pk}")

    @extend_schema(summary=_("Show a bank statement"), responses=BankStatement)
    def retrieve(self, request: Request, statement_id: int) -> Response:
        return self.show(BankStatement(queries.statement(statement_id=statement_id)).data)


class BankLines(views.Noun):
    """Movements of the company's bank accounts."""

    scopes = {"list": Capability.SEE_PAYMENTS}
    filterset_class = LineFilters
    ordering = ("-id",)

    def get_queryset(self) -> QuerySet[Any]:
        return queries.lines()

    @extend_schema(summary=_("List lines of bank statements"), responses=BankLine(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), BankLine)
