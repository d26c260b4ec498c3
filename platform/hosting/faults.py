"""Unhandled faults counted by company, day and place: class and place alone, never a message, which may hold data."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from types import TracebackType
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from hosting import models
from tenancy import circumstances, context
from tenancy.database import connection
from tenancy.database.base import PUBLIC

log = logging.getLogger(__name__)
_ADD = """
INSERT INTO public.hosting_fault (retailer_id, day, source, kind, place, count, last_at, request_id)
VALUES (%s, %s, %s, %s, %s, 1, %s, %s)
ON CONFLICT (retailer_id, day, source, kind, place) DO UPDATE
SET count = hosting_fault.count + 1, last_at = excluded.last_at, request_id = excluded.request_id
"""


def note(*, fault: BaseException, source: str, at: dt.datetime, request_id: str = "") -> None:
    """Count a fault for the company worked for, or for the platform itself. It never raises one of its own.

    ``source`` is the name of a page or task. Within an open transaction nothing can be written, and it is only logged.
    """
    if connection.in_atomic_block:
        log.warning("A fault in an open transaction is not counted: %s in %s", type(fault).__name__, source)
        return
    try:
        retailer = getattr(connection.tenant, "pk", None) if context.current_schema() != PUBLIC else None
        facts = [retailer, at.date(), source[: _longest("source")], kind_of(fault), place_of(fault.__traceback__), at]
        with context.use_public(), connection.cursor() as cursor:
            cursor.execute(_ADD, [*facts, request_id[: _longest("request_id")]])
    except DatabaseError:
        log.exception("A fault could not be counted.")


def kind_of(fault: BaseException) -> str:
    """Return the class of a fault with its module."""
    return f"{type(fault).__module__}.{type(fault).__qualname__}"[: _longest("kind")]


def place_of(trace: TracebackType | None) -> str:
    """Return file, line and function of the innermost place within the program itself, else of the innermost one."""
    places = []
    while trace is not None:
        places.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno, trace.tb_frame.f_code.co_name))
        trace = trace.tb_next
    own = [place for place in places if _inside(place[0])]
    if not places:
        return "?"
    file, line, function = (own or places)[-1]
    shown = Path(file).relative_to(settings.BASE_DIR) if _inside(file) else Path(file).name
    return f"{shown}:{line} {function}"[: _longest("place")]


def on_request(*, request: Any = None, **_: Any) -> None:
    """Hear of a request that failed (Django's signal, sent while the exception is at hand)."""
    import sys

    fault = sys.exc_info()[1]
    if fault is not None:
        match = getattr(request, "resolver_match", None)
        name = getattr(match, "view_name", "") or "page"
        note(fault=fault, source=name, at=timezone.now(), request_id=circumstances.present().request_id)


def on_task(*, sender: Any = None, task_id: str = "", exception: BaseException | None = None, **_: Any) -> None:
    """Hear of a task that failed for good (Celery's signal); it is counted for the company it was sent for."""
    if exception is None:
        return
    schema, number = _schema_of(sender), circumstances.present().request_id or str(task_id or "")
    name = str(getattr(sender, "name", "") or "task")
    try:
        if schema:
            with context.use(context.retailer_by_schema(schema_name=schema)):
                note(fault=exception, source=name, at=timezone.now(), request_id=number)
            return
    except (context.UnknownRetailer, DatabaseError):
        log.warning("The company of a failed task is not known: %s", name)
    note(fault=exception, source=name, at=timezone.now(), request_id=number)


def _schema_of(task: Any) -> str:
    request = getattr(task, "request", None)
    headers = getattr(request, "headers", None) or {}
    return str(headers.get("retailer") or getattr(request, "retailer", "") or "")


def _inside(file: str) -> bool:
    path = Path(file)
    return path.is_relative_to(settings.BASE_DIR) and ".venv" not in path.parts and "site-packages" not in path.parts


def _longest(name: str) -> int:
    field: Any = models.Fault._meta.get_field(name)
    return int(field.max_length)
