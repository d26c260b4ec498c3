"""Browsers of tests that sign people in through the real page."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tenancy.database import connection

PASSWORD = "correct horse battery"


class Browser(Client):
    """Leaves the test working for the company it worked for before the request."""

    def request(self, **request: Any) -> Any:
        before = connection.tenant
        try:
            return super().request(**request)
        finally:
            connection.set_tenant(before)


def browser(host: str = "alder.localhost", **extra: Any) -> Client:
    """Return a browser that reads English."""
    return Browser(HTTP_HOST=host, HTTP_ACCEPT_LANGUAGE="en", **extra)


def sign_in(client: Client, email: str = "staff@alder.test", password: str = PASSWORD) -> Any:
    """Send the form of the sign-in page."""
    return client.post("/accounts/login/", {"login": email, "password": password})


def signed_in(email: str = "staff@alder.test", host: str = "alder.localhost", **extra: Any) -> Client:
    """Return a browser in which somebody is signed in."""
    client = browser(host, **extra)
    answer = sign_in(client, email)
    assert answer.status_code == 302, answer.content.decode()
    return client
