"""Idempotency-Key on every POST: the same request gets the same answer and changes nothing the second time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from identity import repeats
from kernel.errors import Invalid, gettext_noop

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
LONGEST = 255
KEPT_HEADERS = ("ETag", "Location")


class KeyMalformed(Invalid):
    """A key is visible ASCII of reasonable length."""

    code = "idempotency_key_malformed"
    template = gettext_noop("An Idempotency-Key has 1 to {longest} visible ASCII characters.")
    status_code = 400


def perform(*, request: Request, handler: Callable[[], Response]) -> Response | HttpResponse:
    """Answer a POST: with a key its answer is kept in the transaction of the work, and given again."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        with transaction.atomic():
            return handler()
    _check(key)
    named = {"api_key": request.auth, "key": key, "fingerprint": fingerprint(request)}
    repeats.note_request(**named, at=timezone.now())
    with transaction.atomic():
        noted = repeats.claim_request(**named)
        if noted.status is not None:
            return _again(noted)
        response = handler()
        body = JSONRenderer().render(response.data).decode()
        kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        repeats.keep_answer(noted=noted, status=response.status_code, headers=kept, body=body)
        return response


def fingerprint(request: Request) -> str:
    """Return what tells one request from another: method, address and what was sent, files by their content."""
    data: Any = request.data
    told = {name: _told(data[name]) for name in data} if hasattr(data, "keys") else data
    text = json.dumps([request.method, request.get_full_path(), told], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _told(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return [value.name, digest.hexdigest()]


def _check(key: str) -> None:
    if not (0 < len(key) <= LONGEST and all("!" <= character <= "~" for character in key)):
        raise KeyMalformed(where=f"header:{HEADER}", longest=LONGEST)


def _again(noted: Any) -> HttpResponse:
    headers = {**noted.headers, REPLAYED: "true"}
    return HttpResponse(noted.body, status=noted.status, content_type="application/json", headers=headers)
