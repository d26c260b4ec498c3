"""The bill of a sample customer under a tariff document that nobody agreed on yet.

A load is real (a supply point's month) or typical (energy per label, laid evenly on the hours of the label). Nothing
is stored, and what earlier bills of a tier's window hold is a number that is given.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from billing.rating import evaluate, inputs
from billing.rating.bills import Bill
from billing.rating.calendars import Calendar, SlotAcrossWindows
from billing.rating.tariffs import Tariff
from billing.runs import readings
from kernel import money
from kernel.errors import GridhallError, gettext_noop
from kernel.periods import Period
from tenants.tariffs import indices, parameters, tariff_documents
from tenants.tariffs import queries as tariff_queries

USUAL_MINUTES, FINE_MINUTES = 15, 5
WH = Decimal(1000)
_WIDEST = Decimal(10) ** 12


class NoReadings(GridhallError):
    """The supply point has no readings in that month."""

    code = "sample_no_readings"
    template = gettext_noop("{identifier} has no readings in {month}. Choose another month or supply point.")


class TooLarge(GridhallError):
    """No sample uses that much."""

    code = "sample_too_large"
    template = gettext_noop("{value} is more than a sample can use.")


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """What the sample used: integers per slot and kind (Wh, varh, W), with missing slots."""

    grid: readings.Grid
    values: Mapping[str, readings.Values]
    missing: Mapping[str, readings.Mask] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """What else the bill depends on: the agreement's parameters as texts; series, facts and balances by name."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    indices: Mapping[str, Decimal] = field(default_factory=dict)
    facts: Mapping[str, Decimal] = field(default_factory=dict)
    already: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """A document that can be billed by, with the calendars it uses."""

    tariff: Tariff
    calendars: Mapping[str, Calendar]

    @property
    def calendar(self) -> Calendar | None:
        """The calendar whose labels cut the energy."""
        name = self.tariff.calendar or next(iter(self.calendars), None)
        return self.calendars.get(name) if name else None


def opened(document: Mapping[str, Any]) -> Opened:
    """This will check a document and return what it says; raises TariffError or CalendarFault."""
    tariff = tariff_documents.load(document)
    return Opened(tariff, tariff_documents.calendars_of(document, tariff))


def hours_by_label(*, calendar: Calendar, month: Period) -> dict[str, Decimal]:
    """This will count the hours of each label in a month; dated facts are taken as not having happened."""
    none: dict[str, frozenset[dt.date]] = dict.fromkeys(calendar.facts, frozenset())
    days = [calendar.hours_by_label(day, facts=none) for day in month]
    return {label: sum((day[label] for day in days), Decimal(0)) for label in calendar.labels}


def typical(
    *,
    plan: Opened,
    month: Period,
    zone: ZoneInfo,
    energy: Mapping[str, Decimal],
    demand: Decimal = Decimal(0),
    feed_in: Decimal = Decimal(0),
    reactive: Decimal = Decimal(0),
) -> Load:
    """This will lay ``energy`` (kWh per label, under "" without a calendar) evenly on the hours of each label.

    ``demand`` (kW) is reached in every label; ``feed_in`` (kWh) and ``reactive`` (kvarh) are laid on the whole month.
    Raises TooLarge and what the calendar refuses.
    """
    calendar = plan.calendar
    grid = readings.Grid.over(zone=zone, period=month, minutes=_minutes(plan, month, zone))
    used = np.zeros(grid.starts.size, dtype=np.int64)
    labels = None if calendar is None else _labels(calendar, grid)
    for label, kwh in energy.items():
        if labels is None or calendar is None:
            places = np.arange(used.size)
        elif label in calendar.labels:
            places = np.flatnonzero(labels == calendar.labels.index(label))
        else:
            continue
        used[places] += _spread(kwh, places.size)
    whole = grid.starts.size
    return Load(
        grid,
        {
            readings.CONSUMPTION: used,
            readings.FEED_IN: _spread(feed_in, whole),
            readings.GENERATION: np.zeros(whole, dtype=np.int64),
            readings.REACTIVE: _spread(reactive, whole),
            readings.DEMAND: np.full(whole, _thousandths(demand), dtype=np.int64),
        },
    )


def metered(*, supply_point: Any, month: Period) -> Load:
    """This will read a supply point's month; raises NoReadings."""
    zone = ZoneInfo(supply_point.premises.time_zone)
    try:
        found = readings.of_supply_points(points=[(supply_point.pk, zone)], period=month).get(supply_point.pk)
    except KeyError:
        found = None
    used = None if found is None else found.missing.get(readings.CONSUMPTION)
    if found is None or used is None or used.all():
        raise NoReadings(identifier=supply_point.identifier, month=f"{month.start:%Y-%m}", where="point")
    return Load(found.grid, found.values, found.missing)


def rate(*, plan: Opened, load: Load, given: Given) -> Bill:
    """This will return the bill of the sample.

    Raises what the agreement's parameters refuse, NotReady naming what is missing, RatingError, or what the calendar
    refuses.
    """
    tariff, grid = plan.tariff, load.grid
    checked = parameters.checked(
        given={name: value for name, value in given.parameters.items() if name in tariff.parameters},
        declared={name: each for name, each in tariff.parameters.items() if name not in tariff.balances},
    )
    kinds = [kind for kind in load.values if kind in tariff.required_channels]
    part = inputs.SliceInputs(
        days=grid.period.days,
        period_start=grid.period.start,
        parameters={name: Decimal(value) for name, value in checked.items()},
        labels={name: _labels(calendar, grid) for name, calendar in plan.calendars.items()},
        channels={kind: inputs.Series(load.values[kind], missing=load.missing.get(kind)) for kind in kinds},
        indices=_indices(tariff, given, grid.period),
        day_of_slot=grid.day_of_slot,
    )
    already = {name: given.already.get(name, Decimal(0)) for name in tariff.balances}
    facts = {name: given.facts.get(name, Decimal(0)) for name in tariff.facts}
    return evaluate.rate(tariff, inputs.AccountInputs([part], already=already, facts=facts))


def _minutes(plan: Opened, month: Period, zone: ZoneInfo) -> int:
    try:
        grid = readings.Grid.over(zone=zone, period=month, minutes=USUAL_MINUTES)
        for calendar in plan.calendars.values():
            _labels(calendar, grid)
    except SlotAcrossWindows:
        return FINE_MINUTES
    return USUAL_MINUTES


def _labels(calendar: Calendar, grid: readings.Grid) -> Any:
    known = tariff_queries.calendar_facts(names=calendar.facts, period=grid.period) if calendar.facts else {}
    facts = {name: known.get(name, frozenset()) for name in calendar.facts}
    return calendar.labels_at(starts=grid.starts, minutes=grid.minutes, facts=facts)


def _spread(kilo: Decimal, slots: int) -> readings.Values:
    """Lay an amount evenly on slots, to the last thousandth."""
    if slots == 0:
        return np.zeros(0, dtype=np.int64)
    each, rest = divmod(_thousandths(kilo), slots)
    return np.full(slots, each, dtype=np.int64) + (np.arange(slots) < rest)


def _thousandths(kilo: Decimal) -> int:
    if not abs(kilo) < _WIDEST:
        raise TooLarge(value=str(kilo)[:40])
    return int(money.round_half_up(kilo * WH, 0))


def _indices(tariff: Tariff, given: Given, period: Period) -> dict[str, inputs.IndexValue]:
    wanted = tariff.required_indices
    published = indices.publications(codes=wanted, period=period) if wanted else {}
    found: dict[str, inputs.IndexValue] = {}
    for code in wanted:
        if code in given.indices:
            found[code] = given.indices[code]
        elif code in published and published[code].covered:
            found[code] = _value(published[code])
    return found


def _value(publication: indices.Publication) -> inputs.IndexValue:
    values = publication.values
    if publication.shape == "interval":
        return inputs.scaled(values[""])
    return values[""][0] if set(values) == {""} else {label: each[0] for label, each in values.items()}
