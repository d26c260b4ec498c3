"""Messages: the last bills by mail, and what dunning and prepayment said; one address that nobody can reach."""

from __future__ import annotations

import datetime as dt

from billing.invoices import operations as invoice_operations
from billing.invoices import queries as invoice_queries
from config.demo import plans
from config.demo.ground import Ground
from tenants.notices import operations as notice_operations
from tenants.notices import queries as notice_queries

DELIVERED = 200


def send(*, ground: Ground) -> None:
    """Send the last bill to those who sign in, deliver what waits, and print the letters but those of today."""
    at = ground.at(plans.LAST_DAY, 10)
    for point in ground.plan.points:
        if point.signs_in and point.product:
            newest = invoice_queries.invoices(account_ids=[ground.account_id(plans.account_number(point))]).first()
            if newest is not None:
                invoice_operations.send_invoice(invoice_id=newest.pk, at=at)
    for message_id in notice_queries.due_ids(at=at + dt.timedelta(minutes=1), most=DELIVERED):
        notice_operations.deliver(message_id=message_id, at=at + dt.timedelta(minutes=1))
