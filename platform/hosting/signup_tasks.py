"""Signing up in the background. Every order may be lost, doubled or late: the sweep sends it again."""

from __future__ import annotations

import logging
from typing import Any

from django.utils import timezone
from kombu.exceptions import OperationalError

from hosting import own_hosts, signup_queries
from hosting.operations import demo_spaces, domains, hosts_in_plan, sign_up_steps, signing_up
from tenancy import tasks as tenancy_tasks

log = logging.getLogger(__name__)


@tenancy_tasks.platform_task(name="hosting.mail_sign_up")
def mail_sign_up(sign_up_id: int) -> None:
    """Mail the link that proves an address; a mail server that rests is tried again by the sweep."""
    try:
        signing_up.mail_link(sign_up_id=sign_up_id, at=timezone.now())
    except OSError as error:
        log.warning("the link of sign-up %s was not mailed: %s", sign_up_id, error)


@tenancy_tasks.platform_task(name="hosting.carry_on_sign_up", acks_late=True)
def carry_on_sign_up(sign_up_id: int) -> None:
    """Take the steps that are left (owner's queue)."""
    sign_up_steps.carry_on(sign_up_id=sign_up_id, clock=timezone.now)


@tenancy_tasks.platform_task(name="hosting.release_sign_up", acks_late=True)
def release_sign_up(sign_up_id: int) -> None:
    """Take down what stands of a refused company (owner's queue)."""
    sign_up_steps.release(sign_up_id=sign_up_id)


@tenancy_tasks.platform_task(name="hosting.take_down_demo", acks_late=True)
def take_down_demo(retailer_id: int) -> None:
    """Take down a demo space that ended long ago (owner's queue)."""
    demo_spaces.take_down(retailer_id=retailer_id, at=timezone.now())


@tenancy_tasks.platform_task(name="hosting.sweep_sign_ups")
def sweep_sign_ups() -> None:
    """Mail what was not mailed, carry on what stopped, take down what was refused or is over, forget who left."""
    now = timezone.now()
    signing_up.expire(at=now)
    demo_spaces.end_over(at=now)
    for key in signup_queries.to_mail(at=now):
        _send(mail_sign_up, sign_up_id=key)
    for key in sign_up_steps.to_carry_on(at=now):
        _send(carry_on_sign_up, sign_up_id=key)
    for key in signup_queries.to_release():
        _send(release_sign_up, sign_up_id=key)
    for key in demo_spaces.to_take_down(at=now):
        _send(take_down_demo, retailer_id=key)


@tenancy_tasks.platform_task(name="hosting.sweep_hosts")
def sweep_hosts() -> None:
    """Look at the hosts that companies bring, those that are due, and stop those that no plan holds any more."""
    hosts_in_plan.keep_to_plans(at=timezone.now())
    for key in own_hosts.due(at=timezone.now()):
        domains.check(host_id=key, at=timezone.now())


def _send(task: Any, **order: Any) -> None:
    try:
        task.delay(**order)
    except OperationalError:
        log.warning("The queue does not answer: %s is sent by the next sweep.", task.name)
