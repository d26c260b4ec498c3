"""Why a bill is parked, refused, held or sent back: a code to filter by and a sentence a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.runs import brakes
from kernel.errors import GridhallError, gettext_noop

INPUTS_CHANGED, HELD, UNEXPECTED = "inputs_changed", "held_by_person", "unexpected"
ACCOUNT_HELD, SENT_BACK = "account_held", "sent_back"
CORRECTED = "corrected"
SENTENCE = "sentence"

SENTENCES: dict[str, str] = {
    brakes.NEGATIVE: gettext_noop("The bill comes to {total}, although nothing was fed in."),
    brakes.ZERO_USE: gettext_noop("{identifier} used nothing in {days} days, although its meter is active."),
    brakes.FAR_ABOVE: gettext_noop("{identifier} used {energy_kwh} kWh; usual for so many days are {usual_kwh} kWh."),
    brakes.FAR_BELOW: gettext_noop("{identifier} used only {energy_kwh} kWh; usual are {usual_kwh} kWh."),
    brakes.DOUBTED: gettext_noop("{identifier} has {count} open doubts about its readings of the period."),
    brakes.ESTIMATED: gettext_noop("{percent}% of the readings of {identifier} are estimated."),
    brakes.FIRST_BILL: gettext_noop("This is the first bill of {identifier}."),
    brakes.ABOVE_APPROVAL: gettext_noop("The bill comes to {total}; above {limit} two people look at it."),
    ACCOUNT_HELD: gettext_noop("The account is held: {note}"),
    SENT_BACK: gettext_noop("Not approved: {note}"),
    INPUTS_CHANGED: gettext_noop("Readings, agreement or prices changed after the bill was rated; it is rated anew."),
    HELD: gettext_noop("Held back: {note}"),
    CORRECTED: gettext_noop("The bill was corrected: it was credited, and another takes its place."),
    UNEXPECTED: gettext_noop("The bill could not be rated because of a fault of the program ({error})."),
}


KINDS = {
    "consumption": gettext_noop("consumption"),
    "feed_in": gettext_noop("feed-in"),
    "generation": gettext_noop("generation"),
    "reactive": gettext_noop("reactive energy"),
    "demand": gettext_noop("demand"),
}
"""Kinds of readings as they stand in a sentence."""


class Text(dict[str, Any]):
    """The values of a sentence; one that is not there is shown as a dash."""

    def __missing__(self, key: str) -> str:
        return "–"


def of_error(error: Exception) -> tuple[str, dict[str, str]]:
    """This will return the code and the details to be stored for a refusal; its sentence is kept with them."""
    if not isinstance(error, GridhallError):
        return UNEXPECTED, {"error": type(error).__name__}
    return error.code, {name: str(value) for name, value in error.params.items()} | {SENTENCE: error.template}


def template_of(code: str, params: Mapping[str, str]) -> str:
    """This will return the English sentence of a stored reason, with its places; empty when there is none."""
    return params.get(SENTENCE) or SENTENCES.get(code, "")
