"""What is known of companies that end or ended."""

from __future__ import annotations

from typing import Any

from hosting import models
from tenancy import context

OPEN = (models.Deletion.State.WAITING, models.Deletion.State.RUNNING)


def of_company(*, code: str) -> list[models.Deletion]:
    """Return what was asked of a company's end, newest first."""
    with context.use_public():
        rows = models.Deletion.objects.select_related("retailer", "export").filter(retailer__code=code)
        return list(rows.order_by("-asked_at", "-id"))


def open_one(*, code: str) -> models.Deletion | None:
    """Return the deletion that a company waits for or that is carried out, None for most."""
    return next((row for row in of_company(code=code) if row.state in OPEN), None)


def everything() -> list[models.Deletion]:
    """Return all that was ever asked, newest first."""
    with context.use_public():
        return list(models.Deletion.objects.select_related("retailer", "export").order_by("-asked_at", "-id"))


def certificate(*, deletion_id: int) -> dict[str, Any] | None:
    """Return the certificate of a company's end, None while there is none."""
    with context.use_public():
        return models.Deletion.objects.filter(pk=deletion_id).values_list("certificate", flat=True).first()
