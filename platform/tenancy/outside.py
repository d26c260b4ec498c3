"""What is held of people outside our own database: the rooms that put it there say how it goes.

A room registers a place, such as payment providers. ``of_person`` and ``of_company`` name the entries before our rows
go; ``remove`` takes one away and may be asked again: what is gone is gone. A place that does not answer raises ``Away``
and is asked again by the sweep. Pure, but for what the rooms do in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kernel.errors import GridhallError, gettext_noop
from tenancy.subjects import Subject, Titles

Entry = dict[str, Any]
"""``key`` (of our row, in whose order a company is worked through), ``at`` (whose account) and ``reference``."""


class Outcome(StrEnum):
    """What became of an entry."""

    REMOVED = "removed"
    GONE = "gone"
    REFUSED = "refused"
    SILENT = "silent"


class Away(GridhallError):
    """The place does not answer: what stands there is asked about again."""

    code = "outside_away"
    template = gettext_noop("{place} does not answer. What it holds of people is removed by a later try.")


@dataclass(frozen=True, slots=True)
class Place:
    """One place outside; ``of_company`` returns entries whose key is above ``after``, at most ``limit``, by key."""

    name: str
    titles: Titles
    of_person: Callable[[Subject], Sequence[Entry]]
    of_company: Callable[..., Sequence[Entry]]
    remove: Callable[[Entry], Outcome]


_places: dict[str, Place] = {}


def register(place: Place) -> None:
    """Add a place; registered again it is replaced."""
    _places[place.name] = place


def places() -> list[Place]:
    """Return all places, by name."""
    return [_places[name] for name in sorted(_places)]


def of_person(*, subject: Subject) -> list[Entry]:
    """Return what stands of a person in all places; ask before our own rows are changed."""
    return [{**entry, "place": each.name} for each in places() for entry in each.of_person(subject)]


def remove(*, entry: Entry) -> Outcome:
    """Take an entry away from its place; raises Away. An entry of a place that is no more is refused."""
    place = _places.get(str(entry["place"]))
    return place.remove(entry) if place is not None else Outcome.REFUSED
