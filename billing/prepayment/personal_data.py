"""Prepaid accounts: numbers and dates."""

from __future__ import annotations

from billing.prepayment.models import PrepaidAccount, PrepaymentEvent
from tenancy import subjects
from tenancy.subjects import Deed, Holding

subjects.hold_many(
    Holding(
        "prepayment_prepaidaccount", {"en": "Prepayment", "zh-hans": "预付费"},
        lambda subject: PrepaidAccount.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="guarded",
    ),
    Holding(
        "prepayment_prepaymentevent", {"en": "Steps of prepayment", "zh-hans": "预付费记录"},
        lambda subject: PrepaymentEvent.objects.filter(prepaid__account_id__in=subject.account_ids), Deed.KEEP,
        why="guarded", words=lambda row, subject: {"by": subjects.role_of(row.by, subject)}, guarded=True,
    ),
)  # fmt: skip
