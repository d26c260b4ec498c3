"""How a subscription goes from one state to the next, by dates; pure.

    trial → active → past due → read-only → suspended → ended

Each stage after a missed payment lasts its days from when it was entered, and none is passed over: whoever was not
told for a month, because our program stood still, still has the days to pay that the plan promises.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Where a subscription stands."""

    TRIAL = "trial"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    READ_ONLY = "read_only"
    SUSPENDED = "suspended"
    ENDED = "ended"


STAGES = (State.PAST_DUE, State.READ_ONLY, State.SUSPENDED, State.ENDED)
"""What follows on a bill that is not paid, in this order."""
WRITABLE = frozenset({State.TRIAL, State.ACTIVE, State.PAST_DUE})
OPEN = frozenset({*WRITABLE, State.READ_ONLY})
CHARGED = frozenset({State.ACTIVE, State.PAST_DUE, State.READ_ONLY})


@dataclass(frozen=True, slots=True)
class Terms:
    """The days that a plan gives."""

    trial_days: int
    payment_days: int
    grace_days: int
    read_only_days: int
    suspended_days: int

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Terms:
        """Return the terms that a version of a plan holds."""
        return cls(**{name: int(data[name]) for name in cls.__slots__})

    def lasting(self, state: State) -> dt.timedelta | None:
        """Return how long a stage lasts while nothing is paid; None for a state that no date ends."""
        days = {
            State.PAST_DUE: self.grace_days,
            State.READ_ONLY: self.read_only_days,
            State.SUSPENDED: self.suspended_days,
        }
        return dt.timedelta(days=days[state]) if state in days else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the next state follows from."""

    state: State
    entered_at: dt.datetime
    trial_ends_at: dt.datetime | None = None
    unpaid_since: dt.datetime | None = None
    ends_at: dt.datetime | None = None

    @classmethod
    def of(cls, row: Any) -> Facts:
        """Return the facts that a subscription's row holds."""
        return cls(State(row.state), row.entered_at, row.trial_ends_at, row.unpaid_since, row.ends_at)


def following(facts: Facts, terms: Terms, *, at: dt.datetime) -> State:
    """Return the state at ``at``: the same, or the one next to it."""
    if facts.state == State.ENDED or (facts.ends_at is not None and at >= facts.ends_at):
        return State.ENDED
    if facts.trial_ends_at is not None and at < facts.trial_ends_at and facts.state == State.TRIAL:
        return State.TRIAL
    if facts.unpaid_since is None or at < facts.unpaid_since:
        return State.ACTIVE
    if facts.state not in STAGES:
        return State.PAST_DUE
    end = until(facts, terms)
    return STAGES[STAGES.index(facts.state) + 1] if end is not None and at >= end else facts.state


def until(facts: Facts, terms: Terms) -> dt.datetime | None:
    """Return when the state ends if nobody does anything; None when no date ends it."""
    lasts = terms.lasting(facts.state)
    moments = [facts.ends_at] if facts.ends_at else []
    if facts.state == State.TRIAL and facts.trial_ends_at:
        moments.append(facts.trial_ends_at)
    if lasts is not None:
        moments.append(facts.entered_at + lasts)
    return min(moments, default=None)
