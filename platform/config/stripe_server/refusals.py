"""Refusals in the shape of Stripe's error object."""

from __future__ import annotations

from typing import Any

INVALID = "invalid_request_error"
CARD = "card_error"
IDEMPOTENCY = "idempotency_error"


class Refused(Exception):
    """A request is answered by an error; ``kept`` tells whether what was done before it stays."""

    def __init__(
        self,
        message: str,
        *,
        kind: str = INVALID,
        code: str = "",
        param: str = "",
        status: int = 400,
        kept: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        named = {"code": code, "param": param}
        self.body = {"type": kind, "message": message, **{k: v for k, v in named.items() if v}, **more}


def missing(kind: str, key: str, *, param: str = "id") -> Refused:
    """Return the refusal of a key that leads to nothing in this account."""
    return Refused(f"No such {kind}: '{key}'", code="resource_missing", param=param, status=404)


def unexpected(kind: str, state: str, wanted: str) -> Refused:
    """Return the refusal of an act that the object's state does not allow."""
    message = f"This {kind} cannot be {wanted} because it has a status of {state}."
    return Refused(message, code=f"{kind.lower()}_unexpected_state")
