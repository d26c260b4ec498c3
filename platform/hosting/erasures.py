"""Who was erased, kept as numbers outside the companies' spaces, so that no restored archive brings them back.

A company is known by the identity in its key's envelope, which travels with its archives: so the erasures of the
company an archive was taken from are found also when it is restored beside it or under another code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from hosting import models
from tenancy import archives, context
from tenancy import models as tenancy_models

Repeat = Callable[..., int]
MARGIN = dt.timedelta(days=1)
"""An archive may hold the moment before an erasure was committed; erasing again changes nothing."""
_repeats: list[Repeat] = []


def note(*, customer_id: int, request_id: int, at: dt.datetime) -> None:
    """Note that a customer of the present company was erased; again it is the same. Not in its transaction."""
    retailer = context.current_retailer()
    row = models.ErasedPerson(retailer_id=retailer.pk, customer_id=customer_id, request_id=request_id, erased_at=at)
    with context.use_public():
        models.ErasedPerson.objects.bulk_create([row], ignore_conflicts=True)


def since(*, manifest: archives.Manifest) -> list[models.ErasedPerson]:
    """Return who was erased of the archive's company after it was written. In the registry, or as the owner."""
    identity = (manifest.company.get("key_envelope") or {}).get("company")
    if not identity:
        return []
    rows = models.ErasedPerson.objects.filter(retailer__key_envelope__company=identity)
    return list(rows.filter(erased_at__gte=manifest.made - MARGIN).order_by("erased_at", "pk"))


def register(repeat: Repeat) -> None:
    """Say who erases again: called in the restored space with ``customer_ids`` and ``at``."""
    _repeats[:] = [repeat]


def repeat_here(*, manifest: archives.Manifest, at: dt.datetime) -> int:
    """Erase again, in the space and transaction at hand, whom the archive brought back; return how many were there."""
    keys = sorted({row.customer_id for row in since(manifest=manifest)})
    return sum(each(customer_ids=keys, at=at) for each in _repeats) if keys else 0


def repeat_in_copy(*, manifest: archives.Manifest, schema: str, at: dt.datetime) -> int:
    """Erase again in a space that no company has yet; run again it finds them erased."""
    with context.use_public():
        if not since(manifest=manifest):
            return 0
    with context.use(_stand_in(manifest, schema)):
        return repeat_here(manifest=manifest, at=at)


def adopt(*, retailer: Any, manifest: archives.Manifest) -> None:
    """Give a company made from an archive the erasures of the one it was taken from; in the caller's transaction."""
    models.ErasedPerson.objects.bulk_create(
        [
            models.ErasedPerson(
                retailer_id=retailer.pk, customer_id=row.customer_id, request_id=row.request_id, erased_at=row.erased_at
            )
            for row in since(manifest=manifest)
        ],
        ignore_conflicts=True,
    )


def _stand_in(manifest: archives.Manifest, schema: str) -> tenancy_models.Retailer:
    facts = {name: manifest.company[name] for name in ("market", "currency", "time_zone") if name in manifest.company}
    envelope = manifest.company.get("key_envelope") or {}
    return tenancy_models.Retailer(code=manifest.code, schema_name=schema, key_envelope=envelope, **facts)
