"""Which accounts a run bills, and for which of its days."""

from __future__ import annotations

from collections.abc import Collection

from billing.charges import queries as charge_queries
from billing.runs.models import BillRunItem
from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.customers import queries as customer_queries


def to_bill(*, period: Period, account_ids: Collection[int] | None = None) -> dict[int, Period]:
    """This will return the accounts to bill in ``period``, each with its days, in order.

    Taken are those that answer for a supply point and those with charges that wait. An account of which the first
    days are in another run (a final bill, after which it moved in again) gets the rest when it is supplied in it;
    one whose days are taken otherwise is left out.
    """
    found = set(customer_queries.accounts_occupied_in(period=period).values_list("pk", flat=True))
    found |= charge_queries.accounts_with_charges(period=period)
    if account_ids is not None:
        found &= set(account_ids)
    taken = _taken(period, account_ids)
    days = {pk: period for pk in sorted(found - taken.keys())}
    rest = {pk: left for pk in sorted(found & taken.keys()) if (left := _rest(period, taken[pk])) is not None}
    return days | _supplied(rest, period)


def _taken(period: Period, account_ids: Collection[int] | None) -> dict[int, list[Period]]:
    rows = BillRunItem.objects.exclude(state=BillRunItem.State.CANCELLED).filter(
        period__overlap=date_ranges.of_period(period)
    )
    if account_ids is not None:
        rows = rows.filter(account_id__in=account_ids)
    taken: dict[int, list[Period]] = {}
    for account_id, held in rows.order_by("period").values_list("account_id", "period"):
        taken.setdefault(account_id, []).append(date_ranges.to_period(held))
    return taken


def _rest(period: Period, taken: list[Period]) -> Period | None:
    """The days after the last that are taken."""
    last = max(each.end for each in taken)
    return Period(last, period.end) if period.start < last < period.end else None


def _supplied(rest: dict[int, Period], period: Period) -> dict[int, Period]:
    """Those of which something is supplied in the rest."""
    if not rest:
        return {}
    held = customer_queries.occupancies_in(period=period, account_ids=list(rest))
    supplied = {each.account_id for each in held if date_ranges.within(each.period, rest[each.account_id]) is not None}
    return {pk: days for pk, days in rest.items() if pk in supplied}
