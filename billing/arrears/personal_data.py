"""What collecting holds of an account: notes, marks of hardship and sureties go; dated steps and money stay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Q

from billing.arrears.models import (
    AccountStanding,
    Case,
    CaseEvent,
    Deposit,
    Hold,
    InstalmentPlan,
    LateFee,
    Placement,
    Promise,
    Waiver,
    WriteOff,
)
from kernel.errors import gettext_noop
from tenancy import retention, subjects
from tenancy.subjects import Deed, Holding, Objection, Subject

DISPUTED = gettext_noop("A bill is disputed, or dunning is kept back by a person: end that first.")
CASE = gettext_noop("A dunning case is open: close it first.")
DEPOSIT = gettext_noop("A deposit or guarantee is held: give it back first.")


def _held_back(on: dt.date) -> Any:
    return Hold.objects.filter(Q(until__isnull=True) | Q(until__gte=on))


def objections(subject: Subject, on: dt.date) -> Iterator[Objection]:
    """This will name disputes, open cases and securities."""
    if _held_back(on).filter(account_id__in=subject.account_ids).exists():
        yield Objection("disputed", DISPUTED)
    if Case.objects.filter(account_id__in=subject.account_ids, closed_on__isnull=True).exists():
        yield Objection("case_open", CASE)
    if Deposit.objects.filter(account_id__in=subject.account_ids, ended_on__isnull=True).exists():
        yield Objection("deposit_held", DEPOSIT)


def _needed() -> retention.Held:
    """Accounts in dispute or in dunning, and those whose securities are held."""
    disputed = Hold.objects.filter(until__isnull=True).values_list("account_id", flat=True)
    cases = Case.objects.filter(closed_on__isnull=True).values_list("account_id", flat=True)
    deposits = Deposit.objects.filter(ended_on__isnull=True).values_list("account_id", flat=True)
    return retention.Held(accounts=frozenset({*disputed, *cases, *deposits}))


def _marked(name: str) -> Any:
    return lambda row: {name: subjects.MARK if getattr(row, name) else ""}


retention.need("arrears", _needed)
subjects.object_with("arrears", objections)
subjects.hold_many(
    Holding(
        "arrears_accountstanding", {"en": "Standing and protections", "zh-hans": "信用与保护标记"},
        lambda subject: AccountStanding.objects.filter(account_id__in=subject.account_ids), Deed.REMOVE,
    ),
    Holding(
        "arrears_hold", {"en": "Disputes and holds", "zh-hans": "争议与暂缓"},
        lambda subject: Hold.objects.filter(account_id__in=subject.account_ids), Deed.REMOVE,
    ),
    Holding(
        "arrears_deposit", {"en": "Deposits and guarantees", "zh-hans": "押金与担保"},
        lambda subject: Deposit.objects.filter(account_id__in=subject.account_ids), Deed.BLANK,
        blank=lambda row: {name: subjects.MARK if getattr(row, name) else "" for name in ("guarantor", "document")},
    ),
    Holding(
        "arrears_promise", {"en": "Promises to pay", "zh-hans": "付款承诺"},
        lambda subject: Promise.objects.filter(account_id__in=subject.account_ids), Deed.BLANK, blank=_marked("by"),
    ),
    Holding(
        "arrears_instalmentplan", {"en": "Instalment plans", "zh-hans": "分期计划"},
        lambda subject: InstalmentPlan.objects.filter(account_id__in=subject.account_ids), Deed.BLANK,
        blank=_marked("by"),
    ),
    Holding(
        "arrears_writeoff", {"en": "Write-offs", "zh-hans": "核销"},
        lambda subject: WriteOff.objects.filter(account_id__in=subject.account_ids), Deed.BLANK,
        blank=_marked("reason"),
    ),
    Holding(
        "arrears_waiver", {"en": "Waivers", "zh-hans": "违约金减免"},
        lambda subject: Waiver.objects.filter(account_id__in=subject.account_ids), Deed.BLANK, blank=_marked("reason"),
    ),
    Holding(
        "arrears_case", {"en": "Dunning cases", "zh-hans": "催费案件"},
        lambda subject: Case.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="guarded",
    ),
    Holding(
        "arrears_latefee",
        {"en": "Late fees", "zh-hans": "违约金"},
        lambda subject: LateFee.objects.filter(account_id__in=subject.account_ids),
        Deed.KEEP,
        why="books",
    ),
    Holding(
        "arrears_caseevent", {"en": "Steps of dunning", "zh-hans": "催费步骤"},
        lambda subject: CaseEvent.objects.filter(case__account_id__in=subject.account_ids), Deed.KEEP, why="guarded",
        words=lambda row, subject: {"by": subjects.role_of(row.by, subject)}, guarded=True,
    ),
    Holding(
        "arrears_placement", {"en": "Placed with an agency", "zh-hans": "委外催收"},
        lambda subject: Placement.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="guarded",
    ),
)  # fmt: skip
