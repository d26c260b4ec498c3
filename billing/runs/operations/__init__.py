"""Writes of bill runs: their life cycle, the two phases, and what a person decides between them."""

from billing.runs.operations.driving import begin, issue_run_now, run_to_review
from billing.runs.operations.issuing import CHUNK as ISSUE_CHUNK
from billing.runs.operations.issuing import Issued, issue_chunk
from billing.runs.operations.lifecycle import (
    cancel_run,
    close_run,
    create_run,
    finish_issuing,
    finish_rating,
    start_issuing,
)
from billing.runs.operations.rating import CHUNK as RATE_CHUNK
from billing.runs.operations.rating import Rated, rate_chunk
from billing.runs.operations.reviewing import hold, rebill, release, rerate, resume

__all__ = [
    "ISSUE_CHUNK",
    "RATE_CHUNK",
    "Issued",
    "Rated",
    "begin",
    "cancel_run",
    "close_run",
    "create_run",
    "finish_issuing",
    "finish_rating",
    "hold",
    "issue_chunk",
    "issue_run_now",
    "rate_chunk",
    "rebill",
    "release",
    "rerate",
    "resume",
    "run_to_review",
    "start_issuing",
]
