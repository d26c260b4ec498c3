"""Many decisions at once: what would be released is shown first, and exactly that is released or nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.runs import queries
from billing.runs.models import BillRunItem
from billing.runs.operations import reviewing
from kernel.errors import Conflict, Invalid, gettext_noop

MOST_AT_ONCE = 1000


class PreviewOutdated(Conflict):
    """Between the preview and the word a bill changed."""

    code = "preview_outdated"
    template = gettext_noop("The bills changed since they were shown; nothing was released. Look again.")


class TooMany(Invalid):
    """So many bills are not looked at one by one."""

    code = "too_many_at_once"
    template = gettext_noop("{count} bills are more than the {most} that are released at once; filter them.")


@dataclass(frozen=True, slots=True)
class Preview:
    """What a bulk release would let go: the items, their sums by currency, and a mark of exactly this state."""

    items: Sequence[BillRunItem]
    left_out: int
    totals: dict[str, Decimal]
    mark: str


def preview_release(*, item_ids: Sequence[int]) -> Preview:
    """This will show which of the items can be released; what has no draft or is not parked is left out.

    Raises TooMany.
    """
    if len(item_ids) > MOST_AT_ONCE:
        raise TooMany(count=len(item_ids), most=MOST_AT_ONCE)
    found = list(
        queries.exceptions(state="parked").filter(pk__in=item_ids, draft__isnull=False).order_by("account__number")
    )
    totals: dict[str, Decimal] = {}
    for item in found:
        totals[item.account.currency] = totals.get(item.account.currency, Decimal(0)) + (item.total or 0)
    return Preview(found, len(set(item_ids)) - len(found), totals, _mark(found))


@transaction.atomic
def release_many(*, item_ids: Sequence[int], mark: str, by: Any, at: dt.datetime) -> int:
    """This will release exactly what ``preview_release`` showed under ``mark``, or nothing.

    Returns how many. Raises TooMany, PreviewOutdated, and what ``release`` raises.
    """
    locked = BillRunItem.objects.filter(pk__in=item_ids).order_by("pk").select_for_update()
    list(locked.values_list("pk", flat=True))
    shown = preview_release(item_ids=item_ids)
    if shown.mark != mark:
        raise PreviewOutdated
    for item in shown.items:
        reviewing.release(item_id=item.pk, at=at, by=by)
    return len(shown.items)


def _mark(items: Sequence[BillRunItem]) -> str:
    state = sorted(f"{item.pk}:{item.draft_id}:{item.total}:{item.state}" for item in items)
    return hashlib.sha256("|".join(state).encode()).hexdigest()[:32]
