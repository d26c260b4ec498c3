"""What follows from a payment: promises and plans are judged, cases closed, supply brought back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max, Sum

from billing.arrears import covers, locks, policies
from billing.arrears.models import Case, InstalmentPlan, Placement, WriteOffRecovery
from billing.arrears.operations import agreeing, charging, history, writing_off
from billing.ledger.kinds import EntryKind
from billing.payments import queries as payment_queries
from billing.payments.queries import histories
from tenants.service import operations as service_operations
from tenants.service import queries as service_queries
from tenants.service.kinds import OrderReason

CLOSED = "closed"
NOTHING = Decimal(0)
COLLECTED = (EntryKind.PAYMENT, EntryKind.TRANSFER)
"""What settles a bill with money that came in."""


def settle_accounts(*, account_ids: Collection[int], on: dt.date, at: dt.datetime) -> int:
    """This will do what changed balances ask for, account by account; return how many cases were closed.

    Asked again it does nothing. It is told of payments after their commit, and sweeps find what was not told.
    """
    closed = 0
    for account_id in sorted(set(account_ids)):
        closed += _settle(account_id, on, at)
    charging.assess_late_fees(on=on, at=at, account_ids=account_ids)
    return closed


@transaction.atomic
def _settle(account_id: int, on: dt.date, at: dt.datetime) -> int:
    locks.hold_accounts([account_id])
    case = Case.objects.select_for_update().filter(account_id=account_id, closed_on__isnull=True).first()
    writing_off.recover(account_id=account_id, on=on, at=at)
    agreeing.judge(on=on, at=at, account_ids=[account_id])
    _count_collected(account_id, on)
    owed = covers.overdue(on=on, account_ids=[account_id]).get(account_id)
    if owed is None and case is not None:
        close(case, "paid", on=on, at=at)
        case.save()
    if owed is None or (policies.plan_lifts_stop() and _has_plan(account_id)):
        lift([account_id], at=at)
    return int(owed is None and case is not None)


def close(case: Case, reason: str, *, on: dt.date, at: dt.datetime) -> None:
    """This will end a case and write it down; the caller stores it."""
    end(case, reason, on=on)
    history.add(case, CLOSED, key=CLOSED, on=on, at=at, reason=reason)


def end(case: Case, reason: str, *, on: dt.date) -> None:
    """This will end a case; the caller stores it and writes it down."""
    case.state, case.reason, case.closed_on, case.next_on = Case.State.CLOSED, reason, on, None
    case.overdue = Decimal(0)


def lift(account_ids: Collection[int], *, at: dt.datetime) -> list[Any]:
    """This will cancel stops that wait and order supply back where it was stopped for arrears.

    Two statements for accounts without any.
    """
    if not account_ids:
        return []
    waiting = set(service_queries.open_orders(account_ids=account_ids).values_list("account_id", flat=True))
    stopped = {order.account_id for order in service_queries.stopped_points(account_ids=account_ids).values()}
    changed: list[Any] = []
    for account_id in sorted(waiting | stopped):
        since = _paid_at(account_id, at)
        changed += service_operations.lift(account_id=account_id, reason=OrderReason.ARREARS, at=at, since=since)
    return changed


def _paid_at(account_id: int, at: dt.datetime) -> dt.datetime:
    """When the reason for the stop went: the hours to reconnect count from the payment or the plan, not from a task."""
    last = payment_queries.payments_of(account_id=account_id).aggregate(last=Max("recorded_at"))["last"]
    stop = service_queries.orders(account_id=account_id).aggregate(last=Max("requested_at"))["last"]
    agreed = InstalmentPlan.objects.filter(account_id=account_id, at__gt=stop or at).aggregate(last=Max("at"))["last"]
    known = [instant for instant in (last, agreed) if instant is not None and (stop is None or instant >= stop)]
    return min(max(known, default=at), at)


def _has_plan(account_id: int) -> bool:
    return InstalmentPlan.objects.filter(account_id=account_id, state=InstalmentPlan.State.ACTIVE).exists()


def _count_collected(account_id: int, on: dt.date) -> None:
    """What came in for a debt at an agency earns its commission; with nothing left of the debt the placement ends.

    What was credited or written off was not collected; of a debt that was written off, what comes in later was.
    """
    found = Placement.objects.select_for_update().filter(account_id=account_id, state=Placement.State.PLACED).first()
    if found is None:
        return
    settled = histories.settled_by(item_ids=[int(item) for item in found.covers], since=found.at)
    written_off = settled.get(EntryKind.WRITE_OFF, NOTHING)
    came_for_it = min(written_off, _recovered(account_id, found.at))
    paid = sum((settled.get(kind, NOTHING) for kind in COLLECTED), NOTHING)
    found.collected = min(max(paid + came_for_it, NOTHING), found.amount)
    left = covers.owed(account_ids=[account_id]).get(account_id)
    if covers.still_open(covers=found.covers, left=left) + written_off - came_for_it <= 0:
        found.state = Placement.State.PAID if found.collected else Placement.State.RECALLED
        found.ended_on = on
    found.save(update_fields=["collected", "state", "ended_on"])


def _recovered(account_id: int, since: dt.datetime) -> Decimal:
    found = WriteOffRecovery.objects.filter(write_off__account_id=account_id, at__gte=since)
    return Decimal(found.aggregate(total=Sum("amount", default=0))["total"])
