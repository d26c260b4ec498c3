"""Archives that were given out to people go after their days."""

from __future__ import annotations

from typing import Any

from tenancy import batches, retention
from tenancy.retention import Rule, Scope
from tenants.protection.models import DataRequest


def _files(scope: Scope) -> Any:
    return DataRequest.objects.filter(finished_at__lt=scope.instant).exclude(file="")


def _expire(scope: Scope) -> int:
    rows = list(_files(scope).order_by("pk")[: scope.limit])
    for row in rows:
        name, row.file = row.file, ""
        row.save(update_fields=["file"])
        batches.remove_files([name])
    return len(rows)


retention.register(
    Rule(
        name="given_out", titles={"en": "Archives given out to people", "zh-hans": "已提供的个人信息副本"}, usual=1,
        longest=1, count=lambda scope: batches.count(_files(scope), scope), expire=_expire, place=retention.LETTERS,
    )
)  # fmt: skip
