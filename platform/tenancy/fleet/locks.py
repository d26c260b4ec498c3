"""Only one run works at a time, and none begins while a worker of a killed one is still at it.

Both are advisory locks of the database: they end with the session that holds them, however it ends.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error

from kernel.errors import GridhallError, gettext_noop
from tenancy.database import connection

RUN_KEY = 0x67726964_01
WORKER_KEY = 0x67726964_02
WAIT_SECONDS = 20.0
PAUSE_SECONDS = 0.2


class AlreadyMigrating(GridhallError):
    """Another run holds the lock."""

    code = "already_migrating"
    template = gettext_noop("Another run is migrating the fleet. Wait for its end, or end it; then start again.")


class RunLock:
    """Held by a run on a connection of its own, from begin to end."""

    def __init__(self) -> None:
        self._connection = connection.copy()

    def held(self) -> bool:
        """Whether the session that holds the lock still stands."""
        try:
            self._ask("SELECT true")
        except Error:
            return False
        return True

    def take(self) -> None:
        """Take the lock, or raise AlreadyMigrating; waits a little for workers that a killed run left behind."""
        if not self._ask("SELECT pg_try_advisory_lock(%s)", RUN_KEY):
            raise AlreadyMigrating()
        until = time.monotonic() + WAIT_SECONDS
        while not self._ask("SELECT pg_try_advisory_lock(%s)", WORKER_KEY):
            if time.monotonic() > until:
                raise AlreadyMigrating()
            time.sleep(PAUSE_SECONDS)
        self._ask("SELECT pg_advisory_unlock(%s)", WORKER_KEY)

    def release(self) -> None:
        self._connection.close()

    def _ask(self, query: str, *values: int) -> bool:
        with self._connection.cursor() as cursor:
            cursor.execute(query, values)
            row = cursor.fetchone()
        return bool(row and row[0])


@contextmanager
def run() -> Iterator[RunLock]:
    """Hold the lock of a run; raises AlreadyMigrating."""
    lock = RunLock()
    try:
        lock.take()
        yield lock
    finally:
        lock.release()


@contextmanager
def worker() -> Iterator[None]:
    """Say on the present connection that a company is being migrated, so that no other run begins meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s)", [WORKER_KEY])
    try:
        yield
    finally:
        if connection.connection is not None and not connection.connection.closed and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_shared(%s)", [WORKER_KEY])
