"""Subscriptions in the background: dates, bills, the provider, usage. All of it may be lost, doubled or late."""

from __future__ import annotations

import datetime as dt
import logging

from django.utils import timezone

from hosting import plan_mails, plan_queries
from hosting.operations import following, hearing, invoicing, measuring, reporting, subscriptions
from kernel.errors import GridhallError
from tenancy import queries as tenancy_queries
from tenancy import tasks as tenancy_tasks

FOLLOWED_EVERY = dt.timedelta(hours=6)
LEFT_ALONE_FOR = dt.timedelta(seconds=30)
log = logging.getLogger(__name__)


@tenancy_tasks.platform_task(name="hosting.sweep_subscriptions")
def sweep_subscriptions() -> None:
    """Draft what is due, ask the provider, bring every subscription to its state, and tell of what changed."""
    now = timezone.now()
    for key in plan_queries.to_bill():
        invoicing.bill_due(subscription_id=key, at=now)
    for key in plan_queries.to_follow(before=now - FOLLOWED_EVERY):
        try:
            following.keep_up(subscription_id=key, at=now)
        except GridhallError as refusal:
            log.warning("subscription %s was not followed: %s", key, refusal)
    for key in plan_queries.to_advance():
        subscriptions.advance(subscription_id=key, at=now)
    for key in plan_mails.to_tell():
        plan_mails.tell(subscription_id=key)


@tenancy_tasks.platform_task(name="hosting.follow_subscription")
def follow_subscription(subscription_id: int) -> None:
    """Bring one subscription to the provider and follow it; the sweep does so again when the provider is silent."""
    try:
        following.keep_up(subscription_id=subscription_id, at=timezone.now())
    except GridhallError as refusal:
        log.warning("subscription %s was not followed: %s", subscription_id, refusal)


@tenancy_tasks.platform_task(name="hosting.work_off_billing_message")
def work_off_billing_message(message_id: int) -> None:
    """Do what a message of the provider asks for."""
    hearing.work_off(message_id=message_id, at=timezone.now())


@tenancy_tasks.platform_task(name="hosting.sweep_billing_messages")
def sweep_billing_messages() -> None:
    """Work off the messages whose order was lost or whose provider was silent."""
    now = timezone.now()
    for key in plan_queries.messages_waiting(before=now - LEFT_ALONE_FOR):
        hearing.work_off(message_id=key, at=now)


@tenancy_tasks.tenant_task(name="hosting.measure_usage")
def measure_usage() -> None:
    """Count what the company uses today."""
    measuring.measure_usage(at=timezone.now())


@tenancy_tasks.platform_task(name="hosting.measure_all_usage")
def measure_all_usage() -> None:
    """Send each active company the order to count what it uses."""
    tenancy_tasks.send_for_each(measure_usage, tenancy_queries.active_retailers())


@tenancy_tasks.platform_task(name="hosting.report_usage")
def report_usage() -> None:
    """Tell the provider of the days that are over."""
    reporting.report_usage(at=timezone.now())
