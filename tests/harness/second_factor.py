"""The second factor of the standing cast's operator, and how a browser of a test gets in with it."""

from __future__ import annotations

import time
from typing import Any

from allauth.mfa.totp.internal import auth

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "correct horse battery"
OPERATOR = "staff@operator.test"


def give(user: Any, secret: str = SECRET) -> None:
    """Set up an authenticator app for somebody, without a page."""
    auth.TOTP.activate(user, secret)


def code(secret: str = SECRET) -> str:
    """Return what the app shows now."""
    return auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30))


def sign_in(client: Any, email: str = OPERATOR, password: str = PASSWORD, secret: str = SECRET) -> Any:
    """Sign somebody in with password and code; return the answer to the code."""
    first = client.post("/accounts/login/", {"login": email, "password": password})
    assert (first.status_code, first["Location"]) == (302, "/accounts/2fa/authenticate/"), first.content.decode()
    return client.post("/accounts/2fa/authenticate/", {"code": code(secret)})
