"""Orders to switch supply name account and supply point; their history is only added to."""

from __future__ import annotations

from tenancy import subjects
from tenancy.subjects import Deed, Holding
from tenants.service.models import SupplyOrder, SupplyOrderEvent

subjects.hold_many(
    Holding(
        "service_supplyorder", {"en": "Supply orders", "zh-hans": "停复电工单"},
        lambda subject: SupplyOrder.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="guarded",
    ),
    Holding(
        "service_supplyorderevent", {"en": "Steps of supply orders", "zh-hans": "停复电工单步骤"},
        lambda subject: SupplyOrderEvent.objects.filter(order__account_id__in=subject.account_ids), Deed.KEEP,
        why="guarded",
    ),
)  # fmt: skip
