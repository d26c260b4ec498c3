"""Requests of people themselves: that they asked and what was done stays, their words and files go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from kernel.errors import gettext_noop
from tenancy import retention, subjects
from tenancy.subjects import Deed, Holding, Objection, Subject
from tenants.protection.models import DataRequest, LegalHold

HELD = gettext_noop("A legal hold stands since {day}: {reason}")


def objections(subject: Subject, on: dt.date) -> Iterator[Objection]:
    """This will name the legal hold."""
    for hold in LegalHold.objects.filter(customer_id=subject.customer_id, lifted_at__isnull=True):
        yield Objection("legal_hold", HELD, {"day": f"{hold.placed_at:%F}", "reason": hold.reason})


def _needed() -> retention.Held:
    customers = LegalHold.objects.filter(lifted_at__isnull=True).values_list("customer_id", flat=True)
    return retention.Held(customers=frozenset(customers))


retention.need("protection", _needed)
subjects.object_with("protection", objections)
subjects.hold_many(
    Holding(
        "protection_datarequest", {"en": "Requests about own data", "zh-hans": "个人信息请求"},
        lambda subject: DataRequest.objects.filter(customer_id=subject.customer_id), Deed.BLANK,
        blank=lambda row: {"reason": subjects.marked(row.reason), "wanted": None},
        hidden=frozenset({"work", "certificate"}),
    ),
    Holding(
        "protection_legalhold", {"en": "Legal holds", "zh-hans": "法律保全"},
        lambda subject: LegalHold.objects.filter(customer_id=subject.customer_id), Deed.BLANK,
        blank=lambda row: {"reason": subjects.MARK},
    ),
)  # fmt: skip
