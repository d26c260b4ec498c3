"""The Celery application: every task is a retailer's or the platform's, never neither."""

from __future__ import annotations

import gc
import os

from celery import Celery, signals

from tenancy import fair_transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

fair_transport.install()
app = Celery("gridhall", task_cls="tenancy.tasks:UnplacedTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


COLLECT_AFTER = (50_000, 20, 100)
"""How many new objects make the garbage collector look: a chunk of bills makes millions, hardly any in circles."""


@signals.worker_process_init.connect
@signals.worker_init.connect
def collect_rarely(**_: object) -> None:
    """Spare a worker a seventh of its time: what is loaded by now is never looked at again, the rest more rarely."""
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@signals.worker_init.connect
def refuse_privileged_login(**_: object) -> None:
    """Let no worker of the ``app`` role start with credentials that could break the walls."""
    from django.conf import settings

    from tenancy import guard

    if settings.PROCESS_ROLE == "app":
        guard.refuse_privileged_login()
