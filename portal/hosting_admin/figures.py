"""A company's figures as the pages show them: names for what the probes measured, and how they went."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hosting import fleet_queries, queries
from portal.hosting_admin import fleet_words
from portal.shared import formats, plan_words

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
    "imports_waiting": _("Imports that wait"),
    "ledger_unbalanced": _("Entries out of balance"),
}
STATUS_TONES = {"active": "success", "suspended": "danger", "provisioning": "info"}
STATUS_NAMES = {"active": _("Active"), "suspended": _("Suspended"), "provisioning": _("Being made")}
NESTED = "work"
TREND_DAYS = 30


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure now and day by day."""

    name: str
    value: str
    trend: list[int]
    change: str


def figures(company: queries.Company, history: Sequence[Any]) -> list[Figure]:
    """Return each figure measured, known ones in their order first, storage last, with its days."""
    known = [name for name in NAMES if name in company.figures]
    others = sorted(set(company.figures) - set(known) - {NESTED})
    found = [
        Figure(
            str(NAMES.get(name, name)),
            shown(company.figures[name]),
            *_trend([day.figures.get(name) for day in history]),
        )
        for name in [*known, *others]
    ]
    sizes = [day.storage_bytes for day in history]
    size = formats.file_size(company.storage_bytes) if company.storage_bytes else "–"
    return [*found, Figure(gettext("Storage"), size, *_trend(sizes, size=True))] if found else []


@dataclass(frozen=True, slots=True)
class Shown:
    """A company of the fleet with its figures as words."""

    row: fleet_queries.Row
    marks: list[fleet_words.Mark]
    cells: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


def rows(found: Sequence[fleet_queries.Row], *, at: dt.datetime) -> list[Shown]:
    """Return the fleet's rows; what was not measured is a dash."""
    return [Shown(row, fleet_words.marks(row, at=at), _cells(row, at)) for row in found]


def facts(row: fleet_queries.Row) -> list[tuple[str, Any]]:
    """Return what is registered of the company."""
    retailer, languages = row.retailer, dict(settings.LANGUAGES)
    domains = sorted(retailer.domains.all(), key=lambda each: (not each.is_primary, each.domain))
    migration = getattr(retailer, "fleetmigration", None)
    tables = row.company.migration_error or (gettext("behind") if row.behind else gettext("up to date"))
    version = (
        f"{migration.fingerprint[:12]} · {formats.moment(migration.migrated_at, retailer.time_zone)}"
        if migration
        else "–"
    )
    return [
        (gettext("Legal name"), retailer.legal_name or "–"),
        (gettext("Code"), retailer.code),
        (gettext("Addresses"), ", ".join(each.domain for each in domains) or "–"),
        (gettext("Market"), retailer.market.upper()),
        (gettext("Currency"), retailer.currency),
        (gettext("Time zone"), retailer.time_zone),
        (gettext("Languages"), ", ".join(languages.get(code, code) for code in retailer.languages)),
        (gettext("Space"), retailer.schema_name),
        (gettext("Registered"), formats.day(retailer.created_at.date())),
        (gettext("Plan"), plan_words.title(row.standing.titles) if row.standing.titles else "–"),
        (gettext("Backups"), plan_words.backups(fleet_queries.policy_of(row))),
        (gettext("Tables"), tables),
        (gettext("Version of the tables"), version),
    ]


def limits(row: fleet_queries.Row) -> list[Any]:
    """Return what is used of what the plan allows."""
    allowed = row.standing.limits
    return [bar for bar in plan_words.bars(allowed, row.standing.usage) if bar.allowed]


def work(row: fleet_queries.Row) -> list[dict[str, Any]]:
    """Return the background work by kind."""
    return [{"label": fleet_words.WORK[name], "work": found} for name, found in row.work.items()]


def totals(found: Sequence[fleet_queries.Row]) -> dict[str, int]:
    """Return the fleet's sums for the head of the page."""
    return {
        "companies": len(found),
        "active": sum(row.retailer.status == "active" for row in found),
        "customers": sum(row.customers for row in found),
        "supply_points": sum(row.supply_points for row in found),
        "storage": sum(row.storage for row in found),
        "faults": sum(row.faults for row in found),
    }


def address(request: HttpRequest, company: queries.Company) -> str:
    """Return the company's address with the port under which this page was reached."""
    port = request.get_port()
    suffix = "" if port in {"80", "443"} else f":{port}"
    return f"{request.scheme}://{company.host}{suffix}/"


def shown(value: Any) -> str:
    """Return a figure as people read it."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return formats.number(value)
    try:
        return formats.day(dt.date.fromisoformat(str(value)[:10]))
    except ValueError:
        return str(value)


def _cells(row: fleet_queries.Row, at: dt.datetime) -> dict[str, Any]:
    standing, figures_ = row.standing, row.company.figures
    busy = row.all_work
    state = str(standing.state) if standing.state else ""
    return {
        "customers": shown(figures_.get("customers")),
        "supply_points": shown(figures_.get("supply_points")),
        "plan": plan_words.title(standing.titles) if standing.titles else "–",
        "stage": plan_words.STATES.get(state, ""),
        "stage_tone": plan_words.TONES.get(state, "neutral"),
        "owed": [formats.money(each) for each in row.owed],
        "busy": [(busy.running, _("running")), (busy.waiting, _("waiting")), (busy.failed, _("failed"))],
        "backup": fleet_words.age(row.backup_at, at),
        "drill": fleet_words.age(row.tried_at, at),
        "storage": formats.file_size(row.storage) if row.storage else "–",
        "growth": _signed_size(row.growth),
        "measured": fleet_words.age(row.measured, at),
    }


def _trend(values: list[Any], *, size: bool = False) -> tuple[list[int], str]:
    """Return the numbers of the days, and the change against thirty days ago in words."""
    numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    if len(numbers) < 2:
        return [], ""
    change = numbers[-1] - numbers[max(len(numbers) - 1 - TREND_DAYS, 0)]
    if not change:
        return numbers, "±0"
    if size:
        return numbers, _signed_size(change)
    return numbers, f"{'+' if change > 0 else '−'}{formats.number(abs(change))}"


def _signed_size(change: int | None) -> str:
    if change is None:
        return ""
    return f"{'+' if change >= 0 else '−'}{formats.file_size(abs(change))}"
