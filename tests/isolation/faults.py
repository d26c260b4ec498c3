"""What goes wrong in the middle of a request: a cut connection, a failed statement, a role left behind, a rollback."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction

from tenants.customers import queries as customer_queries


class Broken(Exception):
    """What a fault in the middle of a request raises."""


def cut() -> None:
    """The server ends this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


def statement_fails() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1/0")


def time_runs_out() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '1ms'; SELECT pg_sleep(0.2)")


def rolled_back() -> None:
    with transaction.atomic():
        cache.set("half-done", "x")
        list(customer_queries.customers()[:1]) if connection.schema_name != "public" else None
        raise Broken


def role_left() -> None:
    """Somebody's own SQL leaves role and path; the program is told to issue them again, as its rule is."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE none; SET search_path = public")
    connection.forget_path()  # type: ignore[attr-defined]
    raise Broken


def cursor_left() -> None:
    """A server-side cursor is begun and not read to its end."""
    if connection.schema_name != "public":
        next(iter(customer_queries.customers().iterator(chunk_size=1)))
    raise Broken


def nothing() -> None:
    """Half of the requests are left alone."""


FAULTS: list[Callable[[], None]] = [cut, statement_fails, time_runs_out, rolled_back, role_left, cursor_left]


PAIRS = [*((fault, nothing) for fault in FAULTS), *((nothing, fault) for fault in FAULTS)]


class FaultMiddleware:
    """Stands inside all others: the fault comes while the company is being worked for."""

    wanted = threading.local()

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> Any:
        before, after = getattr(self.wanted, "faults", (nothing, nothing))
        before()
        response = self.get_response(request)
        after()
        return response
