"""What the usage page shows: which place, what, over which days, and where one can go from there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from kernel.errors import NotFound, gettext_noop
from kernel.periods import Period
from portal.customer import billed, places, readings
from portal.customer.places import Place
from tenants.metering import queries as metering_queries

INTERVAL, DAY, MONTH = "interval", "day", "month"
VIEWS = (INTERVAL, DAY, MONTH)
MONTHS_SHOWN = 13
FIRST_YEAR, LAST_YEAR = 2000, 2199
ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for. ``bill`` is set while the days of one bill are shown."""

    place: Place
    kind: str
    view: str
    date: dt.date
    period: Period
    bill: str = ""

    @property
    def query(self) -> str:
        """The part of the address that leads here again."""
        return self._query()

    @property
    def fields(self) -> dict[str, str]:
        """What the form that leads to another day keeps."""
        return {"point": self.place.identifier, "kind": self.kind, "view": self.view, "date": self.date.isoformat()}

    def other(self, **changes: str) -> str:
        """Return the query of the same page with something else chosen; a bill's days are left with it."""
        return self._query(**changes)

    def elsewhere(self, place: Place) -> str:
        """Return the query of the same days at another place."""
        return "?" + urlencode({"point": place.identifier, "view": self.view, "date": self.date.isoformat()})

    def at(self, date: dt.date) -> str:
        return self._query(date=date.isoformat())

    def _query(self, **changes: str) -> str:
        own = {"point": self.place.identifier, "kind": self.kind, "view": self.view, "date": self.date.isoformat()}
        if self.bill and not changes:
            own["bill"] = self.bill
        return "?" + urlencode({**own, **changes})


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything about a request for usage that needed the database once."""

    choice: Choice
    places: Sequence[Place]
    channels: Sequence[Any]
    span: Period | None
    """The days from the first to the last reading that are the customer's."""

    @property
    def kinds(self) -> list[str]:
        return readings.kinds_of(self.channels)


def asked(customer: Any, query: Mapping[str, str], today: dt.date) -> Asked | None:
    """Return what a query asks for; None for a customer without any place. Raises NotFound for what is not there."""
    held = places.of_customer(customer)
    if not held and not query.get("point"):
        return None
    place = places.chosen(held, query.get("point", ""))
    channels = readings.channels_of(place)
    span = span_of(place, channels)
    kinds = readings.kinds_of(channels) or [readings.KINDS[0]]
    view = _one_of(query.get("view") or DAY, VIEWS)
    kind = _one_of(query.get("kind") or kinds[0], kinds)
    bill = query.get("bill", "") if view == DAY else ""
    if bill:
        _invoice, period = billed.bill_of(customer, bill, place)
        date = period.start
    else:
        date = _date(query.get("date", "")) or (span.end - ONE_DAY if span else today)
        period = period_of(view, date, span)
    return Asked(Choice(place, kind, view, date, period, bill), held, channels, span)


def span_of(place: Place, channels: Sequence[Any]) -> Period | None:
    """Return the days from the first to the last reading, as far as they are the customer's."""
    found = metering_queries.span_of(channel_ids=[channel.pk for channel in channels]) if channels else None
    parts = list(place.days_in(found)) if found else []
    return Period(min(part.start for part in parts), max(part.end for part in parts)) if parts else None


def period_of(view: str, date: dt.date, span: Period | None) -> Period:
    """Return the days that a view around ``date`` shows: the day, its month, or thirteen months up to it.

    Months before the first reading are left out of the last one.
    """
    if view == INTERVAL:
        return Period(date, date + ONE_DAY)
    month = Period.of_month(date.year, date.month)
    if view == DAY:
        return month
    start = month_before(month.start, MONTHS_SHOWN - 1)
    first = span.start.replace(day=1) if span else start
    return Period(max(start, first) if first <= month.start else start, month.end)


def month_before(first: dt.date, months: int) -> dt.date:
    """Return the first day of the month that lies ``months`` before."""
    count = first.year * 12 + first.month - 1 - months
    return dt.date(count // 12, count % 12 + 1, 1)


def neighbours(found: Asked) -> tuple[str, str]:
    """Return the queries of the page before and after, empty beyond the readings."""
    choice, span = found.choice, found.span
    before, after = choice.period.start - ONE_DAY, choice.period.end
    if choice.view == MONTH and span and after < span.end:
        after = min(month_before(after, 1 - MONTHS_SHOWN + 1), span.end - ONE_DAY)
    return (
        choice.at(before) if span and before >= span.start else "",
        choice.at(after) if span and after < span.end else "",
    )


def _one_of(value: str, choices: Sequence[str]) -> str:
    if value not in choices:
        raise NotFound(what=gettext_noop("page"), name=value)
    return value


def _date(text: str) -> dt.date | None:
    if not text:
        return None
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        found = dt.date.min
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise NotFound(what=gettext_noop("day"), name=text)
    return found
