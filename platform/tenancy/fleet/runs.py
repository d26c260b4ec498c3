"""A run through the fleet: registry, template, then wave after wave, with a record that outlives the process."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from kernel.errors import GridhallError, gettext_noop
from tenancy import context, models, provisioning
from tenancy.database import connection
from tenancy.fleet import locks, records, tables
from tenancy.fleet.clock import now
from tenancy.fleet.crew import LOCK_NOT_FREE, Crew, Patience
from tenancy.fleet.schemas import SchemaMigrator, migrations_fingerprint
from tenancy.fleet.waves import waves
from tenancy.fleet_models import FleetRun, MigrationState

Say = Callable[[str], None]
LOOK_SECONDS = 0.1
CANARY_WAVE = 1
TABLES_ATTEMPTS = 5


class UnknownCompany(GridhallError):
    """``--only`` or a canary names no company."""

    code = "unknown_company"
    template = gettext_noop("No company with a schema is registered under “{name}”.")


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is made. ``only`` and ``canaries`` are codes; no ``only`` means all."""

    wave_size: int = 10
    parallel: int = 1
    stop_after_failures: int = 3
    only: tuple[str, ...] = ()
    canaries: tuple[str, ...] = ()
    patience: Patience = field(default_factory=Patience)


def migrate(*, at: dt.datetime, say: Say, options: Options | None = None) -> dict[str, Any]:
    """Bring registry, template and companies to the newest tables; return the report of the run.

    Safe to run again at any time: what was done stays done, what failed is tried anew. Raises AlreadyMigrating.
    """
    chosen, begun = options or Options(), time.monotonic()
    with locks.run() as lock:
        fingerprint = migrations_fingerprint()
        _bring_up_tables(fingerprint, at, say, chosen.patience)
        _note_killed_run()
        waiting = _chosen(records.behind(fingerprint=fingerprint), chosen)
        run = None
        if waiting:
            run = _begin(fingerprint, at, chosen)
            _work(run, waiting, chosen, lock, say)
        return _report(run, fingerprint, at, time.monotonic() - begun)


def plan(*, options: Options | None = None) -> list[list[str]]:
    """Return the waves in which companies would be migrated now, by code."""
    chosen = options or Options()
    return _waves(_chosen(records.behind(fingerprint=migrations_fingerprint()), chosen), chosen)


def _bring_up_tables(fingerprint: str, at: dt.datetime, say: Say, patience: Patience) -> None:
    """As for a company: a lock that is not free is waited for a few times."""
    for attempt in range(1, TABLES_ATTEMPTS + 1):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [patience.lock_timeout])
        try:
            tables.bring_up(fingerprint=fingerprint, at=at, say=say)
        except DatabaseError as refusal:
            if getattr(refusal.__cause__, "sqlstate", "") != LOCK_NOT_FREE or attempt == TABLES_ATTEMPTS:
                raise
            say(f"The registry is in use; trying again ({attempt})")
            time.sleep(attempt)
        else:
            return


def _chosen(waiting: list[models.Retailer], options: Options) -> list[models.Retailer]:
    known = {retailer.code for retailer in provisioning.retailers_to_migrate()}
    for name in (*options.only, *options.canaries):
        if name not in known:
            raise UnknownCompany(name=name)
    return [retailer for retailer in waiting if not options.only or retailer.code in options.only]


def _waves(waiting: list[models.Retailer], options: Options) -> list[list[str]]:
    first = {retailer.code for retailer in waiting if retailer.is_operator}
    canaries = options.canaries or tuple(settings.CANARY_COMPANIES)
    codes = [retailer.code for retailer in waiting]
    return waves(codes=codes, first=first, canaries=canaries, size=options.wave_size)


def _begin(fingerprint: str, at: dt.datetime, options: Options) -> FleetRun:
    with context.use_public():
        return FleetRun.objects.create(fingerprint=fingerprint, started_at=at, options=asdict(options))


def _note_killed_run() -> None:
    """A run that still says it works cannot: this one holds the lock."""
    with context.use_public():
        FleetRun.objects.filter(state=FleetRun.State.RUNNING).update(state=FleetRun.State.KILLED)


def _work(run: FleetRun, waiting: list[models.Retailer], options: Options, lock: locks.RunLock, say: Say) -> None:
    parts = _waves(waiting, options)
    records.queue(run=run, retailers={retailer.code: retailer for retailer in waiting}, waves=parts)
    migrator, told, state = SchemaMigrator(), set[int](), FleetRun.State.DONE
    with context.use(waiting[0]):
        migrator.missing()  # computed before the processes part, so that all have it
    for number, codes in enumerate(parts, start=1):
        say(f"Wave {number} of {len(parts)}: {len(codes)} companies")
        limit = 1 if number == CANARY_WAVE else options.stop_after_failures
        crew = Crew(migrator, options.patience, run.pk, number, limit, min(options.parallel, len(codes)))
        begun = time.monotonic()
        for _ in crew.work():
            _tell(run, told, say)
            time.sleep(LOOK_SECONDS)
        _tell(run, told, say)
        run.waves.append(_wave(run, number, codes, time.monotonic() - begun))
        if records.counts(run_id=run.pk).get(MigrationState.FAILED, 0) >= limit or not lock.held():
            state = FleetRun.State.STOPPED if number < len(parts) else state
            break
    _end(run, state)


def _wave(run: FleetRun, number: int, codes: Collection[str], seconds: float) -> dict[str, Any]:
    counts = records.counts(run_id=run.pk, wave=number)
    return {"wave": number, "companies": len(codes), "seconds": round(seconds, 3), **counts}


def _tell(run: FleetRun, told: set[int], say: Say) -> None:
    for row in records.ended_since(run_id=run.pk, known=told):
        told.add(row.pk)
        say(f"{row.retailer.code}: {row.error or 'migrated'} ({row.seconds:.2f} s)")


def _end(run: FleetRun, state: str) -> None:
    records.skip_rest(run_id=run.pk)
    run.counts = records.counts(run_id=run.pk)
    if state == FleetRun.State.DONE and run.counts.get(MigrationState.FAILED):
        state = FleetRun.State.FAILED
    run.state, run.finished_at = state, now()
    run.save()


def _report(run: FleetRun | None, fingerprint: str, at: dt.datetime, seconds: float) -> dict[str, Any]:
    """What the run did, as plain values."""
    rows = run.companies.select_related("retailer").order_by("wave", "retailer__code") if run else []
    companies = [
        {
            "code": row.retailer.code,
            "wave": row.wave,
            "state": row.state,
            "attempts": row.attempts,
            "seconds": row.seconds,
            "error": row.error,
        }
        for row in rows
    ]
    return {
        "run": run.pk if run else None,
        "state": run.state if run else FleetRun.State.DONE,
        "fingerprint": fingerprint,
        "started_at": at.isoformat(),
        "seconds": round(seconds, 3),
        "counts": run.counts if run else {},
        "waves": run.waves if run else [],
        "companies": companies,
    }
