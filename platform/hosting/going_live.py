"""What must stand before a company goes live, and the act itself. Rooms above register how each point is seen.

Nothing is stored of the points: each is looked at when it is asked for. The act is recorded with its date in the
registry, among what was done to the company, and by the door in the company's own audit trail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hosting.operations import companies
from kernel.errors import Conflict, GridhallError, gettext_noop
from tenancy import context
from tenancy import models as tenancy_models

NAMES = ("brand", "domain", "entity", "tariff", "customers", "meters", "agreements", "payments", "people")
"""The points in the order in which a company meets them."""


class NotReady(GridhallError):
    """Points that must stand are missing."""

    code = "not_ready_to_go_live"
    template = gettext_noop("The company cannot go live yet. Missing: {missing}.")

    def __init__(self, *, missing: list[str]) -> None:
        super().__init__(missing=", ".join(missing))
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found of a point: whether it stands, and numbers or names to show."""

    stands: bool
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Point:
    """A point with what was found of it; one that is not ``must`` is only advised."""

    name: str
    must: bool
    seen: Seen


_probes: dict[str, tuple[bool, Callable[[], Seen]]] = {}


def register(name: str, probe: Callable[[], Seen], *, must: bool) -> None:
    """Add how a point is seen in the company worked for."""
    _probes[name] = (must, probe)


def points() -> list[Point]:
    """Look at every point of the present company, in their order."""
    order = sorted(_probes, key=lambda name: NAMES.index(name) if name in NAMES else len(NAMES))
    return [Point(name, _probes[name][0], _probes[name][1]()) for name in order]


def missing() -> list[str]:
    """Return the points that must stand and do not."""
    return [each.name for each in points() if each.must and not each.seen.stands]


def go_live(*, at: dt.datetime, reason: str = "") -> dt.datetime:
    """Declare that the present company works in earnest from ``at`` on, once.

    Raises NotReady, which names every missing point, or Conflict for a demo or a company that is live.
    """
    retailer = context.current_retailer()
    if retailer.is_demo:
        raise Conflict(reason=gettext_noop("a demo space is made up and ends by itself. Sign your company up."))
    left = missing()
    if left:
        raise NotReady(missing=left)
    _declare(retailer, at, {each.name: each.seen.stands for each in points()}, reason)
    return at


def declare(*, retailer: Any, at: dt.datetime, reason: str) -> None:
    """Note that a company is live without looking, for one that was at work before; raises Conflict."""
    _declare(retailer, at, {}, reason)


def _declare(retailer: Any, at: dt.datetime, stood: dict[str, bool], reason: str) -> None:
    with context.use_public():
        rows = tenancy_models.Retailer.objects.filter(pk=retailer.pk, live_since__isnull=True)
        if not rows.update(live_since=at):
            raise Conflict(reason=gettext_noop("the company is live already."))
        companies.record(retailer=retailer, action="go_live", at=at, reason=reason, details={"points": stood})
