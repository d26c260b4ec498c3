"""What all of the API has in common: keys, scopes, problems, limits, pages, conditions, repeats."""

from __future__ import annotations

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from harness.programs import AT, add_customers, problem
from identity import operations as identity_operations
from identity import queries as identity_queries
from tenancy import context
from tenants.customers import operations, queries

pytestmark = pytest.mark.django_db


class TestKeys:
    def test_without_one_nothing_is_shown(self, birch):
        response = APIClient(HTTP_HOST="birch.localhost", HTTP_ACCEPT_LANGUAGE="en").get("/api/v1/customers")

        assert problem(response) == (401, "unauthenticated", [])
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="api"'

    def test_of_one_company_is_nothing_at_anothers_host(self, alder, birch, program):
        client = program(birch)

        here = client.get("/api/v1/me")
        there = client.get("/api/v1/me", HTTP_HOST="alder.localhost")

        assert here.json()["company"]["code"] == "birch"
        assert problem(there) == (401, "unauthenticated", [])

    @pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer gh00000000.x", "Bearer gh0000\x00", "Token é"])
    def test_malformed_is_refused(self, birch, header):
        response = APIClient(HTTP_HOST="birch.localhost", HTTP_AUTHORIZATION=header).get("/api/v1/me")

        assert response.status_code == 401

    def test_taken_back_is_refused_at_once(self, birch, api):
        with context.use(birch):
            staff = identity_queries.user_by_email(email="staff@birch.test")
            identity_operations.revoke_key(key=identity_queries.keys()[0], by=staff, at=AT)

        assert api.get("/api/v1/me").status_code == 401

    def test_notes_when_it_was_used(self, birch, api):
        api.get("/api/v1/me")

        with context.use(birch):
            assert identity_queries.keys()[0].last_used_at is not None

    def test_does_only_what_its_scopes_say(self, birch, program):
        client = program(birch, "customers:read")

        read = client.get("/api/v1/customers")
        written = client.post("/api/v1/customers", {"number": "C1", "name": "Ada"}, format="json")

        assert read.status_code == 200
        assert problem(written) == (403, "not_allowed", [])
        with context.use(birch):
            assert not queries.customers().exists()

    def test_session_of_staff_opens_only_the_reference(self, birch):
        client = APIClient(HTTP_HOST="birch.localhost")
        with context.use(birch):
            staff = identity_queries.user_by_email(email="staff@birch.test")
            client.force_login(staff)

        assert client.get("/api/v1/docs/").status_code == 200
        assert client.get("/api/v1/openapi.json").status_code == 200
        assert client.get("/api/v1/customers").status_code == 401


class TestProblems:
    def test_are_problem_documents_in_the_language_of_the_request(self, birch, program):
        response = program(birch, language="zh-CN").get("/api/v1/customers/nobody")

        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json() == {
            "type": "/api/v1/docs/#problem-not_found",
            "title": "未找到",
            "status": 404,
            "code": "not_found",
            "detail": response.json()["detail"],
            "errors": [],
        }
        assert response.headers["Content-Language"] == "zh-hans"

    def test_point_at_each_field(self, api):
        response = api.post("/api/v1/customers", {"name": "", "kind": "robot", "colour": "red"}, format="json")

        assert problem(response)[:2] == (422, "invalid")
        assert {error["pointer"]: error["code"] for error in response.json()["errors"]} == {"/colour": "unknown_field"}

    def test_point_at_what_an_operation_refuses(self, birch, api):
        response = api.post("/api/v1/customers", {"number": "C1", "name": "Ada", "email": "at home"}, format="json")

        assert problem(response) == (422, "email_malformed", ["/email"])
        with context.use(birch):
            assert not queries.customers().exists()

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ("{", "malformed"),
            ('{"number": NaN}', "malformed"),
            ('{"number": 1e400}', "malformed"),
            ('{"name": "a", "name": "b"}', "malformed"),
            ("[" * 100_000, "malformed"),
            ('{"name": "\\u0000"}', "invalid"),
            ('{"name": "\\ud800"}', "invalid"),
            ("[]", "invalid"),
            (b"\xff", "malformed"),
        ],
    )
    def test_unreadable_bodies_are_refused(self, api, body, code):
        response = api.generic("POST", "/api/v1/customers", body, content_type="application/json")

        assert problem(response)[1] == code

    def test_another_content_type_is_refused(self, api):
        response = api.generic("POST", "/api/v1/customers", "number=C1", content_type="text/plain")

        assert problem(response) == (415, "unsupported_media_type", [])

    def test_too_much_is_refused(self, api):
        response = api.generic("POST", "/api/v1/customers", " " * (8 * 2**20 + 1), content_type="application/json")

        assert problem(response) == (413, "too_large", [])

    def test_a_method_that_is_not_offered_is_named(self, api):
        response = api.delete("/api/v1/customers")

        assert problem(response) == (405, "method_not_allowed", [])

    @pytest.mark.parametrize("path", ["/api/v1/", "/api/v1/nothing", "/api/v1/customers/"])
    def test_an_address_that_is_none_is_a_problem_too(self, api, path):
        assert problem(api.get(path))[0] == 404

    def test_an_unknown_parameter_is_not_passed_over(self, api):
        response = api.get("/api/v1/customers?sgement=solar")

        assert problem(response) == (422, "bad_parameters", ["sgement"])

    def test_the_unforeseen_gives_an_id_and_nothing_more(self, api, monkeypatch, caplog):
        monkeypatch.setattr(queries, "customers", lambda **_: 1 / 0)

        response = api.get("/api/v1/customers")

        assert problem(response) == (500, "internal", [])
        assert "division" not in response.content.decode()
        assert response.json()["instance"] in caplog.text


class TestLimits:
    def test_are_told_with_every_answer(self, api):
        response = api.get("/api/v1/me")

        assert response.headers["RateLimit-Policy"] == '"default";q=600;w=60'
        assert response.headers["RateLimit"].startswith('"default";r=599;t=')

    @override_settings(API_REQUESTS_PER_MINUTE=2)
    def test_hold_for_each_key_by_itself(self, birch, api, program):
        answers = [api.get("/api/v1/me").status_code for _ in range(2)]
        refused = api.get("/api/v1/me")
        other = program(birch).get("/api/v1/me")

        assert (answers, other.status_code) == ([200, 200], 200)
        assert problem(refused) == (429, "throttled", [])
        assert 1 <= int(refused.headers["Retry-After"]) <= 60


class TestPages:
    def test_follow_each_other_without_gaps(self, birch, api):
        add_customers(birch, 5)

        seen, url = [], "/api/v1/customers?limit=2"
        while url:
            body = api.get(url).json()
            seen.append([row["number"] for row in body["results"]])
            url = body["next"]

        assert seen == [["C1", "C2"], ["C3", "C4"], ["C5"]]

    def test_lead_back(self, birch, api):
        add_customers(birch, 5)
        second = api.get(api.get("/api/v1/customers?limit=2").json()["next"]).json()

        first = api.get(second["previous"]).json()

        assert [row["number"] for row in first["results"]] == ["C1", "C2"]
        assert first["previous"] is None
        assert [row["number"] for row in api.get(first["next"]).json()["results"]] == ["C3", "C4"]

    def test_do_not_shift_when_rows_are_added(self, birch, api):
        add_customers(birch, 4)
        following = api.get("/api/v1/customers?limit=2").json()["next"]
        with context.use(birch):
            operations.create_customer(number="C0", name="Early")

        assert [row["number"] for row in api.get(following).json()["results"]] == ["C3", "C4"]

    @pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=WyJuIl0", "cursor=%F0"])
    def test_refuse_what_they_cannot_read(self, api, query):
        response = api.get(f"/api/v1/customers?{query}")

        assert problem(response) == (422, "bad_parameters", [query.partition("=")[0]])


class TestConditions:
    def test_a_known_representation_is_not_sent_again(self, birch, api):
        add_customers(birch, 1)
        etag = api.get("/api/v1/customers/C1").headers["ETag"]

        again = api.get("/api/v1/customers/C1", HTTP_IF_NONE_MATCH=etag)

        assert (again.status_code, again.content) == (304, b"")

    def test_a_change_of_what_was_changed_meanwhile_is_refused(self, birch, api):
        add_customers(birch, 1)
        etag = api.get("/api/v1/customers/C1").headers["ETag"]
        api.patch("/api/v1/customers/C1", {"name": "Second"}, format="json")

        refused = api.patch("/api/v1/customers/C1", {"name": "Third"}, format="json", HTTP_IF_MATCH=etag)

        assert problem(refused) == (412, "precondition_failed", ["If-Match"])
        assert api.get("/api/v1/customers/C1").json()["name"] == "Second"

    def test_a_change_of_what_was_seen_is_made(self, birch, api):
        add_customers(birch, 1)
        etag = api.get("/api/v1/customers/C1").headers["ETag"]

        changed = api.patch("/api/v1/customers/C1", {"name": "Second"}, format="json", HTTP_IF_MATCH=etag)

        assert (changed.status_code, changed.json()["name"]) == (200, "Second")
        assert changed.headers["ETag"] == api.get("/api/v1/customers/C1").headers["ETag"] != etag


class TestRepeats:
    BODY = {"number": "C1", "name": "Ada Moss"}

    def test_give_the_same_answer_and_change_nothing(self, birch, api):
        first = api.post("/api/v1/customers", self.BODY, format="json", HTTP_IDEMPOTENCY_KEY="one")
        again = api.post("/api/v1/customers", self.BODY, format="json", HTTP_IDEMPOTENCY_KEY="one")

        assert (first.status_code, again.status_code) == (201, 201)
        assert first.content == again.content
        assert again.headers["Idempotency-Replayed"] == "true"
        assert [again.headers[name] for name in ("ETag", "Location")] == [first.headers["ETag"], "/api/v1/customers/C1"]
        with context.use(birch):
            assert queries.customers().count() == 1

    def test_with_another_body_are_refused(self, birch, api):
        api.post("/api/v1/customers", self.BODY, format="json", HTTP_IDEMPOTENCY_KEY="one")

        other = api.post(
            "/api/v1/customers", {"number": "C2", "name": "Ben"}, format="json", HTTP_IDEMPOTENCY_KEY="one"
        )

        assert problem(other) == (422, "idempotency_key_reused", ["Idempotency-Key"])
        with context.use(birch):
            assert queries.customers().count() == 1

    def test_of_a_refused_request_may_be_mended(self, birch, api):
        refused = api.post("/api/v1/customers", {"number": "C1", "name": ""}, format="json", HTTP_IDEMPOTENCY_KEY="one")
        mended = api.post("/api/v1/customers", self.BODY, format="json", HTTP_IDEMPOTENCY_KEY="one")

        assert (refused.status_code, mended.status_code) == (422, 201)

    def test_of_another_key_are_its_own(self, birch, api, program):
        api.post("/api/v1/customers", self.BODY, format="json", HTTP_IDEMPOTENCY_KEY="one")

        other = program(birch).post("/api/v1/customers", self.BODY, format="json", HTTP_IDEMPOTENCY_KEY="one")

        assert problem(other) == (409, "number_taken", ["/number"])

    @pytest.mark.parametrize("key", ["", "with space", "é", "x" * 256])
    def test_need_a_key_that_can_be_written(self, birch, api, key):
        response = api.post("/api/v1/customers", self.BODY, format="json", HTTP_IDEMPOTENCY_KEY=key)

        assert problem(response) == (400, "idempotency_key_malformed", ["Idempotency-Key"])
        with context.use(birch):
            assert not queries.customers().exists()
