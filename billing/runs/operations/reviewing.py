"""What a person decides between rating and issue: release, hold, resume, rate anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from billing.invoices import operations as invoice_operations
from billing.invoices import queries as invoice_queries
from billing.runs import queries, reasons
from billing.runs.models import BillRun, BillRunItem
from kernel.errors import Conflict, gettext_noop

State, ItemState = BillRun.State, BillRunItem.State
RERATABLE = (ItemState.DRAFTED, ItemState.PARKED, ItemState.HELD, ItemState.REFUSED)


class WrongItemState(Conflict):
    """The item is not where this step starts."""

    code = "item_wrong_state"
    template = gettext_noop("The bill of account {account} is in state “{state}”; this cannot be done now.")


class NotCredited(Conflict):
    """Days are billed anew only when their invoice was taken back."""

    code = "invoice_in_force"
    template = gettext_noop("The invoice of account {account} is in force; credit it first.")


@transaction.atomic
def release(*, item_id: int, at: dt.datetime) -> BillRunItem:
    """This will let a parked bill be issued as it is; raises WrongItemState when it has no draft or is not parked."""
    item = _locked(item_id, (ItemState.PARKED,))
    if item.draft_id is None:
        raise WrongItemState(account=item.account.number, state=item.get_state_display())
    return _move(item, ItemState.DRAFTED, at, released=True)


@transaction.atomic
def hold(*, item_id: int, note: str, at: dt.datetime) -> BillRunItem:
    """This will keep a bill back until a person resumes it; raises WrongItemState when it is issued or cancelled."""
    item = _locked(item_id, (ItemState.WAITING, *RERATABLE))
    item.reason, item.reason_params = reasons.HELD, {"note": note}
    return _move(item, ItemState.HELD, at)


@transaction.atomic
def resume(*, item_id: int, at: dt.datetime) -> BillRunItem:
    """This will give a held bill back to the run: for issue when it has a draft, else to be rated."""
    run = _locked_run(items=item_id)
    item = _locked(item_id, (ItemState.HELD,))
    item.reason, item.reason_params = "", {}
    if item.draft_id is not None:
        return _move(item, ItemState.DRAFTED, at, released=True)
    _reopen(run)
    return _move(item, ItemState.WAITING, at)


@transaction.atomic
def rerate(*, run_id: int, at: dt.datetime, item_ids: Collection[int] | None = None, reason: str = "") -> int:
    """This will send bills back to be rated from present readings: those named, or all with ``reason``.

    Returns how many; what is issued stays. The run is open for rating again when there is one.
    """
    run = _locked_run(pk=run_id)
    items = BillRunItem.objects.filter(run=run, state__in=RERATABLE)
    if item_ids is not None:
        items = items.filter(pk__in=item_ids)
    if reason:
        items = items.filter(reason=reason)
    claimed = list(items.select_for_update().values_list("pk", "draft_id"))
    drafts = [draft_id for _pk, draft_id in claimed if draft_id is not None]
    BillRunItem.objects.filter(pk__in=[pk for pk, _draft_id in claimed]).update(
        state=ItemState.WAITING, reason="", reason_params={}, released=False, draft=None, changed_at=at
    )
    invoice_operations.discard_drafts(draft_ids=drafts)
    if claimed:
        _reopen(run)
    return len(claimed)


@transaction.atomic
def rebill(*, item_id: int, at: dt.datetime) -> BillRunItem:
    """This will give back the days of a credited bill, so that the next run bills them anew.

    Raises NotCredited while its invoice is in force.
    """
    item = _locked(item_id, (ItemState.ISSUED,))
    if invoice_queries.invoice_by_id(invoice_id=item.invoice_id or 0).reversed_by is None:
        raise NotCredited(account=item.account.number)
    return _move(item, ItemState.CANCELLED, at)


def _locked_run(**which: int) -> BillRun | None:
    """The run before its items, as everywhere."""
    return BillRun.objects.filter(**which).select_for_update(of=("self",)).first()


def _reopen(run: BillRun | None) -> None:
    if run is not None and run.state in {State.REVIEW, State.DONE}:
        run.state = State.RATING
        run.save(update_fields=["state"])


def _locked(item_id: int, states: Collection[str]) -> BillRunItem:
    item = BillRunItem.objects.select_for_update(of=("self",)).select_related("account").filter(pk=item_id).first()
    if item is None:
        raise queries.NotFound(what=queries.ITEM, name=str(item_id))
    if item.state not in states:
        raise WrongItemState(account=item.account.number, state=item.get_state_display())
    return item


def _move(item: BillRunItem, state: str, at: dt.datetime, *, released: bool | None = None) -> BillRunItem:
    item.state, item.changed_at = state, at
    if released is not None:
        item.released = released
    item.save(update_fields=["state", "changed_at", "released", "reason", "reason_params"])
    return item
