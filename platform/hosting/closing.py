"""That a company shall end, as its standing says it: read by ``hosting.plans``, written here alone."""

from __future__ import annotations

from typing import Any

from hosting import models
from tenancy import models as tenancy_models

CLOSING = "closing"
State, Meanwhile = models.Deletion.State, models.Deletion.Meanwhile


def present(*, retailer_id: int) -> dict[str, Any]:
    """Return what is added to the standing of a company that ends and is read-only until then; empty for others."""
    open_ones = models.Deletion.objects.filter(retailer_id=retailer_id, state__in=[State.WAITING, State.RUNNING])
    found = open_ones.filter(meanwhile=Meanwhile.READ_ONLY).first()
    return {CLOSING: found.due_at.isoformat()} if found else {}


def under_way(*, retailer_id: int) -> bool:
    """Return whether its end is being carried out: nothing more is made of it or put back to it."""
    return models.Deletion.objects.filter(retailer_id=retailer_id, state=State.RUNNING).exists()


def keeps_closed(*, retailer_id: int) -> models.Deletion | None:
    """Return the deletion that keeps the doors closed: one carried out, or that waits behind closed doors."""
    open_ones = models.Deletion.objects.filter(retailer_id=retailer_id, state__in=[State.WAITING, State.RUNNING])
    return open_ones.exclude(state=State.WAITING, meanwhile=Meanwhile.READ_ONLY).first()


def put(*, retailer_id: int) -> None:
    """Bring the standing of a company to what its deletion says; within the caller's transaction."""
    row = tenancy_models.Retailer.objects.select_for_update().get(pk=retailer_id)
    kept = {name: value for name, value in (row.standing or {}).items() if name != CLOSING}
    standing = kept | present(retailer_id=retailer_id)
    tenancy_models.Retailer.objects.filter(pk=retailer_id).update(standing=standing)
