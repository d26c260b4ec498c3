"""The supply points of a customer, each with the days on which it was the customer's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from tenants.customers import date_ranges
from tenants.customers import queries as customer_queries


@dataclass(frozen=True, slots=True)
class Place:
    """A supply point with the account that answers or last answered for it. ``held`` are ranges, the latest first."""

    point: Any
    account: Any
    held: tuple[Any, ...]

    @property
    def identifier(self) -> str:
        return str(self.point.identifier)

    @property
    def address(self) -> str:
        return str(self.point.premises.address)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.point.premises.time_zone)

    def is_held(self, on: dt.date) -> bool:
        """Return whether the supply point is the customer's on that day."""
        return any(date_ranges.covers(held, on, on + dt.timedelta(days=1)) for held in self.held)

    def days_in(self, period: Period) -> Iterator[Period]:
        """Yield the stretches of ``period`` on which it is the customer's."""
        for held in self.held:
            days = date_ranges.within(held, period)
            if days is not None:
                yield days


def of_customer(customer: Any) -> list[Place]:
    """Return all places of the customer in one query, those held last first."""
    grouped: dict[int, list[Any]] = {}
    for occupancy in customer_queries.occupancies_of_customer(customer=customer):
        grouped.setdefault(occupancy.supply_point_id, []).append(occupancy)
    places = [Place(of[0].supply_point, of[0].account, tuple(each.period for each in of)) for of in grouped.values()]
    running = [place for place in places if place.held[0].upper is None]
    return sorted(running, key=lambda place: place.identifier) + [p for p in places if p not in running]


def chosen(places: Sequence[Place], identifier: str) -> Place:
    """Return the place that was asked for, the first when none was; raises NotFound for any other."""
    found = [place for place in places if identifier in ("", place.identifier)]
    if not found:
        raise NotFound(what=gettext_noop("supply point"), name=identifier)
    return found[0]
