"""Reads of products, their versions, agreements and indices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.tariffs import in_force
from tenants.tariffs.models import Agreement, CalendarFact, DraftSave, Product, ProductVersion, TariffPolicy

PRODUCT, VERSION = gettext_noop("product"), gettext_noop("product version")
SAVE = gettext_noop("saved draft")


@dataclass(frozen=True, slots=True)
class ProductDetail:
    """A product with its versions, the latest first, and how many agreements run on a day."""

    product: Product
    versions: list[ProductVersion]
    running_agreements: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds at a supply point in a period: one agreement under one product version."""

    period: Period
    agreement: Agreement
    version: ProductVersion


def products(*, search: str = "") -> QuerySet[Product]:
    """This will list products with ``version_count`` and ``agreement_count``."""
    found = Product.objects.annotate(
        version_count=Count("versions", distinct=True), agreement_count=Count("agreements", distinct=True)
    ).order_by("code")
    if search.strip():
        words = search.strip()
        found = found.filter(Q(code__icontains=words) | Q(titles__icontains=words))
    return found


def product(*, code: str) -> Product:
    """This will return the product; raises NotFound."""
    found = Product.objects.filter(code=code).first()
    if found is None:
        raise NotFound(what=PRODUCT, name=code)
    return found


def product_detail(*, code: str, on: dt.date) -> ProductDetail:
    """This will return a product with its versions and its running agreements; raises NotFound."""
    found = product(code=code)
    running = Agreement.objects.filter(product=found, period__contains=on).count()
    versions = list(found.versions.order_by("-number"))
    return ProductDetail(product=found, versions=versions, running_agreements=running)


def version(*, product_code: str, number: int) -> ProductVersion:
    """This will return one version with its product; raises NotFound."""
    people = ("author", "reviewer", "publisher")
    found = (
        ProductVersion.objects.select_related("product", *people)
        .filter(product__code=product_code, number=number)
        .first()
    )
    if found is None:
        raise NotFound(what=VERSION, name=f"{product_code} {number}")
    return found


def versions_by_id(*, version_ids: Collection[int]) -> dict[int, ProductVersion]:
    """This will return versions with their products, by id, in one query."""
    return ProductVersion.objects.select_related("product").in_bulk(version_ids)


def version_in_force(*, product: Product, on: dt.date) -> ProductVersion:
    """This will return the published version that holds on a day; raises NoVersionInForce."""
    found = (
        ProductVersion.objects.select_related("product")
        .filter(product=product, status=ProductVersion.Status.PUBLISHED, valid_from__lte=on)
        .order_by("-valid_from")
        .first()
    )
    if found is None:
        raise in_force.NoVersionInForce(product=product.code, date=on.isoformat())
    return found


def versions_in_force(
    *, wanted: Collection[tuple[Product, dt.date]]
) -> dict[tuple[int, dt.date], ProductVersion | None]:
    """This will return, by product key and day, the published version that holds then, or None; in one query."""
    last = max((day for _product, day in wanted), default=dt.date.min)
    published = _published_versions({product.pk for product, _day in wanted}, before=last + dt.timedelta(days=1))
    found: dict[tuple[int, dt.date], ProductVersion | None] = {}
    for product, day in wanted:
        held = [each for each in published.get(product.pk, []) if each.valid_from <= day]
        found[product.pk, day] = held[-1] if held else None
    return found


def latest_published(*, product: Product) -> ProductVersion | None:
    """This will return the published version with the latest first day, if there is one."""
    found = ProductVersion.objects.filter(product=product, status=ProductVersion.Status.PUBLISHED)
    return found.order_by("-valid_from").first()


def agreements(*, search: str = "", product_code: str = "", on: dt.date | None = None) -> QuerySet[Agreement]:
    """This will list agreements with account, customer, supply point and product, the latest first."""
    found = Agreement.objects.select_related("account__customer", "supply_point", "product").order_by("-period", "-id")
    if product_code:
        found = found.filter(product__code=product_code)
    if on is not None:
        found = found.filter(period__contains=on)
    if search.strip():
        words = search.strip()
        found = found.filter(
            Q(account__number__istartswith=words)
            | Q(supply_point__identifier__istartswith=words)
            | Q(account__customer__name__holds=words)
        )
    return found


def agreements_of_account(*, account_id: int) -> list[Agreement]:
    """This will return the agreements of an account with supply point and product, the latest first."""
    return list(
        Agreement.objects.select_related("supply_point", "product").filter(account_id=account_id).order_by("-period")
    )


def agreements_in(*, supply_point_ids: Collection[int], period: Period) -> list[Agreement]:
    """This will return the agreements that touch ``period``, by supply point and time."""
    return list(_agreements_in(supply_point_ids, period).select_related("product"))


def _agreements_in(supply_point_ids: Collection[int], period: Period) -> QuerySet[Agreement]:
    found = Agreement.objects.filter(
        supply_point_id__in=supply_point_ids, period__overlap=date_ranges.of_period(period)
    )
    return found.order_by("supply_point_id", "period")


def terms_in(*, supply_point_ids: Collection[int], period: Period) -> dict[int, list[Terms]]:
    """This will return, by supply point, the terms over ``period``, cut where agreement or version changes.

    Two queries, whatever the number of supply points. Days for which a product has no published version are left
    out: nothing can be billed for them.
    """
    found = list(_agreements_in(supply_point_ids, period))
    versions = _published_versions({each.product_id for each in found}, before=period.end)
    terms: dict[int, list[Terms]] = {}
    for agreement in found:
        days = date_ranges.within(agreement.period, period)
        if days is None:
            continue
        cut = in_force.versions_over(versions=versions.get(agreement.product_id, []), period=days)
        terms.setdefault(agreement.supply_point_id, []).extend(
            Terms(period=part, agreement=agreement, version=each) for part, each in cut
        )
    return terms


def calendar_facts(*, names: Collection[str], period: Period) -> Mapping[str, frozenset[dt.date]]:
    """This will return the days of each dated fact that is known for the whole of ``period``; others are left out."""
    rows: dict[str, list[CalendarFact]] = {}
    found = CalendarFact.objects.filter(name__in=names, period__overlap=date_ranges.of_period(period))
    for row in found.order_by("name", "period"):
        rows.setdefault(row.name, []).append(row)
    known: dict[str, frozenset[dt.date]] = {}
    for name, said in rows.items():
        parts = [date_ranges.within(row.period, period) for row in said]
        if sum(part.days for part in parts if part) == period.days:
            known[name] = frozenset(day for row in said for day in row.days if day in period)
    return known


def four_eyes() -> bool:
    """This will tell whether the company asks for a second person before prices are published: unless it said no."""
    return TariffPolicy.objects.filter(four_eyes=False).first() is None


def authors_of(*, version: ProductVersion) -> frozenset[int]:
    """This will return the keys of everybody who worked on a version."""
    saved = DraftSave.objects.filter(version=version).values_list("saved_by_id", flat=True)
    return frozenset([*saved.distinct(), *([version.author_id] if version.author_id else [])])


def saves_of(*, version: ProductVersion) -> QuerySet[DraftSave]:
    """This will list the kept states of a draft with who saved them, the latest first."""
    return DraftSave.objects.select_related("saved_by").filter(version=version).order_by("-saved_at", "-pk")


def save_of(*, version: ProductVersion, save_id: int) -> DraftSave:
    """This will return one kept state of a draft; raises NotFound."""
    found = DraftSave.objects.filter(version=version, pk=save_id).first()
    if found is None:
        raise NotFound(what=SAVE, name=str(save_id))
    return found


def _published_versions(product_ids: set[int], *, before: dt.date) -> dict[int, list[ProductVersion]]:
    grouped: dict[int, list[ProductVersion]] = {}
    found = ProductVersion.objects.filter(
        product_id__in=product_ids, status=ProductVersion.Status.PUBLISHED, valid_from__lt=before
    )
    for each in found.select_related("product").order_by("product_id", "valid_from"):
        grouped.setdefault(each.product_id, []).append(each)
    return grouped


def document_of(*, version_id: int) -> dict[str, Any]:
    """This will return the stored tariff document of a version; raises NotFound."""
    found = ProductVersion.objects.filter(pk=version_id).values_list("document", flat=True).first()
    if found is None:
        raise NotFound(what=VERSION, name=str(version_id))
    return dict(found)
