"""Products and their versions: what is sold, and the tariff documents that say for how much."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from portal.api import filtering, parsing, values, views
from tenants.tariffs import operations, queries

STATES = ("draft", "reviewed", "published", "withdrawn")


class Product(serializers.Serializer):
    """What a customer chooses by name."""

    code = serializers.CharField()
    titles = values.TextsField()
    market = serializers.CharField()


class Version(serializers.Serializer):
    """A tariff document in force from a day on; published it never changes."""

    product = serializers.CharField(source="product.code")
    number = serializers.IntegerField()
    status = serializers.ChoiceField(choices=STATES)
    valid_from = serializers.DateField()
    published_at = serializers.DateTimeField(allow_null=True)
    document = values.ObjectField(help_text="In the tariff language; decimals as strings.")


class VersionRow(serializers.Serializer):
    """A version without its document."""

    number = serializers.IntegerField()
    status = serializers.ChoiceField(choices=STATES)
    valid_from = serializers.DateField()
    published_at = serializers.DateTimeField(allow_null=True)


class Versions(serializers.Serializer):
    """The versions of a product, the latest first."""

    results = VersionRow(many=True)


@values.example({"template": "au-time-of-use", "valid_from": "2026-01-01"})
class NewProduct(parsing.Input):
    """A product with its first version, as a draft: with a document, or from a template of the market."""

    code = serializers.CharField(max_length=64, required=False, help_text="The document's code where none is given.")
    titles = values.TextsField(required=False, help_text="The document's title where none is given.")
    valid_from = values.DayField()
    document = values.ObjectField(required=False)
    template = serializers.CharField(max_length=64, required=False, help_text="See the market's product templates.")

    def validate(self, attrs: Any) -> Any:
        if ("document" in attrs) == ("template" in attrs):
            raise serializers.ValidationError({"document": [_("Give either a document or a template.")]})
        return attrs


@values.example(
    {
        "valid_from": "2026-07-01",
        "document": {
            "tariff": 1,
            "code": "flat",
            "title": {"en": "Flat"},
            "currency": "AUD",
            "charges": [{"code": "energy", "quantity": "sum(consumption)", "price": "0.3020", "round": {"line": 2}}],
        },
    }
)
class NewVersion(parsing.Input):
    """The next version, as a draft."""

    document = values.ObjectField()
    valid_from = values.DayField()


class ProductFilters(filtering.Filters):
    market = django_filters.CharFilter(help_text="The market's code.")
    search = django_filters.CharFilter(method="meet", help_text="Meets codes and titles.")

    def meet(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(pk__in=queries.products(search=value).values("pk"))


class Products(views.Noun):
    """Products of this company."""

    scopes = {
        "list": Capability.SEE_TARIFFS,
        "create": Capability.CHANGE_TARIFFS,
        "retrieve": Capability.SEE_TARIFFS,
    }
    filterset_class = ProductFilters
    ordering = ("code",)
    pointer_base = "/document"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.products()

    @extend_schema(summary=_("List products"), responses=Product(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), Product)

    @extend_schema(summary=_("Add a product"), request=NewProduct, responses={201: Version})
    def create(self, request: Request) -> Response:
        given = self.body(NewProduct)
        market = self.company.market
        if template := given.pop("template", None):
            version = operations.create_product_from_template(
                market=market, template=template, **given, **self.signed()
            )
        else:
            document = given.pop("document")
            named = {"code": str(document.get("code", "")), "titles": document.get("title") or {}, **given}
            version = operations.create_product(market=market, document=document, **named, **self.signed())
        return self.show(Version(version).data, created=_address(version))

    @extend_schema(summary=_("Show a product"), responses=Product)
    def retrieve(self, request: Request, code: str) -> Response:
        return self.show(Product(queries.product(code=code)).data)


class ProductVersions(views.Noun):
    """Versions of a product."""

    scopes = {
        "versions": Capability.SEE_TARIFFS,
        "create": Capability.CHANGE_TARIFFS,
        "retrieve": Capability.SEE_TARIFFS,
        "update": Capability.CHANGE_TARIFFS,
        "destroy": Capability.CHANGE_TARIFFS,
        "review": Capability.CHANGE_TARIFFS,
        "publish": Capability.PUBLISH_TARIFFS,
        "withdraw": Capability.PUBLISH_TARIFFS,
    }
    replaces = frozenset({"update"})
    pointer_base = "/document"

    @extend_schema(summary=_("List the versions of a product"), responses=Versions)
    def versions(self, request: Request, code: str) -> Response:
        found = queries.product_detail(code=code, on=self.today())
        return self.show({"results": VersionRow(found.versions, many=True).data})

    @extend_schema(
        summary=_("Add a version"),
        description="The document is checked as a whole; a refusal points into it, `:12` at a character of a formula.",
        request=NewVersion,
        responses={201: Version},
    )
    def create(self, request: Request, code: str) -> Response:
        version = operations.add_version(product=queries.product(code=code), **self.body(NewVersion), **self.signed())
        return self.show(Version(version).data, created=_address(version))

    @extend_schema(summary=_("Show a version"), responses=Version)
    def retrieve(self, request: Request, code: str, version: int) -> Response:
        return self.show(self._shown(code, version))

    @extend_schema(summary=_("Replace a draft"), request=NewVersion, responses=Version)
    def update(self, request: Request, code: str, version: int) -> Response:
        with self.changing(lambda: self._shown(code, version)):
            found = queries.version(product_code=code, number=version)
            operations.save_draft(version=found, **self.body(NewVersion), **self.signed())
        return self.show(self._shown(code, version))

    @extend_schema(summary=_("Delete a draft"), responses={204: None})
    def destroy(self, request: Request, code: str, version: int) -> Response:
        with self.changing(lambda: self._shown(code, version)):
            operations.delete_draft(version=queries.version(product_code=code, number=version))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary=_("Review a draft"),
        description="A key acts for the person who made it: the one who wrote the draft cannot review it.",
        request=None,
        responses=Version,
    )
    def review(self, request: Request, code: str, version: int) -> Response:
        operations.review(version=queries.version(product_code=code, number=version), **self.signed())
        self.record("tariff.review", f"product {code} version {version}")
        return self.show(self._shown(code, version))

    @extend_schema(
        summary=_("Publish a draft"),
        description="Where the company asks for four eyes, somebody who did not write the draft reviews it before, and "
        "somebody who did not write it publishes it.",
        request=None,
        responses=Version,
    )
    def publish(self, request: Request, code: str, version: int) -> Response:
        found = queries.version(product_code=code, number=version)
        operations.publish(version=found, **self.signed())
        self.record("tariff.publish", f"product {code} version {version}")
        return self.show(self._shown(code, version))

    @extend_schema(summary=_("Withdraw a version"), request=None, responses=Version)
    def withdraw(self, request: Request, code: str, version: int) -> Response:
        operations.withdraw(version=queries.version(product_code=code, number=version))
        self.record("tariff.withdraw", f"product {code} version {version}")
        return self.show(self._shown(code, version))

    def _shown(self, code: str, number: int) -> Any:
        return Version(queries.version(product_code=code, number=number)).data


def _address(version: Any) -> str:
    return f"/api/v1/products/{version.product.code}/versions/{version.number}"
