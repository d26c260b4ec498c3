"""Products and the drafts of their versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from identity.models import User
from kernel.errors import Conflict, gettext_noop
from markets import packs
from tenants.customers import refusals, values
from tenants.tariffs import queries, tariff_documents
from tenants.tariffs.models import DraftSave, Product, ProductVersion


class CodeTaken(Conflict):
    """Another product already has this code."""

    code = "product_code_taken"
    template = gettext_noop("The code “{code}” is already in use.")


class NotADraft(Conflict):
    """Only a draft can be changed, published or deleted."""

    code = "version_not_a_draft"
    template = gettext_noop("Version {number} of {product} is in status “{status}”; only a draft can be changed.")


@transaction.atomic
def create_product(
    *,
    code: str,
    titles: Mapping[str, str],
    market: str,
    document: Mapping[str, Any],
    valid_from: dt.date,
    by: User | None = None,
    at: dt.datetime | None = None,
) -> ProductVersion:
    """This will add a product with its first version as a draft; raises CodeTaken or TariffError."""
    product = Product(code=values.number(code, where="code"), titles=dict(titles), market=market)
    with refusals.named({"tariffs_product_code_unique": CodeTaken(code=code, where="code")}):
        product.save()
    return add_version(product=product, document=document, valid_from=valid_from, by=by, at=at)


def create_product_from_template(
    *,
    market: str,
    template: str,
    valid_from: dt.date,
    code: str | None = None,
    titles: Mapping[str, str] | None = None,
    by: User | None = None,
    at: dt.datetime | None = None,
) -> ProductVersion:
    """This will start a product from a document of the market pack, as a draft to be changed and published."""
    document = packs.pack(market).product_template(template)
    return create_product(
        code=code or str(document["code"]),
        titles=titles or document["title"],
        market=market,
        document=document,
        valid_from=valid_from,
        by=by,
        at=at,
    )


@transaction.atomic
def add_version(
    *,
    product: Product,
    document: Mapping[str, Any],
    valid_from: dt.date,
    by: User | None = None,
    at: dt.datetime | None = None,
) -> ProductVersion:
    """This will add the next version as a draft; raises TariffError with the place of the fault in ``where``.

    ``by`` is the person who writes it, at ``at``; programs without a person leave both out.
    """
    checked = tariff_documents.checked(document)
    Product.objects.select_for_update().get(pk=product.pk)
    last = ProductVersion.objects.filter(product=product).aggregate(last=Max("number"))["last"] or 0
    version = ProductVersion.objects.create(
        product=product,
        number=last + 1,
        document=checked,
        valid_from=valid_from,
        status=ProductVersion.Status.DRAFT,
        author=by,
    )
    _keep(version, by, at)
    return version


@transaction.atomic
def save_draft(
    *,
    version: ProductVersion,
    document: Mapping[str, Any],
    valid_from: dt.date | None = None,
    by: User | None = None,
    at: dt.datetime | None = None,
) -> ProductVersion:
    """This will replace the document of a draft; a reviewed one has to be reviewed again.

    ``by`` becomes its author, and the state is kept among its saves. Raises NotADraft or TariffError.
    """
    version = locked_draft(version)
    version.document = tariff_documents.checked(document)
    version.valid_from = valid_from or version.valid_from
    version.status = ProductVersion.Status.DRAFT
    version.author, version.reviewer, version.reviewed_at = by or version.author, None, None
    version.save(update_fields=["document", "valid_from", "status", "author", "reviewer", "reviewed_at"])
    _keep(version, by, at)
    return version


@transaction.atomic
def delete_draft(*, version: ProductVersion) -> None:
    """This will delete a version that was never published; raises NotADraft."""
    locked_draft(version).delete()


def locked_draft(version: ProductVersion) -> ProductVersion:
    """This will lock a version that can still be changed; raises NotADraft."""
    found = locked(version)
    if not found.is_open:
        raise NotADraft(product=found.product.code, number=found.number, status=found.get_status_display())
    return found


def locked(version: ProductVersion) -> ProductVersion:
    """This will lock a version and read it again."""
    ProductVersion.objects.select_for_update().filter(pk=version.pk).first()
    return queries.versions_by_id(version_ids=[version.pk])[version.pk]


def _keep(version: ProductVersion, by: User | None, at: dt.datetime | None) -> None:
    if by is not None and at is not None:
        DraftSave.objects.create(version=version, document=version.document, saved_by=by, saved_at=at)
