"""What was agreed for a place: the tariff of each day, the calendar that labels its hours, the prices by label."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from billing.rating import evaluate, inputs
from billing.rating.bills import Bill
from billing.rating.errors import RatingError
from kernel.errors import GridhallError
from kernel.periods import Period
from portal.customer.places import Place
from tenants.tariffs import queries as tariff_queries
from tenants.tariffs import tariff_documents

CONSUMPTION = "consumption"
SAMPLE_MINUTES = 5
SAMPLE_WH = 1000
NO_LABEL = -1

Codes = npt.NDArray[np.int8]


@dataclass(slots=True)
class Labelling:
    """The label of each slot as a position in ``names``, -1 where none is known; ``titles`` for people."""

    codes: Codes
    names: list[str] = field(default_factory=list)
    titles: dict[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InForce:
    """The agreement of a place on a day, with its tariff and the values agreed."""

    terms: Any
    tariff: Any
    parameters: Mapping[str, Decimal]
    period: Period


def in_force(place: Place, on: dt.date) -> InForce | None:
    """Return what is agreed for the place on a day, or None."""
    day = Period(on, on + dt.timedelta(days=1))
    found = tariff_queries.terms_in(supply_point_ids=[place.point.pk], period=day).get(place.point.pk)
    return _in_force(found[0], day) if found and found[0].agreement.account_id == place.account.pk else None


def _in_force(terms: Any, day: Period) -> InForce:
    agreed = terms.agreement.parameters.items()
    tariff = tariff_documents.tariff_of(version=terms.version)
    return InForce(terms, tariff, {name: Decimal(str(value)) for name, value in agreed}, day)


def calendar_name(tariff: Any, kind: str) -> str | None:
    """Return the calendar that cuts the prices of a channel kind; None where the price is the same all day."""
    return next((c.calendar for c in tariff.charges if c.channel == kind and c.by and c.calendar), None)


def label_titles(calendar: str) -> dict[str, Mapping[str, str]]:
    """Return the names of a calendar's labels for people."""
    return tariff_documents.label_titles(name=calendar)


def labelling(place: Place, period: Period, kind: str, starts: npt.NDArray[np.datetime64], minutes: int) -> Labelling:
    """Return the label of every slot, under the tariff of its day; none where the calendar does not say."""
    found = Labelling(np.full(len(starts), NO_LABEL, dtype=np.int8))
    terms = tariff_queries.terms_in(supply_point_ids=[place.point.pk], period=period).get(place.point.pk, [])
    for each in terms:
        name = calendar_name(tariff_documents.tariff_of(version=each.version), kind)
        if name:
            first, last = each.period.instants(place.zone)
            begin, end = np.searchsorted(starts, [_naive(first), _naive(last)])
            _paint(found, name, each.period, starts[begin:end], (int(begin), minutes))
    return found


def _paint(
    found: Labelling, name: str, period: Period, starts: npt.NDArray[np.datetime64], at: tuple[int, int]
) -> None:
    begin, minutes = at
    calendar = tariff_documents.calendar_of(name=name)
    facts = tariff_queries.calendar_facts(names=calendar.facts, period=period) if calendar.facts else {}
    try:
        own = calendar.labels_at(starts=starts, minutes=minutes, facts=facts)
    except GridhallError:  # readings coarser than the windows, or a day the market has not announced yet
        return
    found.names += [label for label in calendar.labels if label not in found.names]
    found.titles |= label_titles(name)
    place_of = np.array([found.names.index(label) for label in calendar.labels], dtype=np.int8)
    found.codes[begin : begin + len(starts)] = place_of[own]


@dataclass(frozen=True, slots=True)
class DayPrices:
    """The prices of a kilowatt hour through a day: the label of each five minutes and the price of each label."""

    calendar: str | None
    spans: tuple[Any, ...]
    titles: Mapping[str, Mapping[str, str]]
    price_of: Mapping[str, Decimal]

    def price_at(self, label: str) -> Decimal | None:
        return self.price_of.get(label)


def day_prices(agreed: InForce, kind: str = CONSUMPTION) -> DayPrices | None:
    """Return the energy prices of the day; None where they depend on values that are not published yet."""
    name = calendar_name(agreed.tariff, kind)
    try:
        facts = _facts(agreed)
        bill = _sample(agreed, facts)
        if name is None:
            return DayPrices(None, (), {}, {"": _price(bill, kind, None)})
        calendar = tariff_documents.calendar_of(name=name)
        spans = calendar.spans_of(agreed.period.start, facts=facts)
    except (GridhallError, RatingError, decimal.DecimalException):
        return None
    return DayPrices(name, spans, label_titles(name), {label: _price(bill, kind, label) for label in calendar.labels})


def _facts(agreed: InForce) -> Mapping[str, frozenset[dt.date]]:
    calendars = [tariff_documents.calendar_of(name=name) for name in agreed.tariff.calendars]
    names = {fact for calendar in calendars for fact in calendar.facts}
    return tariff_queries.calendar_facts(names=names, period=agreed.period) if names else {}


def _sample(agreed: InForce, facts: Mapping[str, frozenset[dt.date]]) -> Bill:
    """Rate a day of equal use, only to read the prices of its cells."""
    tariff, day = agreed.tariff, agreed.period.start
    slots = 24 * 60 // SAMPLE_MINUTES
    labels = {}
    for name in tariff.calendars:
        calendar = tariff_documents.calendar_of(name=name)
        spans = calendar.spans_of(day, facts=facts)
        labels[name] = np.array([calendar.labels.index(_label_at(spans, n)) for n in range(slots)], dtype=np.int8)
    used = np.full(slots, SAMPLE_WH, dtype=np.int64)
    part = inputs.SliceInputs(
        days=1,
        period_start=day,
        parameters=agreed.parameters,
        labels=labels,
        channels={channel: used for channel in tariff.required_channels},
    )
    return evaluate.rate(
        tariff, inputs.AccountInputs(slices=[part], already={name: Decimal(0) for name in tariff.balances})
    )


def _label_at(spans: tuple[Any, ...], slot: int) -> str:
    hours, minutes = divmod(slot * SAMPLE_MINUTES, 60)
    clock = f"{hours:02d}:{minutes:02d}"
    return str(next(span.label for span in spans if span.start <= clock < span.end))


def _price(bill: Bill, kind: str, label: str | None) -> Decimal:
    """Return what a unit costs under a label in the first band, all posted lines together."""
    total = Decimal(0)
    for line in bill.posted:
        cells = [cell for cell in line.cells if cell.label in (None, label)] if line.channel == kind else []
        total += cells[0].price if cells else Decimal(0)
    return total


def _naive(instant: dt.datetime) -> np.datetime64:
    return np.datetime64(instant.astimezone(dt.UTC).replace(tzinfo=None), "s")
