"""Background work of the metering room."""

from __future__ import annotations

from django.utils import timezone

from tenancy.tasks import tenant_task
from tenants.metering import operations


@tenant_task(name="metering.import_readings", acks_late=True)
def import_readings(import_id: int, dry_run: bool = False) -> str:
    """Import an uploaded file; run twice it changes nothing the second time."""
    return operations.run_import(import_id=import_id, at=timezone.now(), dry_run=dry_run).state
