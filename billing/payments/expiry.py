"""Payments and bank statements are vouchers; what a provider wrote is not."""

from __future__ import annotations

from typing import Any

from billing.payments.models import ProviderEvent
from tenancy import batches, retention
from tenancy.retention import Rule, Scope

USUAL_MONTHS = 24


def _events(scope: Scope) -> Any:
    return ProviderEvent.objects.filter(received_at__lt=scope.instant, state__in=("done", "ignored"))


retention.register(
    Rule(
        name="payments", titles={"en": "Payments and bank statements", "zh-hans": "收款与银行流水"}, policy="vouchers",
        place=retention.BOOKS,
        stays={
            "en": "Vouchers of the sealed ledger: the database refuses to change or remove them.",
            "zh-hans": "属于已封存账簿的凭证，数据库拒绝更改或删除。",
        },
    )
)  # fmt: skip
retention.register(
    Rule(
        name="provider_messages", titles={"en": "Messages of payment providers", "zh-hans": "支付服务商通知"},
        usual=USUAL_MONTHS, count=lambda scope: batches.count(_events(scope), scope),
        expire=lambda scope: batches.remove(_events(scope), scope), place=retention.LETTERS,
    )
)  # fmt: skip
