"""Gathers what a chunk of bills depends on in a few queries: sections, readings, published values, the past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from billing.invoices import usage
from billing.rating import calendars, errors, inputs, tariffs
from billing.runs import account_facts, readings, register_readings, sections, shapes
from billing.runs import history as bill_history
from billing.runs.account_facts import FactBook
from billing.runs.history import History
from billing.runs.models import BillRunItem
from billing.runs.readings import Grid, Readings
from billing.runs.sections import Section
from kernel.errors import GridhallError
from kernel.periods import Period
from tenants.customers import queries as customer_queries
from tenants.tariffs import indices, tariff_documents
from tenants.tariffs import queries as tariff_queries

INTERVAL = "interval"
ALL_DAY = {"en": "Energy", "zh-hans": "电量"}


@dataclass(slots=True)
class Plan:
    """What is to be rated for a chunk of items, and the items that cannot be."""

    period: Period
    sections: list[Section] = field(default_factory=list)
    refusals: dict[int, GridhallError] = field(default_factory=dict)
    history: History = field(default_factory=History)
    published: dict[tuple[str, Period], indices.Publication] = field(default_factory=dict)
    facts: Mapping[str, frozenset[dt.date]] = field(default_factory=dict)
    index_values: dict[tuple[str, Period], inputs.IndexValue] = field(default_factory=dict)
    account_facts: FactBook = field(default_factory=FactBook)

    def refuse(self, item_id: int, refusal: GridhallError) -> None:
        """This will keep the first refusal of an item."""
        self.refusals.setdefault(item_id, refusal)

    def of_place(self, place: int) -> list[Section]:
        """This will return the sections of that place of items not refused."""
        return [each for each in self.sections if each.place == place and each.item_id not in self.refusals]


def plan(*, items: Sequence[BillRunItem], period: Period, steps: Sequence[Period] = ()) -> Plan:
    """This will cut the items' supply points into sections and read what they depend on, but not the readings.

    All items are of ``period``; ``steps`` are the months that their run bills together, else it is rated whole.
    """
    occupancies = occupancies_of(account_ids=[item.account_id for item in items], period=period)
    points = {each.supply_point_id for held in occupancies.values() for each in held}
    terms = tariff_queries.terms_in(supply_point_ids=points, period=period)
    payers = [(item.pk, item.account_id) for item in items]
    made = cut(payers=payers, period=period, occupancies=occupancies, terms=terms, tariff_of=_tariffs(), steps=steps)
    made.history = bill_history.of_sections(made.sections)
    read_sources(plans=[made])
    return made


def occupancies_of(*, account_ids: Sequence[int], period: Period) -> dict[int, list[Any]]:
    """This will return what each account answers for in ``period``, in one query."""
    occupancies: dict[int, list[Any]] = {}
    for each in customer_queries.occupancies_in(period=period, account_ids=account_ids):
        occupancies.setdefault(each.account_id, []).append(each)
    return occupancies


def cut(
    *,
    payers: Iterable[tuple[int, int]],
    period: Period,
    occupancies: Mapping[int, Sequence[Any]],
    terms: Mapping[int, Sequence[tariff_queries.Terms]],
    tariff_of: Callable[[Any], tariffs.Tariff],
    steps: Sequence[Period] = (),
) -> Plan:
    """This will cut the supply points of payers (item, account) into the sections of ``period``; it asks no database.

    An item that cannot be cut is refused in the plan, which has neither history nor sources yet.
    """
    made = Plan(period=period)
    for item_id, account_id in payers:
        try:
            made.sections += sections.of_item(
                item_id=item_id,
                account_id=account_id,
                period=period,
                occupancies=occupancies.get(account_id, ()),
                terms=terms,
                tariff_of=tariff_of,
                steps=steps,
            )
        except GridhallError as refusal:
            made.refuse(item_id, refusal)
    return made


def read_sources(*, plans: Sequence[Plan]) -> None:
    """This will read the dated facts and published values that plans of one period need, once for all of them."""
    facts = _facts(plans)
    published = _published(plans)
    index_values: dict[tuple[str, Period], inputs.IndexValue] = {}
    stated = account_facts.of_sections([section for made in plans for section in made.sections])
    for made in plans:
        made.facts, made.published, made.index_values = facts, published, index_values
        made.account_facts = stated


def supply_points(made: Plan) -> Iterable[tuple[int, Any]]:
    """This will return each supply point to be read, with its zone."""
    return {section.supply_point.pk: section.zone for section in made.sections}.items()


def read(made: Plan) -> dict[int, Readings]:
    """This will read the channels of all supply points of the plan over its period."""
    return readings.of_supply_points(points=supply_points(made), period=made.period)


def used(*, section: Section, made: Plan, channels: Mapping[int, Any]) -> dict[str, Any]:
    """This will write down what a section was rated from, so that a change can be seen and the bill rated again.

    ``channels`` holds the version of each channel's readings. Raises EarlierBillOpen.
    """
    stated = made.account_facts.of(section)
    return {
        "supply_point": section.supply_point.pk,
        "product_version": section.version.pk,
        "slices": [
            {
                "from": part.period.start.isoformat(),
                "to": part.period.end.isoformat(),
                "agreement": part.agreement_id,
                "parameters": {name: str(value) for name, value in sorted(part.parameters.items())},
            }
            for part in section.slices
        ],
        "already": as_text(made.history.already(section)),
        "carried": as_text(made.history.carried(section)),
        "indices": {
            code: list(made.published[code, part.period].versions) if (code, part.period) in made.published else []
            for part in section.slices
            for code in sorted(section.tariff.required_indices)
        },
        "readings": dict(sorted((str(key), version) for key, version in channels.items())),
    } | ({"facts": as_text(stated)} if stated else {})


def account_inputs(*, section: Section, made: Plan, read: Readings | None, labels: LabelCache) -> inputs.AccountInputs:
    """This will put together what the engine rates a section with; raises what the calendar or history refuses."""
    return inputs.AccountInputs(
        slices=[_slice(section, part, made, read, labels) for part in section.slices],
        period_days=section.full_days,
        already=made.history.already(section),
        carried=made.history.carried(section),
        facts=made.account_facts.of(section),
    )


def as_text(value: Any) -> Any:
    """This will write decimals in nested data as text."""
    if isinstance(value, Mapping):
        return {str(name): as_text(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [as_text(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value


@dataclass(slots=True)
class LabelCache:
    """Labels of slots, painted once for all supply points that share a calendar and a grid."""

    facts: Mapping[str, frozenset[dt.date]]
    _known: dict[tuple[Any, ...], npt.NDArray[np.int8]] = field(default_factory=dict)
    _charts: dict[tuple[Any, ...], usage.Chart] = field(default_factory=dict)

    def of(self, name: str, grid: Grid, part: Period) -> npt.NDArray[np.int8]:
        """This will return the label of each slot of ``part``; raises what the calendar refuses."""
        key = (name, grid.zone.key, grid.minutes, part)
        if key not in self._known:
            start, end = part.instants(grid.zone)
            self._known[key] = tariff_documents.calendar_of(name=name).labels_of(
                start=start, end=end, minutes=grid.minutes, facts=self.facts
            )
        return self._known[key]

    def chart(self, name: str | None, grid: Grid, parts: tuple[Period, ...]) -> usage.Chart:
        """This will lay the chart of usage over ``parts``, by day and by the labels of calendar ``name``."""
        key = (name, grid.zone.key, grid.minutes, parts)
        if key not in self._charts:
            whole = Period(parts[0].start, parts[-1].end)
            titles: Sequence[Mapping[str, str]] = [ALL_DAY]
            if name is not None:
                calendar = self.calendar(name)
                titles = [calendar.label_titles.get(label) or {"en": label} for label in calendar.labels]
            self._charts[key] = usage.Chart.of(
                starts=grid.starts[grid.slots_of(whole)],
                labels=None if name is None else np.concatenate([self.of(name, grid, part) for part in parts]),
                titles=titles,
                period=whole,
                zone=grid.zone,
            )
        return self._charts[key]

    def calendar(self, name: str) -> calendars.Calendar:
        """This will return the calendar itself."""
        return tariff_documents.calendar_of(name=name)


def _tariffs() -> Callable[[Any], tariffs.Tariff]:
    """The tariff of a version, asked for once in a plan: to know a document again it is written and hashed."""
    known: dict[int, tariffs.Tariff] = {}

    def tariff_of(version: Any) -> tariffs.Tariff:
        if version.pk not in known:
            known[version.pk] = tariff_documents.tariff_of(version=version)
        return known[version.pk]

    return tariff_of


def _facts(plans: Sequence[Plan]) -> Mapping[str, frozenset[dt.date]]:
    names = {name for made in plans for section in made.sections for name in section.tariff.calendars}
    wanted = {fact for name in names for fact in tariff_documents.calendar_of(name=name).facts}
    return tariff_queries.calendar_facts(names=wanted, period=plans[0].period) if wanted else {}


def _published(plans: Sequence[Plan]) -> dict[tuple[str, Period], indices.Publication]:
    wanted: dict[Period, set[str]] = {}
    for section in (section for made in plans for section in made.sections):
        for part in section.slices if section.tariff.required_indices else ():
            wanted.setdefault(part.period, set()).update(section.tariff.required_indices)
    published: dict[tuple[str, Period], indices.Publication] = {}
    for period, codes in wanted.items():
        found = indices.publications(codes=codes, period=period)
        published.update({(code, period): each for code, each in found.items() if each.covered})
    return published


def _slice(
    section: Section, part: sections.Slice, made: Plan, read: Readings | None, labels: LabelCache
) -> inputs.SliceInputs:
    needed = section.tariff.required_channels
    channels: dict[str, Any] = {}
    painted: dict[str, npt.NDArray[np.int8]] = {}
    if read is not None:
        at = read.grid.slots_of(part.period)
        painted = {name: labels.of(name, read.grid, part.period) for name in section.tariff.calendars}
        channels = {
            kind: _by_day(section, part, read, kind, painted)
            if _counted_by_day(read, kind, part)
            else _series(read, kind, at)
            for kind in read.values
            if kind in needed
        }
    return inputs.SliceInputs(
        days=part.period.days,
        period_start=part.period.start,
        parameters=part.parameters,
        labels=painted,
        channels=channels,
        indices=_indices(section, part, made),
        day_of_slot=None if read is None else _days_of(read.grid, part.period),
    )


def _days(read: Readings, part: sections.Slice) -> slice:
    start = read.grid.period.start
    return slice((part.period.start - start).days, (part.period.end - start).days)


def _counted_by_day(read: Readings, kind: str, part: sections.Slice) -> bool:
    flat = read.flat.get(kind)
    return flat is not None and bool(flat[_days(read, part)].any())


def _by_day(
    section: Section, part: sections.Slice, read: Readings, kind: str, painted: Mapping[str, npt.NDArray[np.int8]]
) -> inputs.Series:
    """What registers counted: by their own times of use, or by slots where prices change at midnight only."""
    identifier = section.supply_point.identifier
    shape = shapes.of_tariff(section.tariff, kind)
    if shape.intervals:
        raise register_readings.ShapeUnknown(identifier=identifier)
    by_day, codes_of = read.by_day.get(kind), {name: painted[name] for name in shape.calendars if name in painted}
    if codes_of and by_day is not None and by_day.labelled:
        calendars = [(section.tariff.calendars[name], codes) for name, codes in codes_of.items()]
        names, wh = register_readings.series_labels(
            by_day=by_day, days=_days(read, part), painted=calendars, identifier=identifier
        )
        codes = np.tile(np.arange(len(names), dtype=np.int8), part.period.days)
        return inputs.Series(wh.T.reshape(-1), labels=inputs.Labels(names, codes))
    days = _days_of(read.grid, part.period)
    if not all(register_readings.constant_within_days(codes=codes, day_of_slot=days) for codes in codes_of.values()):
        raise register_readings.ShapeUnknown(identifier=identifier)
    return _series(read, kind, read.grid.slots_of(part.period))


def _series(read: Readings, kind: str, at: slice) -> inputs.Series:
    missing = read.missing[kind][at]
    return inputs.Series(read.values[kind][at], missing=missing if missing.any() else None)


def _days_of(grid: Grid, part: Period) -> npt.NDArray[np.int32]:
    at = grid.slots_of(part)
    return grid.day_of_slot[at] - np.int32((part.start - grid.period.start).days)


def _indices(section: Section, part: sections.Slice, made: Plan) -> dict[str, inputs.IndexValue]:
    found: dict[str, inputs.IndexValue] = {}
    for code in section.tariff.required_indices:
        key = (code, part.period)
        if key not in made.published:
            raise errors.NotReady("index", code, detail=f"{part.period.start:%Y-%m}")
        if key not in made.index_values:
            made.index_values[key] = _index_value(made.published[key])
        found[code] = made.index_values[key]
    return found


def _index_value(published: indices.Publication) -> inputs.IndexValue:
    if published.shape == INTERVAL:
        return inputs.scaled(published.values[""])
    if set(published.values) == {""}:
        return published.values[""][0]
    return {label: values[0] for label, values in published.values.items()}
