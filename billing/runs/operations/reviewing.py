"""What a person decides between rating and issue: release, approve, hold, resume, rate anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db import transaction

from billing.invoices import operations as invoice_operations
from billing.invoices import queries as invoice_queries
from billing.runs import holds, limits, queries, reasons
from billing.runs.models import BillRun, BillRunItem
from kernel.errors import Conflict, gettext_noop
from tenants.customers import refusals

State, ItemState = BillRun.State, BillRunItem.State
RERATABLE = (ItemState.DRAFTED, ItemState.PARKED, ItemState.RELEASED, ItemState.HELD, ItemState.REFUSED)


class WrongItemState(Conflict):
    """The item is not where this step starts."""

    code = "item_wrong_state"
    template = gettext_noop("The bill of account {account} is in state “{state}”; this cannot be done now.")


class PersonNeeded(Conflict):
    """Above an amount it must be known who released a bill."""

    code = "release_needs_person"
    template = gettext_noop("The bill of account {account} is above {limit}; a person releases it, no program.")


class SamePerson(Conflict):
    """Above an amount a bill goes out only when a second person agrees."""

    code = "approver_released"
    template = gettext_noop("You released the bill of account {account} yourself; another person approves it.")


class StillHeld(Conflict):
    """The account itself is held."""

    code = "account_still_held"
    template = gettext_noop("Account {account} is held: {note} Lift that first.")


@transaction.atomic
def release(*, item_id: int, at: dt.datetime, by: Any = None) -> BillRunItem:
    """This will let a parked bill be issued as it is; above the approval limit it then waits for another person.

    Raises WrongItemState when it has no draft or is not parked, PersonNeeded above the limit without ``by``.
    """
    item = _locked(item_id, (ItemState.PARKED,))
    if item.draft_id is None:
        raise WrongItemState(account=item.account.number, state=item.get_state_display())
    rules = limits.of_retailer().of_kind(item.account.customer.kind)
    item.released_by, item.approved_by = by, None
    if item.total is None or not rules.needs_approval(item.total):
        return _move(item, ItemState.DRAFTED, at, released=True)
    if by is None:
        currency = invoice_queries.draft(draft_id=item.draft_id).currency
        raise PersonNeeded(account=item.account.number, limit=f"{rules.approval_above:f} {currency}")
    return _move(item, ItemState.RELEASED, at, released=True)


@transaction.atomic
def approve(*, item_id: int, by: Any, at: dt.datetime) -> BillRunItem:
    """This will let a released bill above the limit be issued; raises WrongItemState, or SamePerson."""
    item = _locked(item_id, (ItemState.RELEASED,))
    item.approved_by = by
    with refusals.named({"runs_billrunitem_approved_by_another": SamePerson(account=item.account.number)}):
        return _move(item, ItemState.DRAFTED, at)


@transaction.atomic
def send_back(*, item_id: int, note: str, at: dt.datetime) -> BillRunItem:
    """This will take a release back: the bill is parked again with the approver's note."""
    item = _locked(item_id, (ItemState.RELEASED,))
    item.released_by = None
    item.reason, item.reason_params = reasons.SENT_BACK, {"note": note}
    return _move(item, ItemState.PARKED, at, released=False)


@transaction.atomic
def hold(*, item_id: int, note: str, at: dt.datetime) -> BillRunItem:
    """This will keep a bill back until a person resumes it; raises WrongItemState when it is issued or cancelled."""
    item = _locked(item_id, (ItemState.WAITING, *RERATABLE))
    item.reason, item.reason_params = reasons.HELD, {"note": note}
    return _move(item, ItemState.HELD, at)


@transaction.atomic
def resume(*, item_id: int, at: dt.datetime) -> BillRunItem:
    """This will give a held bill back to the run: to its brakes when it has a draft, else to be rated.

    What the brakes found before it was held must still be released. Raises WrongItemState, or StillHeld while the
    account is held.
    """
    run = _locked_run(items=item_id)
    item = _locked(item_id, (ItemState.HELD,))
    note = holds.of_accounts(account_ids=[item.account_id], on=at.date()).get(item.account_id)
    if note is not None:
        raise StillHeld(account=item.account.number, note=note)
    if item.draft_id is not None:
        first: dict[str, Any] = item.brakes[0] if item.brakes and not item.released else {"code": "", "params": {}}
        item.reason, item.reason_params = first["code"], first["params"]
        return _move(item, ItemState.PARKED if first["code"] else ItemState.DRAFTED, at)
    item.reason, item.reason_params = "", {}
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
        state=ItemState.WAITING,
        reason="",
        reason_params={},
        brakes=[],
        watch={},
        released=False,
        released_by=None,
        approved_by=None,
        draft=None,
        changed_at=at,
    )
    invoice_operations.discard_drafts(draft_ids=drafts)
    if claimed:
        _reopen(run)
    return len(claimed)


def _locked_run(**which: int) -> BillRun | None:
    """The run before its items, as everywhere."""
    return BillRun.objects.filter(**which).select_for_update(of=("self",)).first()


def _reopen(run: BillRun | None) -> None:
    if run is not None and run.state in {State.REVIEW, State.DONE}:
        run.state = State.RATING
        run.save(update_fields=["state"])


def _locked(item_id: int, states: Collection[str]) -> BillRunItem:
    locked = BillRunItem.objects.select_for_update(of=("self",)).select_related("account__customer")
    item = locked.filter(pk=item_id).first()
    if item is None:
        raise queries.NotFound(what=queries.ITEM, name=str(item_id))
    if item.state not in states:
        raise WrongItemState(account=item.account.number, state=item.get_state_display())
    return item


def _move(item: BillRunItem, state: str, at: dt.datetime, *, released: bool | None = None) -> BillRunItem:
    item.state, item.changed_at = state, at
    if released is not None:
        item.released = released
    fields = ["state", "changed_at", "released", "released_by", "approved_by", "reason", "reason_params"]
    item.save(update_fields=fields)
    return item
