"""Moving in and out: who answers for a supply point from which day on."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from kernel.errors import Conflict, gettext_noop
from tenants.customers import date_ranges, refusals
from tenants.customers.models import Account, Occupancy, SupplyPoint


class Occupied(Conflict):
    """Somebody answers for the supply point on one of those days."""

    code = "occupied"
    template = gettext_noop("The supply point {identifier} is already occupied in that period.")


class NotOccupied(Conflict):
    """Nobody answers for the supply point on that day."""

    code = "not_occupied"
    template = gettext_noop("The supply point {identifier} is not occupied before {date}.")


class AccountClosed(Conflict):
    """A closed account answers for nothing any more."""

    code = "account_closed"
    template = gettext_noop("The account {number} is closed from {date} on; open another one.")


@transaction.atomic
def move_in(*, account: Account, supply_point: SupplyPoint, on: dt.date, until: dt.date | None = None) -> Occupancy:
    """This will make ``account`` answer for ``supply_point`` from ``on``; raises AccountClosed or Occupied."""
    closed = Account.objects.select_for_update(no_key=True).values_list("closed_on", flat=True).get(pk=account.pk)
    if closed is not None and (until is None or until > closed):
        raise AccountClosed(number=account.number, date=closed.isoformat(), where="account")
    occupancy = Occupancy(account=account, supply_point=supply_point, period=date_ranges.to_range(on, until))
    occupied = Occupied(identifier=supply_point.identifier, where="on")
    with refusals.named({"customers_occupancy_one_account_at_a_time": occupied}):
        occupancy.save()
    return occupancy


@transaction.atomic
def move_out(*, supply_point: SupplyPoint, on: dt.date) -> Occupancy:
    """This will end the occupancy that stands on the day before ``on``; raises NotOccupied."""
    occupancy = (
        Occupancy.objects.select_for_update()
        .filter(supply_point=supply_point, period__contains=on - dt.timedelta(days=1))
        .first()
    )
    if occupancy is None:
        raise NotOccupied(identifier=supply_point.identifier, date=on.isoformat(), where="on")
    occupancy.period = date_ranges.to_range(occupancy.period.lower, on)
    occupancy.save(update_fields=["period"])
    return occupancy
