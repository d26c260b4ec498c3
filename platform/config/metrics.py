"""Metrics in Prometheus' form: what this program did, and how the fleet stands when it is asked.

Labels are names of pages, tasks and queues, which are few; a company's code only where GRIDHALL_METRICS_BY_COMPANY asks
for it. The web program's processes share what they count through PROMETHEUS_MULTIPROC_DIR (config.web_server).
"""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector

from tenancy import faults

__all__ = ["CONTENT_TYPE_LATEST"]
COMPANY = ["company"] if settings.METRICS_BY_COMPANY else []
REQUEST_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
TASK_BUCKETS = (0.05, 0.25, 1, 5, 15, 60, 300, 1800)

REQUESTS = Counter("gridhall_requests", "Requests answered", ["route", "method", "status", *COMPANY])
REQUEST_SECONDS = Histogram("gridhall_request_seconds", "Time to answer", ["route"], buckets=REQUEST_BUCKETS)
TASKS = Counter("gridhall_tasks", "Tasks that came to an end", ["task", "outcome", *COMPANY])
TASK_SECONDS = Histogram("gridhall_task_seconds", "Time of tasks that succeeded", ["task"], buckets=TASK_BUCKETS)
FAULTS = Counter("gridhall_faults", "Unhandled faults", ["kind"])
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def count_request(*, route: str, method: str, status: int, seconds: float, company: str) -> None:
    """Count an answered request; ``route`` is a name of the address book, never an address."""
    known = method if method in METHODS else "other"
    REQUESTS.labels(route, known, str(status), *_of(company)).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


def count_task(*, task: str, outcome: str, company: str, seconds: float | None = None) -> None:
    """Count a task that ended: ``succeeded``, ``failed``, ``retried``, ``timed_out`` or ``lost`` (its worker died)."""
    TASKS.labels(task, outcome, *_of(company)).inc()
    if seconds is not None:
        TASK_SECONDS.labels(task).observe(seconds)


def count_fault(fault: faults.Fault) -> None:
    """Count an unhandled fault."""
    FAULTS.labels(fault.kind or "other").inc()


def exposition(*collectors: Any) -> bytes:
    """Return what this program counted, with what ``collectors`` find now."""
    own = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(own)  # type: ignore[no-untyped-call]
    else:
        own.register(REGISTRY)
    for collector in collectors:
        own.register(collector)
    return generate_latest(own)


def _of(company: str) -> list[str]:
    return [company] if COMPANY else []
