"""Who was erased, kept as numbers outside the companies' spaces, so that no restored archive brings them back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from hosting import models
from tenancy import context

Repeat = Callable[..., int]
_repeats: list[Repeat] = []


def note(*, customer_id: int, request_id: int, at: dt.datetime) -> None:
    """Note that a customer of the present company was erased; again it is the same. Not in its transaction."""
    retailer = context.current_retailer()
    row = models.ErasedPerson(retailer_id=retailer.pk, customer_id=customer_id, request_id=request_id, erased_at=at)
    with context.use_public():
        models.ErasedPerson.objects.bulk_create([row], ignore_conflicts=True)


def of_company(*, retailer_id: int, since: dt.datetime | None = None) -> list[models.ErasedPerson]:
    """Return who was erased of a company, the first one first; ``since`` an archive was made."""
    with context.use_public():
        rows = models.ErasedPerson.objects.filter(retailer_id=retailer_id).order_by("erased_at", "pk")
        return list(rows if since is None else rows.filter(erased_at__gte=since))


def register(repeat: Repeat) -> None:
    """Say who erases again: called in the restored space with ``customer_ids`` and ``at``."""
    _repeats[:] = [repeat]


def repeat(*, space: Any, customer_ids: list[int], at: dt.datetime) -> int:
    """Erase people again in a space that an archive was restored to; return how many were found there."""
    if not customer_ids:
        return 0
    with context.use(space):
        return sum(each(customer_ids=customer_ids, at=at) for each in _repeats)
