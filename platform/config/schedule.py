"""The schedule: only one of several beats works, guarded by a lock of the database; the others stand by."""

from __future__ import annotations

import logging
from typing import Any

from celery.beat import PersistentScheduler
from django.db import Error, connection

from config.probe_server import PULSE

log = logging.getLogger(__name__)
LOCK = 0x67726964_03
STAND_BY_SECONDS = 5.0


class GuardedScheduler(PersistentScheduler):
    """Sends what is due while it holds the lock; else it looks again a little later."""

    _session: Any = None

    def tick(self, *args: Any, **kwargs: Any) -> float:
        PULSE.beat()
        if not self._leads():
            return STAND_BY_SECONDS
        return min(float(super().tick(*args, **kwargs)), STAND_BY_SECONDS * 4)

    def close(self) -> None:
        super().close()
        self._let_go()

    def _leads(self) -> bool:
        """Whether this one holds the lock; taken when it is free, lost with its connection."""
        try:
            if self._session is not None:
                self._ask("SELECT true")
                return True
            self._session = connection.copy()
            if self._ask("SELECT pg_try_advisory_lock(%s)", LOCK):
                log.info("This schedule works")
                return True
        except Error:
            log.warning("The schedule waits for the database")
        self._let_go()
        return False

    def _ask(self, query: str, *values: int) -> bool:
        with self._session.cursor() as cursor:
            cursor.execute(query, values)
            return bool(cursor.fetchone()[0])

    def _let_go(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
