"""Loads a tariff document: reads its shape, binds its names, and refuses what could not be billed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from billing.rating import checks, schema, texts
from billing.rating.formulas import binding, nodes, units, uses
from billing.rating.schema import Place
from billing.rating.tariffs import (
    GRADUATED,
    PAYEES,
    SLAB,
    WINDOWS,
    Band,
    Carried,
    ChannelRule,
    Charge,
    Formula,
    Parameter,
    Rounding,
    Row,
    Table,
    Tariff,
    Tiers,
)
from kernel.errors import gettext_noop

LANGUAGE_VERSION = 1
STANDARD_CHANNELS = {
    "consumption": "kWh",
    "feed_in": "kWh",
    "generation": "kWh",
    "reactive": "kvarh",
    "demand": "kW",
    "baseline": "kWh",
    "contracted": "kWh",
    "day_ahead": "kWh",
}
_MOST_PLACES = 12


class HasLabels(Protocol):
    """A calendar, as far as a tariff cares: the labels it gives."""

    @property
    def labels(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Resources:
    """What a document may name: calendars and tables of the market, published indices, market parameters, with units.

    ``by_use``: names count as declared where they are used, and units are checked only where they are stated.
    """

    calendars: Mapping[str, HasLabels | Sequence[str]] = field(default_factory=dict)
    tables: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    indices: Mapping[str, str | None] = field(default_factory=dict)
    parameters: Mapping[str, str | None] = field(default_factory=dict)
    channels: Mapping[str, str | None] = field(default_factory=dict)
    by_use: bool = False


def read(text: str) -> dict[str, Any]:
    """This will return the document written as JSON or YAML, its decimals kept as text."""
    return texts.read(text)


def load(document: Mapping[str, Any], *, resources: Resources) -> Tariff:
    """This will return the checked tariff; raises TariffError with the place and what is expected there.

    ``where`` is a JSON pointer, followed by ``:position`` inside a formula.
    """
    place = Place(document, "", resources.by_use).mapping(schema.DOCUMENT_KEYS)
    return _Loading(place, resources).tariff()


class _Loading:
    def __init__(self, place: Place, resources: Resources) -> None:
        self.place = place
        self.resources = resources
        self.calendars: dict[str, tuple[str, ...]] = {}

    def tariff(self) -> Tariff:
        place, strict = self.place, not self.resources.by_use
        if strict or place.has("tariff"):
            place.get("tariff").whole(LANGUAGE_VERSION, LANGUAGE_VERSION)
        self.calendar = self.named_calendar(place.get("calendar"))
        self.facts = {
            name: Parameter(name, part.mapping().get("unit").unit()) for name, part in place.get("facts").entries()
        }
        self.parameters = self.declared_parameters()
        self.indices = self.declared_indices()
        table_places = self.table_places()
        self.names = self.namespaces(table_places)
        balances = self.declare_balances()
        channels = self.channel_rules()
        unchecked = Tariff(
            code=place.get("code").word() if strict or place.has("code") else "",
            title=place.get("title").texts(),
            currency=self.currency(strict),
            calendar=self.calendar,
            calendars=self.calendars,
            parameters=self.parameters,
            facts=self.facts,
            tables={name: self.table(name, part) for name, part in table_places.items()},
            channels=channels,
            carried={name: self.carried(name, part) for name, part in place.get("carried").entries()},
            charges=tuple(self.charge(part) for part in self.charge_places),
            balances=balances,
        )
        return checks.checked(unchecked, self.indices, stated_only=self.resources.by_use)

    def currency(self, strict: bool) -> str | None:
        part = self.place.get("currency")
        if part.value is None and not strict:
            return None
        currency = part.word()
        if len(currency) != 3 or not currency.isupper():
            raise part.refuse(
                gettext_noop("At {place}: a currency of three letters is expected here, such as CNY."),
                place=part.pointer,
            )
        return currency

    def named_calendar(self, part: Place) -> str | None:
        if part.value is None:
            return None
        name = part.word()
        known = self.resources.calendars
        if name in known:
            found = known[name]
            labels = found if isinstance(found, Sequence) else found.labels
            self.calendars[name] = tuple(str(label) for label in labels)
        elif not self.resources.by_use:
            sentence = gettext_noop("At {place}: there is no calendar “{found}”; these exist: {known}.")
            raise part.refuse(sentence, place=part.pointer, found=name, known=", ".join(sorted(known)) or "–")
        return name

    def declared_parameters(self) -> dict[str, Parameter]:
        found = {
            name: Parameter(name, Place(unit, f"parameter {name}").unit())
            for name, unit in self.resources.parameters.items()
            if name not in (nodes.DAYS, nodes.PERIOD_DAYS, *self.facts)
        }
        for name, part in self.place.get("parameters").entries():
            stated = Place({}, part.pointer, part.by_use) if part.value is None else part
            stated.mapping(("unit", "min", "max", "default", "title", "note"))
            bounds = (stated.get(key).number() if stated.has(key) else None for key in ("min", "max", "default"))
            found[name] = Parameter(name, stated.get("unit").unit(), *bounds)
        return found

    def declared_indices(self) -> dict[str, units.Known]:
        found = {name: Place(unit, f"index {name}").unit() for name, unit in self.resources.indices.items()}
        for name, part in self.place.get("indices").entries():
            found[name] = part.get("unit").unit() if isinstance(part.value, Mapping) else part.unit()
        return found

    def table_places(self) -> dict[str, Place]:
        parts = self.place.get("tables").entries()
        return {name: self.named_table(part) if isinstance(part.value, str) else part for name, part in parts}

    def named_table(self, part: Place) -> Place:
        tables = self.resources.tables
        if part.value not in tables:
            sentence = gettext_noop("At {place}: the market has no table “{found}”; it has: {known}.")
            raise part.refuse(sentence, place=part.pointer, found=part.value, known=", ".join(sorted(tables)) or "–")
        return Place(tables[part.value], part.pointer, part.by_use)

    def namespaces(self, tables: Mapping[str, Place]) -> binding.Names:
        place = self.place
        self.charge_places = [part.mapping(schema.CHARGE_KEYS) for part in place.get("charges").items()]
        charges: dict[str, tuple[str, ...] | None] = {}
        for part in self.charge_places:
            code = part.get("code").name()
            if code in charges:
                raise part.get("code").refuse(
                    gettext_noop("At {place}: the code “{found}” is already taken."), place=part.pointer, found=code
                )
            charges[code] = self.labels_of(part)
        channels = {
            *self.resources.channels,
            *(dict(place.get("channels").entries())),
            *(dict(place.get("carried").entries())),
        }
        if not self.resources.by_use:
            channels |= STANDARD_CHANNELS.keys()
        return binding.Names(
            parameters=set(self.parameters),
            facts=set(self.facts),
            channels=channels,
            indices=set(self.indices),
            tables=set(tables),
            charges=charges,
            by_use=self.resources.by_use,
            usual_channels=frozenset(STANDARD_CHANNELS),
        )

    def labels_of(self, part: Place) -> tuple[str, ...] | None:
        calendar = self.named_calendar(part.get("calendar")) or self.calendar
        by = part.get("by")
        if by.value is None:
            return None
        labels = tuple(item.word() for item in by.items())
        known = self.calendars.get(calendar or "")
        if known is None and not self.resources.by_use:
            raise by.refuse(
                gettext_noop("At {place}: labels need a calendar; name one in the tariff or the charge."),
                place=by.pointer,
            )
        for item, label in zip(by.items(), labels, strict=True):
            if labels.count(label) > 1:
                raise item.refuse(
                    gettext_noop("At {place}: the label “{found}” stands twice."), place=item.pointer, found=label
                )
            if known is not None and label not in known:
                sentence = gettext_noop("At {place}: the calendar has no label “{found}”; it has: {known}.")
                raise item.refuse(sentence, place=item.pointer, found=label, known=", ".join(known))
        return labels

    def declare_balances(self) -> frozenset[str]:
        """``already: used`` declares ``used``: what earlier bills of the window have filled."""
        before = set(self.names.parameters)
        for part in self.charge_places:
            tiers = part.get("tiers")
            if tiers.value is not None and tiers.mapping().has("already"):
                for item in _one_or_more(tiers.get("already")):
                    item.name_in(self.names)
        return frozenset(self.names.parameters - before)

    def channel_rules(self) -> dict[str, ChannelRule]:
        standard = {} if self.resources.by_use else STANDARD_CHANNELS
        rules = {
            name: ChannelRule(name, Place(unit, f"channel {name}").unit())
            for name, unit in {**standard, **self.resources.channels}.items()
        }
        for name, part in self.place.get("channels").entries():
            part.mapping(("unit", "of", "every", "take", "title", "note"))
            if not part.has("of"):
                rules[name] = ChannelRule(name, part.get("unit").unit())
                continue
            part.get("every").one_of(("day",))
            take = part.get("take").one_of(("peak", "sum", "mean", "count"))
            rules[name] = ChannelRule(name, part.get("unit").unit(), self.series(part.get("of")), take)
        return rules

    def series(self, part: Place) -> Formula:
        """A formula over the intervals, read as if it stood inside an aggregate."""
        wrapped = Place(f"sum({part.source()})", part.pointer, part.by_use).formula(self.names)
        assert isinstance(wrapped.tree, nodes.Aggregate)
        return Formula(wrapped.tree.expression, part.source(), part.pointer, uses.direct(wrapped.tree.expression))

    def table(self, name: str, part: Place) -> Table:
        rows = []
        for item in part.items():
            item.mapping(("below", "value", "note"))
            below = item.get("below").number() if item.has("below") else None
            rows.append(Row(below, item.get("value").formula(self.names, row=True)))
        return Table(name, tuple(rows))

    def carried(self, name: str, part: Place) -> Carried:
        part.mapping(("next", "keep", "first", "unit", "title", "note"))
        keep = part.get("keep").whole(1, 1000) if part.has("keep") else 1
        return Carried(
            name, part.get("next").formula(self.names), keep, part.get("first").number() if part.has("first") else None
        )

    def charge(self, part: Place) -> Charge:
        code = part.get("code").name()
        if part.has("price") == part.has("tiers"):
            raise part.refuse(
                gettext_noop("At {place}: the charge “{code}” needs either a price or tiers."),
                place=part.pointer,
                code=code,
            )
        by = self.names.charges[code]
        calendar = part.get("calendar")
        return Charge(
            code=code,
            title=part.get("title").texts(),
            payee=part.get("payee").one_of(PAYEES) if part.has("payee") else None,
            post=part.get("post").truth(True),
            by=by,
            calendar=calendar.word() if calendar.value is not None else self.calendar,
            quantity=part.get("quantity").formula(self.names) if part.has("quantity") else None,
            price=part.get("price").formula(self.names) if part.has("price") else None,
            tiers=self.tiers(part.get("tiers"), by) if part.has("tiers") else None,
            round=self.rounding(part.get("round")),
        )

    def rounding(self, part: Place) -> Rounding:
        if part.value is None:
            return Rounding()
        part.mapping(("price", "cell", "line"))
        places = (
            part.get(key).whole(-_MOST_PLACES, _MOST_PLACES) if part.has(key) else None
            for key in ("price", "cell", "line")
        )
        return Rounding(*places)

    def tiers(self, part: Place, by: tuple[str, ...] | None) -> Tiers:
        part.mapping(schema.TIER_KEYS)
        already = part.get("already")
        share = part.has("share") and bool(part.get("share").one_of(("pro_rata",)))
        return Tiers(
            mode=part.get("mode").one_of((GRADUATED, SLAB)),
            window=part.get("window").one_of(WINDOWS) if part.has("window") else "bill",
            already=tuple(item.formula(self.names) for item in _one_or_more(already))
            if already.value is not None
            else (),
            already_per_band=isinstance(already.value, list | tuple),
            share=share,
            bands=self.bands_by_label(part.get("bands"), by, share),
        )

    def bands_by_label(
        self, part: Place, by: tuple[str, ...] | None, share: bool
    ) -> dict[str | None, tuple[Band, ...]]:
        if not isinstance(part.value, Mapping):
            if share and by is None:
                raise part.refuse(gettext_noop("At {place}: sharing bands over labels needs “by”."), place=part.pointer)
            return {None: self.bands(part)}
        if share or by is None:
            raise part.refuse(
                gettext_noop("At {place}: bands per label need “by” and cannot be shared."), place=part.pointer
            )
        found: dict[str | None, tuple[Band, ...]] = {label: self.bands(item) for label, item in part.entries()}
        missing = [label for label in by if label not in found and nodes.OTHER not in found]
        if missing:
            raise part.refuse(
                gettext_noop("At {place}: the label “{found}” has no bands here and there is no “other”."),
                place=part.pointer,
                found=missing[0],
            )
        return found

    def bands(self, part: Place) -> tuple[Band, ...]:
        places = part.items()
        bands = []
        for item in places:
            item.mapping(schema.BAND_KEYS)
            last = item is places[-1]
            if item.has("to") == last:
                sentence = gettext_noop(
                    "At {place}: every band but the last needs its limit “to”; the last one is open."
                )
                raise item.refuse(sentence, place=item.pointer)
            flat = item.get("flat").formula(self.names) if item.has("flat") else None
            limit = None if last else item.get("to").formula(self.names)
            bands.append(Band(limit, item.get("price").formula(self.names), flat))
        return tuple(bands)


def _one_or_more(part: Place) -> list[Place]:
    return part.items() if isinstance(part.value, list | tuple) else [part]
