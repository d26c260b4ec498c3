"""From a stored document to a checked tariff, with the calendars and tables of its market."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from billing.rating import calendars, documents, tariffs
from markets import packs
from tenancy import context
from tenants.tariffs import indices, json_numbers
from tenants.tariffs.models import ProductVersion

_KEPT_TARIFFS = 2000
_tariffs: dict[tuple[str, int, str], tariffs.Tariff] = {}


def checked(document: Mapping[str, Any]) -> dict[str, Any]:
    """This will return the document as it is stored, once the engine has accepted it; raises TariffError."""
    documents.load(document, resources=_resources())
    stored: dict[str, Any] = json.loads(json.dumps(document, cls=json_numbers.Encoder), cls=json_numbers.Decoder)
    return stored


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
    if version.status == ProductVersion.Status.DRAFT:
        return documents.load(version.document, resources=_resources())
    key = (context.required_schema(), version.pk, _digest(version.document))
    if key not in _tariffs:
        if len(_tariffs) >= _KEPT_TARIFFS:
            _tariffs.clear()
        _tariffs[key] = documents.load(version.document, resources=_resources())
    return _tariffs[key]


def calendar_of(*, name: str) -> calendars.Calendar:
    """This will return a market's calendar by its full name; raises UnknownMarket or UnknownName."""
    return _pack_of(name).calendar(name)


def _digest(document: Mapping[str, Any]) -> str:
    wording = json.dumps(document, cls=json_numbers.Encoder, sort_keys=True)
    return hashlib.sha256(wording.encode()).hexdigest()


def _pack_of(name: str) -> packs.Pack:
    return packs.pack(name.partition(packs.NAME_MARK)[0])


class _Calendars(Mapping[str, calendars.Calendar]):
    """The calendars of all market packs by full name, loaded when they are asked for."""

    def __getitem__(self, name: str) -> calendars.Calendar:
        if name not in self._names():
            raise KeyError(name)
        return calendar_of(name=name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> dict[str, None]:
        return {name: None for code in packs.codes() for name in packs.pack(code).calendar_documents}


def _resources() -> documents.Resources:
    tables = {name: rows for code in packs.codes() for name, rows in packs.pack(code).tables.items()}
    return documents.Resources(calendars=_Calendars(), tables=tables, indices=indices.units())
