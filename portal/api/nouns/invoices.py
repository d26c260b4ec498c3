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
from kernel.errors import NotFound
from portal.api import filtering, parsing, values, views

KINDS = ("invoice", "credit_note")
PDF = "application/pdf"
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
    lines = Line(many=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        currency = instance.invoice.currency
        return {
            **super().to_representation(instance.invoice),
            "reversed_by": instance.reversed_by.number if instance.reversed_by else None,
            "lines": [_line(line, currency) for line in instance.lines],
        }


@values.example({"issued_on": "2026-06-10"})
class Crediting(parsing.Input):
    """The day that stands on the credit note."""

    issued_on = values.DayField()


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
        "credit": Capability.ISSUE_BILLS,
    }
    query_serializers = {"document": DocumentLanguage}
    moves_money = frozenset({"credit"})
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
        found = self.get_queryset().filter(number=number).first()
        if found is None:
            raise NotFound(what=queries.INVOICE, name=number)
        language = self.parameters().get("language") or (translation.get_language() or LANGUAGES[0])
        content = documents.pdf(invoice_id=found.pk, language=language)
        name = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in number)
        headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'}
        return HttpResponse(content, content_type=PDF, headers=headers)

    @extend_schema(
        summary=_("Credit an invoice"),
        description="Issues the credit note that takes it back; its days can then be billed anew.",
        request=Crediting,
        responses={201: InvoiceDetail},
    )
    def credit(self, request: Request, number: str) -> Response:
        day = self.body(Crediting)["issued_on"]
        found = queries.invoice(number=number).invoice
        said = terms.of_retailer(retailer=self.company, issued_on=day, posted_at=timezone.now())
        made = queries.invoice_by_id(invoice_id=operations.credit(invoice_id=found.pk, terms=said))
        self.record("invoice.credit", f"invoice {number}", credit_note=made.invoice.number)
        return self.show(InvoiceDetail(made).data, created=f"/api/v1/invoices/{made.invoice.number}")


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
