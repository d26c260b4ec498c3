"""What people should look at: raised once, mailed to the person concerned, listed for the administrators."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet
from kombu.exceptions import OperationalError

from identity import models

QUIET = dt.timedelta(hours=1)
"""The same about the same person is told once in this time."""
KEPT = dt.timedelta(days=400)
KINDS = models.Alert.Kind
_log = logging.getLogger(__name__)


def tell(
    *, kind: str, at: dt.datetime, user: models.User | None = None, details: dict[str, Any] | None = None,
    mail: bool = False, again: bool = False,
) -> models.Alert | None:  # fmt: skip
    """This will list an alert and, when asked, mail it to the person; told already lately it is None."""
    if not again and models.Alert.objects.filter(kind=kind, user=user, at__gt=at - QUIET).exists():
        return None
    due = mail and user is not None
    alert = models.Alert.objects.create(kind=kind, at=at, user=user, details=details or {}, mail_due=due)
    if due:
        transaction.on_commit(lambda: _send(alert.pk), robust=True)
    return alert


def find(*, kind: str = "", open_only: bool = False) -> QuerySet[models.Alert]:
    """This will return the alerts, newest first, with the people they are about."""
    wanted = models.Alert.objects.select_related("user", "seen_by").order_by("-at", "-id")
    if kind:
        wanted = wanted.filter(kind=kind)
    return wanted.filter(seen_at__isnull=True) if open_only else wanted


def mark_seen(*, alert_ids: list[int], by: models.User, at: dt.datetime) -> int:
    """This will note that somebody looked at alerts; return how many were still open."""
    wanted = models.Alert.objects.filter(pk__in=alert_ids, seen_at__isnull=True)
    return wanted.update(seen_at=at, seen_by=by)


def numbers(*, since: dt.datetime) -> dict[str, int]:
    """This will return how many alerts of each kind were raised since then; no names, for the operator."""
    counted = models.Alert.objects.filter(at__gte=since).values_list("kind").annotate(n=Count("id")).order_by("kind")
    return dict(counted)


def waiting_mails() -> list[int]:
    """This will return alerts whose mail has not gone yet."""
    return list(models.Alert.objects.filter(mail_due=True).order_by("at").values_list("pk", flat=True)[:500])


def forget_old(*, at: dt.datetime) -> int:
    """This will delete alerts that nobody needs any more."""
    return models.Alert.objects.filter(at__lt=at - KEPT, mail_due=False).delete()[0]


def _send(alert_id: int) -> None:
    """Hand the mail to the workers; a sweep finds it when the queue does not answer."""
    from identity import tasks

    try:
        tasks.send_alert.delay(alert_id)
    except OperationalError:
        _log.warning("The queue does not answer; the sweep sends alert %s.", alert_id)
