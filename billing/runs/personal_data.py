"""How an account was billed: notes and stated facts go, what the bills rest on stays."""

from __future__ import annotations

from billing.runs.models import AccountFact, AccountHold, BillRunItem, LotAccount
from tenancy import subjects
from tenancy.subjects import Deed, Holding

subjects.hold_many(
    Holding(
        "runs_accounthold", {"en": "Holds of billing", "zh-hans": "暂停出账"},
        lambda subject: AccountHold.objects.filter(account_id__in=subject.account_ids), Deed.REMOVE,
    ),
    Holding(
        "runs_accountfact", {"en": "Facts stated for the account", "zh-hans": "账户计费事实"},
        lambda subject: AccountFact.objects.filter(account_id__in=subject.account_ids), Deed.REMOVE,
    ),
    Holding(
        "runs_lotaccount", {"en": "Lot of the billing cycle", "zh-hans": "所属批次"},
        lambda subject: LotAccount.objects.filter(account_id__in=subject.account_ids), Deed.REMOVE,
    ),
    Holding(
        "runs_billrunitem", {"en": "Bills as they were made", "zh-hans": "出账记录"},
        lambda subject: BillRunItem.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="books",
    ),
)  # fmt: skip
