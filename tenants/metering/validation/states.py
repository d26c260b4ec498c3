"""What an interval is: exactly one of actual, estimated, substituted, edited or missing; pure.

The quality byte says more (a final substitute, a reading the source doubts); each of the 256 bytes has one state, and a
byte that nobody knows counts as missing, so that nothing unknown is ever billed as a reading.
"""

from __future__ import annotations

import enum

import numpy as np
import numpy.typing as npt

from tenants.metering.formats.base import Qualities, Quality

Mask = npt.NDArray[np.bool_]
BYTES = 256


class State(enum.StrEnum):
    """How an interval came to its value."""

    ACTUAL = "actual"
    ESTIMATED = "estimated"
    SUBSTITUTED = "substituted"
    EDITED = "edited"
    MISSING = "missing"


class Method(enum.StrEnum):
    """By what an interval was determined that the meter did not tell; docs name the codes of the markets."""

    CHECK_METER = "check_meter"
    LINEAR = "linear"
    DERIVED = "derived"
    LIKE_DAY = "like_day"
    PROFILE = "profile"
    PREVIOUS_MONTH = "previous_month"
    FLAT = "flat"
    ZERO = "zero"
    MANUAL = "manual"


STATE_OF = {
    Quality.ACTUAL: State.ACTUAL,
    Quality.FINAL: State.SUBSTITUTED,
    Quality.SUBSTITUTED: State.SUBSTITUTED,
    Quality.ESTIMATED: State.ESTIMATED,
    Quality.QUESTIONABLE: State.ACTUAL,
    Quality.EDITED: State.EDITED,
    Quality.MISSING: State.MISSING,
}
"""A questionable reading was measured: its state is actual, and the doubt stands as an exception beside it."""

QUALITY_OF = {
    Method.CHECK_METER: Quality.SUBSTITUTED,
    Method.MANUAL: Quality.EDITED,
    **dict.fromkeys(
        (
            Method.LINEAR,
            Method.DERIVED,
            Method.LIKE_DAY,
            Method.PROFILE,
            Method.PREVIOUS_MONTH,
            Method.FLAT,
            Method.ZERO,
        ),
        Quality.ESTIMATED,
    ),
}
"""A second meter's value takes the place of the first's; all other methods estimate."""

STATES = tuple(State)
_TABLE = np.array(
    [STATES.index(STATE_OF[Quality(byte)] if byte in set(Quality) else State.MISSING) for byte in range(BYTES)],
    dtype=np.uint8,
)
_GOOD = np.isin(np.arange(BYTES), [Quality.ACTUAL, Quality.FINAL, Quality.SUBSTITUTED, Quality.EDITED])


def state_of(quality: int) -> State:
    """Return the state of one quality byte; total over 0 … 255."""
    return STATES[_TABLE[quality]]


def states(quality: Qualities) -> npt.NDArray[np.uint8]:
    """Return the places of the states in ``STATES``, one a slot."""
    found: npt.NDArray[np.uint8] = _TABLE[quality]
    return found


def in_state(quality: Qualities, state: State) -> Mask:
    """Tell for each slot whether it is in ``state``."""
    found: Mask = _TABLE[quality] == STATES.index(state)
    return found


def good(quality: Qualities) -> Mask:
    """Tell which slots an estimate may lean on: measured and not doubted, substituted, or set by a person."""
    found: Mask = _GOOD[quality]
    return found
