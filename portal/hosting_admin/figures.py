"""A company's figures as the page shows them: names for what the probes measured."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hosting import queries
from portal.shared import formats

NAMES = {
    "customers": _("Customers"),
    "accounts": _("Accounts"),
    "supply_points": _("Supply points"),
    "channels": _("Channels"),
    "readings_until": _("Readings until"),
    "last_import": _("Last import"),
    "imports_refused": _("Refused imports"),
    "bill_runs_open": _("Open bill runs"),
    "drafts_parked": _("Parked bills"),
    "invoices": _("Invoices issued"),
    "last_invoice_on": _("Last invoice"),
    "staff": _("Staff"),
}
STATUS_TONES = {"active": "success", "suspended": "danger", "provisioning": "info"}
STATUS_NAMES = {"active": _("Active"), "suspended": _("Suspended"), "provisioning": _("Being made")}


def figures(company: queries.Company) -> list[tuple[str, Any]]:
    """Return (name, value) of each figure measured, known ones in their order first."""
    known = [name for name in NAMES if name in company.figures]
    others = sorted(set(company.figures) - set(known))
    return [(str(NAMES.get(name, name)), _shown(company.figures[name])) for name in [*known, *others]]


@dataclass(frozen=True, slots=True)
class Row:
    """A company of the fleet with its figures as words."""

    company: queries.Company
    shown: dict[str, str]


def rows(companies: list[queries.Company]) -> list[Row]:
    """Return the fleet's rows; a figure that was not measured is a dash."""
    return [Row(each, {name: _shown(each.figures.get(name)) for name in NAMES}) for each in companies]


def facts(company: queries.Company) -> list[tuple[str, Any]]:
    """Return what is registered of the company."""
    retailer = company.retailer
    languages = dict(settings.LANGUAGES)
    return [
        (gettext("Legal name"), retailer.legal_name),
        (gettext("Code"), retailer.code),
        (gettext("Market"), retailer.market.upper()),
        (gettext("Currency"), retailer.currency),
        (gettext("Time zone"), retailer.time_zone),
        (gettext("Languages"), ", ".join(languages.get(code, code) for code in retailer.languages)),
        (gettext("Space"), retailer.schema_name),
        (gettext("Registered"), formats.day(retailer.created_at.date())),
        (gettext("Storage"), formats.file_size(company.storage_bytes) if company.storage_bytes else "–"),
        (gettext("Tables"), company.migration_error or gettext("up to date")),
    ]


def totals(companies: list[queries.Company]) -> dict[str, int]:
    """Return the fleet's sums for the head of the page."""
    return {
        "companies": len(companies),
        "active": sum(c.retailer.status == "active" for c in companies),
        "customers": sum(_number(c.figures.get("customers")) for c in companies),
        "supply_points": sum(_number(c.figures.get("supply_points")) for c in companies),
    }


def address(request: HttpRequest, company: queries.Company) -> str:
    """Return the company's address with the port under which this page was reached."""
    port = request.get_port()
    suffix = "" if port in {"80", "443"} else f":{port}"
    return f"{request.scheme}://{company.host}{suffix}/"


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int):
        return formats.number(value)
    try:
        return formats.day(dt.date.fromisoformat(str(value)[:10]))
    except ValueError:
        return str(value)
