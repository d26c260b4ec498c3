"""The audit trail read, chained and checked.

Each event gets a link: SHA-256 over the link before it and the event's own content. Links are added after the commit
of the work, in a transaction of their own, so that no work waits for another's audit; a sweep adds what a dying
process left. Who changes or removes a row below the newest link is found by ``verify``; the newest link can be kept
elsewhere and asked for later (``expect``), which finds a trail that was cut at its end.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from identity import models, repeats

GENESIS = "0" * 64
LATE_EVENTS = 10_000
"""So many numbers behind the newest sealed event are looked through for one that was committed late."""
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: links, events still without one, the newest link, and where the chain breaks (0: nowhere)."""

    sealed: int
    unsealed: int
    head: str
    broken_at: int
    expected_found: bool

    @property
    def intact(self) -> bool:
        return not self.broken_at and self.expected_found


def find(
    *, person: str = "", action: str = "", subject: str = "", since: dt.datetime | None = None,
    until: dt.datetime | None = None, or_actions: Collection[str] = (),
) -> QuerySet[models.AuditEvent]:  # fmt: skip
    """This will return the events that match, newest first; ``until`` is not part of the time any more.

    ``action`` is how the code of a deed begins; a deed of ``or_actions`` is one as well.
    """
    wanted = Q()
    if person:
        wanted &= Q(actor_name__icontains=person)
    if action:
        wanted &= Q(action__startswith=action) | Q(action__in=or_actions)
    if subject:
        wanted &= Q(subject__icontains=subject)
    if since:
        wanted &= Q(at__gte=since)
    if until:
        wanted &= Q(at__lt=until)
    return models.AuditEvent.objects.filter(wanted).order_by("-at", "-id")


def seal_soon() -> None:
    """This will seal what was recorded, once, after the present transaction's commit."""
    waiting: list[object] = [entry[1] for entry in connection.run_on_commit]
    if seal not in waiting:
        transaction.on_commit(seal, robust=True)


def seal() -> int:
    """This will add a link for each event that has none yet; return how many. Two processes never fork the chain."""
    total = 0
    while added := _seal_batch(everywhere=False):
        total += added
        if added < BATCH:
            break
    return total


def seal_everything() -> int:
    """This will seal like ``seal``, and also events that were committed very late; for sweeps."""
    total = 0
    while added := _seal_batch(everywhere=True):
        total += added
    return total


def verify(*, expect: str = "") -> Verdict:
    """This will follow the chain from its first link; ``expect`` is a link kept earlier that must still stand."""
    previous, position, broken, found = GENESIS, 0, 0, not expect
    links = models.AuditSeal.objects.select_related("event").order_by("position")
    for link in links.iterator(chunk_size=BATCH):
        position += 1
        good = link.position == position and link.hashed == _link(previous, link.event)
        if not good and not broken:
            broken = position
        position, previous = link.position, link.hashed
        found = found or link.hashed == expect
    total = models.AuditSeal.objects.count()
    unsealed = models.AuditEvent.objects.filter(seal__isnull=True).count()
    return Verdict(total, unsealed, previous if total else "", broken, found)


@transaction.atomic
def _seal_batch(*, everywhere: bool) -> int:
    repeats.one_at_a_time(name="audit chain")
    last = models.AuditSeal.objects.order_by("-position").first()
    pending = models.AuditEvent.objects.filter(seal__isnull=True)
    if last and not everywhere:
        pending = pending.filter(pk__gt=last.event_id - LATE_EVENTS)
    previous, position = (last.hashed, last.position) if last else (GENESIS, 0)
    links = []
    for event in pending.order_by("pk")[:BATCH]:
        previous, position = _link(previous, event), position + 1
        links.append(models.AuditSeal(position=position, event=event, hashed=previous))
    models.AuditSeal.objects.bulk_create(links)
    return len(links)


def _link(previous: str, event: models.AuditEvent) -> str:
    at = event.at.astimezone(dt.UTC).isoformat()
    content = [event.pk, at, event.actor_id, event.actor_name, event.action, event.subject, event.details]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()
