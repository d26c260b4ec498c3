"""The companies that a command works on."""

from __future__ import annotations

from tenancy import context, models


def retailers_named(code: str | None) -> list[models.Retailer]:
    """Return the company of that code, or all that are provisioned; raises UnknownRetailer."""
    if code is not None:
        return [context.retailer_by_code(code=code)]
    without = (models.Retailer.Status.PROVISIONING, models.Retailer.Status.DELETED)
    return list(models.Retailer.objects.exclude(status__in=without).order_by("code"))
