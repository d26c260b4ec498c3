"""Everybody who may ask at a company: strangers, its customer, each post, a program with all scopes, the host."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client
from isolation import filling, own_secrets

from harness import second_factor, whole_schema
from identity.capabilities import STAFF_ROLES
from tenancy import context

LOGIN = "/accounts/login/"
OPERATOR_HOST = "operator.localhost"
POSTS = ["administrator", *sorted(str(role) for role in STAFF_ROLES if role != "administrator")]
EVERYBODY = ["anonymous", "customer", *POSTS, "program"]


@dataclass
class Fleet:
    """The companies, and whoever has signed in to them so far."""

    database: str
    files: Path
    companies: int
    clients: dict[tuple[str, int], Client] = field(default_factory=dict)

    def company(self, number: int) -> Any:
        return context.retailer_by_code(code=f"c{number:02}")

    def schema(self, number: int) -> str:
        return f"t_c{number:011}"

    def client(self, person: str, number: int) -> Client:
        """Return a browser (or program) of somebody, signed in at company ``number``."""
        if (person, number) not in self.clients:
            self.clients[person, number] = self._sign_in(person, number)
        return self.clients[person, number]

    def operator(self) -> Client:
        """Return the browser of the host's own person."""
        if ("operator", -1) not in self.clients:
            client = browser(OPERATOR_HOST)
            second_factor.sign_in(client)
            self.clients["operator", -1] = client
        return self.clients["operator", -1]

    def _sign_in(self, person: str, number: int) -> Client:
        if person == "program":
            return browser(host(number), HTTP_AUTHORIZATION=f"Bearer {own_secrets.api_secret(number)}")
        client = browser(host(number))
        if person != "anonymous":
            email = filling.CUSTOMER if person == "customer" else filling.email_of(person)
            answer = client.post(LOGIN, {"login": email, "password": filling.PASSWORD})
            assert answer.status_code == 302, f"{person} cannot sign in: {answer.content.decode()[:2000]}"
        return client

    def fingerprints(self, but: int | None = None) -> dict[str, dict[str, str]]:
        """Return for each company (except one) a digest of each of its tables."""
        found = {}
        for number in range(self.companies):
            if number != but:
                with context.use(self.company(number)):
                    found[self.schema(number)] = whole_schema.fingerprints()
        return found


def browser(at: str, **extra: Any) -> Client:
    """Return a client that reads English at a host."""
    connection.set_schema_to_public()
    return Client(HTTP_HOST=at, HTTP_ACCEPT_LANGUAGE="en", raise_request_exception=False, **extra)


def host(number: int) -> str:
    """Return where company ``number`` is reached."""
    return f"c{number:02}.localhost"
