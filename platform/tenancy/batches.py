"""Rows counted and removed in batches, with the files they name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from tenancy.retention import Scope


def count(rows: Any, scope: Scope) -> int:
    """Return how many rows there are, at most the scope's limit."""
    return int(rows.order_by()[: scope.limit].count())


def remove(rows: Any, scope: Scope, *, files: Sequence[str] = ()) -> int:
    """Remove one batch, the oldest keys first, and return how many rows went; their files go after the commit."""
    found = list(rows.order_by("pk")[: scope.limit].values_list("pk", *files))
    with transaction.atomic():
        rows.model._default_manager.filter(pk__in=[row[0] for row in found]).delete()
    for row in found:
        remove_files(row[1:])
    return len(found)


def remove_files(names: Sequence[Any]) -> None:
    """Remove files from the company's storage, those that are there."""
    for name in names:
        if name:
            default_storage.delete(str(name))
