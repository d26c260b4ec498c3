"""Requests that programs may send twice: the first answer is kept and given again.

A request is noted in a transaction of its own; the work and its answer are committed together in the next one,
which holds the row's lock. So a process that dies leaves a row without an answer, and the same request, sent
again, is worked on as if it were new: there is no waiting time and no doubt.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from identity import models
from kernel.errors import Conflict, Invalid, gettext_noop

KEPT_FOR = dt.timedelta(days=30)
_FORGOTTEN_AT_ONCE = 100


class StillWorking(Conflict):
    """The first request with this key has not been answered yet."""

    code = "idempotency_key_in_use"
    template = gettext_noop("A request with this Idempotency-Key is being worked on. Ask again in a moment.")


class KeyUsedOtherwise(Invalid):
    """The key was used for another request."""

    code = "idempotency_key_reused"
    template = gettext_noop("This Idempotency-Key was used for another request. Choose a new one for each request.")


def note_request(*, api_key: models.ApiKey, key: str, fingerprint: str, at: dt.datetime) -> None:
    """This will note that a request was made; noting it again changes nothing. Commit before claiming it."""
    noted = models.IdempotencyKey(api_key=api_key, key=key, fingerprint=fingerprint, created_at=at)
    with transaction.atomic():
        _forget(before=at - KEPT_FOR)
        models.IdempotencyKey.objects.bulk_create([noted], ignore_conflicts=True)


def claim_request(*, api_key: models.ApiKey, key: str, fingerprint: str) -> models.IdempotencyKey:
    """This will lock a noted request until the transaction ends; with a ``status`` it was answered before.

    Raises StillWorking while another one holds it, KeyUsedOtherwise when it was answered for another request.
    """
    noted = models.IdempotencyKey.objects.select_for_update(skip_locked=True).filter(api_key=api_key, key=key).first()
    if noted is None:
        raise StillWorking(where="header:Idempotency-Key")
    if noted.status is not None and noted.fingerprint != fingerprint:
        raise KeyUsedOtherwise(where="header:Idempotency-Key")
    noted.fingerprint = fingerprint
    return noted


def keep_answer(*, noted: models.IdempotencyKey, status: int, headers: dict[str, str], body: str) -> None:
    """This will keep the answer of a claimed request, in the transaction of the work itself."""
    noted.status, noted.headers, noted.body = status, headers, body
    noted.save(update_fields=["status", "headers", "body", "fingerprint"])


def one_at_a_time(*, name: str) -> None:
    """This will let one transaction of this retailer at a time change what ``name`` names, until it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || ':' || %s, 0))", [name])


def _forget(*, before: dt.datetime) -> None:
    found = models.IdempotencyKey.objects.select_for_update(skip_locked=True).filter(created_at__lt=before)
    old = [noted.pk for noted in found.order_by("created_at")[:_FORGOTTEN_AT_ONCE]]
    if old:
        models.IdempotencyKey.objects.filter(pk__in=old).delete()
