"""The first phase: gather, rate, store the drafts with the versions they used, chunk by chunk."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, transaction

from billing.charges import operations as charge_operations
from billing.charges import queries as charge_queries
from billing.charges.models import AccountCharge
from billing.invoices import operations as invoice_operations
from billing.ledger import copying
from billing.runs import gathering, limits, outcomes, queries, rated, schedules, used_versions
from billing.runs.gathering import Plan
from billing.runs.models import BillRun, BillRunItem, RatedSection
from billing.runs.operations import drafting, gaps, judging
from billing.runs.rated import RatedPart
from billing.runs.readings import Readings
from kernel.errors import GridhallError, gettext_noop
from kernel.periods import Period
from tenants.customers import queries as customer_queries

ItemState = BillRunItem.State
CHUNK = 200

logger = logging.getLogger(__name__)


class NothingSupplied(GridhallError):
    """The account answered for nothing in the period, and nothing else is to be charged."""

    code = "nothing_supplied"
    template = gettext_noop("The account answered for no supply point in the period.")


@dataclass(frozen=True, slots=True)
class Rated:
    """What a chunk did; nothing at all means that nothing was left to claim."""

    drafted: int = 0
    parked: int = 0
    refused: int = 0
    held: int = 0

    @property
    def claimed(self) -> int:
        return self.drafted + self.parked + self.refused + self.held


@dataclass(frozen=True, slots=True)
class Work:
    """How a chunk is rated: the months its run bills together, when, and whether small gaps are filled already.

    Before the lot's billing day readings may still come; from then on nothing waits for a missing hour.
    """

    steps: Sequence[Period]
    at: dt.datetime
    fills_gaps: bool


@transaction.atomic
def rate_chunk(*, run_id: int, at: dt.datetime, limit: int = CHUNK) -> Rated:
    """This will rate up to ``limit`` waiting items of a run in one transaction; a run in another state is left alone.

    An implausible bill, or one that readings are missing for, is parked; one that cannot be rated is refused with
    its reason; one of a held account is kept back. A process that dies in here leaves everything as it was.
    """
    run = queries.run_by_id(run_id=run_id)
    if run.state != BillRun.State.RATING or run.held_at is not None:
        return Rated()
    waiting = BillRunItem.objects.filter(run_id=run_id, state=ItemState.WAITING).order_by("pk")
    claimed = waiting.select_for_update(skip_locked=True, of=("self",)).select_related("account__customer")
    items = list(claimed.defer(*(f"account__{each}" for each in customer_queries.CONTACTS))[:limit])
    work = Work(schedules.steps_of(run), at, run.planned_for is None or run.planned_for <= at.date())
    for period, alike in used_versions.by_period(items).items():
        _rate_safely(alike, period, work)
    states = [item.state for item in items]
    done = (ItemState.DRAFTED, ItemState.PARKED, ItemState.REFUSED, ItemState.HELD)
    return Rated(*(states.count(state) for state in done))


def _rate_safely(items: Sequence[BillRunItem], period: Period, work: Work) -> None:
    """Rate the items together; when that fails altogether, one by one, so that one account does not stop a run."""
    try:
        with transaction.atomic():
            made, read = _rate(items, period, work)
            if work.fills_gaps:
                filled = gaps.fill(items=items, made=made, read=read, rules=limits.of_retailer(), at=work.at)
                if filled:
                    _rate(filled, period, work)
    except (OperationalError, InterfaceError):
        raise
    except Exception as failure:
        if len(items) > 1:
            for item in items:
                _rate_safely([item], period, work)
            return
        if not isinstance(failure, GridhallError):
            logger.exception("Bill run item %s could not be rated", items[0].pk)
        judging.set_aside(items[0], failure)
        outcomes.write(items=items, at=work.at, attempts=1)


def _rate(items: Sequence[BillRunItem], period: Period, work: Work) -> tuple[Plan, Mapping[int, Readings]]:
    account_ids = [item.account_id for item in items]
    charge_operations.accrue(account_ids=account_ids, until=period.end, at=work.at)
    pending = charge_queries.pending(account_ids=account_ids, until=period.end)
    made = gathering.plan(items=items, period=period, steps=work.steps)
    read = gathering.read(made)
    by_item = _by_item(rated.rate(made=made, read=read))
    judge = judging.Judge.over(items=items, made=made, read=read, on=work.at.date())
    carried: dict[int, list[AccountCharge]] = {}
    for item in items:
        parts, charges = by_item.get(item.pk, []), pending.get(item.account_id, [])
        refusal = made.refusals.get(item.pk) or (None if parts or charges else NothingSupplied())
        if refusal is not None:
            by_item.pop(item.pk, None)
            judging.set_aside(item, refusal)
            item.watch = judge.watched(item)
        else:
            carried[item.pk] = charges
            judge.judge(item, parts, charges)
    _store(items, by_item, carried, work.at)
    return made, read


def _by_item(parts: Sequence[RatedPart]) -> dict[int, list[RatedPart]]:
    by_item: dict[int, list[RatedPart]] = {}
    for part in sorted(parts, key=lambda each: (each.section.supply_point.identifier, each.section.place)):
        by_item.setdefault(part.section.item_id, []).append(part)
    return by_item


def _store(
    items: Sequence[BillRunItem],
    by_item: Mapping[int, Sequence[RatedPart]],
    carried: Mapping[int, Sequence[AccountCharge]],
    at: dt.datetime,
) -> None:
    rated_items = [item for item in items if item.pk in carried]
    drafts = [drafting.draft_of(item, by_item.get(item.pk, ()), carried[item.pk]) for item in rated_items]
    keys = invoice_operations.store_drafts(drafts=drafts, created_at=at) if drafts else []
    for item, key in zip(rated_items, keys, strict=True):
        item.draft_id = key
    RatedSection.objects.filter(item__in=items).delete()
    copying.copy_rows(
        model=RatedSection,
        fields=drafting.KEPT,
        rows=(drafting.kept(part) for parts in by_item.values() for part in parts),
    )
    outcomes.write(items=items, at=at, attempts=1)
