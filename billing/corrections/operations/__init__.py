"""Changes of corrections: look, hold against versions, rate anew, decide, act."""

from billing.corrections.operations.acting import Outcome, act, act_due, approve, dismiss
from billing.corrections.operations.asking import ask
from billing.corrections.operations.checking import check_suspects
from billing.corrections.operations.errors import (
    AccountHeld,
    BillsChanged,
    CannotRate,
    PersonNeeded,
    ReasonNeeded,
    SamePerson,
    WrongCorrectionState,
)
from billing.corrections.operations.looking import look, look_at
from billing.corrections.operations.previewing import preview, preview_found
from billing.corrections.operations.working import MOST_AT_ONCE, approve_many, preview_many, run_now, work

__all__ = [
    "MOST_AT_ONCE",
    "AccountHeld",
    "BillsChanged",
    "CannotRate",
    "Outcome",
    "PersonNeeded",
    "ReasonNeeded",
    "SamePerson",
    "WrongCorrectionState",
    "act",
    "act_due",
    "approve",
    "approve_many",
    "ask",
    "check_suspects",
    "dismiss",
    "look",
    "look_at",
    "preview",
    "preview_found",
    "preview_many",
    "run_now",
    "work",
]
