"""Idempotency keys: the same request again is answered as before, another one under the same key is refused."""

from __future__ import annotations

import json
from typing import Any

from config.stripe_server.refusals import IDEMPOTENCY, Refused
from config.stripe_server.state import Desk, Thing

LONGEST = 255


def known(desk: Desk, key: str, path: str, raw: Thing) -> tuple[int, Any] | None:
    """Return status and body of the answer that was given before; raises Refused for other parameters."""
    if len(key) > LONGEST:
        raise Refused(f"Idempotency keys can be at most {LONGEST} characters.", kind=IDEMPOTENCY)
    before = desk.store.things.get(_name(desk, key))
    if before is None:
        return None
    if before["_asked"] != _asked(path, raw):
        raise Refused(
            f"Keys for idempotent requests can only be used with the same parameters they were first used with. "
            f"Try using a key other than '{key}' if you meant to execute a different request.",
            kind=IDEMPOTENCY,
        )
    return before["_status"], before["_body"]


def keep(desk: Desk, key: str, path: str, raw: Thing, status: int, body: Any) -> None:
    """Remember an answer."""
    name = _name(desk, key)
    desk.new("", "_idempotency", key=name, _asked=_asked(path, raw), _status=status, _body=body)


def _name(desk: Desk, key: str) -> str:
    return f"idempotency:{desk.account}:{key}"


def _asked(path: str, raw: Thing) -> str:
    return json.dumps([path, raw], sort_keys=True)
