"""The tables of bill runs."""

from billing.runs.models.cycles import BillingCycle, BillingLot, LotAccount
from billing.runs.models.rules import AccountFact, AccountHold, BillingRules
from billing.runs.models.runs import BillRun, BillRunItem, RatedSection

__all__ = [
    "AccountFact",
    "AccountHold",
    "BillRun",
    "BillRunItem",
    "BillingCycle",
    "BillingLot",
    "BillingRules",
    "LotAccount",
    "RatedSection",
]
