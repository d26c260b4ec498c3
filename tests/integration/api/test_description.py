"""The description of the API is complete, valid, and the same as the code."""

from __future__ import annotations

import re

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from identity import queries as identity_queries
from identity.capabilities import Capability
from portal.api import urls
from tenancy import context

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def description():
    return SchemaGenerator().get_schema(request=None, public=True)


@pytest.fixture(scope="module")
def operations(description):
    return {
        (path, method): operation
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


class TestDescription:
    def test_is_valid_openapi(self, description):
        validate_schema(description)

        assert description["openapi"] == "3.1.0"

    def test_is_made_without_a_warning(self, capsys):
        from drf_spectacular.drainage import GENERATOR_STATS

        GENERATOR_STATS.reset()
        with GENERATOR_STATS.silence():
            SchemaGenerator().get_schema(request=None, public=True)

        assert list(GENERATOR_STATS._warn_cache) + list(GENERATOR_STATS._error_cache) == []

    def test_holds_every_address(self, operations):
        said = {(path.removeprefix("/api/v1/"), method) for path, method in operations}
        served = {
            (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route), method)
            for route, (_noun, actions) in urls.ROUTES.items()
            for method in actions
            if method in METHODS
        }

        assert said == served

    def test_every_operation_says_what_it_does(self, operations):
        silent = [where for where, operation in operations.items() if not operation.get("summary")]
        ids = [operation["operationId"] for operation in operations.values()]

        assert silent == []
        assert len(ids) == len(set(ids))

    def test_every_operation_names_a_scope_that_exists(self, operations):
        scopes = {scope for each in operations.values() for entry in each["security"] for scope in entry["key"]}

        assert scopes <= {str(capability) for capability in Capability}

    def test_every_parameter_says_what_it_means(self, operations):
        silent = [
            (where, parameter["name"])
            for where, operation in operations.items()
            for parameter in operation["parameters"]
            if parameter["in"] != "path" and not parameter.get("description")
        ]

        assert silent == []

    def test_every_body_has_an_example_that_fits(self, description, operations):
        bodies = {
            where: operation["requestBody"]["content"]["application/json"]
            for where, operation in operations.items()
            if "application/json" in operation.get("requestBody", {}).get("content", {})
        }
        without = [where for where, body in bodies.items() if not body.get("examples")]
        wrong = []
        for where, body in bodies.items():
            validator = Draft202012Validator({**body["schema"], "components": description["components"]})
            examples = [each["value"] for each in body.get("examples", {}).values()]
            wrong += [(where, str(fault)) for value in examples for fault in validator.iter_errors(value)]

        assert (without, wrong) == ([], [])

    def test_bodies_are_closed(self, description):
        open_bodies = [
            name
            for name, schema in description["components"]["schemas"].items()
            if name.endswith("Request") and schema.get("additionalProperties") is not False
        ]

        assert open_bodies == []


@pytest.mark.django_db
class TestReference:
    def test_is_under_the_companys_own_name(self, birch, program):
        shown = program(birch, "customers:read").get("/api/v1/openapi.json").json()

        assert shown["info"]["title"] == "Birch Energy API"
        assert "Gridhall" not in str(shown)

    def test_page_shows_every_operation_in_both_languages(self, birch, client, operations):
        with context.use(birch):
            client.force_login(identity_queries.user_by_email(email="staff@birch.test"))

        english = client.get("/api/v1/docs/", HTTP_HOST="birch.localhost", HTTP_ACCEPT_LANGUAGE="en").content.decode()
        chinese = client.get("/api/v1/docs/", HTTP_HOST="birch.localhost", HTTP_ACCEPT_LANGUAGE="zh").content.decode()

        assert [each["operationId"] for each in operations.values() if f'"{each["operationId"]}"' not in english] == []
        assert "List customers" in english
        assert "客户列表" in chinese

    def test_page_is_for_staff(self, birch, client):
        response = client.get("/api/v1/docs/", HTTP_HOST="birch.localhost")

        assert (response.status_code, response.headers["Location"]) == (302, "/accounts/login/?next=/api/v1/docs/")
