"""Agreements name an account and a product, no person."""

from __future__ import annotations

from tenancy import subjects
from tenancy.subjects import Deed, Holding
from tenants.tariffs.models import Agreement

subjects.hold(
    Holding(
        "tariffs_agreement", {"en": "Agreements", "zh-hans": "套餐约定"},
        lambda subject: Agreement.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="contract",
    )
)  # fmt: skip
