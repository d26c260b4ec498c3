"""What an account used and was not billed yet: numbers, computed anew each day."""

from __future__ import annotations

from billing.accruals.models import Unbilled
from tenancy import subjects
from tenancy.subjects import Deed, Holding

subjects.hold(
    Holding(
        "accruals_unbilled", {"en": "Not billed yet", "zh-hans": "未出账电费"},
        lambda subject: Unbilled.objects.filter(account_id__in=subject.account_ids), Deed.REMOVE,
    )
)  # fmt: skip
