"""Reads of what waits for a person: bills set aside in any run, and what is kept back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from billing.runs import holds
from billing.runs.models import AccountHold, BillRun, BillRunItem
from billing.runs.queries.runs import FOR_REVIEW

ItemState = BillRunItem.State
_ENDED = (BillRun.State.DONE, BillRun.State.CANCELLED)


def exceptions(
    *, state: str = "", code: str = "", search: str = "", run_number: int | None = None, least: Decimal | None = None
) -> QuerySet[BillRunItem]:
    """This will list the items of open runs that wait for a person, the oldest run first.

    ``code`` meets any brake of an item, not only its first; ``least`` only bills of at least so much.
    """
    found = (
        BillRunItem.objects.filter(state__in=(state,) if state in FOR_REVIEW else FOR_REVIEW)
        .exclude(run__state__in=_ENDED)
        .select_related("run", "account__customer", "released_by")
        .order_by("run__number", "pk")
    )
    if code:
        found = found.filter(Q(brakes__contains=[{"code": code}]) | Q(reason=code))
    if run_number is not None:
        found = found.filter(run__number=run_number)
    if least is not None:
        found = found.filter(total__gte=least)
    if search.strip():
        words = search.strip()
        found = found.filter(Q(account__number__istartswith=words) | Q(account__customer__name__holds=words))
    return found


def exception_counts() -> dict[str, int]:
    """This will count what waits for a person by its first reason, the most frequent first."""
    rows = exceptions().order_by().values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason")
    return dict(rows)


def held_accounts(*, on: dt.date) -> QuerySet[AccountHold]:
    """This will list the accounts whose bills a person keeps back, with why and since when."""
    return holds.active(on=on).order_by("-placed_at")


def is_billing_held(*, account_ids: Collection[int], on: dt.date) -> set[int]:
    """This will return those of the accounts whose bill is kept back: reminders rest for them.

    An account is held by a person, or has a bill in an open run that is held or in doubt (parked, to be approved).
    """
    doubted = BillRunItem.objects.filter(
        account_id__in=account_ids, state__in=(ItemState.HELD, ItemState.PARKED, ItemState.RELEASED)
    ).exclude(run__state__in=_ENDED)
    rested = BillRunItem.objects.filter(account_id__in=account_ids, run__held_at__isnull=False).exclude(
        Q(state__in=(ItemState.ISSUED, ItemState.CANCELLED)) | Q(run__state__in=_ENDED)
    )
    return (
        set(holds.of_accounts(account_ids=account_ids, on=on))
        | set(doubted.values_list("account_id", flat=True))
        | set(rested.values_list("account_id", flat=True))
    )
