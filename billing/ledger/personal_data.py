"""The books name accounts, not people: postings stay."""

from __future__ import annotations

from billing.ledger.models import LedgerAccount, Posting
from tenancy import subjects
from tenancy.subjects import Deed, Holding

subjects.hold_many(
    Holding(
        "ledger_ledgeraccount", {"en": "Ledger accounts", "zh-hans": "分户账"},
        lambda subject: LedgerAccount.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="books",
    ),
    Holding(
        "ledger_posting", {"en": "Postings", "zh-hans": "记账分录"},
        lambda subject: Posting.objects.filter(ledger_account__account_id__in=subject.account_ids), Deed.KEEP,
        why="books",
    ),
)  # fmt: skip
