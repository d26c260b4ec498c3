"""What another company was given and is shown here, and numbers that are tried: told to the administrators."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client

from config.celery import app
from harness import second_factor
from identity import alerts, origins, policy
from identity import operations as identity_operations
from identity import queries as identity_queries
from tenancy import context

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"


def key_of(retailer) -> str:
    with context.use(retailer):
        boss = identity_queries.user_by_email(email=f"staff@{retailer.code}.test")
        return identity_operations.create_key(name="gateway", scopes=["customers:read"], by=boss, at=AT)[1]


def program(host: str, secret: str) -> Client:
    return Client(HTTP_HOST=host, HTTP_AUTHORIZATION=f"Bearer {secret}", raise_request_exception=False)


def told(retailer) -> list[tuple[str, dict]]:
    with context.use(retailer):
        return [(alert.kind, alert.details) for alert in alerts.find()]


@pytest.mark.django_db
class TestKeys:
    def test_of_another_company_are_refused_and_told_where_they_were_shown(self, alder, birch):
        secret = key_of(birch)

        answer = program("alder.localhost", secret).get("/api/v1/customers")

        assert answer.status_code == 401
        assert told(alder) == [("foreign_key", {"address": "127.0.0.1", "path": "/api/v1/customers"})]
        assert told(birch) == []

    def test_that_nobody_was_given_are_refused_without_a_word(self, alder, birch):
        made_up = f"gh{'a' * 8}.{'b' * 55}"

        assert program("alder.localhost", made_up).get("/api/v1/customers").status_code == 401
        assert told(alder) == []

    def test_of_this_company_that_were_revoked_are_no_other_companys(self, alder):
        secret = key_of(alder)
        with context.use(alder):
            boss = identity_queries.user_by_email(email="staff@alder.test")
            identity_operations.revoke_key(key=identity_queries.keys().get(), by=boss, at=AT)

        assert program("alder.localhost", secret).get("/api/v1/customers").status_code == 401
        assert told(alder) == []

    def test_carry_a_mark_that_one_changed_letter_breaks(self):
        secret = origins.marked("gh12345678.abcdefghijklmnopqrstuvwxyz")

        assert origins.is_marked(secret)
        assert not origins.is_marked(secret.replace("gh1", "gh2"))


@pytest.mark.django_db
class TestLinks:
    def test_of_another_company_open_nothing_and_are_told(self, alder, birch):
        before, app.conf.task_always_eager = app.conf.task_always_eager, True
        Client(HTTP_HOST="birch.localhost").post("/accounts/password/reset/", {"email": "staff@birch.test"})
        app.conf.task_always_eager = before
        path = re.search(r"https?://[^/]+(\S+)", mail.outbox[-1].body)[1]

        page = Client(HTTP_HOST="alder.localhost").get(path)

        assert 'name="password1"' not in page.content.decode()
        assert [kind for kind, _ in told(alder)] == ["foreign_link"]
        assert told(birch) == []


@pytest.mark.django_db
class TestGuessing:
    def test_of_numbers_by_a_person_is_told_once_with_numbers(self, alder):
        client = signed_in("staff@alder.test")

        statuses = {client.get(f"/console/invoices/N{n}/").status_code for n in range(40)}

        assert statuses == {404}
        guessed = [details for kind, details in told(alder) if kind == "guessed_numbers"]
        assert guessed == [{"count": 30, "minutes": 10, "path": "/console/invoices/N29/"}]

    def test_is_counted_as_the_company_says(self, alder):
        with context.use(alder):
            boss = identity_queries.user_by_email(email="staff@alder.test")
            policy.change(by=boss, at=AT, missing_allowed=5)
        secret = key_of(alder)

        for n in range(6):
            program("alder.localhost", secret).get(f"/api/v1/customers/N{n}")

        [(kind, details)] = told(alder)
        assert (kind, details["count"], details["key"]) == ("guessed_numbers", 5, secret.partition(".")[0])

    def test_below_the_number_is_nobodys_business(self, alder):
        client = signed_in("staff@alder.test")
        for n in range(29):
            client.get(f"/console/invoices/N{n}/")

        assert [kind for kind, _ in told(alder) if kind == "guessed_numbers"] == []

    def test_is_a_number_to_the_host_and_no_more(self, alder, operator):
        secret = key_of(alder)
        for n in range(31):
            program("alder.localhost", secret).get(f"/api/v1/customers/NUMBER{n}")
        host = Client(HTTP_HOST="operator.localhost", HTTP_ACCEPT_LANGUAGE="en")
        second_factor.sign_in(host)

        page = host.get("/security/").content.decode()

        assert "Guessed numbers" in page
        assert "NUMBER" not in page
        assert secret.partition(".")[0] not in page


def signed_in(email: str) -> Client:
    client = Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en", raise_request_exception=False)
    answer = client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert answer.status_code == 302
    return client
