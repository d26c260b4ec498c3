"""Nights of each company, requests whose end was cut: all of it may be lost, doubled or late."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenants.protection import queries
from tenants.protection.operations import expiring, requests


@tenancy_tasks.tenant_task(name="protection.expire")
def expire(day: str = "") -> None:
    """Remove what is too old; what only the owner may remove is ordered there."""
    on = dt.date.fromisoformat(day) if day else timezone.now().date()
    run = expiring.run_night(on=on, at=timezone.now())
    if expiring.waits_for_owner(run=run):
        expire_as_owner.delay(day=on.isoformat())


@tenancy_tasks.tenant_task(name="protection.expire_as_owner")
def expire_as_owner(day: str) -> None:
    """Remove what only the owner of the tables may, and close the night."""
    expiring.run_night(on=dt.date.fromisoformat(day), at=timezone.now(), owner=True)


@tenancy_tasks.platform_task(name="protection.expire_everywhere")
def expire_everywhere() -> None:
    """Send each active company its night."""
    tenancy_tasks.send_for_each(expire, tenancy_queries.active_retailers())


@tenancy_tasks.tenant_task(name="protection.give_out")
def give_out(request_id: int) -> None:
    """Make the archive of a request for access."""
    requests.give_out(request_id=request_id, at=timezone.now())


@tenancy_tasks.tenant_task(name="protection.finish")
def finish(request_id: int) -> None:
    """End an erasure whose rows are gone: files, what stands elsewhere, the certificate."""
    _finish(request_id)


@tenancy_tasks.tenant_task(name="protection.finish_as_owner")
def finish_as_owner(request_id: int) -> None:
    """Write the words in rows that only the owner may, and end the erasure."""
    requests.finish(request_id=request_id, at=timezone.now())


@tenancy_tasks.tenant_task(name="protection.sweep")
def sweep() -> None:
    """Make archives that are asked for, end erasures that were cut, and nights whose day is over."""
    for request_id in queries.to_give_out():
        requests.give_out(request_id=request_id, at=timezone.now())
    for request_id in queries.to_finish():
        _finish(request_id)
    for day in queries.nights_cut(before=timezone.now().date()):
        expire.delay(day=day.isoformat())


@tenancy_tasks.platform_task(name="protection.sweep_everywhere")
def sweep_everywhere() -> None:
    """Send each active company its sweep."""
    tenancy_tasks.send_for_each(sweep, tenancy_queries.active_retailers())


def _finish(request_id: int) -> None:
    found = requests.finish(request_id=request_id, at=timezone.now())
    if requests.waits_for_owner(request=found):
        finish_as_owner.delay(request_id=request_id)
