"""Settings of those who run the program: logs, faults, probes, metrics, traces (docs/running.md)."""

from __future__ import annotations

import os

from config import environment

# Migrated before the others, with the host's own company.
CANARY_COMPANIES = environment.words("GRIDHALL_CANARIES")

# Health, readiness and metrics: from these networks, or with the token. What came through a proxy needs the token.
PROBE_NETWORKS = environment.words("GRIDHALL_PROBE_NETWORKS", "127.0.0.0/8,::1/128")
PROBE_TOKEN = os.environ.get("GRIDHALL_PROBE_TOKEN", "")
# Where workers and beat answer; they listen nowhere without it.
PROBE_ADDRESS = os.environ.get("GRIDHALL_PROBE_ADDRESS", "")
METRICS_BY_COMPANY = environment.flag("GRIDHALL_METRICS_BY_COMPANY")

# Faults and traces leave the program only where these say so.
ERROR_REPORTER = os.environ.get("GRIDHALL_ERROR_REPORTER", "")
SENTRY_DSN = os.environ.get("GRIDHALL_SENTRY_DSN", "")
TRACES = os.environ.get("GRIDHALL_TRACES", "")

LOG_FORMAT = os.environ.get("GRIDHALL_LOG_FORMAT", "json" if os.environ.get("GRIDHALL_ENV") == "production" else "line")
LOGGING: dict[str, object] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"retailer": {"()": "tenancy.logs.RetailerFilter"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(retailer)s] %(message)s"},
        "json": {"()": "tenancy.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["retailer"]}},
    "loggers": {
        "stripe": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},  # gridhall.task tells of each task
        "celery.worker.strategy": {"level": "WARNING"},
        "django.request": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "django": {"handlers": [], "propagate": True},
    },
    "root": {"handlers": ["console"], "level": os.environ.get("GRIDHALL_LOG_LEVEL", "INFO")},
}
