"""The state of the fleet for Prometheus, looked up when asked: the registry, queues, backups, the database."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from typing import Any

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily

from hosting import queries as hosting_queries
from tenancy import context, fleet, heartbeats, models, queues
from tenancy.database import connection

log = logging.getLogger(__name__)
FIGURES = {
    "imports_waiting": ("gridhall_imports_waiting", "Imports of readings that are not through, all companies"),
    "bill_runs_open": ("gridhall_bill_runs_open", "Bill runs that are not through, all companies"),
    "drafts_parked": ("gridhall_bills_parked", "Bills that wait for a person, all companies"),
    "ledger_unbalanced": ("gridhall_ledger_unbalanced", "Currencies in which a company's books do not sum to zero"),
}
CONNECTIONS = """
SELECT count(*) FILTER (WHERE datname = current_database()), count(*), current_setting('max_connections')::int
FROM pg_stat_activity WHERE backend_type = 'client backend'
"""


class FleetCollector:
    """Yields the gauges of the fleet; a part that cannot be looked up is named and leaves the others."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        missing = GaugeMetricFamily("gridhall_unknown", "1 for each part that could not be looked up", labels=["part"])
        for name, part in PARTS.items():
            try:
                with context.use_public():
                    yield from list(part(timezone.now()))
                missing.add_metric([name], 0)
            except Exception as fault:
                log.warning("Metrics of %s are not to be had: %s", name, fault)
                missing.add_metric([name], 1)
        yield missing


def companies(at: dt.datetime) -> Iterator[GaugeMetricFamily]:
    """Companies by status."""
    counts = dict.fromkeys(models.Retailer.Status.values, 0)
    for status in models.Retailer.objects.filter(kind="retailer").values_list("status", flat=True):
        counts[status] = counts.get(status, 0) + 1
    yield _labelled("gridhall_companies", "Companies by status", "status", counts)


def migrations(at: dt.datetime) -> Iterator[GaugeMetricFamily]:
    """How far the companies' tables are, and whether new companies get those of this program."""
    counts = dict.fromkeys(("pending", "running", "done", "failed", "skipped"), 0)
    for row in fleet.standing(fingerprint=fleet.migrations_fingerprint()):
        counts[row.state] += 1
    yield _labelled("gridhall_migrations", "Companies by the state of their tables", "state", counts)
    current = fleet.template_state() != fleet.TemplateState.OLDER
    yield _plain("gridhall_template_current", "Whether the template holds this program's tables", int(current))


def waiting(at: dt.datetime) -> Iterator[GaugeMetricFamily]:
    """Messages that wait in the queues."""
    found = queues.depths()
    yield _labelled(
        "gridhall_queue_waiting", "Messages that wait", "queue", {each.name: each.waiting for each in found}
    )
    ages = {each.name: each.age for each in found}
    yield _labelled("gridhall_queue_age_seconds", "Since when the one served next waits", "queue", ages)


def backups(at: dt.datetime) -> Iterator[GaugeMetricFamily]:
    """How old the oldest of the companies' latest backups is, and how many have none."""
    latest = hosting_queries.latest_backup_times()
    ages = [(at - made).total_seconds() for made in latest.values() if made is not None]
    yield _plain(
        "gridhall_backup_age_seconds", "Age of the oldest of the companies' latest backups", max(ages, default=0)
    )
    without = sum(made is None for made in latest.values())
    yield _plain("gridhall_companies_without_backup", "Active companies that were never backed up", without)


def database(at: dt.datetime) -> Iterator[GaugeMetricFamily]:
    """Connections to the database server."""
    with connection.cursor() as cursor:
        cursor.execute(CONNECTIONS)
        ours, everyone, most = cursor.fetchone()
    yield _plain("gridhall_database_connections", "Connections to this database", ours)
    yield _plain("gridhall_database_connections_server", "Connections to the server", everyone)
    yield _plain("gridhall_database_connections_limit", "Connections that the server takes", most)


def beat(at: dt.datetime) -> Iterator[GaugeMetricFamily]:
    """Since when the schedule's sign of life, sent through the queue to a worker, is missing."""
    seen = heartbeats.last(name=heartbeats.BEAT)
    age = (at - seen).total_seconds() if seen else float("inf")
    yield _plain("gridhall_beat_age_seconds", "Since the schedule's last sign of life", age)


def figures(at: dt.datetime) -> Iterator[GaugeMetricFamily]:
    """What the companies' own workers reported last, summed."""
    reported = hosting_queries.reported_figures()
    for key, (name, words) in FIGURES.items():
        yield _plain(name, words, sum(int(each.get(key) or 0) for each in reported))


PARTS: dict[str, Callable[[dt.datetime], Iterator[GaugeMetricFamily]]] = {
    "companies": companies,
    "migrations": migrations,
    "queues": waiting,
    "backups": backups,
    "database": database,
    "beat": beat,
    "figures": figures,
}


def _labelled(name: str, words: str, label: str, values: dict[str, Any]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _plain(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)
