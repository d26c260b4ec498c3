"""How long simulations of tariffs are kept."""

from __future__ import annotations

from typing import Any

from billing.simulation.models import SimulatedAccount, SimulatedMonth, Simulation
from tenancy import batches, retention
from tenancy.retention import Rule, Scope

USUAL_MONTHS = 24


def _old(scope: Scope) -> Any:
    return Simulation.objects.filter(finished_at__lt=scope.instant)


def _expire(scope: Scope) -> int:
    """One simulation at a time, its accounts first: each may hold very many."""
    key = _old(scope).order_by("pk").values_list("pk", flat=True).first()
    if key is None:
        return 0
    months = SimulatedMonth.objects.filter(simulated_account__simulation_id=key)
    rows = months if months.exists() else SimulatedAccount.objects.filter(simulation_id=key)
    if not rows.exists():
        return int(_old(scope).filter(pk=key).delete()[0])
    return batches.remove(rows, scope)


retention.register(
    Rule(
        name="simulations", titles={"en": "Simulations of tariffs", "zh-hans": "套餐模拟"}, usual=USUAL_MONTHS,
        expire=_expire,
        count=lambda scope: batches.count(_old(scope), scope), place=retention.WORK,
    )
)  # fmt: skip
