"""Disconnection for arrears: checked against the market's rule, ordered only when legal, told once more before it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from billing.arrears import stop_checks, words
from billing.arrears.disconnection import Check
from billing.arrears.models import Case, CaseEvent
from billing.arrears.operations import history
from kernel.errors import Conflict, gettext_noop
from tenancy import context
from tenants.service import operations as service_operations
from tenants.service import queries as service_queries
from tenants.service.kinds import OrderKind, OrderReason, OrderState

FINAL_NOTICE = "stop_final_notice"


class StopNotLegal(Conflict):
    """Not every condition of the market's rule is met."""

    code = "stop_not_legal"
    template = gettext_noop("Supply must not be stopped yet; not met: {conditions}.")


@transaction.atomic
def request_stop(*, case: Case, on: dt.date, at: dt.datetime, by: Any = None) -> list[Any]:
    """This will order that supply be stopped at every supply point of a case's account; return the orders.

    The calculation goes with each order, and the first instant at which the market allows it. Raises StopNotLegal
    with what is not met; nothing is ordered then.
    """
    found = stop_checks.check(case=case, on=on)
    points = service_queries.supply_points_of(account_id=case.account_id, on=on)
    if not found.legal:
        raise StopNotLegal(conditions=", ".join(each.code for each in found.conditions if not each.met))
    stopped = service_queries.stopped_points(account_ids=[case.account_id])
    waiting = service_queries.open_orders(account_ids=[case.account_id], kind=OrderKind.STOP)
    busy = set(waiting.values_list("supply_point_id", flat=True)) | set(stopped)
    return [_order(case, point, found, at, by) for point in points if point.pk not in busy]


@transaction.atomic
def prepare_stops(*, at: dt.datetime) -> int:
    """This will give the last notice for every stop that is due and not yet told; return how many were told.

    Nobody is told at an hour at which supply must not be stopped anyway.
    """
    waiting = service_queries.open_orders(kind=OrderKind.STOP).filter(
        state=OrderState.REQUESTED, reason=OrderReason.ARREARS, final_notice_at__isnull=True
    )
    notice = service_queries.stop_rules().final_notice
    due = waiting.filter(earliest_at__lte=at + notice) if notice else waiting.none()
    told = 0
    for order in due.select_for_update(of=("self",)):
        if service_queries.hindrances(supply_point=order.supply_point, at=at + notice):
            continue
        words.send(
            account_id=order.account_id,
            template=FINAL_NOTICE,
            reference=f"supply order {order.pk} last notice",
            at=at,
            channel="sms",
            hours=int(notice.total_seconds()) // 3600,
            supply_point=order.supply_point.identifier,
        )
        service_operations.give_final_notice(order_id=order.pk, at=at)
        told += 1
    return told


@transaction.atomic
def note_authority_copy(*, case_id: int, on: dt.date, at: dt.datetime, by: Any) -> CaseEvent | None:
    """This will write down that the authority got a copy of the notice of disconnection for an important user."""
    case = Case.objects.get(pk=case_id)
    return history.add(
        case, stop_checks.AUTHORITY, key=f"{case.due_since} {stop_checks.AUTHORITY}", on=on, at=at, by=by
    )


def _order(case: Case, point: Any, found: Check, at: dt.datetime, by: Any) -> Any:
    first = at
    if found.earliest is not None:
        zone = ZoneInfo(point.premises.time_zone)
        first = max(at, dt.datetime.combine(found.earliest, dt.time.min, zone))
    attempt = service_queries.orders(account_id=case.account_id, kind=OrderKind.STOP).count() + 1
    return service_operations.request(
        kind=OrderKind.STOP,
        reason=OrderReason.ARREARS,
        supply_point_id=point.pk,
        account_id=case.account_id,
        request_key=f"arrears case {case.pk} point {point.pk}, {attempt}",
        earliest_at=service_queries.next_allowed(supply_point=point, after=first) or first + UNKNOWN_CALENDAR,
        calculation={**found.as_json(), "case": case.pk, "market": context.current_retailer().market},
        at=at,
        by=words.name_of(by),
    )


UNKNOWN_CALENDAR = dt.timedelta(days=366)
"""An order whose calendar ends waits; it is not sent before somebody has given the new holidays."""
