"""ETag, If-None-Match and If-Match (RFC 9110): a tag is the digest of what is shown."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from rest_framework.request import Request

from portal.api import problems


def tag(data: Any) -> str:
    """Return the strong entity tag of a representation."""
    text = json.dumps(data, sort_keys=True, default=str, ensure_ascii=False)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def require_match(*, request: Request, data: Any, required: bool = False) -> None:
    """Refuse a change of what is no longer as the caller saw it; raises Changed or ConditionNeeded."""
    wanted = request.META.get("HTTP_IF_MATCH")
    if wanted is None:
        if required:
            raise problems.ConditionNeeded(where="header:If-Match")
        return
    if not _names(wanted, tag(data), weak=False):
        raise problems.Changed(where="header:If-Match")


def is_known(*, request: Request, etag: str) -> bool:
    """Return whether the caller has this very representation already."""
    known = request.META.get("HTTP_IF_NONE_MATCH")
    return known is not None and _names(known, etag, weak=True)


def _names(header: str, etag: str, *, weak: bool) -> bool:
    given = [part.strip() for part in header.split(",")]
    candidates = {part.removeprefix("W/") if weak else part for part in given}
    return etag in candidates or "*" in candidates
