"""Wakes parked bills when what they wait for is there: a run heals as its readings come in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from django.db.models import Q

from billing.runs import history, queries, rated, readings, used_versions
from billing.runs.models import AccountFact, BillRun, BillRunItem
from billing.runs.operations import driving, judging, reviewing
from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.customers import queries as customer_queries
from tenants.tariffs import indices

ItemState = BillRunItem.State
OPEN = (BillRun.State.RATING, BillRun.State.REVIEW, BillRun.State.ISSUING)
CHUNK = 2000


def wake(*, at: dt.datetime, limit: int = CHUNK) -> int:
    """This will send parked bills back to rating whose readings, index or earlier bill have come; returns how many.

    Sets, not single bills: one look at the versions of the readings of all of a period. Nothing has come: nothing is
    written. Bills that wait longest are looked at first.
    """
    parked = (
        BillRunItem.objects.filter(state=ItemState.PARKED, run__state__in=OPEN, run__held_at__isnull=True)
        .filter(~Q(watch={}) | Q(reason__in=(judging.NOT_READY, history.EarlierBillOpen.code)))
        .select_related("run")
        .order_by("changed_at", "pk")[:limit]
    )
    ready: dict[int, list[int]] = {}
    for period, items in used_versions.by_period(parked).items():
        for item in _ready(items, period, at):
            ready.setdefault(item.run_id, []).append(item.pk)
    for run_id, item_ids in sorted(ready.items()):
        reviewing.rerate(run_id=run_id, at=at, item_ids=item_ids)
        driving.begin(run=queries.run_by_id(run_id=run_id))
    return sum(len(item_ids) for item_ids in ready.values())


def _ready(items: Sequence[BillRunItem], period: Period, at: dt.datetime) -> Iterable[BillRunItem]:
    changed = _readings_changed([item for item in items if item.watch.get("points")], period)
    not_ready = [item for item in items if item.reason == judging.NOT_READY]
    published = _published(not_ready, period) | _stated(not_ready)
    unblocked = _unblocked([item for item in items if item.reason == history.EarlierBillOpen.code])
    return [item for item in items if item.pk in changed | published | unblocked or _due(item, at)]


def _due(item: BillRunItem, at: dt.datetime) -> bool:
    """Whether its lot's billing day has come since: small gaps are filled from then on."""
    day = item.run.planned_for
    if day is None or item.reason != rated.ReadingsMissing.code:
        return False
    return item.changed_at.date() < day <= at.date()


def _readings_changed(items: Sequence[BillRunItem], period: Period) -> set[int]:
    """Those whose readings are not the ones they were judged by."""
    points = {point for item in items for point in item.watch["points"]}
    if not points:
        return set()
    zones = customer_queries.zones_of(supply_point_ids=points)
    now = readings.versions_of(points=((point, ZoneInfo(zone)) for point, zone in zones.items()), period=period)
    return {item.pk for item in items if _now(item, now) != item.watch.get("readings", {})}


def _now(item: BillRunItem, now: Mapping[int, Mapping[int, str]]) -> dict[str, str]:
    return {str(key): version for point in item.watch["points"] for key, version in now.get(point, {}).items()}


def _published(items: Sequence[BillRunItem], period: Period) -> set[int]:
    """Those whose index covers the period now."""
    codes = {item.reason_params.get("name", "") for item in items if item.reason_params.get("kind") == "index"}
    found = indices.publications(codes=codes, period=period) if codes else {}
    covered = {code for code, publication in found.items() if publication.covered}
    return {item.pk for item in items if item.reason_params.get("name") in covered}


def _stated(items: Sequence[BillRunItem]) -> set[int]:
    """Those of which a fact was stated since."""
    asking = [item for item in items if item.reason_params.get("kind") == "fact"]
    stated = AccountFact.objects.filter(account_id__in=[item.account_id for item in asking]) if asking else ()
    at = {(fact.account_id, fact.name): fact.stated_at for fact in stated}
    keys = {item.pk: (item.account_id, item.reason_params.get("name", "")) for item in asking}
    return {item.pk for item in asking if keys[item.pk] in at and at[keys[item.pk]] >= item.changed_at}


def _unblocked(items: Sequence[BillRunItem]) -> set[int]:
    """Those of whose account no earlier bill is open any more."""
    accounts = [item.account_id for item in items]
    still = BillRunItem.objects.filter(account_id__in=accounts, state__in=queries.OPEN_STATES)
    blocking: dict[int, list[Period]] = {}
    for account_id, period in still.values_list("account_id", "period"):
        blocking.setdefault(account_id, []).append(date_ranges.to_period(period))
    return {
        item.pk
        for item in items
        if not any(each.end <= item.period.lower for each in blocking.get(item.account_id, ()))
    }
