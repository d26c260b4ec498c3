"""What tariffs were tried on an account: goes."""

from __future__ import annotations

from billing.simulation.models import SimulatedAccount, SimulatedMonth
from tenancy import subjects
from tenancy.subjects import Deed, Holding

subjects.hold_many(
    Holding(
        "simulation_simulatedmonth", {"en": "Months of simulations", "zh-hans": "模拟月份"},
        lambda subject: SimulatedMonth.objects.filter(simulated_account__account_id__in=subject.account_ids),
        Deed.REMOVE,
    ),
    Holding(
        "simulation_simulatedaccount", {"en": "Simulations", "zh-hans": "套餐模拟"},
        lambda subject: SimulatedAccount.objects.filter(account_id__in=subject.account_ids), Deed.REMOVE, place=1,
    ),
)  # fmt: skip
