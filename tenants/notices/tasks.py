"""Messages leave in the background; whatever is lost on the way is found again by a sweep."""

from __future__ import annotations

from django.utils import timezone

from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks
from tenancy.tasks import platform_task, tenant_task
from tenants.notices import operations, queries

MOST_AT_ONCE = 500
"""A cap per retailer and sweep: one company's million messages leave room for another's hundred."""


@tenant_task
def deliver_message(message_id: int) -> None:
    """Send one message; a message that was sent, or is being sent by another, is left alone."""
    operations.deliver(message_id=message_id, at=timezone.now())


@tenant_task
def sweep_messages() -> None:
    """Decide about interrupted messages, and send those whose time has come again."""
    operations.settle_interrupted(at=timezone.now())
    for message_id in queries.due_ids(at=timezone.now(), most=MOST_AT_ONCE):
        deliver_message.delay(message_id)


@platform_task
def sweep_all_messages() -> None:
    """Send a sweep to every active retailer, in turn."""
    tenancy_tasks.send_for_each(sweep_messages, tenancy_queries.active_retailers())
