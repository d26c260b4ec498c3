"""Market packs: what a market requires, as data files under ``markets/<code>/``.

``pack.yaml`` holds money, places, working days, step tables, policies and words; ``calendars/`` one calendar document
a file; ``notices.yaml`` with its table the calendars of official notices; ``products/`` one tariff document a file.
A new market is a new folder.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from billing.rating import calendars
from kernel.errors import GridhallError, gettext_noop
from markets import files, notices, step_tables, working_days

PACK_FILE = "pack.yaml"
NOTICES_FILE = "notices.yaml"
FISCAL_FILE = "fiscal.yaml"
NAME_MARK = "/"


class UnknownMarket(GridhallError):
    """There is no pack of that code."""

    code = "unknown_market"
    template = gettext_noop("There is no market “{code}”. Known are: {known}.")


class UnknownName(GridhallError):
    """A pack has nothing of that name."""

    code = "unknown_market_name"


class UnknownCalendar(UnknownName):
    """A pack has no calendar of that name."""

    template = gettext_noop("The market {market} has no calendar “{name}”.")


class UnknownRegion(UnknownName):
    """A pack has no region of that code."""

    template = gettext_noop("The market {market} has no region “{name}”.")


class UnknownTemplate(UnknownName):
    """A pack has no product template of that code."""

    template = gettext_noop("The market {market} has no product template “{name}”.")


@dataclass(frozen=True, eq=False)
class Pack:
    """One market: its places and money, calendars, tables, product templates and policies."""

    code: str
    folder: Path
    settings: Mapping[str, Any]

    @property
    def title(self) -> Mapping[str, str]:
        """The market's name in each language."""
        return dict(self.settings["title"])

    @property
    def currency(self) -> str:
        """The currency in which bills are made unless a retailer has another of `currencies`."""
        return str(self.settings["currencies"][0])

    @property
    def currencies(self) -> tuple[str, ...]:
        return tuple(self.settings["currencies"])

    @property
    def time_zones(self) -> tuple[str, ...]:
        return tuple(self.settings["time_zones"])

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.settings["languages"])

    @property
    def regions(self) -> Mapping[str, Mapping[str, Any]]:
        """Regions by code, each with ``title`` and ``time_zone``."""
        return dict(self.settings["regions"])

    @property
    def default_region(self) -> str | None:
        """The region whose holidays hold where none is named."""
        region = self.settings.get("default_region")
        return None if region is None else str(region)

    @property
    def policies(self) -> Mapping[str, Any]:
        """Tax, late fee, invoice rules, brakes, validation defaults; decimals as their own text."""
        return dict(self.settings["policies"])

    @property
    def texts(self) -> Mapping[str, Any]:
        """Words of the market for people: titles of labels, of identifiers, of tax numbers."""
        return dict(self.settings["texts"])

    @functools.cached_property
    def fiscal_rules(self) -> Mapping[str, Any] | None:
        """Names of sheets, columns and codes of the tax bureau's bulk file, where the market has fiscal invoices."""
        path = self.folder / FISCAL_FILE
        return files.read_yaml(path) if path.exists() else None

    @functools.cached_property
    def tables(self) -> Mapping[str, step_tables.Rows]:
        """Step tables by name, as in ``cn/power-factor-0.90``."""
        found = step_tables.read(self.settings.get("tables", {}), folder=self.folder)
        return {self._full(name): rows for name, rows in found.items()}

    @functools.cached_property
    def calendar_documents(self) -> Mapping[str, Mapping[str, Any]]:
        """Calendar documents by name: those written out, and those of official notices."""
        found = {document["calendar"]: document for document in files.documents_in(self.folder / "calendars")}
        if (self.folder / NOTICES_FILE).exists():
            found.update(notices.read(self.folder / NOTICES_FILE))
        return dict(sorted(found.items()))

    def calendar(self, name: str, *, region: str | None = None) -> calendars.Calendar:
        """This will return a checked calendar with the holidays of ``region``, else of the region it names.

        ``name`` is as in ``cn/jiangsu-2025`` or without the market. Raises UnknownCalendar.
        """
        full = self._full(name)
        if full not in self.calendar_documents:
            raise UnknownCalendar(market=self.code, name=name)
        return _calendar(self, full, region or self.calendar_documents[full].get("region"))

    def label_titles(self, calendar: str) -> dict[str, Mapping[str, str]]:
        """This will name a calendar's labels for people: its own words, else the market's, else the label."""
        found = self.calendar(calendar)
        common = self.texts["labels"]
        return {label: found.label_titles.get(label) or common.get(label) or {"en": label} for label in found.labels}

    def day_kinds(self, region: str | None = None) -> working_days.WorkingDays:
        """This will return the working days and holidays of a region, else of the market. Raises UnknownRegion."""
        chosen = region or self.default_region
        if chosen is not None and chosen not in self.regions:
            raise UnknownRegion(market=self.code, name=region)
        return _day_kinds(self, chosen)

    def product_templates(self) -> tuple[dict[str, Any], ...]:
        """This will return the tariff documents that a retailer can start a product from; each call its own copies."""
        return copy.deepcopy(_templates(self))

    def product_template(self, code: str) -> dict[str, Any]:
        """This will return one tariff document. Raises UnknownTemplate."""
        found = next((document for document in self.product_templates() if document["code"] == code), None)
        if found is None:
            raise UnknownTemplate(market=self.code, name=code)
        return found

    def _full(self, name: str) -> str:
        return name if name.startswith(self.code + NAME_MARK) else self.code + NAME_MARK + name


def pack(code: str) -> Pack:
    """This will return the pack of a market: ``cn``, ``au``, ``us``. Raises UnknownMarket."""
    if code not in codes():
        raise UnknownMarket(code=code, known=", ".join(codes()))
    return _pack(code)


@functools.cache
def codes() -> tuple[str, ...]:
    """This will list the markets there are packs for."""
    return tuple(sorted(path.parent.name for path in files.ROOT.glob(f"*/{PACK_FILE}")))


@functools.cache
def _pack(code: str) -> Pack:
    folder = files.ROOT / code
    return Pack(code=code, folder=folder, settings=files.read_yaml(folder / PACK_FILE))


@functools.cache
def _day_kinds(market: Pack, region: str | None) -> working_days.WorkingDays:
    return working_days.read(market.settings["working_days"], folder=market.folder, region=region)


@functools.cache
def _calendar(market: Pack, name: str, region: str | None) -> calendars.Calendar:
    return calendars.load(market.calendar_documents[name], days=market.day_kinds(region))


@functools.cache
def _templates(market: Pack) -> tuple[dict[str, Any], ...]:
    return tuple(files.documents_in(market.folder / "products"))
