"""The checks by name, with the numbers they go by in the rules (V1 to V12); pure."""

from __future__ import annotations

import enum

from kernel.errors import gettext_noop as _
from tenants.metering.validation.states import Method, State


class Check(enum.StrEnum):
    """Why a day is not let pass."""

    INTERVAL_COUNT = "interval_count"
    MISSING = "missing"
    ABSENT = "absent"
    CLOCK = "clock"
    SUM = "sum"
    SPIKE = "spike"
    HIGH_USE = "high_use"
    LOW_USE = "low_use"
    ZERO = "zero"
    NEGATIVE = "negative"
    REACTIVE = "reactive"
    FLAG = "meter_flag"
    CAPACITY = "capacity"
    REGISTER_ORDER = "register_order"
    CHECK_METER = "check_meter"
    DUPLICATE = "duplicate"
    FLAT = "flat_line"
    ESTIMATES = "estimates"
    QUESTIONABLE = "questionable"
    NO_BASIS = "no_basis"
    FINAL = "final_changed"


NUMBERS = {
    Check.INTERVAL_COUNT: "V1",
    Check.MISSING: "V1",
    Check.ABSENT: "V1",
    Check.CLOCK: "V2",
    Check.SUM: "V3",
    Check.SPIKE: "V4",
    Check.HIGH_USE: "V5",
    Check.LOW_USE: "V5",
    Check.ZERO: "V6",
    Check.NEGATIVE: "V6",
    Check.REACTIVE: "V7",
    Check.FLAG: "V8",
    Check.CAPACITY: "V9",
    Check.REGISTER_ORDER: "V10",
    Check.CHECK_METER: "V11",
    Check.DUPLICATE: "V12",
}

TITLES = {
    Check.INTERVAL_COUNT: _("Number of intervals"),
    Check.MISSING: _("Missing intervals"),
    Check.ABSENT: _("Day without readings"),
    Check.CLOCK: _("Clock of the meter"),
    Check.SUM: _("Sum against the register"),
    Check.SPIKE: _("Spike"),
    Check.HIGH_USE: _("Far above earlier weeks"),
    Check.LOW_USE: _("Far below earlier weeks"),
    Check.ZERO: _("No use"),
    Check.NEGATIVE: _("Negative reading"),
    Check.REACTIVE: _("Reactive energy too high"),
    Check.FLAG: _("Flagged by the meter"),
    Check.CAPACITY: _("Above capacity"),
    Check.REGISTER_ORDER: _("Register runs backward"),
    Check.CHECK_METER: _("Check meter differs"),
    Check.DUPLICATE: _("Told twice, differently"),
    Check.FLAT: _("Flat line"),
    Check.ESTIMATES: _("Estimated for too long"),
    Check.QUESTIONABLE: _("Doubted by the source"),
    Check.NO_BASIS: _("Nothing to estimate from"),
    Check.FINAL: _("A final day was changed"),
}

SENTENCES = {
    Check.INTERVAL_COUNT: _("The day has {found} intervals; its clock has {expected}."),
    Check.MISSING: _("{found} of {expected} intervals are missing; the longest gap has {longest}."),
    Check.ABSENT: _("The day has no readings, though days before or after it have."),
    Check.CLOCK: _("The clock was off by {seconds} seconds; {allowed} are tolerated."),
    Check.SUM: _(
        "The intervals sum to {intervals} {unit}, the register says {register} {unit}; {allowed} are tolerated."
    ),
    Check.SPIKE: _(
        "The highest interval is {highest} {unit}, the third highest {third}: {over} % above it, {allowed} % are usual."
    ),
    Check.HIGH_USE: _(
        "The day's total is {total} {unit}; the same weekday of {weeks} earlier weeks had {usual} on average."
    ),
    Check.LOW_USE: _(
        "The day's total is {total} {unit}; the same weekday of {weeks} earlier weeks had {usual} on average."
    ),
    Check.ZERO: _("Nothing was used for {hours} hours; {allowed} are usual at a point in use."),
    Check.NEGATIVE: _("{found} intervals are negative; the lowest is {lowest} {unit}."),
    Check.REACTIVE: _("Reactive energy is {reactive} varh beside {active} Wh; up to {allowed} varh are usual."),
    Check.FLAG: _("The meter flagged {flags} over {found} intervals; they are no end points of an estimate."),
    Check.CAPACITY: _("The highest interval is {highest} W; the contract has {capacity} kVA."),
    Check.REGISTER_ORDER: _("The register stands at {end}, after {start}: no roll-over explains it."),
    Check.CHECK_METER: _(
        "The check meter counts {second} {unit}, the main meter {main} {unit}; {allowed} % apart are tolerated."
    ),
    Check.DUPLICATE: _("The source told the day twice with the same time of change; {changed} intervals differ."),
    Check.FLAT: _("{found} intervals in a row have the same value, {value} {unit}."),
    Check.ESTIMATES: _("The channel was estimated on {days} days in a row; {allowed} are allowed."),
    Check.QUESTIONABLE: _("The source doubts {found} intervals itself."),
    Check.NO_BASIS: _("There is nothing to estimate {found} intervals from; zero stands there until a person decides."),
    Check.FINAL: _("The readings were final; a delivery changed them by {changed} {unit}."),
}
"""What was found, with the numbers of the finding."""

STATE_TITLES = {
    State.ACTUAL: _("Actual"),
    State.ESTIMATED: _("Estimated"),
    State.SUBSTITUTED: _("Substituted"),
    State.EDITED: _("Edited"),
    State.MISSING: _("Missing"),
}

METHOD_TITLES = {
    Method.CHECK_METER: _("Check meter"),
    Method.LINEAR: _("Straight line"),
    Method.DERIVED: _("From the other energy"),
    Method.LIKE_DAY: _("Like days"),
    Method.PROFILE: _("Load profile"),
    Method.PREVIOUS_MONTH: _("Month before"),
    Method.FLAT: _("Evenly from the register"),
    Method.ZERO: _("Zero, for want of anything"),
    Method.MANUAL: _("By hand"),
}
