"""A simulation from its first account to its last: select, finish, cancel, delete."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from billing.simulation import proposals, purchases, queries
from billing.simulation.models import SimulatedAccount, Simulation
from kernel.errors import Conflict, Invalid, gettext_noop
from kernel.periods import Period
from tenancy import context
from tenants.customers import date_ranges, refusals
from tenants.customers import queries as customer_queries
from tenants.tariffs import queries as tariff_queries

State, AccountState = Simulation.State, SimulatedAccount.State
MOST_MONTHS = 24


class NotWholeMonths(Invalid):
    """A simulation compares bills, and those are of months."""

    code = "not_whole_months"
    template = gettext_noop("Choose 1 to {most} whole months: from the first of a month to the first of a later one.")


class MonthsNotOver(Invalid):
    """There are no readings of days to come."""

    code = "months_not_over"
    template = gettext_noop("Choose months that are over; {date} is still to come.")


class NothingToSimulate(Conflict):
    """Nobody of the segment was supplied in these months."""

    code = "nothing_to_simulate"
    template = gettext_noop("No account of this segment was supplied from {start} to {end}.")


class AnotherStarted(Conflict):
    """Two people started a simulation in the same moment."""

    code = "simulation_number_taken"
    template = gettext_noop("Another simulation took the number {number} in this moment; try again.")


class NotRunning(Conflict):
    """Only a running simulation can be cancelled."""

    code = "simulation_not_running"
    template = gettext_noop("Simulation {number} is in state “{state}” and cannot be cancelled any more.")


class StillRunning(Conflict):
    """A running simulation is cancelled before it is deleted."""

    code = "simulation_still_running"
    template = gettext_noop("Simulation {number} is still running; cancel it first.")


@transaction.atomic
def create_simulation(
    *,
    version: Any,
    period: Period,
    at: dt.datetime,
    title: str = "",
    parameters: Mapping[str, Any] | None = None,
    kind: str = "",
    segment: str = "",
    product_code: str = "",
    purchase_series: str = "",
) -> Simulation:
    """This will make a simulation of a product version, draft or not, with one waiting row an account of the segment.

    ``parameters`` hold for all accounts; what they leave open is the customer's own, or the tariff's default. The
    document is kept as it stands now. ``purchase_series`` names an index series of prices per kWh or MWh. Raises
    NotWholeMonths, MonthsNotOver, NothingToSimulate, TariffError, NotFound, an Invalid that names the parameter, or
    ``purchases.NotAPrice``.
    """
    _check_months(period, at.date())
    tariff = proposals.tariff_of(document=version.document)
    currency = tariff.currency or context.current_retailer().currency
    given = proposals.checked_given(given=parameters or {}, tariff=tariff)
    if product_code:
        tariff_queries.product(code=product_code)
    if purchase_series:
        purchases.require_price(code=purchase_series, currency=currency)
    number = (Simulation.objects.aggregate(last=Max("number"))["last"] or 0) + 1
    made = Simulation(
        number=number,
        title=title,
        version=version,
        document=version.document,
        parameters=given,
        period=date_ranges.of_period(period),
        currency=currency,
        kind=kind,
        segment=segment,
        product_code=product_code,
        purchase_series=purchase_series,
        created_at=at,
    )
    with refusals.named({"simulation_simulation_number_unique": AnotherStarted(number=number)}):
        made.save()
    if not _add_accounts(made, period, at):
        raise NothingToSimulate(start=period.start.isoformat(), end=period.last.isoformat())
    return made


@transaction.atomic
def finish_simulation(*, simulation_id: int, at: dt.datetime) -> Simulation:
    """This will end the simulation when no account waits any more; asked again it changes nothing."""
    found = _locked(simulation_id)
    if found.state == State.RUNNING and not queries.waiting_count(simulation_id=simulation_id):
        found.state, found.finished_at = State.DONE, at
        found.save(update_fields=["state", "finished_at"])
    return found


@transaction.atomic
def cancel_simulation(*, simulation_id: int, at: dt.datetime) -> Simulation:
    """This will stop a running simulation; what is compared already stays to be read. Raises NotRunning."""
    found = _locked(simulation_id)
    if found.state != State.RUNNING:
        raise NotRunning(number=found.number, state=found.get_state_display())
    waiting = SimulatedAccount.objects.filter(simulation=found, state=AccountState.WAITING)
    claimed = list(waiting.select_for_update(skip_locked=True).values_list("pk", flat=True))
    SimulatedAccount.objects.filter(pk__in=claimed).update(state=AccountState.CANCELLED, changed_at=at)
    found.state, found.finished_at = State.CANCELLED, at
    found.save(update_fields=["state", "finished_at"])
    return found


@transaction.atomic
def delete_simulation(*, simulation_id: int) -> None:
    """This will delete a simulation with all its rows; raises StillRunning."""
    found = _locked(simulation_id)
    if found.state == State.RUNNING:
        raise StillRunning(number=found.number)
    found.delete()


def _check_months(period: Period, today: dt.date) -> None:
    if period.start.day != 1 or period.end.day != 1 or len(queries.months_of(period=period)) > MOST_MONTHS:
        raise NotWholeMonths(most=MOST_MONTHS, where="period")
    if period.end > today:
        raise MonthsNotOver(date=period.last.isoformat(), where="period")


def _add_accounts(made: Simulation, period: Period, at: dt.datetime) -> int:
    accounts = customer_queries.accounts_occupied_in(period=period)
    if made.kind:
        accounts = accounts.filter(customer__kind=made.kind)
    if made.segment:
        accounts = accounts.filter(customer__segment=made.segment)
    if made.product_code:
        agreed = tariff_queries.agreements(product_code=made.product_code).filter(period__overlap=made.period)
        accounts = accounts.filter(pk__in=agreed.order_by().values("account_id"))
    keys = accounts.values_list("pk", flat=True)
    rows = SimulatedAccount.objects.bulk_create(
        (SimulatedAccount(simulation=made, account_id=pk, changed_at=at) for pk in keys), batch_size=2000
    )
    return len(rows)


def _locked(simulation_id: int) -> Simulation:
    queries.simulation_by_id(simulation_id=simulation_id)
    return Simulation.objects.select_for_update().get(pk=simulation_id)
