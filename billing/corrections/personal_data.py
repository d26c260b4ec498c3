"""Corrections of bills are part of the books; while one is open nobody is erased."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from billing.corrections.models import Correction
from kernel.errors import gettext_noop
from tenancy import retention, subjects
from tenancy.subjects import Deed, Holding, Objection, Subject

UNDER_WAY = gettext_noop("A correction of a bill is open ({count}): close it first.")


def objections(subject: Subject, on: dt.date) -> Iterator[Objection]:
    """This will name corrections that are not closed."""
    count = Correction.objects.filter(account_id__in=subject.account_ids, closed_at__isnull=True).count()
    if count:
        yield Objection("correction_open", UNDER_WAY, {"count": count})


def _needed() -> retention.Held:
    accounts = Correction.objects.filter(closed_at__isnull=True).values_list("account_id", flat=True)
    return retention.Held(accounts=frozenset(accounts))


retention.need("corrections", _needed)
subjects.object_with("corrections", objections)
subjects.hold(
    Holding(
        "corrections_correction", {"en": "Corrections of bills", "zh-hans": "账单更正"},
        lambda subject: Correction.objects.filter(account_id__in=subject.account_ids), Deed.KEEP, why="books",
        words=subjects.texts_marked("note"),
    )
)  # fmt: skip
