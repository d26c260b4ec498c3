"""Charges and add-ons of an account: numbers, part of its bills."""

from __future__ import annotations

from billing.charges.models import AccountCharge, AddOn
from tenancy import subjects
from tenancy.subjects import Deed, Holding

subjects.hold_many(
    Holding(
        "charges_addon", {"en": "Add-ons", "zh-hans": "附加服务"},
        lambda subject: AddOn.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="contract",
    ),
    Holding(
        "charges_accountcharge", {"en": "Charges", "zh-hans": "费用"},
        lambda subject: AccountCharge.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="books",
        words=subjects.texts_marked("cancel_reason"),
    ),
)  # fmt: skip
