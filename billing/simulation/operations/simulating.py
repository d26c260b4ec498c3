"""Simulates accounts chunk by chunk: gather once, rate what was agreed and what is proposed, write the months."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from django.db import InterfaceError, OperationalError, transaction

from billing.invoices import queries as invoice_queries
from billing.invoices.queries import Billed
from billing.runs import reasons
from billing.simulation import proposals, purchases, queries, scenes
from billing.simulation.models import SimulatedAccount, SimulatedMonth, Simulation
from billing.simulation.months import MonthBill
from billing.simulation.scenes import Scene
from kernel.errors import GridhallError, gettext_noop
from kernel.periods import Period

State, Source = SimulatedAccount.State, SimulatedMonth.Source
Now: TypeAlias = tuple[Billed, str]
"""What a month cost, and where that comes from."""
CHUNK = 50
PRESENT, PROPOSED = "present", "proposed"

logger = logging.getLogger(__name__)


class NothingSupplied(GridhallError):
    """The account answered for nothing in the months."""

    code = "nothing_supplied"
    template = gettext_noop("The account answered for no supply point in the period.")


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a chunk did; nothing at all means that nothing was left to claim."""

    compared: int = 0
    refused: int = 0

    @property
    def claimed(self) -> int:
        return self.compared + self.refused


@transaction.atomic
def simulate_chunk(*, simulation_id: int, at: dt.datetime, limit: int = CHUNK) -> Simulated:
    """This will simulate up to ``limit`` waiting accounts in one transaction; nothing, unless the simulation runs.

    An account that cannot be rated is refused with its reason. A process that dies in here leaves all as it was.
    """
    simulation = queries.simulation_by_id(simulation_id=simulation_id)
    if simulation.state != Simulation.State.RUNNING:
        return Simulated()
    waiting = SimulatedAccount.objects.filter(simulation=simulation, state=State.WAITING).select_related("account")
    rows = list(waiting.order_by("pk").select_for_update(skip_locked=True, of=("self",))[:limit])
    if rows:
        _simulate_safely(simulation, rows, at)
    states = [row.state for row in rows]
    return Simulated(compared=states.count(State.COMPARED), refused=states.count(State.REFUSED))


def _simulate_safely(simulation: Simulation, rows: Sequence[SimulatedAccount], at: dt.datetime) -> None:
    """Simulate the accounts together; when that fails altogether, one by one, so that one does not stop the others."""
    try:
        with transaction.atomic():
            _simulate(simulation, rows, at)
    except (OperationalError, InterfaceError):
        raise
    except Exception as failure:
        if len(rows) > 1:
            for row in rows:
                _simulate_safely(simulation, [row], at)
            return
        if not isinstance(failure, GridhallError):
            logger.exception("Account %s could not be simulated", rows[0].account_id)
        _set_aside(rows[0], failure)
        _write(rows, at)


def _simulate(simulation: Simulation, rows: Sequence[SimulatedAccount], at: dt.datetime) -> None:
    period = queries.period_of(simulation=simulation)
    proposal = proposals.Proposal(
        pk=simulation.pk,
        tariff=proposals.tariff_of(document=simulation.document),
        given=simulation.parameters,
    )
    billed = invoice_queries.billed_in(account_ids=[row.account_id for row in rows], period=period)
    scene = scenes.rated(
        accounts=[row.account for row in rows],
        period=period,
        proposal=proposal,
        product_code=simulation.product_code,
        billed=set(billed),
    )
    prices = _prices(simulation, period)
    kept: list[SimulatedMonth] = []
    for row in rows:
        months = _months(row, scene, billed, prices)
        _sum_up(row, months, scene)
        kept += months
    SimulatedMonth.objects.bulk_create(kept, batch_size=1000)
    _write(rows, at)


def _prices(simulation: Simulation, period: Period) -> dict[Period, purchases.Prices | None]:
    code = simulation.purchase_series
    months = queries.months_of(period=period) if code else []
    return {month: purchases.prices_of(code=code, currency=simulation.currency, month=month) for month in months}


def _months(
    row: SimulatedAccount,
    scene: Scene,
    billed: Mapping[tuple[int, Period], Billed],
    prices: Mapping[Period, purchases.Prices | None],
) -> list[SimulatedMonth]:
    """The account's months, compared or refused; none of those in which it answered for nothing."""
    found: list[SimulatedMonth] = []
    for month in scene.months:
        key = (row.account_id, month.start)
        invoiced, present = billed.get((row.account_id, month)), scene.present.bills.get(key)
        proposed = scene.proposed.bills.get(key)
        refusal, side = scene.proposed.refusals.get(key), PROPOSED
        if invoiced is None and refusal is None:
            refusal, side = scene.present.refusals.get(key), PRESENT
        now = invoiced or (None if present is None else Billed(present.amount, present.income))
        if refusal is not None:
            found.append(_refused(row, month, refusal, side))
        elif proposed is not None and now is not None:
            found.append(_compared(row, month, (now, Source.INVOICED if invoiced else Source.RATED), proposed))
            found[-1].purchase = _purchase(proposed, scene, prices.get(month), month)
    return found


def _compared(row: SimulatedAccount, month: Period, now: Now, proposed: MonthBill) -> SimulatedMonth:
    return SimulatedMonth(
        simulated_account=row,
        month=month.start,
        source=now[1],
        energy_wh=proposed.energy_wh,
        billed=now[0].amount,
        simulated=proposed.amount,
        income_billed=now[0].income,
        income_simulated=proposed.income,
    )


def _refused(row: SimulatedAccount, month: Period, refusal: GridhallError, side: str) -> SimulatedMonth:
    code, params = reasons.of_error(refusal)
    return SimulatedMonth(simulated_account=row, month=month.start, reason=code, reason_params={**params, "side": side})


def _purchase(proposed: MonthBill, scene: Scene, prices: purchases.Prices | None, month: Period) -> Decimal | None:
    total = Decimal(0)
    for each in proposed.sections:
        read = scene.read.get(each.section.supply_point.pk)
        cost = None
        if prices is not None and read is not None:
            cost = purchases.cost_of(prices=prices, read=read, days=each.section.period, month=month)
        if cost is None:
            return None
        total += cost
    return total


def _sum_up(row: SimulatedAccount, months: Sequence[SimulatedMonth], scene: Scene) -> None:
    compared = [each for each in months if not each.reason]
    refused = [each for each in months if each.reason]
    row.months, row.refused_months = len(compared), len(refused)
    if refused:
        row.reason, row.reason_params = refused[0].reason, refused[0].reason_params
    if not compared:
        if not refused:
            _set_aside(row, scene.refusals.get(row.account_id) or NothingSupplied())
        row.state = State.REFUSED
        return
    row.state = State.COMPARED
    row.energy_wh = sum(each.energy_wh or 0 for each in compared)
    row.billed = sum((each.billed or Decimal(0) for each in compared), Decimal(0))
    row.simulated = sum((each.simulated or Decimal(0) for each in compared), Decimal(0))
    row.difference = row.simulated - row.billed


def _set_aside(row: SimulatedAccount, failure: Exception) -> None:
    row.reason, row.reason_params = reasons.of_error(failure)
    row.state, row.months, row.refused_months = State.REFUSED, 0, 0
    row.energy_wh = row.billed = row.simulated = row.difference = None


WRITTEN = (
    *("state", "reason", "reason_params", "months", "refused_months"),
    *("energy_wh", "billed", "simulated", "difference", "changed_at"),
)


def _write(rows: Sequence[SimulatedAccount], at: dt.datetime) -> None:
    for row in rows:
        row.changed_at = at
    SimulatedAccount.objects.bulk_update(rows, WRITTEN)
