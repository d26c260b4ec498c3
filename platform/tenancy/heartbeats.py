"""Signs of life in the registry: the schedule's comes through queue and worker, so it tells that all three work."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from tenancy import context, models
from tenancy.tasks import platform_task

BEAT = "beat"


def note(*, name: str, at: dt.datetime) -> None:
    """Record that ``name`` lives."""
    with context.use_public():
        models.Heartbeat.objects.update_or_create(name=name, defaults={"at": at})


def last(*, name: str) -> dt.datetime | None:
    """Return when ``name`` last gave a sign of life, None when it never did."""
    with context.use_public():
        return models.Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()


@platform_task(name="tenancy.heartbeat", expires=120)
def heartbeat() -> None:
    """Record that schedule, queue and worker work; one that waited too long says nothing."""
    note(name=BEAT, at=timezone.now())
