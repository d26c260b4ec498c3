"""What each company reports of itself to the operator: numbers and dates, never a person."""

from __future__ import annotations

import datetime as dt

from billing.invoices import queries as invoice_queries
from billing.runs import queries as run_queries
from hosting import health, usage
from identity import queries as identity_queries
from tenants.customers import queries as customer_queries
from tenants.metering import queries as metering_queries

OPEN_RUNS = ("preparing", "rating", "review", "issuing")
IMPORTS_LOOKED_AT = 100
"""A refused file matters while it is recent; the company's own list shows all."""


def register() -> None:
    """Register the figures that the operator's page knows by name."""
    health.register("customers", lambda: customer_queries.customers().count())
    health.register("accounts", lambda: customer_queries.accounts().count())
    health.register("supply_points", lambda: customer_queries.supply_points().count())
    health.register("channels", metering_queries.channel_count)
    health.register("readings_until", lambda: _text(metering_queries.readings_until()))
    health.register("last_import", last_import)
    health.register("imports_refused", imports_refused)
    health.register("bill_runs_open", lambda: run_queries.runs().filter(state__in=OPEN_RUNS).count())
    health.register("drafts_parked", drafts_parked)
    health.register("invoices", lambda: invoice_queries.invoices(kind="invoice").count())
    health.register("last_invoice_on", last_invoice_on)
    health.register("staff", lambda: identity_queries.staff().filter(is_active=True).count())
    usage.register("supply_points", lambda: customer_queries.supply_points().count())
    usage.register("staff", lambda: identity_queries.staff().filter(is_active=True).count())
    usage.register("readings", metering_queries.stored_days)


def last_import() -> str | None:
    """This will tell the day of the latest import, whatever became of it."""
    found = metering_queries.imports().first()
    return _text(found.created_at.date()) if found else None


def imports_refused() -> int:
    """This will count the refused ones among the latest imports."""
    return sum(record.state == "refused" for record in metering_queries.imports()[:IMPORTS_LOOKED_AT])


def drafts_parked() -> int:
    """This will count the bills that wait for a person in runs that are not ended."""
    return sum(run_queries.progress(run=run).for_review for run in run_queries.runs().filter(state__in=OPEN_RUNS))


def last_invoice_on() -> str | None:
    """This will tell the day on the latest invoice."""
    found = invoice_queries.invoices(kind="invoice").first()
    return _text(found.issued_on) if found else None


def _text(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None
