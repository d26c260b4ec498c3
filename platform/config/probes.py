"""What each company reports of itself to the operator: numbers and dates, never a person."""

from __future__ import annotations

import datetime as dt

import numpy as np
from django.core.cache import cache
from django.db.models import Count, Q
from django.utils import timezone

from billing.invoices import queries as invoice_queries
from billing.ledger import queries as ledger_queries
from billing.runs import queries as run_queries
from billing.simulation import queries as simulation_queries
from hosting import health, taking_out, usage
from identity import queries as identity_queries
from tenants.customers import queries as customer_queries
from tenants.metering import queries as metering_queries
from tenants.notices import queries as notice_queries
from tenants.tariffs import queries as tariff_queries

OPEN_RUNS = ("preparing", "rating", "review", "issuing")
RUNNING_RUNS = ("preparing", "rating", "issuing")
RUNNING_IMPORTS = ("checking", "importing", "taking_back")
WAITING_IMPORTS = ("uploaded", "confirmed")
LOOKED_BACK = dt.timedelta(days=7)
"""A failure of background work matters so long; the company's own lists show all."""
HELD = (
    ("customers", lambda: customer_queries.customers().exists()),
    ("supply_points", lambda: customer_queries.supply_points().exists()),
    ("imports", lambda: metering_queries.imports().exists()),
    ("products", lambda: tariff_queries.products().exists()),
    ("bill_runs", lambda: run_queries.runs().exists()),
    ("invoices", lambda: invoice_queries.invoices().exists()),
)
"""What stands in a company that has begun its work: its market and its clock cannot be changed then."""
BALANCE, HOUR = "probe:ledger_unbalanced", 3600
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
    health.register("imports_waiting", imports_waiting)
    health.register("ledger_unbalanced", ledger_unbalanced)
    health.register("bill_runs_open", lambda: run_queries.runs().filter(state__in=OPEN_RUNS).count())
    health.register("drafts_parked", drafts_parked)
    health.register("invoices", lambda: invoice_queries.invoices(kind="invoice").count())
    health.register("last_invoice_on", last_invoice_on)
    health.register("work", background_work)
    health.register("staff", lambda: identity_queries.staff().filter(is_active=True).count())
    usage.register("supply_points", lambda: customer_queries.supply_points().count())
    usage.register("staff", lambda: identity_queries.staff().filter(is_active=True).count())
    usage.register("readings", metering_queries.stored_days)
    for name, count in HELD:
        health.register_data(name, count)
    _say_what_is_taken_out()


def background_work() -> dict[str, dict[str, int]]:
    """This will count imports, bill runs, simulations and messages that wait, run, or failed in the last days."""
    since = timezone.now() - LOOKED_BACK
    late = Q(created_at__gte=since)
    return {
        "imports": metering_queries.imports()
        .order_by()
        .aggregate(
            waiting=Count("pk", filter=Q(state__in=WAITING_IMPORTS)),
            running=Count("pk", filter=Q(state__in=RUNNING_IMPORTS)),
            failed=Count("pk", filter=Q(state="refused") & late),
        ),
        "bill_runs": {
            "waiting": run_queries.runs().filter(state="review").count(),
            "running": run_queries.runs().filter(state__in=RUNNING_RUNS).count(),
            "failed": 0,
        },
        "simulations": {"waiting": 0, "running": len(simulation_queries.unfinished_ids()), "failed": 0},
        "messages": notice_queries.messages()
        .order_by()
        .aggregate(
            waiting=Count("pk", filter=Q(state="queued")),
            running=Count("pk", filter=Q(state="sending")),
            failed=Count("pk", filter=Q(state="failed") & late),
        ),
    }


def last_import() -> str | None:
    """This will tell the day of the latest import, whatever became of it."""
    found = metering_queries.imports().first()
    return _text(found.created_at.date()) if found else None


def imports_waiting() -> int:
    """This will count the imports that nobody works on yet, or that are not through."""
    return metering_queries.imports().filter(state__in=(*RUNNING_IMPORTS, *WAITING_IMPORTS)).count()


def ledger_unbalanced() -> int:
    """This will count the currencies in which the books do not sum to zero; all postings are summed once an hour."""
    known = cache.get(BALANCE)
    if known is None:
        known = ledger_queries.unbalanced_currencies()
        cache.set(BALANCE, known, HOUR)
    return int(known)


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


def _say_what_is_taken_out() -> None:
    """Say what of the rooms' own is a secret or of use to this program alone, and how packed readings are written."""
    taking_out.leave_out(
        "django_session", "account_emailaddress", "account_emailconfirmation", "mfa_authenticator",
        "identity_idempotencykey", "identity_opensession", "identity_signinattempt", "identity_singlesignon",
        "identity_singlesignonlink", "identity_singlesignondomain", "identity_servicelogout", "identity_supportentry",
    )  # fmt: skip
    taking_out.leave_out_columns("identity_user", "password")
    taking_out.leave_out_columns("identity_apikey", "hashed")
    taking_out.leave_out_columns("payments_attempt", "token")
    for table, columns in PACKED.items():
        for column in columns:
            taking_out.decode(table, column, _numbers if column in ("values", "former_values") else _bytes)
    for column in ("energy", "estimated", "known", "guessed"):
        taking_out.decode("metering_loadday", column, _long_numbers)


PACKED = {
    "metering_intervalday": ("values", "quality"),
    "metering_intervaldayrevision": ("values", "quality"),
    "metering_dayproposal": ("values", "quality"),
    "metering_determination": ("values", "former_values", "former_quality"),
}
"""Readings of a day: little-endian int32 Wh, one a slot; qualities one byte a slot, or one for all."""


def _numbers(packed: bytes) -> str:
    return " ".join(map(str, np.frombuffer(packed, dtype="<i4").tolist()))


def _long_numbers(packed: bytes) -> str:
    return " ".join(map(str, np.frombuffer(packed, dtype="<i8").tolist()))


def _bytes(packed: bytes) -> str:
    return " ".join(map(str, packed))
