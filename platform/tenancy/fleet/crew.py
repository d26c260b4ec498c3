"""Processes that migrate companies side by side: each claims one after the other until the wave is through."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, OperationalError, connections

from tenancy import context, models, provisioning
from tenancy.database import connection
from tenancy.fleet import locks, records
from tenancy.fleet.clock import now
from tenancy.fleet.schemas import SchemaMigrator

LOCK_NOT_FREE, DEADLOCK, SERIALIZATION = "55P03", "40P01", "40001"
TRIED_AGAIN = {LOCK_NOT_FREE, DEADLOCK, SERIALIZATION}
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a company's locks are waited for, and how often."""

    lock_timeout: str = "5s"
    statement_timeout: str = "0"
    attempts: int = 5


@dataclass(slots=True)
class Crew:
    """The worker processes of one wave."""

    migrator: SchemaMigrator
    patience: Patience
    run_id: int
    wave: int
    failures: int
    size: int

    def work(self) -> Iterator[None]:
        """Migrate the wave; yields from time to time, so that the caller can look at what was done."""
        alive: set[int] = set()
        try:
            for _ in range(self.size):
                alive.add(self._fork())
            while alive:
                yield
                self._gather(alive)
        finally:
            _end(alive)

    def _gather(self, alive: set[int]) -> None:
        for number in list(alive):
            ended, status = os.waitpid(number, os.WNOHANG)
            if not ended:
                continue
            alive.remove(number)
            if status:
                records.put_back(run_id=self.run_id, worker=number, at=now())
                alive.add(self._fork())

    def _fork(self) -> int:
        connections.close_all()
        sys.stdout.flush()
        parent, number = os.getpid(), os.fork()
        if number:
            return number
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._work_off(parent)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)

    def _work_off(self, parent: int) -> None:
        """Migrate one company after the other; ends when the run that began this process is no more."""
        connection.set_schema_to_public()
        while os.getppid() == parent:
            claimed = records.claim(run_id=self.run_id, wave=self.wave, failures=self.failures, worker=os.getpid())
            if claimed is None:
                return
            begun = time.monotonic()
            error, attempts = self._migrate(claimed)
            seconds = round(time.monotonic() - begun, 3)
            records.finish(retailer_id=claimed.pk, error=error, attempts=attempts, seconds=seconds, at=now())

    def _migrate(self, retailer: models.Retailer) -> tuple[str, int]:
        """Try until it is done; return what refused it in the end, and the number of tries."""
        for attempt in range(1, self.patience.attempts + 1):
            try:
                self._try_once(retailer)
            except (OperationalError, InterfaceError) as refusal:
                error = _words(refusal)
                if not _may_pass(refusal):
                    return error, attempt
                _reconnect()
            except Exception as refusal:
                return _words(refusal), attempt
            else:
                return "", attempt
            if attempt < self.patience.attempts:
                _pause(attempt)
        return error, self.patience.attempts

    def _try_once(self, retailer: models.Retailer) -> None:
        connection.set_schema_to_public()
        with locks.worker(), _timeouts(self.patience):
            with context.use(retailer):
                self.migrator.migrate()
            provisioning.grant_schema(schema_name=retailer.schema_name)


@contextlib.contextmanager
def _timeouts(patience: Patience) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience.lock_timeout])
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [patience.statement_timeout])
    try:
        yield
    finally:
        with contextlib.suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout; RESET statement_timeout")


def _may_pass(refusal: Exception) -> bool:
    """Whether trying again may help: a lock that was not free, or a connection that was lost."""
    state = getattr(refusal.__cause__, "sqlstate", None)
    return state in TRIED_AGAIN or state is None or state.startswith(("08", "57P"))


def _words(refusal: Exception) -> str:
    return str(refusal).strip() or type(refusal).__name__


def _pause(attempt: int) -> None:
    """Wait longer after each try, and not as long as the others do."""
    longest = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
    time.sleep(longest * random.uniform(0.5, 1))  # noqa: S311 - no secret


def _reconnect() -> None:
    with contextlib.suppress(DatabaseError, InterfaceError):
        connection.rollback()
    connection.close()
    connection.set_schema_to_public()


def _end(alive: set[int]) -> None:
    """Let workers end the company they are at; a second interruption leaves them to notice by themselves."""
    for number in alive:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(number, 0)
