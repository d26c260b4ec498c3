"""Where unhandled faults go: to a function named by the settings, and to Sentry where its package is installed."""

from __future__ import annotations

import logging
import sys
from typing import Any

from celery import signals
from django.conf import settings
from django.core.signals import got_request_exception
from django.utils.module_loading import import_string

from tenancy import faults

log = logging.getLogger(__name__)


def connect() -> None:
    """Hear of faults, and register the reporters that the settings name."""
    got_request_exception.connect(on_request, dispatch_uid="gridhall faults")
    signals.task_failure.connect(on_task, dispatch_uid="gridhall faults")
    if settings.ERROR_REPORTER:
        faults.register(import_string(settings.ERROR_REPORTER))
    if settings.SENTRY_DSN:
        _connect_sentry()


def on_request(**_: Any) -> None:
    """Hear of a request that failed."""
    fault = sys.exc_info()[1]
    if fault is not None:
        faults.report(fault, kind="request")


def on_task(exception: BaseException | None = None, sender: Any = None, **_: Any) -> None:
    """Hear of a task that failed for good."""
    if exception is not None:
        faults.report(exception, kind="task", name=str(getattr(sender, "name", "")))


def on_command(fault: BaseException, *, name: str) -> None:
    """Hear of a command that ended by a fault."""
    faults.report(fault, kind="command", name=name)


def _connect_sentry() -> None:
    """Send what a fault tells, and nothing that Sentry's own package would collect."""
    try:
        import sentry_sdk
    except ImportError:
        log.warning("GRIDHALL_SENTRY_DSN is set, but the package sentry-sdk is not installed")
        return
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN, default_integrations=False, auto_enabling_integrations=False,
        send_default_pii=False, include_local_variables=False, include_source_context=False,
    )  # fmt: skip
    faults.register(lambda fault: _send(sentry_sdk, fault))


def _send(sentry: Any, fault: faults.Fault) -> None:
    frames = [_frame(place) for place in fault.error["where"]]
    told = {"type": fault.error["type"], "value": fault.error.get("code", ""), "stacktrace": {"frames": frames}}
    tags = {
        "kind": fault.kind, "name": fault.name, "company": fault.company, "request_id": fault.request_id,
        "task_id": fault.task_id,
    }  # fmt: skip
    sentry.capture_event({"level": "error", "exception": {"values": [told]}, "tags": tags})


def _frame(place: str) -> dict[str, Any]:
    file, _, rest = place.partition(":")
    line, _, function = rest.partition(" ")
    return {"filename": file, "lineno": int(line or 0), "function": function}
