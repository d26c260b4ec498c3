"""Changes of supply orders: asked for once, never sent out of their legal time, ended once, every step written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from kernel.errors import Conflict, NotFound, gettext_noop
from tenants.customers import refusals
from tenants.service import queries
from tenants.service.kinds import OPEN_STATES, OrderKind, OrderReason, OrderState
from tenants.service.models import SupplyOrder, SupplyOrderEvent

FINAL_NOTICE = "final_notice"
LEGAL_TIMES_BIND = (OrderReason.ARREARS, OrderReason.PREPAYMENT)
"""Reasons for which the market's blackout days and hours hold; safety and the customer's own wish know none."""


class WrongOrderState(Conflict):
    """The order is not where this step starts."""

    code = "supply_order_wrong_state"
    template = gettext_noop("Supply order {order} is {state}; this cannot be done now.")


class OrderOpen(Conflict):
    """There is an order of that kind already."""

    code = "supply_order_open"
    template = gettext_noop("Supply point {supply_point} has an open order of that kind; end it first.")


class NotYet(Conflict):
    """The time before which the order must not be sent has not come."""

    code = "supply_order_too_early"
    template = gettext_noop("Supply order {order} must not be sent before {earliest}.")


class NotLegalNow(Conflict):
    """The market forbids stopping supply at this time."""

    code = "supply_stop_forbidden_now"
    template = gettext_noop("Supply must not be stopped now ({hindrances}). Send the order again when it is allowed.")


class FinalNoticeMissing(Conflict):
    """The last notice was not given, or not long enough ago."""

    code = "supply_final_notice_missing"
    template = gettext_noop("Give the last notice first, {hours} hours before supply order {order} is sent.")


class StopUnderWay(Conflict):
    """The order to stop is at the field; it must be reported before supply is resumed."""

    code = "supply_stop_under_way"
    template = gettext_noop("The order to stop supply point {supply_point} is under way; report it first.")


class ReportedTooEarly(Conflict):
    """What was reported happened before the order was sent."""

    code = "supply_report_before_dispatch"
    template = gettext_noop("Supply order {order} was sent at {dispatched}; nothing can have been done before.")


@transaction.atomic
def request(
    *,
    kind: str,
    reason: str,
    supply_point_id: int,
    account_id: int,
    request_key: str,
    earliest_at: dt.datetime,
    at: dt.datetime,
    promised_until: dt.datetime | None = None,
    calculation: Mapping[str, Any] | None = None,
    by: str = "",
) -> SupplyOrder:
    """This will ask the field to stop or resume supply; the same ``request_key`` gives the same order again.

    ``calculation`` is why it is allowed, shown to whoever sends it. Raises OrderOpen while another order of
    the kind is open at the supply point.
    """
    known = SupplyOrder.objects.filter(request_key=request_key).first()
    if known is not None:
        return known
    with refusals.named(
        {"service_order_open_once": OrderOpen(supply_point=queries.identifier_of(supply_point_id=supply_point_id))}
    ):
        made = SupplyOrder.objects.create(
            kind=kind,
            reason=reason,
            supply_point_id=supply_point_id,
            account_id=account_id,
            request_key=request_key,
            requested_at=at,
            earliest_at=earliest_at,
            promised_until=promised_until,
            calculation=dict(calculation or {}),
        )
    _note(made, OrderState.REQUESTED, at, by, {"earliest_at": earliest_at})
    return made


@dataclass(frozen=True, slots=True)
class NewStop:
    """A stop to ask for; the same ``request_key`` gives the same order again."""

    supply_point_id: int
    account_id: int
    request_key: str
    earliest_at: dt.datetime
    calculation: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def request_stops(*, stops: Sequence[NewStop], reason: str, at: dt.datetime, by: str = "") -> list[SupplyOrder]:
    """This will ask the field to stop supply at many supply points, in a few statements; return the orders by key.

    Those at which an open stop stands already get none: it may be another account's.
    """
    if not stops:
        return []
    keys = [each.request_key for each in stops]
    known = set(SupplyOrder.objects.filter(request_key__in=keys).values_list("request_key", flat=True))
    SupplyOrder.objects.bulk_create(
        (
            SupplyOrder(
                kind=OrderKind.STOP,
                reason=reason,
                supply_point_id=each.supply_point_id,
                account_id=each.account_id,
                request_key=each.request_key,
                requested_at=at,
                earliest_at=each.earliest_at,
                calculation=dict(each.calculation),
            )
            for each in stops
            if each.request_key not in known
        ),
        ignore_conflicts=True,
    )
    made = list(SupplyOrder.objects.filter(request_key__in=keys).order_by("pk"))
    _note_many(
        [(order, {"earliest_at": order.earliest_at}) for order in made if order.request_key not in known],
        OrderState.REQUESTED, at, by,
    )  # fmt: skip
    return made


@transaction.atomic
def give_final_notices(*, order_ids: Collection[int], at: dt.datetime, by: str = "") -> int:
    """This will write down for many stops that wait that their customers were told for the last time; return how many.

    Those told before, or no longer waiting, are left as they are.
    """
    waiting = SupplyOrder.objects.filter(
        pk__in=order_ids, state=OrderState.REQUESTED, final_notice_at__isnull=True
    ).order_by("pk")
    told = list(waiting.select_for_update())
    SupplyOrder.objects.filter(pk__in=[order.pk for order in told]).update(final_notice_at=at)
    _note_many([(order, {}) for order in told], FINAL_NOTICE, at, by)
    return len(told)


@transaction.atomic
def give_final_notice(*, order_id: int, at: dt.datetime, by: str = "") -> SupplyOrder:
    """This will write down that the customer was told for the last time; the first time counts."""
    order = _locked(order_id, (OrderState.REQUESTED,))
    if order.final_notice_at is None:
        order.final_notice_at = at
        order.save(update_fields=["final_notice_at"])
        _note(order, FINAL_NOTICE, at, by, {})
    return order


@transaction.atomic
def dispatch(*, order_id: int, at: dt.datetime, by: str = "") -> SupplyOrder:
    """This will hand the order to the field.

    Raises NotYet, NotLegalNow or FinalNoticeMissing for a stop that is not due, StopUnderWay for a resumption
    whose stop is not reported yet, WrongOrderState.
    """
    order = _locked(order_id, (OrderState.REQUESTED,))
    _require_due(order, at)
    order.state, order.dispatched_at = OrderState.DISPATCHED, at
    order.save(update_fields=["state", "dispatched_at"])
    _note(order, OrderState.DISPATCHED, at, by, {})
    return order


@transaction.atomic
def report(
    *,
    order_id: int,
    done: bool,
    happened_at: dt.datetime,
    evidence: Mapping[str, Any],
    at: dt.datetime,
    by: str = "",
) -> SupplyOrder:
    """This will end a dispatched order as done or failed at ``happened_at``, with what the field reported.

    A stop that failed takes along the order to resume it. Raises ReportedTooEarly, WrongOrderState.
    """
    order = _locked(order_id, (OrderState.DISPATCHED,))
    if order.dispatched_at is not None and happened_at < order.dispatched_at:
        raise ReportedTooEarly(order=order.pk, dispatched=f"{order.dispatched_at:%Y-%m-%d %H:%M}", where="happened_at")
    order.evidence = dict(evidence)
    _end(order, OrderState.DONE if done else OrderState.FAILED, happened_at, by, {"evidence": order.evidence})
    if not done:
        _drop_needless_resumption(order, at, by)
    return order


@transaction.atomic
def cancel(*, order_id: int, at: dt.datetime, note: str = "", by: str = "") -> SupplyOrder:
    """This will take an order back; one that was dispatched only when the field confirms it. Raises WrongOrderState."""
    order = _locked(order_id, OPEN_STATES)
    _end(order, OrderState.CANCELLED, at, by, {"note": note})
    _drop_needless_resumption(order, at, by)
    return order


@transaction.atomic
def lift(*, account_id: int, reason: str, at: dt.datetime, since: dt.datetime, by: str = "") -> list[SupplyOrder]:
    """This will undo what was ordered against an account for one reason, once the reason is gone.

    Stops that wait are cancelled; for stops that are at the field or were carried out, supply is to be resumed
    by ``since`` (when the reason went) and the market's hours. Returns the orders changed or made; a second
    call finds nothing to do.
    """
    changed = [
        cancel(order_id=order.pk, at=at, note="lifted", by=by)
        for order in _of_reason(account_id, reason).filter(kind=OrderKind.STOP, state=OrderState.REQUESTED)
    ]
    under_way = list(_of_reason(account_id, reason).filter(kind=OrderKind.STOP, state=OrderState.DISPATCHED))
    stopped = [order for order in queries.stopped_points(account_ids=[account_id]).values() if order.reason == reason]
    open_resumptions = set(
        queries.open_orders(account_ids=[account_id], kind=OrderKind.RESUME).values_list("supply_point_id", flat=True)
    )
    for order in [*under_way, *stopped]:
        if order.supply_point_id not in open_resumptions:
            changed.append(_resume(order, at, since, by))
    return changed


def _resume(stop: SupplyOrder, at: dt.datetime, since: dt.datetime, by: str) -> SupplyOrder:
    return request(
        kind=OrderKind.RESUME,
        reason=stop.reason,
        supply_point_id=stop.supply_point_id,
        account_id=stop.account_id,
        request_key=f"resume after {stop.pk}, {_attempts_after(stop)}",
        earliest_at=at,
        promised_until=since + queries.stop_rules().reconnect,
        calculation={"stop": stop.pk, "since": since},
        at=at,
        by=by,
    )


def _attempts_after(stop: SupplyOrder) -> int:
    return SupplyOrder.objects.filter(
        supply_point_id=stop.supply_point_id, kind=OrderKind.RESUME, pk__gt=stop.pk
    ).count()


def _require_due(order: SupplyOrder, at: dt.datetime) -> None:
    if at < order.earliest_at:
        raise NotYet(order=order.pk, earliest=f"{order.earliest_at:%Y-%m-%d %H:%M} UTC")
    if order.kind == OrderKind.RESUME:
        _require_no_stop_under_way(order)
        return
    if order.reason not in LEGAL_TIMES_BIND:
        return
    notice = queries.stop_rules().final_notice
    if notice and (order.final_notice_at is None or at < order.final_notice_at + notice):
        raise FinalNoticeMissing(order=order.pk, hours=int(notice.total_seconds()) // 3600)
    found = queries.hindrances(supply_point=order.supply_point, at=at)
    if found:
        raise NotLegalNow(hindrances=", ".join(found))


def _require_no_stop_under_way(order: SupplyOrder) -> None:
    under_way = SupplyOrder.objects.filter(
        supply_point_id=order.supply_point_id, kind=OrderKind.STOP, state=OrderState.DISPATCHED
    )
    if under_way.exists():
        raise StopUnderWay(supply_point=order.supply_point.identifier)


def _drop_needless_resumption(order: SupplyOrder, at: dt.datetime, by: str) -> None:
    if order.kind != OrderKind.STOP:
        return
    if order.supply_point_id in queries.stopped_points(account_ids=[order.account_id]):
        return
    waiting = SupplyOrder.objects.filter(
        supply_point_id=order.supply_point_id, kind=OrderKind.RESUME, state=OrderState.REQUESTED, reason=order.reason
    )
    for resumption in waiting.select_for_update():
        _end(resumption, OrderState.CANCELLED, at, by, {"note": "never stopped"})


def _of_reason(account_id: int, reason: str) -> Any:
    return SupplyOrder.objects.filter(account_id=account_id, reason=reason)


def _end(order: SupplyOrder, state: OrderState, ended_at: dt.datetime, by: str, details: Mapping[str, Any]) -> None:
    order.state, order.ended_at = state, ended_at
    order.save(update_fields=["state", "ended_at", "evidence"])
    _note(order, state, ended_at, by, details)


def _note(order: SupplyOrder, what: str, at: dt.datetime, by: str, details: Mapping[str, Any]) -> None:
    SupplyOrderEvent.objects.create(order=order, what=str(what), at=at, by=by, details=dict(details))


def _note_many(orders: Sequence[tuple[SupplyOrder, Mapping[str, Any]]], what: str, at: dt.datetime, by: str) -> None:
    SupplyOrderEvent.objects.bulk_create(
        SupplyOrderEvent(order=order, what=str(what), at=at, by=by, details=dict(details)) for order, details in orders
    )


def _locked(order_id: int, states: tuple[OrderState, ...]) -> SupplyOrder:
    order = (
        SupplyOrder.objects.select_for_update(of=("self",))
        .select_related("supply_point__premises", "account")
        .filter(pk=order_id)
        .first()
    )
    if order is None:
        raise NotFound(what=queries.SUPPLY_ORDER, name=str(order_id))
    if order.state not in states:
        raise WrongOrderState(order=order.pk, state=order.get_state_display())
    return order
