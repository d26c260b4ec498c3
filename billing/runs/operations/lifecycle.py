"""A run from its first item to its last: select, move on when a phase is through, close."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Max

from billing.invoices import operations as invoice_operations
from billing.runs import queries
from billing.runs.models import BillRun, BillRunItem
from kernel.errors import Conflict, Invalid, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges, refusals
from tenants.customers import queries as customer_queries

State, ItemState = BillRun.State, BillRunItem.State
LATEST_BILLING = dt.timedelta(days=3 * 366)
"""So long after the last day supplied a bill may still be dated; corrections of some years back are made."""


class NothingToBill(Conflict):
    """Every account of the period is billed already, or there is none."""

    code = "nothing_to_bill"
    template = gettext_noop("No account is left to bill for {start} to {end}.")


class AnotherStarted(Conflict):
    """Two people started a run in the same moment."""

    code = "run_number_taken"
    template = gettext_noop("Another bill run took the number {number} in this moment; try again.")


class WrongState(Conflict):
    """The run is not where this step starts."""

    code = "run_wrong_state"
    template = gettext_noop("Bill run {number} is in state “{state}”; this needs “{needed}”.")


class BillingDateImplausible(Invalid):
    """The date to stand on the invoices is before the supply, or years after it."""

    code = "billing_date_implausible"
    template = gettext_noop("{date} cannot be the date of these bills; choose a day soon after the period.")


class AlreadyIssued(Conflict):
    """Invoices of the run are out; a run is cancelled only before that."""

    code = "run_already_issued"
    template = gettext_noop("Bill run {number} has issued {count} invoices and cannot be cancelled.")


@transaction.atomic
def create_run(*, period: Period, at: dt.datetime, title: str = "", account_ids: list[int] | None = None) -> BillRun:
    """This will make a run with one waiting item for each account to bill in ``period``, ready to be rated.

    An account whose days are in another run already is left out; two runs at once cannot take the same one, the
    database sees to it. Raises NothingToBill.
    """
    number = (BillRun.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    run = BillRun(
        number=number, period=date_ranges.of_period(period), title=title, state=State.PREPARING, created_at=at
    )
    with refusals.named({"runs_billrun_number_unique": AnotherStarted(number=number)}):
        run.save()
    if not _add_items(run, period, at, account_ids):
        raise NothingToBill(start=period.start.isoformat(), end=period.end.isoformat())
    run.state = State.RATING
    run.save(update_fields=["state"])
    return run


@transaction.atomic
def finish_rating(*, run_id: int) -> BillRun:
    """This will move the run to review when no item waits any more; asked again it changes nothing."""
    run = _locked(run_id)
    if run.state == State.RATING and not queries.waiting_count(run_id=run_id):
        run.state = State.REVIEW
        run.save(update_fields=["state"])
    return run


@transaction.atomic
def start_issuing(*, run_id: int, billing_date: dt.date) -> BillRun:
    """This will open the second phase: every drafted item is to be issued with ``billing_date``.

    Raises WrongState, or BillingDateImplausible: a slip of the pen would stand on frozen invoices and open a
    number series of another year.
    """
    run = _locked(run_id)
    _require(run, State.REVIEW)
    period = date_ranges.to_period(run.period)
    if not period.start <= billing_date < period.end + LATEST_BILLING:
        raise BillingDateImplausible(where="billing_date", date=billing_date.isoformat())
    run.state, run.billing_date = State.ISSUING, billing_date
    run.save(update_fields=["state", "billing_date"])
    return run


@transaction.atomic
def finish_issuing(*, run_id: int, at: dt.datetime) -> BillRun:
    """This will move the run on when no draft is left: to rating what was sent back, to review, or to done."""
    run = _locked(run_id)
    if run.state != State.ISSUING:
        return run
    counts = queries.progress(run=run).counts
    if counts.get(ItemState.DRAFTED):
        return run
    if counts.get(ItemState.WAITING):
        run.state = State.RATING
    elif any(counts.get(state) for state in (ItemState.PARKED, ItemState.HELD, ItemState.REFUSED)):
        run.state = State.REVIEW
    else:
        run.state, run.finished_at = State.DONE, at
    run.save(update_fields=["state", "finished_at"])
    return run


@transaction.atomic
def close_run(*, run_id: int, at: dt.datetime) -> BillRun:
    """This will end a reviewed run: what was not issued is cancelled and can be billed in a later run."""
    run = _locked(run_id)
    _require(run, State.REVIEW)
    _cancel_open_items(run, at)
    run.state, run.finished_at = State.DONE, at
    run.save(update_fields=["state", "finished_at"])
    return run


@transaction.atomic
def cancel_run(*, run_id: int, at: dt.datetime) -> BillRun:
    """This will cancel a run of which nothing is issued; raises AlreadyIssued or WrongState."""
    run = _locked(run_id)
    if run.state in {State.DONE, State.CANCELLED}:
        raise WrongState(number=run.number, state=run.get_state_display(), needed=State.REVIEW.label)
    _cancel_open_items(run, at)  # waits for a chunk that is being issued, which is counted then
    issued = BillRunItem.objects.filter(run=run, state=ItemState.ISSUED).count()
    if issued:
        raise AlreadyIssued(number=run.number, count=issued)
    run.state, run.finished_at = State.CANCELLED, at
    run.save(update_fields=["state", "finished_at"])
    return run


def _add_items(run: BillRun, period: Period, at: dt.datetime, account_ids: list[int] | None) -> int:
    accounts = customer_queries.accounts_occupied_in(period=period)
    if account_ids is not None:
        accounts = accounts.filter(pk__in=account_ids)
    taken = BillRunItem.objects.exclude(state=ItemState.CANCELLED).filter(period__overlap=run.period)
    free = accounts.exclude(pk__in=taken.values("account_id")).values_list("pk", flat=True)
    BillRunItem.objects.bulk_create(
        (BillRunItem(run=run, account_id=pk, period=run.period, state=ItemState.WAITING, changed_at=at) for pk in free),
        ignore_conflicts=True,
    )
    return BillRunItem.objects.filter(run=run).count()


def _cancel_open_items(run: BillRun, at: dt.datetime) -> None:
    items = BillRunItem.objects.filter(run=run, state__in=queries.OPEN_STATES)
    claimed = list(items.select_for_update().values_list("pk", "draft_id"))
    drafts = [draft_id for _pk, draft_id in claimed if draft_id is not None]
    BillRunItem.objects.filter(pk__in=[pk for pk, _draft_id in claimed]).update(
        state=ItemState.CANCELLED, draft=None, changed_at=at
    )
    invoice_operations.discard_drafts(draft_ids=drafts)


def _require(run: BillRun, state: str) -> None:
    if run.state != state:
        raise WrongState(number=run.number, state=run.get_state_display(), needed=State(state).label)


def _locked(run_id: int) -> BillRun:
    queries.run_by_id(run_id=run_id)
    return BillRun.objects.select_for_update().get(pk=run_id)
