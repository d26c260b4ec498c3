"""Work in the background: messages, attempts without an answer, bills and top-ups that are due.

Each task may be lost, doubled or killed: what is to be done stands in tables, and sweeps send it again.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from billing.payments.providers import operations, queries
from billing.payments.providers.base import ProviderRefused, ProviderSilent
from billing.payments.providers.operations import reconciling, refunding
from tenancy import context
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task

SENT_AT_ONCE = 200
ASKED_AGAIN_AFTER = dt.timedelta(minutes=5)
LEFT_ALONE_FOR = dt.timedelta(minutes=2)
HEARD_AGAIN_AFTER = dt.timedelta(seconds=30)


@tenant_task
def work_off_event(event_id: int) -> None:
    """Do what a message of a provider asks for."""
    operations.work_off(event_id=event_id, at=timezone.now())


@tenant_task
def ask_about_attempt(attempt_id: int) -> None:
    """Ask what became of an attempt; a provider that is silent is asked again by the sweep."""
    try:
        reconciling.ask_about(attempt_id=attempt_id, at=timezone.now())
    except (ProviderSilent, ProviderRefused):
        return


@tenant_task
def collect(invoice_id: int) -> None:
    """Collect one bill that is due by authority."""
    now = timezone.now()
    for due in operations.due_bills(on=_today(now)):
        if due.invoice_id == invoice_id:
            _quietly(lambda due=due: operations.collect_bill(due=due, at=now))


@tenant_task
def top_up(authority_id: int) -> None:
    """Collect one top-up."""
    now = timezone.now()
    _quietly(lambda: operations.top_up(authority_id=authority_id, on=_today(now), at=now))


@tenant_task
def send_refund(refund_id: int) -> None:
    """Give an approved refund back through the provider it came by."""
    _quietly(lambda: refunding.send(refund_id=refund_id, at=timezone.now()))


@tenant_task
def sweep() -> None:
    """Send what waits: messages, attempts without an answer, refunds, bills and top-ups that are due."""
    now = timezone.now()
    for event_id in queries.waiting_events(received_before=now - HEARD_AGAIN_AFTER)[:SENT_AT_ONCE]:
        work_off_event.delay(event_id)
    waiting = queries.unsettled(asked_before=now - LEFT_ALONE_FOR, checked_before=now - ASKED_AGAIN_AFTER)
    for attempt_id in waiting.values_list("pk", flat=True)[:SENT_AT_ONCE]:
        ask_about_attempt.delay(attempt_id)
    for refund_id in refunding.waiting()[:SENT_AT_ONCE]:
        send_refund.delay(refund_id)
    for due in operations.due_bills(on=_today(now))[:SENT_AT_ONCE]:
        collect.delay(due.invoice_id)
    for authority in operations.low_balances()[:SENT_AT_ONCE]:
        top_up.delay(authority.pk)


@platform_task
def sweep_all() -> None:
    """Send a sweep to every active retailer, in turn."""
    tenancy_tasks.send_for_each(sweep, tenancy_queries.active_retailers())


def _quietly(ask: object) -> None:
    """A provider that does not answer is asked about by the next sweep."""
    try:
        ask()  # type: ignore[operator]
    except (ProviderSilent, ProviderRefused):
        return


def _today(now: dt.datetime) -> dt.date:
    return now.astimezone(ZoneInfo(context.current_retailer().time_zone)).date()
