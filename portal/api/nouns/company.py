"""The company itself: who asks, how it looks, and the market it stands in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from kernel.errors import NotFound, gettext_noop
from markets import packs
from portal.api import limits, values, views

CALENDAR, TEMPLATE = gettext_noop("calendar"), gettext_noop("product template")


class Company(serializers.Serializer):
    """The company the key belongs to."""

    code = serializers.CharField()
    names = values.TextsField()
    market = serializers.CharField()
    currency = serializers.CharField()
    time_zone = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())


class Me(serializers.Serializer):
    """The key that asks."""

    key = serializers.CharField(help_text="The name the key was given.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=[str(each) for each in Capability]))
    company = Company()
    requests_per_minute = serializers.IntegerField()


class Brand(serializers.Serializer):
    """How the company looks to its customers."""

    names = values.TextsField()
    primary_color = serializers.CharField()
    accent_color = serializers.CharField()
    tagline = values.TextsField()
    support_phone = serializers.CharField(allow_blank=True)
    support_email = serializers.CharField(allow_blank=True)
    logo = serializers.CharField(allow_null=True, help_text="Where the logo is.")


class Region(serializers.Serializer):
    """A region of the market."""

    code = serializers.CharField()
    title = values.TextsField()
    time_zone = serializers.CharField()


class Market(serializers.Serializer):
    """The market's rules, as far as programs need them."""

    code = serializers.CharField()
    title = values.TextsField()
    currencies = serializers.ListField(child=serializers.CharField())
    time_zones = serializers.ListField(child=serializers.CharField())
    regions = Region(many=True)
    calendars = serializers.ListField(child=serializers.CharField(), help_text="Names to use in tariff documents.")
    tables = serializers.ListField(child=serializers.CharField(), help_text="Step tables, by name.")
    product_templates = serializers.ListField(child=serializers.CharField(), help_text="Codes.")


class CalendarDocument(serializers.Serializer):
    """A calendar as it is written: labels, rules, windows."""

    name = serializers.CharField()
    document = values.ObjectField()


class TariffTemplate(serializers.Serializer):
    """A tariff document to start a product from."""

    code = serializers.CharField()
    document = values.ObjectField()


class Mine(views.Noun):
    """The key that asks, and its company."""

    scopes = {"retrieve": None}

    @extend_schema(summary=_("Show the key that asks"), responses=Me)
    def retrieve(self, request: Request) -> Response:
        data = {
            "key": self.caller.name,
            "scopes": list(self.caller.key.scopes),
            "company": Company(self.company).data,
            "requests_per_minute": limits.limit(),
        }
        return self.show(data)


class Brands(views.Noun):
    """How the company looks."""

    scopes = {"retrieve": None}

    @extend_schema(summary=_("Show the brand"), responses=Brand)
    def retrieve(self, request: Request) -> Response:
        retailer = self.company
        brand = retailer.brand
        names = ("primary_color", "accent_color", "tagline", "support_phone", "support_email")
        data = {name: getattr(brand, name) for name in names}
        return self.show({"names": retailer.names, **data, "logo": "/brand/logo" if brand.logo else None})


class Markets(views.Noun):
    """The market pack of this company."""

    scopes = {"retrieve": None, "calendar": None, "template": Capability.SEE_TARIFFS}

    @extend_schema(summary=_("Show the market"), responses=Market)
    def retrieve(self, request: Request) -> Response:
        pack = self._pack()
        data = {
            "code": pack.code,
            "title": pack.title,
            "currencies": pack.currencies,
            "time_zones": pack.time_zones,
            "regions": [{"code": code, **region} for code, region in pack.regions.items()],
            "calendars": list(pack.calendar_documents),
            "tables": list(pack.tables),
            "product_templates": [document["code"] for document in pack.product_templates()],
        }
        return self.show(Market(data).data)

    @extend_schema(summary=_("Show a calendar of the market"), responses=CalendarDocument)
    def calendar(self, request: Request, name: str) -> Response:
        documents = self._pack().calendar_documents
        if name not in documents:
            raise NotFound(what=CALENDAR, name=name)
        return self.show({"name": name, "document": documents[name]})

    @extend_schema(summary=_("Show a tariff template of the market"), responses=TariffTemplate)
    def template(self, request: Request, code: str) -> Response:
        found = {document["code"]: document for document in self._pack().product_templates()}
        if code not in found:
            raise NotFound(what=TEMPLATE, name=code)
        return self.show({"code": code, "document": found[code]})

    def _pack(self) -> Any:
        return packs.pack(self.company.market)
