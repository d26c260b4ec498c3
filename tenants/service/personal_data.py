"""Orders to switch supply name account and supply point; their history is only added to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenancy import subjects
from tenancy.subjects import Deed, Holding, Subject
from tenants.service.models import SupplyOrder, SupplyOrderEvent

FREE = ("note", "evidence")
"""Of a step's details: what somebody typed, and what the field reported."""


def _evidence(row: Any, subject: Subject) -> Mapping[str, Any]:
    return {"evidence": subjects.without_words(row.evidence)}


def _step(row: Any, subject: Subject) -> Mapping[str, Any]:
    said = {name: subjects.without_words(row.details[name]) for name in FREE if name in row.details}
    return {"details": {**row.details, **said}, "by": subjects.role_of(row.by, subject)}


subjects.hold_many(
    Holding(
        "service_supplyorder", {"en": "Supply orders", "zh-hans": "停复电工单"},
        lambda subject: SupplyOrder.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="guarded",
        words=_evidence, guarded=True,
    ),
    Holding(
        "service_supplyorderevent", {"en": "Steps of supply orders", "zh-hans": "停复电工单步骤"},
        lambda subject: SupplyOrderEvent.objects.filter(order__account_id__in=subject.account_ids), Deed.KEEP,
        why="guarded", words=_step, guarded=True,
    ),
)  # fmt: skip
