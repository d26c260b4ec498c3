"""From a stored document to a checked tariff, with the calendars and tables of its market."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from billing.rating import calendars, documents, errors, tariffs
from kernel.errors import gettext_noop
from markets import own_calendars, packs
from tenancy import context
from tenants.tariffs import indices, json_numbers
from tenants.tariffs.models import ProductVersion

_KEPT_TARIFFS = 2000
_NOTHING = r"\u0000"
_tariffs: dict[tuple[str, int, str], tariffs.Tariff] = {}
_own: dict[tuple[str, str], calendars.Calendar] = {}


def checked(document: Mapping[str, Any]) -> dict[str, Any]:
    """This will return the document as it is stored, once the engine has accepted it; raises TariffError.

    Calendars that it brings along are stored under the names that their content gives them.
    """
    named = own_calendars.named_by_content(document)
    documents.load(named, resources=_resources(named))
    written = json.dumps(named, cls=json_numbers.Encoder)
    if _NOTHING in written:
        raise errors.TariffError(gettext_noop("The document has a character that no database keeps."))
    stored: dict[str, Any] = json.loads(written, cls=json_numbers.Decoder)
    return stored


def load(document: Mapping[str, Any]) -> tariffs.Tariff:
    """This will return the tariff of a document that is not stored yet; raises TariffError or CalendarFault."""
    return documents.load(document, resources=_resources(document))


def calendars_of(document: Mapping[str, Any], tariff: tariffs.Tariff) -> dict[str, calendars.Calendar]:
    """This will return the calendars that a document's tariff uses, its own ones included, by name."""
    own = own_calendars.of(document)
    return {name: own[name] if name in own else calendar_of(name=name) for name in tariff.calendars}


def read(text: str) -> dict[str, Any]:
    """This will return the document written as JSON or YAML, its decimals kept as text; raises TariffError."""
    return documents.read(text)


def as_text(document: Mapping[str, Any]) -> str:
    """This will return the document as YAML for people to read and change."""
    plain = json.loads(json.dumps(document, cls=json_numbers.Encoder))
    return yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=110)


def tariff_of(*, version: ProductVersion) -> tariffs.Tariff:
    """This will return the checked tariff of a version; a frozen one is kept by retailer, version and wording.

    The wording is part of the key because a restored company may come to a number a second time.
    """
    if version.is_open:
        return documents.load(version.document, resources=_resources(version.document))
    key = (context.required_schema(), version.pk, _digest(version.document))
    if key not in _tariffs:
        if len(_tariffs) >= _KEPT_TARIFFS:
            _tariffs.clear()
        _tariffs[key] = documents.load(version.document, resources=_resources(version.document))
    return _tariffs[key]


def calendar_of(*, name: str) -> calendars.Calendar:
    """This will return a calendar by its full name: a market's, or one that a version of this company brings along.

    Raises UnknownMarket or UnknownName.
    """
    try:
        return _pack_of(name).calendar(name)
    except (packs.UnknownMarket, packs.UnknownName):
        found = _brought_along(name)
        if found is None:
            raise
        return found


def label_titles(*, name: str) -> dict[str, Mapping[str, str]]:
    """This will name a calendar's labels for people: its own words, else the market's, else the label.

    Raises UnknownMarket or UnknownName, as ``calendar_of`` does.
    """
    found = calendar_of(name=name)
    market = name.partition(packs.NAME_MARK)[0]
    common = packs.pack(market).texts["labels"] if market in packs.codes() else {}
    return {label: found.label_titles.get(label) or common.get(label) or {"en": label} for label in found.labels}


def _brought_along(name: str) -> calendars.Calendar | None:
    """A calendar out of a stored document. Its name follows from its content, so any document that has it will do."""
    key = (context.current_schema(), name)
    if key not in _own:
        having = ProductVersion.objects.filter(document__calendars__has_key=name)
        document = having.values_list("document", flat=True).first()
        if document is None:
            return None
        if len(_own) >= _KEPT_TARIFFS:
            _own.clear()
        _own[key] = own_calendars.of(document)[name]
    return _own[key]


def _digest(document: Mapping[str, Any]) -> str:
    wording = json.dumps(document, cls=json_numbers.Encoder, sort_keys=True)
    return hashlib.sha256(wording.encode()).hexdigest()


def _pack_of(name: str) -> packs.Pack:
    return packs.pack(name.partition(packs.NAME_MARK)[0])


class _Calendars(Mapping[str, calendars.Calendar]):
    """The calendars of all market packs by full name, loaded when they are asked for; beside them a document's own."""

    def __init__(self, own: Mapping[str, calendars.Calendar] | None = None) -> None:
        self._own = own or {}

    def __getitem__(self, name: str) -> calendars.Calendar:
        if name in self._own:
            return self._own[name]
        if name not in self._names():
            raise KeyError(name)
        return _pack_of(name).calendar(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> dict[str, None]:
        known = {name: None for code in packs.codes() for name in packs.pack(code).calendar_documents}
        return known | dict.fromkeys(self._own)


def _resources(document: Mapping[str, Any]) -> documents.Resources:
    tables = {name: rows for code in packs.codes() for name, rows in packs.pack(code).tables.items()}
    return documents.Resources(calendars=_Calendars(own_calendars.of(document)), tables=tables, indices=indices.units())
