"""What programs and people send to break something: it is refused by name, never answered with a fault of ours."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.test import Client

from identity import operations as identity_operations
from identity import queries as identity_queries
from tenancy import context

AT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
PASSWORD = "correct horse battery"
SCOPES = [
    *("customers:read", "customers:write", "readings:read", "readings:write", "tariffs:read", "tariffs:write"),
    *("bills:read", "bills:write", "bills:issue", "ledger:read"),
]
LISTS = ["customers", "accounts", "supply-points", "reading-imports", "products", "agreements", "bill-runs", "invoices"]
PARAMETERS = ("search", "q", "kind", "status", "state", "account", "customer", "ordering", "limit", "cursor", "since")
NASTY = [
    *("'; DROP TABLE identity_user; --", "%' OR 1=1 --", "\\", "\x00", "__class__", "{{7*7}}", "-id", "9" * 400, "NaN"),
    "\ud7ff",
]


@pytest.fixture
def program(alder) -> Client:
    with context.use(alder):
        boss = identity_queries.user_by_email(email="staff@alder.test")
        _, secret = identity_operations.create_key(name="gateway", scopes=SCOPES, by=boss, at=AT)
    return Client(HTTP_HOST="alder.localhost", HTTP_AUTHORIZATION=f"Bearer {secret}", raise_request_exception=False)


@pytest.fixture
def staff() -> Client:
    client = Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en", raise_request_exception=False)
    client.post("/accounts/login/", {"login": "staff@alder.test", "password": PASSWORD})
    return client


@pytest.mark.django_db
class TestQueries:
    @pytest.mark.parametrize("noun", LISTS)
    def test_no_value_of_a_parameter_breaks_a_list(self, program, noun):
        answers = {
            (name, value): program.get(f"/api/v1/{noun}", {name: value}).status_code
            for name in PARAMETERS
            for value in NASTY
        }

        assert {place: status for place, status in answers.items() if status not in {200, 400, 404, 422}} == {}

    @pytest.mark.parametrize("path", ["customers/", "invoices/", "products/", "runs/", "search/", "imports/"])
    def test_no_value_of_a_parameter_breaks_a_page(self, staff, path):
        names = ("q", "search", "sort", "page", "state", "kind", "from", "to")
        answers = {
            (name, value): staff.get(f"/console/{path}", {name: value}).status_code for name in names for value in NASTY
        }

        assert {place: status for place, status in answers.items() if status not in {200, 302, 400, 404}} == {}


@pytest.mark.django_db
class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            "[" * 100_000, '{"a":' * 50_000, "1" * 100_000, '{"number": 1e999999}', '{"number": NaN}', "\xff\xfe", "",
            '{"number": "\\u0000"}', '{"number": "\\ud800"}', "null", "[]", '"x"', '{"number": {"a": []}}', "{" * 10,
        ],
        ids=range(14),
    )  # fmt: skip
    @pytest.mark.parametrize("noun", ["customers", "products", "bill-runs", "agreements"])
    def test_that_cannot_be_read_are_refused(self, program, noun, body):
        answer = program.generic("POST", f"/api/v1/{noun}", body, content_type="application/json")

        assert answer.status_code in {400, 422}, answer.content
        assert json.loads(answer.content)["status"] == answer.status_code

    def test_a_name_with_a_line_break_makes_no_second_header(self, program, mailoutbox):
        name = "Ada\r\nBcc: evil@evil.test"

        answer = program.post(
            "/api/v1/customers",
            json.dumps({"number": "C1", "name": name, "kind": "household", "email": "a@b.test\nBcc: x@y.test"}),
            content_type="application/json",
        )

        assert answer.status_code == 422
