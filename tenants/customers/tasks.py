"""Links to the portal, sent by the workers so that no answer tells by its time whose address is held."""

from __future__ import annotations

from django.utils import timezone

from identity import invitations
from identity import queries as identity_queries
from tenancy import tasks as tenancy_tasks
from tenants.customers import operations


@tenancy_tasks.tenant_task(name="customers.send_portal_link")
def send_portal_link(user_id: int) -> None:
    """Mail the link under which a customer sets a password; nothing to whoever may not sign in any more."""
    for user in identity_queries.people(user_ids=[user_id]):
        if user.is_active:
            invitations.send(user=user)


@tenancy_tasks.tenant_task(name="customers.ask_for_portal")
def ask_for_portal(number: str, email: str) -> None:
    """Send the link when number and address belong together."""
    operations.ask_for_portal(number=number, email=email, at=timezone.now())
