"""Mail of the doors, sent by the workers so that no answer tells by its time whom it concerns."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from identity import (
    alerts,
    attempts,
    entering,
    entering_tasks,
    models,
    notices,
    sessions,
    single_sign_on_domains,
    single_sign_on_logout,
    trail,
)
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks


@tenancy_tasks.tenant_task(name="identity.send_reset_link")
def send_reset_link(email: str, language: str) -> None:
    """Mail the link for a new password to whoever signs in with ``email``; nothing for strangers."""
    notices.send_reset_link(email=email, language=language)


@tenancy_tasks.tenant_task(name="identity.look_at_failures")
def look_at_failures(email: str, address: str) -> None:
    """Tell the person whose account was locked, and the administrators when one address tries many accounts."""
    at = timezone.now()
    user = models.User.objects.filter(email__iexact=attempts.plain(email), is_active=True).first()
    if user is not None and attempts.is_locked(email=email, at=at):
        alerts.tell(kind=alerts.KINDS.LOCKED, at=at, user=user, details={"address": address}, mail=True)
    if attempts.address_is_over(address=address, at=at):
        alerts.tell(kind=alerts.KINDS.MANY_FAILURES, at=at, details={"address": address})


@tenancy_tasks.tenant_task(name="identity.send_alert")
def send_alert(alert_id: int) -> None:
    """Mail an alert to the person it is about, once."""
    notices.send_alert(alert_id=alert_id)


@tenancy_tasks.tenant_task(name="identity.sweep")
def sweep() -> None:
    """Seal what was recorded, send what waits, forget what is old."""
    at: dt.datetime = timezone.now()
    trail.seal_everything()
    for alert_id in alerts.waiting_mails():
        send_alert.delay(alert_id)
    for entry_id in entering.waiting_mails():
        entering_tasks.tell_administrators.delay(entry_id)
    for forget in (attempts.forget_old, sessions.forget_old, alerts.forget_old, single_sign_on_logout.forget_old):
        forget(at=at)
    single_sign_on_domains.sweep(at=at)


@tenancy_tasks.platform_task(name="identity.sweep_all")
def sweep_all() -> None:
    """Send each company its sweep."""
    tenancy_tasks.send_for_each(sweep, tenancy_queries.active_retailers())
