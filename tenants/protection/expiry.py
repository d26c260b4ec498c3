"""Archives that were given out to people go after their days; who looked at personal fields, after two years."""

from __future__ import annotations

from typing import Any

from tenancy import batches, retention
from tenancy.retention import Rule, Scope
from tenants.customers import access_queries
from tenants.protection.models import DataRequest, LegalHold

ACCESS_MONTHS = 24
"""How long it is known who looked at whom, unless the company says another number."""


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


def _accesses(scope: Scope) -> Any:
    """Accesses to people under a legal hold stay: they may be what the court asks for."""
    held = LegalHold.objects.filter(lifted_at__isnull=True).values_list("customer_id", flat=True)
    return access_queries.accesses_before(instant=scope.instant, but_of=set(held))


retention.register(
    Rule(
        name="accesses", titles={"en": "Who looked at personal fields", "zh-hans": "个人信息查看记录"},
        policy="accesses", usual=ACCESS_MONTHS, count=lambda scope: batches.count(_accesses(scope), scope),
        expire=lambda scope: batches.remove(_accesses(scope), scope), owner=True, place=retention.SIGN_IN,
    )
)  # fmt: skip
