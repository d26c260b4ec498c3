"""What is recorded of each company: how far its tables are, what was tried and what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection as any_connection
from django.db.models import Count, F, Q

from tenancy import context, models, provisioning
from tenancy.fleet_models import FleetMigration, MigrationState

MOST_DEATHS = 2
DIED = "The process that migrated this company was ended each time; look for what ended it (memory, a signal)."
CLAIM = """
UPDATE tenancy_fleetmigration SET state = 'running', started_at = clock_timestamp(), worker = %(worker)s
WHERE id = (
    SELECT id FROM tenancy_fleetmigration
    WHERE run_id = %(run)s AND wave = %(wave)s AND state = 'pending'
      AND (SELECT count(*) FROM tenancy_fleetmigration WHERE run_id = %(run)s AND state = 'failed') < %(failures)s
    ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1
)
RETURNING retailer_id
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """One company as ``fleet status`` shows it."""

    code: str
    state: str
    wave: int
    attempts: int
    seconds: float
    at: dt.datetime | None
    error: str


def behind(*, fingerprint: str) -> list[models.Retailer]:
    """Return the companies whose tables are not of ``fingerprint``, the host's own first; two queries."""
    with context.use_public():
        rows = FleetMigration.objects.filter(fingerprint=fingerprint, state=MigrationState.DONE)
        done = set(rows.values_list("retailer_id", flat=True))
        return [retailer for retailer in provisioning.retailers_to_migrate() if retailer.pk not in done]


def queue(*, run: Any, retailers: dict[str, models.Retailer], waves: Sequence[Sequence[str]]) -> None:
    """Note for each company of each wave that it waits; what an earlier run left of it is overwritten."""
    rows = [
        FleetMigration(
            retailer=retailers[code], run=run, fingerprint=run.fingerprint, wave=number,
            state=MigrationState.PENDING, attempts=0, seconds=0.0, error="", started_at=None, migrated_at=None,
        )
        for number, codes in enumerate(waves, start=1)
        for code in codes
    ]  # fmt: skip
    fields = ["run", "fingerprint", "wave", "state", "attempts", "seconds", "error", "started_at", "migrated_at"]
    FleetMigration.objects.bulk_create(rows, update_conflicts=True, unique_fields=["retailer"], update_fields=fields)


def claim(*, run_id: int, wave: int, failures: int, worker: int) -> models.Retailer | None:
    """Take one waiting company of the wave, unless so many ``failures`` were seen; None when there is none."""
    with any_connection.cursor() as cursor:
        cursor.execute(CLAIM, {"run": run_id, "wave": wave, "failures": failures, "worker": worker})
        row = cursor.fetchone()
    return models.Retailer.objects.get(pk=row[0]) if row else None


def finish(*, retailer_id: int, error: str, attempts: int, seconds: float, at: dt.datetime) -> None:
    """Record what came of a company."""
    state = MigrationState.FAILED if error else MigrationState.DONE
    FleetMigration.objects.filter(retailer_id=retailer_id).update(
        state=state, error=error, attempts=F("attempts") + attempts, seconds=seconds, migrated_at=at, worker=None
    )


def put_back(*, run_id: int, worker: int, at: dt.datetime) -> None:
    """Let a company wait again whose worker died; one that ended so many workers is given up."""
    held = FleetMigration.objects.filter(run_id=run_id, state=MigrationState.RUNNING, worker=worker)
    held.filter(attempts__gte=MOST_DEATHS).update(
        state=MigrationState.FAILED, error=DIED, attempts=F("attempts") + 1, migrated_at=at, worker=None
    )
    held.update(state=MigrationState.PENDING, attempts=F("attempts") + 1, worker=None)


def skip_rest(*, run_id: int) -> int:
    """Mark what still waits as passed over; return how many."""
    waiting = FleetMigration.objects.filter(run_id=run_id, state=MigrationState.PENDING)
    return waiting.update(state=MigrationState.SKIPPED)


def counts(*, run_id: int, wave: int | None = None) -> dict[str, int]:
    """Return how many companies of the run stand in which state."""
    rows = FleetMigration.objects.filter(run_id=run_id)
    if wave is not None:
        rows = rows.filter(wave=wave)
    return dict(rows.values_list("state").annotate(number=Count("pk")).order_by("state"))


def ended_since(*, run_id: int, known: Iterable[int]) -> list[FleetMigration]:
    """Return the records of companies that came to an end, but for those already ``known``."""
    ended = Q(state__in=[MigrationState.DONE, MigrationState.FAILED])
    rows = FleetMigration.objects.filter(ended, run_id=run_id).exclude(pk__in=list(known))
    return list(rows.select_related("retailer").order_by("migrated_at"))


def standing(*, fingerprint: str) -> list[Standing]:
    """Return every company whose schema stands, by code; one at older tables than ``fingerprint`` is pending."""
    with context.use_public():
        rows = {row.retailer_id: row for row in FleetMigration.objects.all()}
        found = [
            _standing(retailer, rows.get(retailer.pk), fingerprint) for retailer in provisioning.retailers_to_migrate()
        ]
    return sorted(found, key=lambda each: each.code)


def _standing(retailer: models.Retailer, row: FleetMigration | None, fingerprint: str) -> Standing:
    if row is None:
        return Standing(retailer.code, MigrationState.PENDING, 0, 0, 0.0, None, "")
    older = row.state == MigrationState.DONE and row.fingerprint != fingerprint
    state = MigrationState.PENDING if older else MigrationState(row.state)
    return Standing(retailer.code, state, row.wave, row.attempts, row.seconds, row.migrated_at, row.error)
