"""Reads of supply orders: what is open, what is stopped, and which promise was not kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet

from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from markets import packs, working_days
from tenancy import context
from tenants.customers import queries as customer_queries
from tenants.service import legal_times
from tenants.service.kinds import OPEN_STATES, OrderKind, OrderState
from tenants.service.models import SupplyOrder, SupplyOrderEvent

SUPPLY_ORDER = gettext_noop("supply order")
DISCONNECTION = "disconnection"


def orders(
    *, kind: str = "", state: str = "", search: str = "", account_id: int | None = None
) -> QuerySet[SupplyOrder]:
    """This will list orders, the latest first, with supply point, premises, account and customer."""
    found = SupplyOrder.objects.select_related("supply_point__premises", "account__customer").order_by("-pk")
    if kind:
        found = found.filter(kind=kind)
    if state:
        found = found.filter(state=state)
    if account_id is not None:
        found = found.filter(account_id=account_id)
    if search.strip():
        words = search.strip()
        found = found.filter(
            Q(supply_point__identifier__istartswith=words)
            | Q(account__number__istartswith=words)
            | Q(account__customer__name__holds=words)
        )
    return found


def order(*, order_id: int) -> SupplyOrder:
    """This will return the order with supply point, account and customer; raises NotFound."""
    found = orders().filter(pk=order_id).first()
    if found is None:
        raise NotFound(what=SUPPLY_ORDER, name=str(order_id))
    return found


def events(*, order: SupplyOrder) -> list[SupplyOrderEvent]:
    """This will return the steps of an order, the first first."""
    return list(order.events.order_by("pk"))


def open_orders(*, account_ids: Collection[int] | None = None, kind: str = "") -> QuerySet[SupplyOrder]:
    """This will list orders that are requested or dispatched."""
    found = orders(kind=kind).filter(state__in=OPEN_STATES)
    return found if account_ids is None else found.filter(account_id__in=account_ids)


def stopped_points(*, account_ids: Collection[int] | None = None) -> dict[int, SupplyOrder]:
    """This will return the order by which each supply point without supply was stopped, in one query."""
    found = SupplyOrder.objects.filter(state=OrderState.DONE)
    if account_ids is not None:
        points = SupplyOrder.objects.filter(account_id__in=account_ids).values("supply_point_id")
        found = found.filter(supply_point_id__in=points)
    last = found.order_by("supply_point_id", "-ended_at", "-pk").distinct("supply_point_id")
    stopped = {each.supply_point_id: each for each in last if each.kind == OrderKind.STOP}
    if account_ids is None:
        return stopped
    return {point: each for point, each in stopped.items() if each.account_id in set(account_ids)}


def stops_of(*, account_ids: Collection[int]) -> dict[int, int]:
    """This will count the stops that were ever ordered, by account; those without any are left out."""
    found = SupplyOrder.objects.filter(account_id__in=account_ids, kind=OrderKind.STOP).values_list("account_id")
    return dict(found.annotate(count=Count("pk")).order_by())


def breaches(*, at: dt.datetime) -> QuerySet[SupplyOrder]:
    """This will list orders to resume supply that were carried out, or still are not, after the promised time."""
    late = Q(state__in=OPEN_STATES, promised_until__lt=at)
    was_late = Q(state=OrderState.DONE, ended_at__gt=F("promised_until"))
    return orders(kind=OrderKind.RESUME).filter(late | was_late)


def stop_rules() -> legal_times.StopRules:
    """This will return what the company's market asks before supply is stopped."""
    market = packs.pack(context.current_retailer().market)
    return legal_times.of_policy(market.policies[DISCONNECTION])


def hindrances(*, supply_point: Any, at: dt.datetime) -> tuple[str, ...]:
    """This will name what forbids stopping supply there at an instant; nothing when it is allowed."""
    days, zone = _place(supply_point)
    return legal_times.hindrances(at=at, zone=zone, rules=stop_rules(), days=days)


def next_allowed(*, supply_point: Any, after: dt.datetime) -> dt.datetime | None:
    """This will return the first instant from ``after`` on at which supply there may be stopped."""
    days, zone = _place(supply_point)
    return legal_times.next_allowed(after=after, zone=zone, rules=stop_rules(), days=days)


def supply_points_of(*, account_id: int, on: dt.date) -> list[Any]:
    """This will return the supply points the account answers for on a day."""
    found = customer_queries.accounts().filter(pk=account_id).first()
    return customer_queries.supply_points_of_account(account=found, on=on) if found else []


def supply_points_of_many(*, account_ids: Collection[int], on: dt.date) -> dict[int, list[Any]]:
    """This will return the supply points that accounts answer for on a day, by account and identifier.

    In one statement; accounts without any are left out.
    """
    found: dict[int, list[Any]] = {}
    day = Period(on, on + dt.timedelta(days=1))
    for held in customer_queries.occupancies_in(period=day, account_ids=account_ids):
        found.setdefault(held.account_id, []).append(held.supply_point)
    return found


def points_ordered(*, supply_point_ids: Collection[int], kind: str) -> set[int]:
    """This will return which of the supply points have an open order of a kind, whoever's account it is."""
    found = SupplyOrder.objects.filter(supply_point_id__in=supply_point_ids, kind=kind, state__in=OPEN_STATES)
    return set(found.values_list("supply_point_id", flat=True))


def identifier_of(*, supply_point_id: int) -> str:
    """This will return the number of a supply point, or nothing when it is not there."""
    return (
        customer_queries.supply_points().filter(pk=supply_point_id).values_list("identifier", flat=True).first() or ""
    )


def _place(supply_point: Any) -> tuple[working_days.WorkingDays, ZoneInfo]:
    market = packs.pack(context.current_retailer().market)
    region = supply_point.premises.region
    return market.day_kinds(region if region in market.regions else None), ZoneInfo(supply_point.premises.time_zone)
