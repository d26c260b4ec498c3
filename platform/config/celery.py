"""The Celery application: every task is a retailer's or the platform's, never neither."""

from __future__ import annotations

import gc
import os

from celery import Celery, signals

from tenancy import fair_transport

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

fair_transport.install(caps={"long": int(os.environ.get("GRIDHALL_LONG_PER_COMPANY", "1"))})
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


@signals.setup_logging.connect
def keep_the_settings_logging(**_: object) -> None:
    """Let Celery leave the logs alone: they are set up as for every other program."""
    import logging.config

    from django.conf import settings

    logging.config.dictConfig(settings.LOGGING)


@signals.worker_ready.connect
@signals.beat_init.connect
def answer_probes(**_: object) -> None:
    """Answer those who watch, where the settings say at which address."""
    from config import probe_server

    probe_server.start()


@signals.heartbeat_sent.connect
def live(**_: object) -> None:
    """Note that the worker's main loop goes round."""
    from config import probe_server

    probe_server.PULSE.beat()


@signals.worker_init.connect
def read_addresses(**_: object) -> None:
    """Read every address before the first order comes: mails hold links, and who signs a company up waits for one."""
    from django.urls import reverse

    from tenancy import middleware

    for urlconf in middleware.URLCONFS.values():
        reverse("account_login", urlconf=urlconf)


@signals.worker_init.connect
def refuse_privileged_login(**_: object) -> None:
    """Let no worker of the ``app`` role start with credentials that could break the walls."""
    from django.conf import settings

    from tenancy import guard

    if settings.PROCESS_ROLE == "app":
        guard.refuse_privileged_login()
