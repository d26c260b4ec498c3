"""Whose a key or a link is: enough to tell what another company was given from what was made up.

A key of a program ends with a mark that only this platform can make, of no company: a marked key that is not here is
another company's, or was made by somebody who knows the platform's secret. Keys made before carry none. A mailed link
names, signed, the company that sent it.
"""

from __future__ import annotations

import hmac

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from tenancy import context

MARK_LETTERS = 12
PARAMETER = "c"
_KEYS = "identity.api_key"
_SIGNER = Signer(salt="identity.link")


def marked(secret: str) -> str:
    """This will return a new key's secret with the platform's mark at its end."""
    return secret + _mark(secret)


def is_marked(secret: str) -> bool:
    """This will return whether this platform made the key, for whichever company."""
    shown = secret[-MARK_LETTERS:].encode(errors="replace")
    return hmac.compare_digest(_mark(secret[:-MARK_LETTERS]).encode(), shown)


def signed_link(url: str) -> str:
    """This will return a link that says which company sent it."""
    return f"{url}?{PARAMETER}={_SIGNER.sign(context.required_schema())}"


def is_foreign_link(request: HttpRequest) -> bool:
    """This will return whether the link that was followed was sent by another company."""
    shown = request.GET.get(PARAMETER, "")
    try:
        return bool(shown) and _SIGNER.unsign(shown) != context.current_schema()
    except BadSignature:
        return False


def _mark(secret: str) -> str:
    return salted_hmac(_KEYS, secret, algorithm="sha256").hexdigest()[:MARK_LETTERS]
