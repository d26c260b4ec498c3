"""Invoices: frozen, with every line explained down to quantity × price, and their documents."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.invoices import documents, explanations, operations, queries, terms
from identity.capabilities import Capability
from kernel import personal
from kernel.errors import NotFound
from portal.api import filtering, parsing, values, views
from portal.api.nouns import messages

KINDS = ("invoice", "credit_note")
PDF, XML = "application/pdf", "application/xml"
LANGUAGES = ("en", "zh-hans")


class Invoice(serializers.Serializer):
    """An issued invoice or credit note; it never changes."""

    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    account = serializers.CharField(source="account.number")
    customer = serializers.CharField(source="account.customer.number")
    supply_period = values.PeriodField()
    issued_on = serializers.DateField()
    due_on = serializers.DateField()
    net = values.MoneyField()
    tax = values.MoneyField()
    gross = values.MoneyField(help_text="To be paid; negative: in the customer's favour.")
    prices_include_tax = serializers.BooleanField()
    reverses = serializers.CharField(allow_null=True, help_text="The invoice a credit note takes back.")
    credited = serializers.BooleanField(help_text="A credit note took it back.")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        money = {name: values.amount(getattr(instance, name), instance.currency) for name in ("net", "tax", "gross")}
        return {
            "number": instance.number,
            "kind": instance.kind,
            "account": instance.account.number,
            "customer": instance.account.customer.number,
            "supply_period": values.period(instance.supply_period),
            "issued_on": instance.issued_on.isoformat(),
            "due_on": instance.due_on.isoformat(),
            **money,
            "prices_include_tax": instance.prices_include_tax,
            "reverses": instance.reverses.number if instance.reverses else None,
            "credited": instance.is_credited,
        }


class Cell(serializers.Serializer):
    """A part of a line: quantity × price + flat."""

    title = serializers.CharField(allow_blank=True)
    label = serializers.CharField(allow_null=True, help_text="Time of use, such as peak.")  # type: ignore[assignment]
    band = serializers.IntegerField(allow_null=True, help_text="Tier, from 1.")
    days = values.PeriodField(allow_null=True, help_text="Where the period was cut by a change.")
    quantity = serializers.CharField(help_text="Decimal.")
    unit = serializers.CharField(allow_blank=True)
    price = serializers.CharField(help_text="Decimal, all its places.")
    flat = serializers.CharField(help_text="Decimal; added once.")
    exact = serializers.CharField(help_text="Decimal; before rounding to what can be paid.")
    amount = values.MoneyField(help_text="The amounts of a line's cells sum to the line.")
    how = serializers.CharField(allow_blank=True, help_text="How the price came about.")
    how_much = serializers.CharField(allow_blank=True, help_text="How the quantity came about.")


class Line(serializers.Serializer):
    """A charge at a supply point."""

    position = serializers.IntegerField()
    code = serializers.CharField()
    titles = values.TextsField()
    supply_point = serializers.CharField(allow_blank=True)
    supply_period = values.PeriodField()
    quantity = serializers.CharField(allow_null=True, help_text="Decimal.")
    unit = serializers.CharField(allow_blank=True)
    price = serializers.CharField(allow_null=True, help_text="Decimal; the mean where prices differ.")
    payee = serializers.CharField(help_text="Who earns it: retailer, grid, state, customer.")
    amount = values.MoneyField()
    net = values.MoneyField()
    tax = values.MoneyField()
    gross = values.MoneyField()
    tax_rate = serializers.CharField()
    cells = Cell(many=True)


class InvoiceDetail(Invoice):
    """An invoice with its lines, each explained."""

    reversed_by = serializers.CharField(allow_null=True, help_text="The credit note that took it back.")
    credited_in_part = serializers.ListField(
        child=serializers.CharField(), help_text="The credit notes that took back a part of it."
    )
    left = values.MoneyField(help_text="What it amounts to after those parts.")
    final = serializers.BooleanField(help_text="The last bill of the account.")
    partial = serializers.BooleanField(  # type: ignore[assignment]
        help_text="A credit note that takes back a part only."
    )
    reason = serializers.CharField(allow_blank=True)
    lines = Line(many=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        currency = instance.invoice.currency
        return {
            **super().to_representation(instance.invoice),
            "reversed_by": instance.reversed_by.number if instance.reversed_by else None,
            "credited_in_part": [part.number for part in instance.parts],
            "left": values.amount(instance.left, currency),
            "final": instance.invoice.final,
            "partial": instance.invoice.partial,
            "reason": instance.invoice.reason,
            "lines": [_line(line, currency) for line in instance.lines],
        }


class CreditedLine(parsing.Input):
    """How much of a line is taken back."""

    position = serializers.IntegerField(min_value=1, max_value=10**9, help_text="Of the invoice's line.")
    amount = serializers.DecimalField(
        max_digits=18, decimal_places=2, help_text="With the line's sign; with tax where the prices include it."
    )


@values.example({"issued_on": "2026-06-10", "reason": "Wrong meter", "lines": [{"position": 1, "amount": "12.50"}]})
class Crediting(parsing.Input):
    """The day and the reason that stand on the credit note; with ``lines``, what of each line is taken back."""

    issued_on = values.DayField()
    reason = serializers.CharField(max_length=400, required=False, default="")
    lines = CreditedLine(many=True, required=False, help_text="Without them the whole invoice is taken back.")

    def validate_lines(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({line["position"] for line in value}) != len(value):
            raise serializers.ValidationError(_("A line stands twice."), code="line_twice")
        return value


@values.example({})
class Sending(parsing.Input):
    """By which channel; without one the customer's choice decides."""

    channel = serializers.ChoiceField(choices=("mail", "letter", "portal"), required=False)


class DocumentLanguage(serializers.Serializer):
    """In which language."""

    language = serializers.ChoiceField(choices=LANGUAGES, required=False, help_text="That of the request without it.")


class InvoiceFilters(filtering.Filters):
    account = django_filters.CharFilter(field_name="account__number", help_text="The account's number.")
    customer = django_filters.CharFilter(field_name="account__customer__number", help_text="The customer's number.")
    kind = django_filters.ChoiceFilter(choices=[(kind, kind) for kind in KINDS], help_text="Invoices or credit notes.")
    issued_from = django_filters.DateFilter(field_name="issued_on", lookup_expr="gte", help_text="That day or later.")
    issued_before = django_filters.DateFilter(field_name="issued_on", lookup_expr="lt", help_text="Before this day.")


class Invoices(views.Noun):
    """Invoices and credit notes of this company."""

    scopes = {
        "list": Capability.SEE_BILLS,
        "retrieve": Capability.SEE_BILLS,
        "document": Capability.SEE_BILLS,
        "hybrid": Capability.SEE_BILLS,
        "structured": Capability.SEE_BILLS,
        "send": Capability.RUN_BILLS,
        "credit": Capability.ISSUE_BILLS,
    }
    query_serializers = {"document": DocumentLanguage, "hybrid": DocumentLanguage}
    moves_money = frozenset({"credit"})
    made_of_state = frozenset({"hybrid", "structured"})
    filterset_class = InvoiceFilters
    ordering = ("-issued_on", "-id")

    def get_queryset(self) -> QuerySet[Any]:
        return queries.invoices()

    @extend_schema(summary=_("List invoices"), responses=Invoice(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Invoice)

    @extend_schema(summary=_("Show an invoice"), responses=InvoiceDetail)
    def retrieve(self, request: Request, number: str) -> Response:
        return self.show(InvoiceDetail(queries.invoice(number=number)).data)

    @extend_schema(
        summary=_("Get an invoice's document"),
        responses={(200, PDF): OpenApiResponse(OpenApiTypes.BINARY, description="The same bytes every time.")},
    )
    def document(self, request: Request, number: str) -> HttpResponse:
        content = documents.pdf(invoice_id=self._key(number), language=self._language())
        return _file(content, PDF, f"{number}.pdf")

    @extend_schema(
        summary=_("Get an invoice's document with the structured invoice inside"),
        description="PDF/A-3 with EN 16931 XML (Factur-X).",
        responses={(200, PDF): OpenApiResponse(OpenApiTypes.BINARY, description="The same bytes every time.")},
    )
    def hybrid(self, request: Request, number: str) -> HttpResponse:
        content = documents.hybrid(invoice_id=self._key(number), language=self._language())
        return _file(content, PDF, f"{number}.pdf")

    @extend_schema(
        summary=_("Get the structured invoice"),
        description="UN/CEFACT Cross Industry Invoice in the profile EN 16931; a credit note is type 381.",
        responses={(200, XML): OpenApiResponse(OpenApiTypes.BINARY, description="The same bytes every time.")},
    )
    def structured(self, request: Request, number: str) -> HttpResponse:
        return _file(documents.xml(invoice_id=self._key(number)), XML, f"{number}.xml")

    @extend_schema(
        summary=_("Send an invoice to its customer"),
        description="Queues a message with the documents, once more each time; it leaves in the background.",
        request=Sending,
        responses={202: messages.Message},
    )
    def send(self, request: Request, number: str) -> Response:
        channel = self.body(Sending).get("channel")
        made = operations.send_invoice(invoice_id=self._key(number), at=timezone.now(), channel=channel, again=True)
        self.record("invoice.send", f"invoice {number}", message=made.pk, channel=made.channel)
        return self.show(messages.Message(made).data, accepted=f"/api/v1/messages/{made.pk}")

    def _key(self, number: str) -> int:
        found = self.get_queryset().filter(number=number).first()
        if found is None:
            raise NotFound(what=queries.INVOICE, name=number)
        if self.action in ("document", "hybrid", "structured"):
            personal.saw(owner=("customer", found.account.customer_id), field="Document")
        return int(found.pk)

    def _language(self) -> str:
        return self.parameters().get("language") or (translation.get_language() or LANGUAGES[0])

    @extend_schema(
        summary=_("Credit an invoice"),
        description=(
            "Issues the credit note that takes it back, whole or by lines. What is taken back whole can be billed anew."
        ),
        request=Crediting,
        responses={201: InvoiceDetail},
    )
    def credit(self, request: Request, number: str) -> Response:
        asked = self.body(Crediting)
        found = queries.invoice(number=number).invoice
        said = terms.of_retailer(retailer=self.company, issued_on=asked["issued_on"], posted_at=timezone.now())
        made = queries.invoice_by_id(invoice_id=_credit(found.pk, asked, said))
        self.record("invoice.credit", f"invoice {number}", credit_note=made.invoice.number)
        return self.show(InvoiceDetail(made).data, created=f"/api/v1/invoices/{made.invoice.number}")


def _credit(invoice_id: int, asked: dict[str, Any], said: terms.IssueTerms) -> int:
    if "lines" not in asked:
        return operations.credit(invoice_id=invoice_id, terms=said, reason=asked["reason"])
    amounts = {line["position"]: line["amount"] for line in asked["lines"]}
    return operations.credit_part(invoice_id=invoice_id, amounts=amounts, terms=said, reason=asked["reason"])


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{safe}"'})


def _line(line: Any, currency: str) -> dict[str, Any]:
    language = translation.get_language() or "en"
    cells = explanations.cells_of(line=line, currency=currency, language=language)
    money = {name: values.amount(getattr(line, name), currency) for name in ("amount", "net", "tax", "gross")}
    return {
        "position": line.position,
        "code": line.code,
        "titles": line.titles,
        "supply_point": line.identifier,
        "supply_period": values.period(line.supply_period),
        "quantity": values.decimal(line.quantity),
        "unit": line.unit,
        "price": values.decimal(line.price),
        "payee": line.payee,
        **money,
        "tax_rate": values.decimal(line.tax_rate),
        "cells": [_cell(cell, currency) for cell in cells],
    }


def _cell(cell: explanations.ExplainedCell, currency: str) -> dict[str, Any]:
    days = cell.days and {"start": cell.days.start.isoformat(), "end": cell.days.end.isoformat()}
    exact = {name: values.decimal(getattr(cell, name)) for name in ("quantity", "price", "flat", "exact")}
    return {
        "title": cell.title,
        "label": cell.label,
        "band": cell.band,
        "days": days,
        **exact,
        "unit": cell.unit,
        "amount": values.amount(cell.amount, currency),
        "how": cell.how,
        "how_much": cell.how_much,
    }
