"""Bills that are overdue: late fees, dunning, promises, instalments, deposits, write-offs, agencies."""

from billing.arrears.models.agreements import Instalment, InstalmentPlan, Promise
from billing.arrears.models.debts import Agency, Placement, WriteOff, WriteOffRecovery
from billing.arrears.models.dunning import AccountStanding, Case, CaseEvent, DunningPath, Hold
from billing.arrears.models.late import LateFee, Waiver
from billing.arrears.models.securities import Deposit, DepositMovement

__all__ = [
    "AccountStanding",
    "Agency",
    "Case",
    "CaseEvent",
    "Deposit",
    "DepositMovement",
    "DunningPath",
    "Hold",
    "Instalment",
    "InstalmentPlan",
    "LateFee",
    "Placement",
    "Promise",
    "Waiver",
    "WriteOff",
    "WriteOffRecovery",
]
