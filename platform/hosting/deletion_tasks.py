"""The end of companies in the background: the workers archive, mail and look at dates; the owner carries it out."""

from __future__ import annotations

import logging

from celery import current_app
from django.utils import timezone

from hosting import deletion_mails
from hosting.operations import deleting, ending
from kernel.errors import GridhallError
from tenancy import tasks as tenancy_tasks

log = logging.getLogger(__name__)


@tenancy_tasks.platform_task(name="hosting.begin_deletion")
def begin_deletion(deletion_id: int) -> None:
    """Make the final archive and tell everybody; the sweep does so when this is lost."""
    deleting.begin(deletion_id=deletion_id, at=timezone.now())


@tenancy_tasks.platform_task(name="hosting.tell_of_deletion")
def tell_of_deletion(deletion_id: int, word: str) -> None:
    """Mail everybody what happened to a deletion, once."""
    deletion_mails.tell(deletion_id=deletion_id, word=word)


@tenancy_tasks.platform_task(name="hosting.sweep_deletions")
def sweep_deletions() -> None:
    """Begin, remind, and order what is due on the owner's queue."""
    for key in deleting.look_after(at=timezone.now()):
        current_app.send_task("hosting.end_company", kwargs={"deletion_id": key}, ignore_result=True)


@tenancy_tasks.platform_task(name="hosting.end_company")
def end_company(deletion_id: int) -> None:
    """Carry a company's end out; a refusal is recorded and tried again by the sweep."""
    try:
        ending.carry_out(deletion_id=deletion_id, at=timezone.now())
        deletion_mails.send_certificate(deletion_id=deletion_id)
    except GridhallError as refusal:
        log.warning("The end of a company waits (%s): %s", deletion_id, refusal)
