"""Changes of arrears."""

from billing.arrears.operations.agreeing import (
    NothingOverdue,
    PlanTooLong,
    PlanTooSmall,
    PromiseTooFar,
    TooManyBroken,
    cancel_plan,
    judge,
    make_plan,
    promise,
    withdraw_promise,
)
from billing.arrears.operations.approvals import AlreadyDecided, SamePerson
from billing.arrears.operations.charging import NothingToWaive, ask_waiver, assess_late_fees, decide_waiver
from billing.arrears.operations.dunning import advance, advance_chunk, open_cases
from billing.arrears.operations.editing import discard_draft, publish_path, save_path, standard_path
from billing.arrears.operations.finishing import finished_accounts, settle_final_bill
from billing.arrears.operations.placing import add_agency, place, recall
from billing.arrears.operations.securities import (
    NotTheAmount,
    ask_deposit,
    end_deposit,
    expect_deposit,
    expire_guarantees,
    receive_deposit,
    remind_guarantees,
    take_guarantee,
)
from billing.arrears.operations.settling import settle_accounts
from billing.arrears.operations.standing import end_hold, hold, set_standing
from billing.arrears.operations.stopping import (
    StopNotLegal,
    note_authority_copy,
    prepare_stops,
    request_stop,
)
from billing.arrears.operations.writing_off import NotSoMuchOverdue, ask_write_off, decide_write_off, recover

__all__ = [
    "AlreadyDecided",
    "NotSoMuchOverdue",
    "NotTheAmount",
    "NothingOverdue",
    "NothingToWaive",
    "PlanTooLong",
    "PlanTooSmall",
    "PromiseTooFar",
    "SamePerson",
    "StopNotLegal",
    "TooManyBroken",
    "add_agency",
    "advance",
    "advance_chunk",
    "ask_deposit",
    "ask_waiver",
    "ask_write_off",
    "assess_late_fees",
    "cancel_plan",
    "decide_waiver",
    "decide_write_off",
    "discard_draft",
    "end_deposit",
    "end_hold",
    "expect_deposit",
    "expire_guarantees",
    "finished_accounts",
    "hold",
    "judge",
    "make_plan",
    "note_authority_copy",
    "open_cases",
    "place",
    "prepare_stops",
    "promise",
    "publish_path",
    "recall",
    "receive_deposit",
    "recover",
    "remind_guarantees",
    "request_stop",
    "save_path",
    "set_standing",
    "settle_accounts",
    "settle_final_bill",
    "standard_path",
    "take_guarantee",
    "withdraw_promise",
]
