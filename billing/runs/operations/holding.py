"""Keeps an account's bills back, whatever run they come in, and lets them go again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from billing.runs import reasons
from billing.runs.models import AccountHold, BillRun, BillRunItem
from billing.runs.operations import driving, reviewing
from kernel.errors import Conflict, NotFound, gettext_noop
from tenants.customers import queries as customer_queries
from tenants.customers import refusals

ItemState = BillRunItem.State
HOLD = gettext_noop("hold")


class AlreadyHeld(Conflict):
    """One hold is enough."""

    code = "account_already_held"
    template = gettext_noop("Account {account} is held already.")


@transaction.atomic
def hold_account(
    *, account_id: int, note: str, at: dt.datetime, by: Any = None, until: dt.date | None = None
) -> AccountHold:
    """This will keep back every bill of the account that is not issued, and those to come, until it is lifted.

    With ``until`` it runs out by itself on that day. Raises NotFound or AlreadyHeld.
    """
    account = customer_queries.account_by_id(account_id=account_id)
    hold = AccountHold(account_id=account_id, note=note, placed_by=by, placed_at=at, until=until)
    with refusals.named({"runs_hold_account_once": AlreadyHeld(account=account.number)}):
        hold.save()
    states = (ItemState.DRAFTED, ItemState.PARKED, ItemState.RELEASED)
    BillRunItem.objects.filter(account_id=account_id, state__in=states).exclude(
        run__state__in=(BillRun.State.DONE, BillRun.State.CANCELLED)
    ).update(
        state=ItemState.HELD, reason=reasons.ACCOUNT_HELD, reason_params={"note": note}, released=False, changed_at=at
    )
    return hold


@transaction.atomic
def lift_hold(*, account_id: int, at: dt.datetime) -> int:
    """This will lift the account's hold and have what it kept back rated anew; returns how many bills.

    Raises NotFound when there is none.
    """
    lifted = AccountHold.objects.filter(account_id=account_id, lifted_at__isnull=True).update(lifted_at=at)
    if not lifted:
        raise NotFound(what=HOLD, name=str(account_id))
    return _let_go([account_id], at)


@transaction.atomic
def lift_expired(*, on: dt.date, at: dt.datetime) -> int:
    """This will lift the holds that have run out by ``on``; returns how many."""
    ran_out = AccountHold.objects.filter(lifted_at__isnull=True, until__lte=on).select_for_update(skip_locked=True)
    accounts = list(ran_out.values_list("account_id", flat=True))
    AccountHold.objects.filter(account_id__in=accounts, lifted_at__isnull=True).update(lifted_at=at)
    _let_go(accounts, at)
    return len(accounts)


def _let_go(account_ids: list[int], at: dt.datetime) -> int:
    held = BillRunItem.objects.filter(
        account_id__in=account_ids, state=ItemState.HELD, reason=reasons.ACCOUNT_HELD
    ).exclude(run__state__in=(BillRun.State.DONE, BillRun.State.CANCELLED))
    by_run: dict[int, list[int]] = {}
    for run_id, pk in held.order_by("run_id").values_list("run_id", "pk"):
        by_run.setdefault(run_id, []).append(pk)
    for run_id, items in by_run.items():
        reviewing.rerate(run_id=run_id, at=at, item_ids=items)
        driving.begin(run=BillRun.objects.get(pk=run_id))
    return sum(len(items) for items in by_run.values())
