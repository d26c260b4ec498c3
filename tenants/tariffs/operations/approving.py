"""From a draft to prices in force: reviewed by a second person, published, withdrawn."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from identity.models import User
from kernel.errors import Conflict, gettext_noop
from tenants.customers import refusals
from tenants.tariffs import four_eyes, queries, tariff_documents
from tenants.tariffs.models import Agreement, ProductVersion, TariffPolicy
from tenants.tariffs.operations import products


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
def review(*, version: ProductVersion, by: User, at: dt.datetime) -> ProductVersion:
    """This will let a draft pass in the name of somebody who did not work on it; raises NotADraft or OwnReview."""
    version = products.locked_draft(version)
    four_eyes.check_review(person=by.pk, name=by.name, authors=queries.authors_of(version=version))
    tariff_documents.checked(version.document)
    version.status = ProductVersion.Status.REVIEWED
    version.reviewer, version.reviewed_at = by, at
    version.save(update_fields=["status", "reviewer", "reviewed_at"])
    return version


@transaction.atomic
def publish(*, version: ProductVersion, at: dt.datetime, by: User | None = None) -> ProductVersion:
    """This will bring a draft into force from its day on; from then on the database refuses every change of it.

    ``by`` is the person who publishes: under the rule of four eyes the draft is reviewed and was written by others,
    else NotReviewed or OwnPublication is raised. Without a person (the demonstration, commands) no second one is asked.
    """
    version = products.locked_draft(version)
    tariff_documents.checked(version.document)
    version.four_eyes = queries.four_eyes()
    if by is not None and version.four_eyes:
        _check_publication(version, by)
    version.status = ProductVersion.Status.PUBLISHED
    version.published_at, version.publisher = at, by
    taken = DayTaken(product=version.product.code, date=version.valid_from.isoformat(), where="valid_from")
    with refusals.named({"tariffs_productversion_one_published_per_day": taken}):
        version.save(update_fields=["status", "published_at", "publisher", "four_eyes"])
    return version


@transaction.atomic
def withdraw(*, version: ProductVersion) -> ProductVersion:
    """This will take a published version out of force; raises StillInUse when agreements need it."""
    version = products.locked(version)
    if version.status != ProductVersion.Status.PUBLISHED:
        raise NotPublished(product=version.product.code, number=version.number)
    if Agreement.objects.filter(product=version.product, period__endswith__isnull=True).exists():
        others = version.product.versions.filter(status=ProductVersion.Status.PUBLISHED).exclude(pk=version.pk)
        if not others.filter(valid_from__lte=version.valid_from).exists():
            raise StillInUse(product=version.product.code)
    version.status = ProductVersion.Status.WITHDRAWN
    version.save(update_fields=["status"])
    return version


def change_policy(*, asks_four_eyes: bool) -> None:
    """This will say whether persons publish only what a second one has reviewed."""
    TariffPolicy.objects.update_or_create(pk=1, defaults={"four_eyes": asks_four_eyes})


def _check_publication(version: ProductVersion, by: User) -> None:
    four_eyes.check_publication(
        person=by.pk,
        name=by.name,
        authors=queries.authors_of(version=version),
        reviewed=version.status == ProductVersion.Status.REVIEWED,
        product=version.product.code,
        number=version.number,
    )
