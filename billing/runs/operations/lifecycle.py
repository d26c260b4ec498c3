"""A run from its first item to its last: select, move on when a phase is through, close."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import Max

from billing.invoices import operations as invoice_operations
from billing.runs import queries, schedules, selection
from billing.runs.models import BillingLot, BillRun, BillRunItem
from kernel.errors import Conflict, Invalid, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges, refusals

State, ItemState = BillRun.State, BillRunItem.State
FIRST_OF_MONTH = 1
ITEMS_AT_ONCE = 10_000
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


class LotRunExists(Conflict):
    """The lot's period has its run."""

    code = "lot_run_exists"
    template = gettext_noop("Lot {lot} has a run for {start} to {end} already.")


class RunHeld(Conflict):
    """A person holds the run; nothing of it is rated or issued."""

    code = "run_held"
    template = gettext_noop("Bill run {number} is held: {note}")


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
    return _create(BillRun(period=date_ranges.of_period(period), title=title, created_at=at), period, at, account_ids)


@transaction.atomic
def create_lot_run(*, lot: BillingLot, period: Period, at: dt.datetime) -> BillRun:
    """This will make the run of a lot's period, to be issued on the lot's billing day.

    The months of the period are rated one by one. Raises LotRunExists or NothingToBill.
    """
    run = BillRun(
        lot=lot,
        period=date_ranges.of_period(period),
        cut_off_day=lot.cycle.cut_off_day,
        planned_for=schedules.billing_day(lot=lot, period=period),
        created_at=at,
    )
    bounds = {"start": period.start.isoformat(), "end": period.last.isoformat()}
    with refusals.named({"runs_billrun_lot_period_once": LotRunExists(lot=lot.code, **bounds)}):
        return _create(run, period, at, queries.accounts_of_lot(lot=lot))


@transaction.atomic
def create_single_run(
    *, account_id: int, period: Period, within: Period, cut_off_day: int | None, at: dt.datetime, final: bool
) -> BillRun:
    """This will make a run of one account for ``period``, shared by days as a part of ``within``; raises NothingToBill.

    ``cut_off_day`` is that of the account's cycle; None: calendar months.
    """
    run = BillRun(
        kind=BillRun.Kind.FINAL if final else BillRun.Kind.SINGLE,
        period=date_ranges.of_period(within),
        cut_off_day=cut_off_day or FIRST_OF_MONTH,
        created_at=at,
    )
    return _create(run, period, at, [account_id])


def _create(run: BillRun, period: Period, at: dt.datetime, account_ids: Collection[int] | None) -> BillRun:
    """Store the run with its items, which bill ``period``: all of the run's, or a part of it."""
    run.number = (BillRun.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    run.state = State.PREPARING
    with refusals.named({"runs_billrun_number_unique": AnotherStarted(number=run.number)}):
        run.save()
    if not _add_items(run, period, at, account_ids):
        raise NothingToBill(start=period.start.isoformat(), end=period.last.isoformat())
    run.state = State.RATING
    run.save(update_fields=["state"])
    return run


@transaction.atomic
def hold_run(*, run_id: int, note: str, at: dt.datetime) -> BillRun:
    """This will let nothing of the run be rated or issued until it is resumed; chunks under way end first."""
    run = _locked(run_id)
    if run.state in {State.DONE, State.CANCELLED}:
        raise WrongState(number=run.number, state=run.get_state_display(), needed=State.REVIEW.label)
    run.held_at, run.hold_note = run.held_at or at, note
    run.save(update_fields=["held_at", "hold_note"])
    return run


@transaction.atomic
def resume_run(*, run_id: int) -> BillRun:
    """This will let the run go on; one that is not held is left as it is."""
    run = _locked(run_id)
    run.held_at, run.hold_note = None, ""
    run.save(update_fields=["held_at", "hold_note"])
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
    if run.held_at is not None:
        raise RunHeld(number=run.number, note=run.hold_note)
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
    elif any(counts.get(state) for state in queries.FOR_REVIEW):
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


def _add_items(run: BillRun, period: Period, at: dt.datetime, account_ids: Collection[int] | None) -> int:
    days = selection.to_bill(period=period, account_ids=account_ids)
    BillRunItem.objects.bulk_create(
        (
            BillRunItem(
                run=run,
                account_id=account_id,
                period=date_ranges.of_period(part),
                state=ItemState.WAITING,
                changed_at=at,
            )
            for account_id, part in days.items()
        ),
        ignore_conflicts=True,
        batch_size=ITEMS_AT_ONCE,
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
