"""A tariff document laid out as fields: what stands where, how it is asked for, and what an answer writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language, gettext, pgettext

from billing.rating import tariffs
from kernel import texts
from portal.console import bands, tariff_tables
from portal.console.studio import label_prices, places
from portal.console.studio.places import Path

TEXT, FORMULA, NUMBER, SELECT, CHECKS = "text", "formula", "number", "select", "checks"
AT_LABEL = "@"
LONGEST = 4000


@dataclass(slots=True)
class Field:
    """One answer: ``name`` is the JSON pointer of its place, with ``@label`` for a number inside a formula."""

    path: Path
    label: str
    value: Any
    kind: str = TEXT
    options: Sequence[tuple[str, str]] = ()
    help: str = ""
    suffix: str = ""
    tone: str = ""
    inside: str = ""
    error: str = ""
    list_id: str = ""

    @property
    def name(self) -> str:
        return places.pointer(self.path) + (f"{AT_LABEL}{self.inside}" if self.inside else "")

    @property
    def key(self) -> str:
        """What ids of the field and its parts end in."""
        return places.slug(self.name)

    @property
    def chosen(self) -> set[str]:
        return {str(one) for one in self.value} if isinstance(self.value, list) else set()

    @property
    def text(self) -> str:
        return written(self.value)


@dataclass(slots=True)
class Rows:
    """Bands or steps: a list whose rows have the same columns."""

    path: Path
    title: str
    columns: list[str]
    rows: list[list[Field]]
    tone: str = ""

    @property
    def pointer(self) -> str:
        return places.pointer(self.path)


@dataclass(slots=True)
class Card:
    """A charge, a parameter or a table with its fields."""

    path: Path
    code: str
    title: str
    fields: list[Field]
    more: list[Field] = field(default_factory=list)
    label_fields: list[Field] = field(default_factory=list)
    label_title: str = ""
    formula: Field | None = None
    tiers: list[Field] = field(default_factory=list)
    rows: list[Rows] = field(default_factory=list)
    first: bool = False
    last: bool = False
    named: str = ""
    error: str = ""

    @property
    def pointer(self) -> str:
        return places.pointer(self.path)

    @property
    def key(self) -> str:
        return places.slug(self.pointer)

    def every(self) -> Iterator[Field]:
        yield from self.fields
        if self.formula is not None:
            yield self.formula
        yield from self.label_fields
        yield from self.more
        yield from self.tiers
        for part in self.rows:
            for row in part.rows:
                yield from row


@dataclass(slots=True)
class Layout:
    """The whole document as fields."""

    head: list[Field]
    parameters: list[Card]
    charges: list[Card]
    tables: list[Card]
    error: str = ""

    def every(self) -> Iterator[Field]:
        yield from self.head
        for card in self.cards():
            yield from card.every()

    def cards(self) -> Iterator[Card]:
        yield from self.parameters
        yield from self.charges
        yield from self.tables


@dataclass(frozen=True, slots=True)
class Known:
    """What a document may choose from: calendars by name with title, and the labels of each."""

    calendars: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]]


def written(value: Any) -> str:
    """This will write a value as its own text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    return "" if value is None or isinstance(value, dict | list) else str(value)


def of(document: Mapping[str, Any], known: Known) -> Layout:
    """This will lay a document out; what has no shape that a field could hold is left to the document's own text."""
    charges = [one for one in places.items(document.get("charges"))]
    return Layout(
        head=_head(document, known),
        parameters=[_parameter(name, one) for name, one in places.entries(document.get("parameters")).items()],
        charges=[_charge(document, at, one, known) for at, one in enumerate(charges)],
        tables=[_table(name, one) for name, one in places.entries(document.get("tables")).items()],
    )


def _head(document: Mapping[str, Any], known: Known) -> list[Field]:
    current = written(document.get("calendar"))
    calendars = [("", gettext("None: every hour alike")), *known.calendars.items()]
    if current and current not in known.calendars:
        calendars.append((current, current))
    return [
        *_titles((), document.get("title")),
        Field(("calendar",), gettext("Calendar"), current, SELECT, calendars, gettext("Which hours have which label.")),
    ]


def _titles(path: Path, value: Any) -> list[Field]:
    title = places.texts(value)
    return [
        Field((*path, "title", "zh-hans"), gettext("Name in Chinese"), title.get("zh-hans", "")),
        Field((*path, "title", "en"), gettext("Name in English"), title.get("en", "")),
    ]


def _parameter(name: str, stated: Any) -> Card:
    path, stated = ("parameters", name), places.entries(stated)
    fields = [
        Field((*path, "unit"), gettext("Unit"), stated.get("unit"), list_id="units"),
        Field((*path, "min"), gettext("Least"), stated.get("min"), NUMBER),
        Field((*path, "max"), gettext("Most"), stated.get("max"), NUMBER),
        Field((*path, "default"), gettext("Otherwise"), stated.get("default"), NUMBER),
    ]
    return Card(path, name, name, fields)


def _charge(document: Mapping[str, Any], at: int, charge: Any, known: Known) -> Card:
    path, charge = ("charges", str(at)), places.entries(charge)
    name = written(charge.get("calendar")) or written(document.get("calendar"))
    labels = known.labels.get(name, {})
    title = texts.pick(places.texts(charge.get("title")), get_language() or "en") or written(charge.get("code"))
    card = Card(path, written(charge.get("code")), title, [], first=at == 0)
    card.last = at == len(places.items(document.get("charges"))) - 1
    card.fields = [*_titles(path, charge.get("title")), *_measured(path, charge, labels)]
    if isinstance(charge.get("tiers"), dict):
        _lay_tiers(card, path, charge["tiers"], labels)
    else:
        price = written(charge.get("price"))
        card.formula = Field((*path, "price"), gettext("Price"), price, FORMULA)
        _lay_label_prices(card, path, price, charge, labels)
    card.more = _more(path, charge)
    return card


def _measured(path: Path, charge: Mapping[str, Any], labels: Mapping[str, str]) -> list[Field]:
    fields = [
        Field((*path, "code"), gettext("Code"), charge.get("code"), help=gettext("Other charges call it by this.")),
        Field(
            (*path, "quantity"),
            gettext("Quantity"),
            charge.get("quantity"),
            FORMULA,
            help=gettext("Empty: once a bill, by its share of days."),
            list_id="quantities",
        ),
    ]
    chosen = [str(one) for one in places.items(charge.get("by"))]
    options = [*labels.items(), *((one, one) for one in chosen if one not in labels)]
    if options:
        note = gettext("None chosen: all hours together.")
        fields.append(Field((*path, "by"), gettext("For each of these hours"), chosen, CHECKS, options, note))
    return fields


def _lay_label_prices(card: Card, path: Path, price: str, charge: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    found = label_prices.find(price)
    if not found:
        return
    tone_of = bands.tones(labels)
    wanted = [str(one) for one in places.items(charge.get("by"))]
    shown = [*found, *(label for label in wanted if label not in found and "other" not in found)]
    names = {**labels, "other": pgettext("label", "All others")}
    card.label_fields = [
        Field((*path, "price"), names.get(one, one), found.get(one, ""), NUMBER, inside=one, tone=tone_of.get(one, ""))
        for one in shown
    ]
    whole = label_prices.is_whole_price(price)
    card.label_title = gettext("Price of each label") if whole else gettext("Factor of each label")


def _more(path: Path, charge: Mapping[str, Any]) -> list[Field]:
    rounding = places.entries(charge.get("round"))
    payees = list(tariff_tables.payees().items())
    posted = "false" if charge.get("post") is False else ""
    shown = [("", gettext("A line of the bill")), ("false", gettext("Only for other charges"))]
    return [
        Field((*path, "payee"), gettext("Who earns it"), charge.get("payee"), SELECT, [("", "–"), *payees]),
        Field((*path, "post"), gettext("Where it shows"), posted, SELECT, shown),
        Field((*path, "round", "price"), gettext("Decimals of the price"), rounding.get("price"), NUMBER),
        Field((*path, "round", "cell"), gettext("Decimals of each part"), rounding.get("cell"), NUMBER),
        Field((*path, "round", "line"), gettext("Decimals of the line"), rounding.get("line"), NUMBER),
    ]


def _lay_tiers(card: Card, path: Path, tiers: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    path = (*path, "tiers")
    modes = [
        (tariffs.GRADUATED, gettext("Each tier at its own price")),
        (tariffs.SLAB, gettext("All at the price of the tier reached")),
    ]
    windows = list(window_names().items())
    shares = [("", gettext("Each label runs through the tiers")), ("pro_rata", gettext("Shared by the labels’ use"))]
    window = tiers.get("window") or "bill"
    card.tiers = [
        Field((*path, "mode"), gettext("Tiers"), tiers.get("mode"), SELECT, modes),
        Field((*path, "window"), gettext("Counted"), window, SELECT, windows),
        Field((*path, "share"), gettext("Labels"), tiers.get("share"), SELECT, shares),
    ]
    if not isinstance(tiers.get("already"), list):
        note = gettext("A name for what earlier bills used.")
        card.tiers.append(Field((*path, "already"), gettext("Used earlier"), tiers.get("already"), help=note))
    found, path = tiers.get("bands"), (*path, "bands")
    tone_of = bands.tones(labels)
    if isinstance(found, dict):
        card.rows = [
            _bands((*path, one), places.items(b), labels.get(one, one), tone_of.get(one, ""))
            for one, b in found.items()
        ]
    else:
        card.rows = [_bands(path, places.items(found), gettext("Tiers"), "")]


def window_names() -> dict[str, str]:
    """This will name the windows that a tier's quantity is counted over."""
    names = {
        "bill": gettext("per bill"),
        "day": gettext("per day"),
        "month": gettext("per month"),
        "two_months": gettext("per two months"),
        "quarter": gettext("per quarter"),
        "year": gettext("per year"),
        "contract": gettext("per contract year"),
    }
    return {window: names.get(window, window) for window in tariffs.WINDOWS}


def _bands(path: Path, found: Sequence[Any], title: str, tone: str) -> Rows:
    columns = [gettext("Up to"), gettext("Price"), gettext("Fixed amount")]
    rows = []
    for at, band in enumerate(map(places.entries, found)):
        where = (*path, str(at))
        number = {"number": at + 1}
        rows.append(
            [
                Field((*where, "to"), gettext("Limit of tier {number}").format(**number), band.get("to"), FORMULA),
                Field(
                    (*where, "price"), gettext("Price of tier {number}").format(**number), band.get("price"), FORMULA
                ),
                Field(
                    (*where, "flat"),
                    gettext("Fixed amount of tier {number}").format(**number),
                    band.get("flat"),
                    FORMULA,
                ),
            ]
        )
    return Rows(path, title, columns, rows, tone)


def _table(name: str, stated: Any) -> Card:
    path = ("tables", name)
    card = Card(path, name, name, [])
    if isinstance(stated, str):
        card.named = stated
        return card
    rows = []
    for at, row in enumerate(map(places.entries, places.items(stated))):
        where, number = (*path, str(at)), {"number": at + 1}
        rows.append(
            [
                Field((*where, "below"), gettext("Limit of step {number}").format(**number), row.get("below"), NUMBER),
                Field((*where, "value"), gettext("Value of step {number}").format(**number), row.get("value"), FORMULA),
            ]
        )
    card.rows = [Rows(path, gettext("Steps"), [gettext("Below"), gettext("Value")], rows)]
    return card
