"""Reads of corrections: the queue, one correction with its chain, the trace of a bill."""

from billing.corrections.queries.corrections import (
    CORRECTION,
    OPEN_STATES,
    STATES,
    NotFound,
    correction,
    corrections,
    last_look,
    of_chain,
    of_chains,
    reason_sentences,
    state_counts,
    suspects,
    waiting_totals,
)
from billing.corrections.queries.traces import Step, Trace, trace_of

__all__ = [
    "CORRECTION",
    "OPEN_STATES",
    "STATES",
    "NotFound",
    "Step",
    "Trace",
    "correction",
    "corrections",
    "last_look",
    "of_chain",
    "of_chains",
    "reason_sentences",
    "state_counts",
    "suspects",
    "trace_of",
    "waiting_totals",
]
