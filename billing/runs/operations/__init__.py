"""Writes of bill runs: their life cycle, the two phases, and what a person decides between them."""

from billing.runs.operations.bulk import MOST_AT_ONCE, Preview, preview_release, release_many
from billing.runs.operations.cycles import (
    assign,
    assign_by_rule,
    create_cycle,
    create_lot,
    end_cycle,
    start_due_runs,
    take_out,
)
from billing.runs.operations.driving import begin, issue_run_now, run_to_review
from billing.runs.operations.holding import hold_account, lift_expired, lift_hold
from billing.runs.operations.issuing import CHUNK as ISSUE_CHUNK
from billing.runs.operations.issuing import Issued, issue_chunk
from billing.runs.operations.lifecycle import (
    cancel_run,
    close_run,
    create_lot_run,
    create_run,
    create_single_run,
    finish_issuing,
    finish_rating,
    hold_run,
    resume_run,
    start_issuing,
)
from billing.runs.operations.rating import CHUNK as RATE_CHUNK
from billing.runs.operations.rating import Rated, rate_chunk
from billing.runs.operations.reviewing import approve, hold, release, rerate, resume, send_back
from billing.runs.operations.single import bill_now, close_account, end_supply, unbilled
from billing.runs.operations.stating import set_rules, state_fact
from billing.runs.operations.waking import wake

__all__ = [
    "ISSUE_CHUNK",
    "MOST_AT_ONCE",
    "RATE_CHUNK",
    "Issued",
    "Preview",
    "Rated",
    "approve",
    "assign",
    "assign_by_rule",
    "begin",
    "bill_now",
    "cancel_run",
    "close_account",
    "close_run",
    "create_cycle",
    "create_lot",
    "create_lot_run",
    "create_run",
    "create_single_run",
    "end_cycle",
    "end_supply",
    "finish_issuing",
    "finish_rating",
    "hold",
    "hold_account",
    "hold_run",
    "issue_chunk",
    "issue_run_now",
    "lift_expired",
    "lift_hold",
    "preview_release",
    "rate_chunk",
    "release",
    "release_many",
    "rerate",
    "resume",
    "resume_run",
    "run_to_review",
    "send_back",
    "set_rules",
    "start_due_runs",
    "start_issuing",
    "state_fact",
    "take_out",
    "unbilled",
    "wake",
]
