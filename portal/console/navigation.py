"""The console's pages as they stand in its navigation, each with what one must be allowed to see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from identity.capabilities import Capability


@dataclass(frozen=True, slots=True)
class Item:
    """A page: ``name`` of its address, capability asked for (None: any post), icon."""

    label: Any
    name: str
    icon: str
    capability: Capability | None = None
    exact: bool = False

    @property
    def url(self) -> str:
        return reverse(f"console:{self.name}")

    def open_to(self, capabilities: frozenset[Capability]) -> bool:
        return self.capability is None or self.capability in capabilities


@dataclass(frozen=True, slots=True)
class Section:
    title: Any
    items: list[Item]


SECTIONS = (
    Section("", [Item(_("Overview"), "home", "home", exact=True)]),
    Section(
        _("Daily work"),
        [
            Item(_("Customers"), "customers", "users", Capability.SEE_CUSTOMERS),
            Item(_("Messages"), "messages", "mail", Capability.SEE_CUSTOMERS),
        ],
    ),
    Section(
        _("Metering"),
        [
            Item(_("Reading imports"), "imports", "upload", Capability.SEE_READINGS),
            Item(_("Reading exceptions"), "readings_queue", "pulse", Capability.SEE_READINGS),
            Item(_("Register reads"), "doubted_reads", "meter", Capability.SEE_READINGS),
            Item(_("Customer reads"), "self_reads", "eye", Capability.SEE_READINGS),
            Item(_("Load"), "load", "chart", Capability.SEE_READINGS),
        ],
    ),
    Section(
        _("Bills"),
        [
            Item(_("Bill runs"), "runs", "run", Capability.SEE_BILLS),
            Item(_("Bills in doubt"), "exceptions", "warn", Capability.SEE_BILLS),
            Item(_("Cycles and lots"), "cycles", "calendar", Capability.SEE_BILLS),
            Item(_("Corrections of bills"), "corrections", "undo", Capability.SEE_BILLS),
            Item(_("Charges"), "charges", "plus", Capability.SEE_BILLS),
            Item(_("Invoices"), "invoices", "bill", Capability.SEE_BILLS),
            Item(_("Tax bureau"), "fiscal", "shield", Capability.SEE_BILLS),
        ],
    ),
    Section(_("Prices"), [Item(_("Tariffs"), "products", "tariff", Capability.SEE_TARIFFS)]),
    Section(
        _("Money"),
        [
            Item(_("Payments"), "payments", "inbox", Capability.SEE_PAYMENTS),
            Item(_("Bank"), "bank", "building", Capability.SEE_PAYMENTS),
            Item(_("Receipts to match"), "bank_queue", "search", Capability.SEE_PAYMENTS),
            Item(_("Cash desks"), "cash", "key", Capability.SEE_PAYMENTS),
            Item(_("Refunds"), "refunds", "undo", Capability.SEE_PAYMENTS),
            Item(_("Prepaid accounts"), "prepaid_accounts", "tariff", Capability.SEE_PAYMENTS),
        ],
    ),
    Section(
        _("Collections"),
        [
            Item(_("Arrears"), "arrears", "clock", Capability.SEE_ARREARS),
            Item(_("Cases"), "arrears_cases", "file", Capability.SEE_ARREARS),
            Item(_("Decisions"), "arrears_decisions", "check", Capability.SEE_ARREARS),
            Item(_("Deposits"), "deposits", "shield", Capability.SEE_ARREARS),
            Item(_("Supply orders"), "supply_orders", "plug", Capability.SEE_ARREARS),
        ],
    ),
    Section(
        _("Books"),
        [
            Item(_("Trial balance"), "ledger", "ledger", Capability.SEE_LEDGER),
            Item(_("Entries"), "entries", "file", Capability.SEE_LEDGER),
            Item(_("Unbilled"), "unbilled", "tariff", Capability.SEE_LEDGER),
            Item(_("Closed days"), "closings", "shield", Capability.SEE_LEDGER),
        ],
    ),
    Section(
        _("Company"),
        [
            Item(_("Guided start"), "start", "check", Capability.MANAGE_STAFF),
            Item(_("Brand"), "brand", "palette", Capability.CHANGE_BRAND),
            Item(_("Domains"), "domains", "globe", Capability.CHANGE_BRAND),
            Item(_("Legal entities"), "entities", "file", Capability.CHANGE_BRAND),
            Item(_("Plan and usage"), "plan", "bill", Capability.MANAGE_STAFF),
            Item(_("Payment provider"), "provider", "globe", Capability.SEE_PAYMENTS),
            Item(_("Staff"), "staff", "user", Capability.MANAGE_STAFF),
            Item(_("API keys"), "keys", "key", Capability.MANAGE_KEYS),
            Item(_("End of the company"), "company_end", "warn", Capability.END_COMPANY),
            Item(_("Your data"), "take_out", "download", Capability.MANAGE_STAFF),
        ],
    ),
    Section(
        _("Safety"),
        [
            Item(_("Security"), "security", "lock", Capability.MANAGE_STAFF),
            Item(_("Single sign-on"), "sso", "user", Capability.MANAGE_STAFF),
            Item(_("Alerts"), "alerts", "warn", Capability.MANAGE_STAFF),
            Item(_("Audit trail"), "audit", "shield", Capability.SEE_AUDIT),
            Item(_("Data protection"), "data_protection", "lock", Capability.SEE_PRIVACY),
            Item(_("Support visits"), "support", "key", Capability.SEE_AUDIT),
        ],
    ),
)


def here(sections_shown: list[Section], *, path: str) -> str:
    """Return the address of the item whose page or sub-page ``path`` is: the longest that it starts with."""
    urls = [(item.url, item.exact) for section in sections_shown for item in section.items]
    found = [url for url, exact in urls if path == url or (path.startswith(url) and not exact)]
    return max(found, key=len, default="")


def sections(capabilities: frozenset[Capability]) -> list[Section]:
    """Return what a person may open; a section without pages is left out."""
    shown = (Section(s.title, [item for item in s.items if item.open_to(capabilities)]) for s in SECTIONS)
    return [section for section in shown if section.items]
