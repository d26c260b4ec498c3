"""Disconnection for arrears: checked against the market's rule, ordered only when legal, told once more before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from billing.arrears import stop_checks, words
from billing.arrears.disconnection import Check
from billing.arrears.models import Case, CaseEvent
from billing.arrears.operations import history
from billing.arrears.stop_checks import Evidence
from kernel.errors import Conflict, gettext_noop
from tenancy import context
from tenants.service import operations as service_operations
from tenants.service import queries as service_queries
from tenants.service.kinds import OrderKind, OrderReason, OrderState
from tenants.service.operations import NewStop

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
    Case.objects.select_for_update().get(pk=case.pk)
    evidence = Evidence(cases=[case], on=on)
    found = evidence.check(case)
    if not found.legal:
        raise StopNotLegal(conditions=", ".join(each.code for each in found.conditions if not each.met))
    return request_stops(found=[(case, found)], evidence=evidence, at=at, by=by)


def request_stops(
    *, found: Sequence[tuple[Case, Check]], evidence: Evidence, at: dt.datetime, by: Any = None
) -> list[Any]:
    """This will order stops for many cases whose checks are met, in a few statements; return the orders.

    Supply points that are stopped already, or that have an open order to be, get none.
    """
    if not found:
        return []
    accounts = [case.account_id for case, _check in found]
    points = {point.pk for account in accounts for point in evidence.points.get(account, ())}
    busy = service_queries.points_ordered(supply_point_ids=points, kind=OrderKind.STOP)
    busy |= set(service_queries.stopped_points(account_ids=accounts))
    attempts = service_queries.stops_of(account_ids=accounts)
    stops: list[NewStop] = []
    for case, check in found:
        for point in evidence.points.get(case.account_id, ()):
            if point.pk not in busy:
                attempts[case.account_id] = attempts.get(case.account_id, 0) + 1
                stops.append(_stop(case, point, check, attempts[case.account_id], at))
    return service_operations.request_stops(stops=stops, reason=OrderReason.ARREARS, at=at, by=words.name_of(by))


@transaction.atomic
def prepare_stops(*, at: dt.datetime) -> int:
    """This will give the last notice for every stop that is due and not yet told; return how many were told.

    Nobody is told at an hour at which supply must not be stopped anyway. As many statements for thousands as for one.
    """
    waiting = service_queries.open_orders(kind=OrderKind.STOP).filter(
        state=OrderState.REQUESTED, reason=OrderReason.ARREARS, final_notice_at__isnull=True
    )
    notice = service_queries.stop_rules().final_notice
    due = waiting.filter(earliest_at__lte=at + notice) if notice else waiting.none()
    outbox, told = words.Outbox(), []
    for order in due.select_for_update(of=("self",)):
        if service_queries.hindrances(supply_point=order.supply_point, at=at + notice):
            continue
        outbox.add(
            account_id=order.account_id,
            template=FINAL_NOTICE,
            reference=f"supply order {order.pk} last notice",
            channel="sms",
            hours=int(notice.total_seconds()) // 3600,
            supply_point=order.supply_point.identifier,
        )
        told.append(order.pk)
    outbox.send(at=at)
    return service_operations.give_final_notices(order_ids=told, at=at) if told else 0


@transaction.atomic
def note_authority_copy(*, case_id: int, on: dt.date, at: dt.datetime, by: Any) -> CaseEvent | None:
    """This will write down that the authority got a copy of the notice of disconnection for an important user."""
    case = Case.objects.get(pk=case_id)
    return history.add(
        case, stop_checks.AUTHORITY, key=f"{case.due_since} {stop_checks.AUTHORITY}", on=on, at=at, by=by
    )


def _stop(case: Case, point: Any, found: Check, attempt: int, at: dt.datetime) -> NewStop:
    first = at
    if found.earliest is not None:
        zone = ZoneInfo(point.premises.time_zone)
        first = max(at, dt.datetime.combine(found.earliest, dt.time.min, zone))
    return NewStop(
        supply_point_id=point.pk,
        account_id=case.account_id,
        request_key=f"arrears case {case.pk} point {point.pk}, {attempt}",
        earliest_at=service_queries.next_allowed(supply_point=point, after=first) or first + UNKNOWN_CALENDAR,
        calculation={**found.as_json(), "case": case.pk, "market": context.current_retailer().market},
    )


UNKNOWN_CALENDAR = dt.timedelta(days=366)
"""An order whose calendar ends waits; it is not sent before somebody has given the new holidays."""
