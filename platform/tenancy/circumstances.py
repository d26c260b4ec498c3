"""What the program works on now, as logs, faults and traces name it: numbers and codes, never a person's data.

A request has a number of its own; the tasks that it sends carry it on.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import connection

REQUEST_HEADER = "request_id"
_WELL_FORMED = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9_-]{16,64}", re.ASCII)


@dataclass(slots=True)
class Circumstances:
    """The work under way; ``user_id`` is the number of a row, ``name`` that of a page, task or command."""

    request_id: str = ""
    task_id: str = ""
    kind: str = ""
    name: str = ""
    user_id: int | None = None


_present: ContextVar[Circumstances | None] = ContextVar("circumstances", default=None)


def present() -> Circumstances:
    """Return what is worked on now; empty outside of any request, task or command."""
    return _present.get() or Circumstances()


@contextmanager
def within(work: Circumstances) -> Iterator[Circumstances]:
    """Work on ``work`` and go back afterwards."""
    token = _present.set(work)
    try:
        yield work
    finally:
        _present.reset(token)


def begin(work: Circumstances | None) -> None:
    """Work on ``work`` from now on; None ends it."""
    _present.set(work)


def accepted(given: str) -> str:
    """Return ``given`` when it has the form of a request's number, else a new one."""
    return given if _WELL_FORMED.fullmatch(given) else secrets.token_hex(16)


def company() -> str:
    """Return the code of the company worked for, its schema where the code is not at hand, ``-`` for nobody."""
    tenant = getattr(connection, "tenant", None)
    return str(getattr(tenant, "code", "") or getattr(connection, "schema_name", "-"))


def facts() -> dict[str, Any]:
    """Return what is known of the present work, empty values left out."""
    work = present()
    named = {
        "company": company(),
        "request_id": work.request_id,
        "task_id": work.task_id,
        work.kind or "name": work.name,
        "user": work.user_id,
    }
    return {name: value for name, value in named.items() if value not in {"", None}}
