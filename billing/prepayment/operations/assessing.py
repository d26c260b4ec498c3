"""The assessment: what is left of what was paid ahead, and the warning, stop or resumption that follows from it.

Each step is written down with its figures and happens once an episode, so that an assessment repeated at once, or by
two workers, changes nothing: the row is locked, and every order and message has a reference of the episode.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from billing.accruals import queries as accrual_queries
from billing.charges import queries as charge_queries
from billing.invoices import queries as invoice_queries
from billing.invoices import taxes
from billing.invoices import terms as invoice_terms
from billing.invoices.taxes import STANDARD, Taxable
from billing.invoices.wording import Wording
from billing.ledger import queries as ledger_queries
from billing.payments.providers import queries as provider_queries
from billing.payments.providers.queries import TopUp
from billing.prepayment import queries
from billing.prepayment.models import PrepaidAccount, PrepaymentEvent, State, What
from billing.prepayment.operations import topping_up
from billing.prepayment.positions import Position, Rules
from kernel.money import EXACT, Money, round_to_minor
from kernel.periods import midnight
from markets import packs
from tenancy import context
from tenants.notices import operations as notice_operations
from tenants.service import operations as service_operations
from tenants.service import queries as service_queries
from tenants.service.kinds import OrderKind, OrderReason, OrderState

LOW, USED_UP, RECOVERED = "prepayment_low", "prepayment_used_up", "prepayment_recovered"
NOTHING = Decimal(0)
UNTAXED = "none"
SECONDS_OF_HOUR = 3600


@dataclass(slots=True)
class Assessed:
    """How many accounts were looked at, and what followed."""

    looked_at: int = 0
    topped_up: int = 0
    warned: int = 0
    stops: int = 0
    recovered: int = 0


@transaction.atomic
def assess(*, account_ids: Sequence[int], on: dt.date, at: dt.datetime) -> Assessed:
    """This will assess prepaid accounts against their unbilled use; ``accruals`` should have rated them up to ``on``.

    An account with a top-up authority is topped up first. Warns at the market's days of use left, orders supply to be
    stopped before the limit is crossed (sent only when the market allows it, ``tenants.service``), and has it resumed
    once there is enough again.
    """
    rows = list(
        PrepaidAccount.objects.select_for_update(of=("self",))
        .select_related("account__customer")
        .filter(pk__in=account_ids)
        .exclude(state=State.ENDED)
        .order_by("pk")
    )
    found, rules, made = positions_of(rows=rows, on=on), queries.rules(), Assessed(looked_at=len(rows))
    agreed = provider_queries.top_ups(account_ids=[row.pk for row in rows], on=on)
    for row in rows:
        _keep(row, found[row.pk], at)
        _follow(_Looked(row, found[row.pk], on, at, agreed.get(row.pk)), rules, made)
    fields = ["state", "episode", "warned_days", "credit", "estimated_use", "daily_use", "available", "assessed_at"]
    PrepaidAccount.objects.bulk_update(rows, fields)
    return made


def positions_of(*, rows: Sequence[PrepaidAccount], on: dt.date) -> dict[int, Position]:
    """This will return how accounts stand on a day, in a handful of queries for all of them."""
    keys = [row.pk for row in rows]
    owed = ledger_queries.balances(account_ids=keys)
    unbilled = accrual_queries.unbilled_of(account_ids=keys)
    pending = charge_queries.pending(account_ids=keys, until=on + dt.timedelta(days=1))
    usual = invoice_queries.daily_amounts(account_ids=keys)
    return {
        row.pk: Position(
            credit=-owed.get((row.pk, row.currency), Money.zero(row.currency)).amount,
            limit=row.credit_limit,
            used=unbilled[row.pk].gross if row.pk in unbilled else NOTHING,
            charges=_with_tax(pending.get(row.pk, ()), row.currency),
            daily=_daily(unbilled.get(row.pk), usual.get(row.pk, NOTHING), row.currency),
        )
        for row in rows
    }


def _daily(unbilled: Any, usual: Decimal, currency: str) -> Decimal:
    """The mean of the days rated since the last invoice; the invoice's own where there are none."""
    days = (unbilled.rated_until - unbilled.since).days if unbilled is not None else 0
    amount = EXACT.divide(unbilled.rated, Decimal(days)) if days else usual
    return max(NOTHING, round_to_minor(amount, currency))


def _with_tax(charges: Sequence[Any], currency: str) -> Decimal:
    policy = invoice_terms.tax_policy(policy=packs.pack(context.current_retailer().market).policies["tax"])
    lines = [
        Taxable(each.amount, each.payee, part=each.pk, untaxed=each.tax == UNTAXED, tax_class=each.tax or STANDARD)
        for each in charges
    ]
    return taxes.total(taxes.tax_amounts(lines=lines, policy=policy, currency=currency))[2]


def _keep(row: PrepaidAccount, position: Position, at: dt.datetime) -> None:
    row.credit, row.daily_use, row.available = position.credit, position.daily, position.available
    row.estimated_use, row.assessed_at = position.used + position.charges, at


@dataclass(frozen=True, slots=True)
class _Looked:
    """An account, how it stands, and when it was looked at."""

    row: PrepaidAccount
    position: Position
    on: dt.date
    at: dt.datetime
    agreed: TopUp | None = None

    def is_topped_up(self) -> bool:
        """Ask for the agreed top-up; whether it is on its way."""
        return topping_up.asks(row=self.row, position=self.position, top_up=self.agreed, on=self.on, at=self.at)


def _follow(seen: _Looked, rules: Rules, made: Assessed) -> None:
    row, warning = seen.row, seen.position.warning(rules)
    used_up = seen.position.is_used_up(rules)
    if not used_up and (row.state == State.STOPPING or (warning is None and row.state != State.OK)):
        _recover(seen)
        made.recovered += 1
    is_low = used_up or warning is not None or topping_up.is_below(position=seen.position, top_up=seen.agreed)
    if is_low and seen.is_topped_up():
        made.topped_up += 1
    elif used_up:
        _begin_episode(row)
        made.stops += _use_up(seen) if row.state != State.STOPPING else _stop_again(seen)
    elif warning is not None:
        _begin_episode(row)
        made.warned += (row.warned_days is None or warning < row.warned_days) and _warn(seen, warning)


def _begin_episode(row: PrepaidAccount) -> None:
    if row.state == State.OK:
        row.episode, row.warned_days = row.episode + 1, None
        row.state = State.LOW


def _warn(seen: _Looked, days: int) -> bool:
    seen.row.state, seen.row.warned_days = State.LOW, days
    _tell(seen, LOW, f"{days}d")
    _note(seen, What.WARNED, warning_days=days)
    return True


def _use_up(seen: _Looked) -> bool:
    """Order the stop and tell the customer for the last time; the order waits for the market's days and hours."""
    row = seen.row
    row.state, row.warned_days = State.STOPPING, 0
    _tell(seen, USED_UP, "used_up")
    orders = [_stop(seen, point) for point in _points(row, seen.on)] if row.stops else []
    for order in orders:
        service_operations.give_final_notice(order_id=order.pk, at=seen.at)
    _note(seen, What.STOP_ORDERED, orders=[order.pk for order in orders], stops=row.stops)
    return True


def _stop_again(seen: _Looked) -> bool:
    """What was not stopped (the field could not, or terms were changed since) is ordered again, once a day."""
    row = seen.row
    if not row.stops or not (points := _points(row, seen.on)):
        return False
    orders = [order for order in (_stop(seen, point) for point in points) if order.state == OrderState.REQUESTED]
    for order in orders:
        service_operations.give_final_notice(order_id=order.pk, at=seen.at)
    if orders:
        _note(seen, What.STOP_ORDERED, orders=[order.pk for order in orders], stops=True)
    return bool(orders)


def _stop(seen: _Looked, point: Any) -> Any:
    tried = service_queries.orders(account_id=seen.row.pk, kind=OrderKind.STOP).filter(supply_point=point).count()
    return service_operations.request(
        kind=OrderKind.STOP,
        reason=OrderReason.PREPAYMENT,
        supply_point_id=point.pk,
        account_id=seen.row.pk,
        request_key=f"prepaid {seen.row.pk}, {seen.row.episode}, {point.pk}, {tried + 1}",
        earliest_at=_earliest(seen, point),
        calculation=seen.position.figures(),
        at=seen.at,
    )


def _earliest(seen: _Looked, point: Any) -> dt.datetime:
    """As late as what is left covers it; at once where stopping is not allowed then."""
    hours = seen.position.hours_until_stop(queries.rules())
    day = midnight(seen.on, ZoneInfo(point.premises.time_zone))
    latest = max(seen.at, day + dt.timedelta(seconds=int(hours * SECONDS_OF_HOUR)))
    allowed = service_queries.next_allowed(supply_point=point, after=latest)
    if allowed != latest:
        allowed = service_queries.next_allowed(supply_point=point, after=seen.at)
    return allowed or seen.at


def _points(row: PrepaidAccount, on: dt.date) -> list[Any]:
    """The supply points that have supply and no order against it yet, whoever's account that is."""
    points = service_queries.supply_points_of(account_id=row.pk, on=on)
    busy = set(service_queries.stopped_points(account_ids=[row.pk]))
    busy |= service_queries.points_ordered(supply_point_ids=[point.pk for point in points], kind=OrderKind.STOP)
    return [point for point in points if point.pk not in busy]


def _recover(seen: _Looked) -> None:
    row = seen.row
    before, row.state, row.warned_days = row.state, State.OK, None
    lifted = service_operations.lift(account_id=row.pk, reason=OrderReason.PREPAYMENT, at=seen.at, since=seen.at)
    if before == State.STOPPING:
        _tell(seen, RECOVERED, "recovered")
    _note(seen, What.RECOVERED, orders=[order.pk for order in lifted])


def _tell(seen: _Looked, template: str, step: str) -> None:
    row, position = seen.row, seen.position
    words = Wording(row.account.customer.language or context.current_retailer().default_language, row.currency)
    params: Mapping[str, Any] = {
        "account": row.account.number,
        "available": words.money(position.available),
        "daily": words.money(position.daily),
        "days": int(position.days_left),
        "stops": row.stops,
    }
    notice_operations.enqueue(
        customer_id=row.account.customer_id,
        account_id=row.pk,
        template=template,
        params=params,
        reference=f"prepayment {row.pk}, {row.since:%Y%m%d}, {row.episode}, {step}",
        required=template == USED_UP,
        at=seen.at,
    )


def _note(seen: _Looked, what: What, **more: Any) -> None:
    figures = {**seen.position.figures(), **more}
    PrepaymentEvent.objects.create(prepaid=seen.row, at=seen.at, what=what, figures=figures)
