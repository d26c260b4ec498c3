"""The browser of somebody of the host in the present company: let in by a hand-over, looked at with every request.

The session knows the number of the visit, and the visit knows the session and the browser: a copied cookie elsewhere
ends it. What he opens is written down before it is shown.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.contrib.auth import login
from django.contrib.auth.backends import BaseBackend
from django.db import transaction
from django.http import HttpRequest

from identity import devices, entering, models, operations

KEY = "_support"
BACKEND = "identity.entering_sessions.SupportBackend"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_SUBJECT = 120
FACTOR_FRESH_SECONDS = 120
Cause = models.SupportEntry.Cause


class SupportBackend(BaseBackend):
    """Knows the visitor while his visit lasts; lets nobody in by any password."""

    def get_user(self, user_id: int) -> models.User | None:
        live = models.SupportEntry.objects.filter(
            user_id=user_id, started_at__isnull=False, ended_at__isnull=True
        ).select_related("user")
        entry = live.first()
        return entry.user if entry else None


@transaction.atomic
def enter(*, request: HttpRequest, token: str, at: dt.datetime) -> models.SupportEntry:
    """This will open the company to who holds a hand-over, once; raises HandOverRefused."""
    seen = entering.handed(token=token, at=at)
    taken = models.SupportEntry.objects.filter(
        pk=seen.pk, hand_over_hash=seen.hand_over_hash, started_at__isnull=True, ended_at__isnull=True
    )
    begun = taken.update(
        started_at=at, ends_at=at + dt.timedelta(minutes=seen.minutes), hand_over_hash="", hand_over_until=None,
        mail_due=entering.Mail.STARTED,
    )  # fmt: skip
    if not begun:
        raise entering.HandOverRefused()
    entry = entering.entry(entry_id=seen.pk)
    request.session.flush()
    login(request, entry.user, backend=BACKEND)
    request.session[KEY] = entry.pk
    request.session.set_expiry(entry.minutes * 60)
    request.session.save()
    entry.session_key, entry.device_mark = request.session.session_key or "", devices.give(request)
    entry.address = devices.address_of(request)
    entry.save(update_fields=["session_key", "device_mark", "address"])
    details = {"visit": entry.pk, "until": entry.ends_at.isoformat() if entry.ends_at else "", "write": entry.write}
    operations.record(
        action="support.start", subject=f"support visit {entry.pk}", by=entry.user, at=at, details=details
    )
    entering.mail_soon(entry)
    return entry


def is_visit(request: Any) -> bool:
    """This will return whether the browser holds the session of a visit, ended or not."""
    return KEY in request.session


def present(
    *, request: Any, at: dt.datetime
) -> tuple[models.SupportEntry | None, models.SupportEntry | None]:  # fmt: skip
    """This will return the visit a request belongs to, with its rights given to the visitor, and a visit ended by this.

    The first is None when the visit is over: by time, ended by somebody, or opened in a second browser.
    """
    entry = models.SupportEntry.objects.filter(pk=request.session.get(KEY)).select_related("user").first()
    if entry is None or entry.state != "live" or entry.ends_at is None:
        return None, None
    if at >= entry.ends_at:
        return None, entering.end(entry_id=entry.pk, at=entry.ends_at, cause=Cause.TIME)
    if entry.session_key != request.session.session_key or entry.device_mark != devices.mark_of(request).hashed:
        return None, entering.end(entry_id=entry.pk, at=at, cause=Cause.ELSEWHERE)
    if not request.user.is_authenticated or request.user.pk != entry.user_id:
        return None, None
    request.user.support = entry
    return entry, None


def note(*, request: Any, entry: models.SupportEntry, page: str, at: dt.datetime) -> None:
    """This will write a request down before it is answered."""
    action = "support.open" if request.method in SAFE else "support.change"
    details = {"visit": entry.pk, "page": page, "method": request.method}
    operations.record(action=action, subject=request.path[:LONGEST_SUBJECT], by=entry.user, at=at, details=details)


def factor_is_fresh(*, request: Any) -> bool:
    """This will return whether the person gave a second factor a moment ago; a password alone does not count."""
    given = [each for each in get_authentication_records(request, request.user) if each.get("method") == "mfa"]
    return bool(given) and time.time() - given[-1]["at"] < FACTOR_FRESH_SECONDS
