"""What a task carries along and tells: the request that sent it, its own number, how long it took."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import signals

from config import tracing
from tenancy import circumstances

log = logging.getLogger("gridhall.task")
_begun: dict[str, float] = {}


@signals.before_task_publish.connect
def carry(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Send along the number of the request, or make one where a task begins by itself."""
    if headers is not None and not headers.get(circumstances.REQUEST_HEADER):
        headers[circumstances.REQUEST_HEADER] = circumstances.present().request_id or circumstances.accepted("")
    if headers is not None:
        tracing.inject(headers)


@signals.task_prerun.connect
def begin(task_id: str = "", task: Any = None, **_: Any) -> None:
    """Work for what the message says."""
    _begun[task_id] = time.monotonic()
    request_id = circumstances.accepted(str(_header(task, circumstances.REQUEST_HEADER) or ""))
    circumstances.begin(
        circumstances.Circumstances(request_id=request_id, task_id=task_id, kind="task", name=task.name)
    )
    tracing.begin_task(task_id, task.name, _header(task, tracing.HEADER))


@signals.task_postrun.connect
def end(task_id: str = "", task: Any = None, state: str | None = None, **_: Any) -> None:
    """Write one line of the task and forget it."""
    seconds = time.monotonic() - _begun.pop(task_id, time.monotonic())
    facts = {
        "state": str(state or "").lower(),
        "ms": round(seconds * 1000),
        "company": _header(task, "retailer") or "-",
    }
    log.info("task", extra={"facts": facts})
    tracing.end_task(task_id, facts)
    circumstances.begin(None)


def _header(task: Any, name: str) -> Any:
    request = getattr(task, "request", None)
    return (getattr(request, "headers", None) or {}).get(name) or getattr(request, name, None)
