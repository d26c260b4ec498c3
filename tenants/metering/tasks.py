"""Background work of the metering room: messages carry only an import's number, what is next stands in its record.

A message may be lost, doubled or killed on its way: an import is held while it runs, and a sweep sends again what is
left.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from tenancy import context
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task
from tenants.metering import operations
from tenants.metering.operations import estimating, load_days, register_sums_again, self_reads, validating

A_DAY, LOOKED_BACK = dt.timedelta(days=1), dt.timedelta(days=45)
"""Yesterday's readings may still be on their way; what is older than the look back was looked at before."""
ROUNDS = 60
"""So often a task takes a handful in one go; the next sweep goes on from there."""


@tenant_task(name="metering.import_readings", acks_late=True)
def import_readings(import_id: int) -> str:
    """Check, store or take back a file, whichever is next; run twice it changes nothing the second time."""
    return operations.continue_import(import_id=import_id, at=timezone.now()).state


@tenant_task(name="metering.sweep_imports")
def sweep_imports() -> int:
    """Send again the imports whose message was lost or whose worker died."""
    found = operations.sweep_imports(at=timezone.now())
    for import_id in found:
        import_readings.delay(import_id)
    return len(found)


@platform_task(name="metering.sweep_all_imports")
def sweep_all_imports() -> None:
    """Send a sweep to every active retailer, in turn."""
    tenancy_tasks.send_for_each(sweep_imports, tenancy_queries.active_retailers())


@tenant_task(name="metering.work_on_gaps")
def work_on_gaps() -> int:
    """Find days that never came, check sums of registers read lately, and estimate what has waited long enough."""
    at = timezone.now()
    today = at.astimezone(ZoneInfo(context.current_retailer().time_zone)).date()
    validating.find_absent(since=today - LOOKED_BACK, until=today - A_DAY, at=at)
    validating.check_recent_sums(since=at - A_DAY, at=at)
    return estimating.apply_due(at=at)


@platform_task(name="metering.work_on_all_gaps")
def work_on_all_gaps() -> None:
    """Send every active retailer the order to look after its gaps."""
    tenancy_tasks.send_for_each(work_on_gaps, tenancy_queries.active_retailers())


@tenant_task(name="metering.make_partitions", acks_late=True)
def make_partitions() -> list[str]:
    """Make the partitions of this and the next year; on the owner's queue."""
    return operations.make_partitions(at=timezone.now())


@platform_task(name="metering.make_all_partitions")
def make_all_partitions() -> None:
    """Send each active retailer the order to make its partitions."""
    tenancy_tasks.send_for_each(make_partitions, tenancy_queries.active_retailers())


@tenant_task(name="metering.sum_load", acks_late=True)
def sum_load() -> int:
    """Sum the days anew whose readings changed, a few at a time, until none is left or the time is up."""
    count = 0
    for _ in range(ROUNDS):
        done = load_days.sum_touched(at=timezone.now())
        count += done
        if not done:
            break
    return count


@platform_task(name="metering.sum_all_loads")
def sum_all_loads() -> None:
    """Send every active retailer the order to bring its load curve up to date."""
    tenancy_tasks.send_for_each(sum_load, tenancy_queries.active_retailers())


@tenant_task(name="metering.compare_registers", acks_late=True)
def compare_registers() -> int:
    """Compare intervals with the registers that were read meanwhile."""
    count = 0
    for _ in range(ROUNDS):
        done = register_sums_again.compare_touched(at=timezone.now())
        count += done
        if not done:
            break
    return count


@platform_task(name="metering.compare_all_registers")
def compare_all_registers() -> None:
    """Send every active retailer the order to compare intervals with registers."""
    tenancy_tasks.send_for_each(compare_registers, tenancy_queries.active_retailers())


@tenant_task(name="metering.delete_photos")
def delete_photos() -> int:
    """Delete the photos of self-reads that were kept long enough."""
    return self_reads.delete_photos(at=timezone.now())


@platform_task(name="metering.delete_all_photos")
def delete_all_photos() -> None:
    """Send every active retailer the order to delete old photos."""
    tenancy_tasks.send_for_each(delete_photos, tenancy_queries.active_retailers())
