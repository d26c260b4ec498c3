"""What is written down about answers: pages that were denied, data that was carried out, cookies of another company."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from identity import alerts, devices, models, operations, origins, policy
from tenancy import context

FORBIDDEN = 403
MASS_ROWS = 1_000
MASS_FILES = 10
MASS_TIME = dt.timedelta(hours=1)
"""So many rows in one file, or so many files in this time, are told to the person and the administrators."""
MISSING_TIME = dt.timedelta(minutes=10)
"""In this time numbers of records that are not there are counted for a person or a program."""
NOTED_AGAIN_AFTER = 60
DATA = ("text/csv", "application/json", "application/zip", "application/vnd.openxmlformats-officedocument")
LONGEST_SUBJECT = 120


def note_answer(*, request: HttpRequest, response: Any, user: models.User, at: dt.datetime) -> Any:
    """This will record an answer that was denied or carries data out; return it, a stream with its rows counted."""
    if response.status_code == FORBIDDEN:
        _denied(request.path, user, at)
    elif user.is_active and not user.can("portal:use") and _carries_data_out(response):
        return _counted(request.path, response, user, at)
    return response


def note_foreign(*, request: HttpRequest, at: dt.datetime) -> None:
    """This will record that a browser showed a cookie of another company: one does not carry it here by itself."""
    address = devices.address_of(request)
    if is_first(what="foreign", name=address):
        subject = request.path[:LONGEST_SUBJECT]
        operations.record(action="access.foreign", subject=subject, at=at, details={"address": address})
        alerts.tell(kind=alerts.KINDS.FOREIGN_COMPANY, at=at, details={"address": address, "path": subject})


def note_foreign_key(*, request: HttpRequest, secret: str, at: dt.datetime) -> None:
    """This will record that a program showed a key that this platform gave another company."""
    prefix = secret.partition(".")[0]
    if not origins.is_marked(secret) or models.ApiKey.objects.filter(prefix=prefix).exists():
        return
    _note_carried("key", alerts.KINDS.FOREIGN_KEY, request, at)


def note_foreign_link(*, request: HttpRequest, at: dt.datetime) -> None:
    """This will record that somebody followed here a link that another company mailed."""
    _note_carried("link", alerts.KINDS.FOREIGN_LINK, request, at)


def note_missing(*, request: HttpRequest, user: models.User, key: models.ApiKey | None, at: dt.datetime) -> None:
    """This will count numbers of records that were asked for and are not there; many in a short time are told.

    Whether such a record stands at another company or nowhere cannot be known here, so both count.
    """
    name = f"watching:missing:{f'key:{key.pk}' if key else f'user:{user.pk}'}"
    cache.add(name, 0, timeout=int(MISSING_TIME.total_seconds()))
    try:
        count = cache.incr(name)
    except ValueError:  # its time ended just now
        return
    if count == policy.present().missing_allowed:
        subject = request.path[:LONGEST_SUBJECT]
        details = {"count": count, "minutes": int(MISSING_TIME.total_seconds() // 60), "path": subject}
        details |= {"key": key.prefix} if key else {}
        operations.record(action="access.guessing", subject=subject, by=user, at=at, details=details)
        alerts.tell(kind=alerts.KINDS.GUESSED_NUMBERS, at=at, user=user, details=details)


def _note_carried(what: str, kind: str, request: HttpRequest, at: dt.datetime) -> None:
    address = devices.address_of(request)
    if is_first(what=f"foreign-{what}", name=address):
        subject = request.path[:LONGEST_SUBJECT]
        operations.record(action=f"access.foreign_{what}", subject=subject, at=at, details={"address": address})
        alerts.tell(kind=kind, at=at, details={"address": address, "path": subject})


def note_export(*, path: str, rows: int, user: models.User, at: dt.datetime) -> None:
    """This will record that a person carried data out, and tell him and the administrators when it was much."""
    subject = path[:LONGEST_SUBJECT]
    operations.record(action="data.export", subject=subject, by=user, at=at, details={"rows": rows})
    lately = models.AuditEvent.objects.filter(action="data.export", actor=user, at__gt=at - MASS_TIME)
    if rows >= MASS_ROWS or lately.count() >= MASS_FILES:
        details = {"path": subject, "rows": rows}
        alerts.tell(kind=alerts.KINDS.MASS_EXPORT, at=at, user=user, details=details, mail=True)


def _denied(path: str, user: models.User, at: dt.datetime) -> None:
    if is_first(what=f"denied:{user.pk}", name=path):
        operations.record(action="access.denied", subject=path[:LONGEST_SUBJECT], by=user, at=at)


def is_first(*, what: str, name: str) -> bool:
    """This will return whether this was not noted a moment ago: a page that is asked again and again fills no trail."""
    return cache.add(f"watching:{what}:{hashlib.sha256(name.encode()).hexdigest()}", 1, timeout=NOTED_AGAIN_AFTER)


def _carries_data_out(response: HttpResponseBase) -> bool:
    attached = response.headers.get("Content-Disposition", "").startswith("attachment")
    return attached and response.headers.get("Content-Type", "").startswith(DATA)


def _counted(path: str, response: Any, user: models.User, at: dt.datetime) -> Any:
    if not response.streaming:
        note_export(path=path, rows=_rows(response), user=user, at=at)
    elif isinstance(response, StreamingHttpResponse) and not response.is_async:
        retailer = context.current_retailer()
        response.streaming_content = _counting(response.streaming_content, path, user, retailer)  # type: ignore[arg-type]
    return response


def _counting(parts: Any, path: str, user: models.User, retailer: Any) -> Iterator[bytes]:
    """Hand the parts on and record at their end, or where the reader broke off."""
    lines = 0
    try:
        for part in parts:
            lines += part.count(b"\n")
            yield part
    finally:
        with context.use(retailer):
            note_export(path=path, rows=max(lines - 1, 0), user=user, at=timezone.now())


def _rows(response: HttpResponse) -> int:
    return max(response.content.count(b"\n") - 1, 0)
