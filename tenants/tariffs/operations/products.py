"""Products and their versions: draft, published and frozen, withdrawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from kernel.errors import Conflict, gettext_noop
from markets import packs
from tenants.customers import refusals, values
from tenants.tariffs import queries, tariff_documents
from tenants.tariffs.models import Agreement, Product, ProductVersion


class CodeTaken(Conflict):
    """Another product already has this code."""

    code = "product_code_taken"
    template = gettext_noop("The code “{code}” is already in use.")


class NotADraft(Conflict):
    """Only a draft can be changed, published or deleted."""

    code = "version_not_a_draft"
    template = gettext_noop("Version {number} of {product} is in status “{status}”; only a draft can be changed.")


class NotPublished(Conflict):
    """Only a published version can be withdrawn."""

    code = "version_not_published"
    template = gettext_noop("Version {number} of {product} is not published.")


class DayTaken(Conflict):
    """Two versions cannot come into force on the same day."""

    code = "version_day_taken"
    template = gettext_noop("Another version of {product} comes into force on {date}.")


class StillInUse(Conflict):
    """Agreements run under the product and would be left without a price."""

    code = "version_in_use"
    template = gettext_noop("Agreements run under {product} and would be left without a price.")


@transaction.atomic
def create_product(
    *, code: str, titles: Mapping[str, str], market: str, document: Mapping[str, Any], valid_from: dt.date
) -> ProductVersion:
    """This will add a product with its first version as a draft; raises CodeTaken or TariffError."""
    product = Product(code=values.number(code, where="code"), titles=dict(titles), market=market)
    with refusals.named({"tariffs_product_code_unique": CodeTaken(code=code, where="code")}):
        product.save()
    return add_version(product=product, document=document, valid_from=valid_from)


def create_product_from_template(
    *, market: str, template: str, valid_from: dt.date, code: str | None = None, titles: Mapping[str, str] | None = None
) -> ProductVersion:
    """This will start a product from a document of the market pack, as a draft to be changed and published."""
    document = packs.pack(market).product_template(template)
    return create_product(
        code=code or str(document["code"]),
        titles=titles or document["title"],
        market=market,
        document=document,
        valid_from=valid_from,
    )


@transaction.atomic
def add_version(*, product: Product, document: Mapping[str, Any], valid_from: dt.date) -> ProductVersion:
    """This will add the next version as a draft; raises TariffError with the place of the fault in ``where``."""
    checked = tariff_documents.checked(document)
    Product.objects.select_for_update().get(pk=product.pk)
    last = ProductVersion.objects.filter(product=product).aggregate(last=Max("number"))["last"] or 0
    return ProductVersion.objects.create(
        product=product, number=last + 1, document=checked, valid_from=valid_from, status=ProductVersion.Status.DRAFT
    )


@transaction.atomic
def save_draft(
    *, version: ProductVersion, document: Mapping[str, Any], valid_from: dt.date | None = None
) -> ProductVersion:
    """This will replace the document of a draft; raises NotADraft or TariffError."""
    version = _locked_draft(version)
    version.document = tariff_documents.checked(document)
    version.valid_from = valid_from or version.valid_from
    version.save(update_fields=["document", "valid_from"])
    return version


@transaction.atomic
def publish(*, version: ProductVersion, at: dt.datetime) -> ProductVersion:
    """This will bring a draft into force from its day on; from then on the database refuses every change of it."""
    version = _locked_draft(version)
    tariff_documents.checked(version.document)
    version.status = ProductVersion.Status.PUBLISHED
    version.published_at = at
    taken = DayTaken(product=version.product.code, date=version.valid_from.isoformat(), where="valid_from")
    with refusals.named({"tariffs_productversion_one_published_per_day": taken}):
        version.save(update_fields=["status", "published_at"])
    return version


@transaction.atomic
def withdraw(*, version: ProductVersion) -> ProductVersion:
    """This will take a published version out of force; raises StillInUse when agreements need it."""
    version = _locked(version)
    if version.status != ProductVersion.Status.PUBLISHED:
        raise NotPublished(product=version.product.code, number=version.number)
    if Agreement.objects.filter(product=version.product, period__endswith__isnull=True).exists():
        others = version.product.versions.filter(status=ProductVersion.Status.PUBLISHED).exclude(pk=version.pk)
        if not others.filter(valid_from__lte=version.valid_from).exists():
            raise StillInUse(product=version.product.code)
    version.status = ProductVersion.Status.WITHDRAWN
    version.save(update_fields=["status"])
    return version


@transaction.atomic
def delete_draft(*, version: ProductVersion) -> None:
    """This will delete a version that was never published; raises NotADraft."""
    _locked_draft(version).delete()


def _locked_draft(version: ProductVersion) -> ProductVersion:
    found = _locked(version)
    if found.status != ProductVersion.Status.DRAFT:
        raise NotADraft(product=found.product.code, number=found.number, status=found.get_status_display())
    return found


def _locked(version: ProductVersion) -> ProductVersion:
    ProductVersion.objects.select_for_update().filter(pk=version.pk).first()
    return queries.versions_by_id(version_ids=[version.pk])[version.pk]
