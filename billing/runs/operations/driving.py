"""Drives a run: by messages to the workers, or step by step in this very process."""

from __future__ import annotations

import datetime as dt
from functools import partial

from celery import current_app
from django.db import transaction

from billing.runs.models import BillRun
from billing.runs.operations import issuing, lifecycle, rating

State = BillRun.State
RATE_TASK, ISSUE_TASK = "billing.runs.tasks.rate_run", "billing.runs.tasks.issue_run"
MOST_ROUNDS = 10
"""A draft that is sent back again and again means that readings never rest; a person looks."""


def begin(*, run: BillRun) -> None:
    """This will let the workers go on with the run once the transaction is committed."""
    task = {State.RATING: RATE_TASK, State.ISSUING: ISSUE_TASK}.get(State(run.state))
    if task is not None:
        transaction.on_commit(partial(_send, task, run.pk))


def run_to_review(*, run: BillRun, at: dt.datetime) -> BillRun:
    """This will rate everything that waits, chunk by chunk, and return the run in review."""
    while rating.rate_chunk(run_id=run.pk, at=at).claimed:
        pass
    return lifecycle.finish_rating(run_id=run.pk)


def issue_run_now(*, run: BillRun, billing_date: dt.date, at: dt.datetime) -> BillRun:
    """This will issue every draft of a reviewed run; what is sent back is rated and issued in turn.

    A run that was left while it was issuing goes on with the billing date it has.
    """
    for _ in range(MOST_ROUNDS):
        if run.state != State.ISSUING:
            lifecycle.start_issuing(run_id=run.pk, billing_date=billing_date)
        while issuing.issue_chunk(run_id=run.pk, at=at).claimed:
            pass
        run = lifecycle.finish_issuing(run_id=run.pk, at=at)
        if run.state != State.RATING:
            break
        run = run_to_review(run=run, at=at)
    return run


def _send(task: str, run_id: int) -> None:
    if task not in current_app.tasks:
        current_app.loader.import_default_modules()
    current_app.tasks[task].delay(run_id)
