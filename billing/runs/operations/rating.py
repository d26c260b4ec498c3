"""The first phase: gather, rate, store the drafts with the versions they used, chunk by chunk."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import InterfaceError, OperationalError, transaction

from billing.invoices import operations as invoice_operations
from billing.invoices.drafts import DraftPart, NewDraft
from billing.runs import brakes, gathering, history, outcomes, queries, rated, reasons
from billing.runs.gathering import Plan
from billing.runs.models import BillRun, BillRunItem, RatedSection
from billing.runs.rated import RatedPart
from kernel.errors import GridhallError, gettext_noop
from markets import packs
from tenancy import context
from tenants.customers import date_ranges

ItemState = BillRunItem.State
CHUNK = 200
PARKED_CODES = {rated.ReadingsMissing.code, history.EarlierBillOpen.code, "rating_not_ready"}
"""What time or an import can heal: a person sees it beside the implausible bills; the rest is refused."""

logger = logging.getLogger(__name__)


class NothingSupplied(GridhallError):
    """The account answered for nothing in the period."""

    code = "nothing_supplied"
    template = gettext_noop("The account answered for no supply point in the period.")


@dataclass(frozen=True, slots=True)
class Rated:
    """What a chunk did; nothing at all means that nothing was left to claim."""

    drafted: int = 0
    parked: int = 0
    refused: int = 0

    @property
    def claimed(self) -> int:
        return self.drafted + self.parked + self.refused


@transaction.atomic
def rate_chunk(*, run_id: int, at: dt.datetime, limit: int = CHUNK) -> Rated:
    """This will rate up to ``limit`` waiting items of a run in one transaction; a run in another state is left alone.

    An implausible bill, or one that readings are missing for, is parked; one that cannot be rated is refused with
    its reason. A process that dies in here leaves everything as it was.
    """
    run = queries.run_by_id(run_id=run_id)
    if run.state != BillRun.State.RATING:
        return Rated()
    waiting = BillRunItem.objects.filter(run_id=run_id, state=ItemState.WAITING).order_by("pk")
    items = list(waiting.select_for_update(skip_locked=True)[:limit])
    if items:
        _rate_safely(items, at)
    states = [item.state for item in items]
    return Rated(*(states.count(state) for state in (ItemState.DRAFTED, ItemState.PARKED, ItemState.REFUSED)))


def _rate_safely(items: Sequence[BillRunItem], at: dt.datetime) -> None:
    """Rate the items together; when that fails altogether, one by one, so that one account does not stop a run."""
    try:
        with transaction.atomic():
            _rate(items, at)
    except (OperationalError, InterfaceError):
        raise
    except Exception as failure:
        if len(items) > 1:
            for item in items:
                _rate_safely([item], at)
            return
        if not isinstance(failure, GridhallError):
            logger.exception("Bill run item %s could not be rated", items[0].pk)
        _set_aside(items[0], failure)
        outcomes.write(items=items, at=at, attempts=1)


def _rate(items: Sequence[BillRunItem], at: dt.datetime) -> None:
    period = date_ranges.to_period(items[0].period)
    made = gathering.plan(items=items, period=period)
    parts = rated.rate(made=made, read=gathering.read(made))
    by_item: dict[int, list[RatedPart]] = {}
    for part in sorted(parts, key=lambda each: (each.section.supply_point.identifier, each.section.place)):
        by_item.setdefault(part.section.item_id, []).append(part)
    limits = brakes.Limits.of_policy(packs.pack(context.current_retailer().market).policies["brakes"])
    for item in items:
        refusal = made.refusals.get(item.pk) or (None if by_item.get(item.pk) else NothingSupplied())
        if refusal is not None:
            by_item.pop(item.pk, None)
            _set_aside(item, refusal)
        else:
            _judge(item, by_item[item.pk], made, limits)
    _store(items, by_item, at)


def _set_aside(item: BillRunItem, refusal: Exception) -> None:
    item.reason, item.reason_params = reasons.of_error(refusal)
    item.state = ItemState.PARKED if item.reason in PARKED_CODES else ItemState.REFUSED
    item.draft_id, item.total, item.energy_wh = None, None, None


def _judge(item: BillRunItem, parts: Sequence[RatedPart], made: Plan, limits: brakes.Limits) -> None:
    item.total = sum((part.bill.total for part in parts), Decimal(0))
    item.energy_wh = sum(part.past.energy_wh for part in parts)
    doubt = brakes.doubt_about(
        total=item.total, supplies=_supplies(parts, made), period_days=made.period.days, limits=limits
    )
    item.state = ItemState.PARKED if doubt else ItemState.DRAFTED
    item.reason, item.reason_params = (doubt.code, dict(doubt.params)) if doubt else ("", {})


def _supplies(parts: Sequence[RatedPart], made: Plan) -> list[brakes.Supply]:
    by_point: dict[int, list[RatedPart]] = {}
    for part in parts:
        by_point.setdefault(part.section.supply_point.pk, []).append(part)
    supplies = []
    for held in by_point.values():
        days, energy = made.history.usual(held[0].section)
        supplies.append(
            brakes.Supply(
                identifier=held[0].section.supply_point.identifier,
                days=sum(part.section.period.days for part in held),
                energy_wh=sum(part.past.energy_wh for part in held),
                feed_in_wh=sum(part.feed_in_wh for part in held),
                history_days=days,
                history_wh=energy,
                metered=any(part.metered for part in held),
            )
        )
    return supplies


def _store(items: Sequence[BillRunItem], by_item: Mapping[int, Sequence[RatedPart]], at: dt.datetime) -> None:
    rated_items = [item for item in items if item.pk in by_item]
    drafts = [_draft(item, by_item[item.pk]) for item in rated_items]
    keys = invoice_operations.store_drafts(drafts=drafts, created_at=at) if drafts else []
    for item, key in zip(rated_items, keys, strict=True):
        item.draft_id = key
    RatedSection.objects.filter(item__in=items).delete()
    RatedSection.objects.bulk_create(_kept(part) for parts in by_item.values() for part in parts)
    outcomes.write(items=items, at=at, attempts=1)


def _draft(item: BillRunItem, parts: Sequence[RatedPart]) -> NewDraft:
    period = date_ranges.to_period(item.period)
    return NewDraft(
        account_id=item.account_id,
        supply_period=period,
        currency=parts[0].bill.currency,
        total=item.total if item.total is not None else Decimal(0),
        parts=[_draft_part(part) for part in parts],
        versions={"parts": [dict(part.used) for part in parts]},
        run_item=item.pk,
    )


def _draft_part(part: RatedPart) -> DraftPart:
    section = part.section
    return DraftPart(
        supply_point_id=section.supply_point.pk,
        identifier=section.supply_point.identifier,
        address=section.supply_point.premises.address,
        period=section.period,
        product_titles=section.version.product.titles,
        product_version_id=section.version.pk,
        bill=part.bill.as_document(),
        slices=[each.period for each in section.slices],
        usage=part.usage,
    )


def _kept(part: RatedPart) -> RatedSection:
    used: Any = gathering.as_text(part.past.used)
    return RatedSection(
        item_id=part.section.item_id,
        supply_point_id=part.section.supply_point.pk,
        period=date_ranges.of_period(part.section.period),
        used=used,
        carried=gathering.as_text(part.past.carried),
        energy_wh=part.past.energy_wh,
    )
