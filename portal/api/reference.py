"""The reference: the description for machines and a page for people, both made from the code."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from identity.capabilities import Capability
from kernel import texts
from kernel.errors import GridhallError
from portal.api import authentication, problems, views

METHODS = ("get", "post", "put", "patch", "delete")


class Description(views.Noun):
    """OpenAPI 3.1 of this company's API."""

    scopes = {"retrieve": None}
    authentication_classes = [authentication.KeyAuthentication, authentication.StaffSession]
    schema = None  # type: ignore[assignment]

    def retrieve(self, request: Request) -> Response:
        return Response(described(request._request))


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation as the page shows it."""

    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[dict[str, Any]]
    body: dict[str, Any] | None
    answers: list[tuple[str, str]]
    anchor: str


@dataclass(frozen=True, slots=True)
class Section:
    """A noun and its operations."""

    name: str
    operations: list[Operation] = field(default_factory=list)


def page(request: HttpRequest) -> HttpResponse:
    """Show the reference to staff who are signed in."""
    if not getattr(request.user, "is_staff_member", False):
        return redirect_to_login(request.get_full_path())
    description = described(request)
    shown = {"sections": sections(description), "problems": list(known_problems()), "scopes": list(Capability)}
    return render(request, "api/reference.html", {**shown, "title": description["info"]["title"]})


def described(request: HttpRequest) -> dict[str, Any]:
    """Return the description under the company's own name, in the language of the request."""
    language = translation.get_language() or "en"
    retailer: Any = request.retailer  # type: ignore[attr-defined]
    found = _described(language)
    title = f"{texts.pick(retailer.names, language)} API"
    return {**found, "info": {**found["info"], "title": title}, "servers": [{"url": "/"}]}


def sections(description: dict[str, Any]) -> list[Section]:
    """Return the operations by noun, in the order of their addresses."""
    found = {tag["name"]: Section(tag["name"]) for tag in description["tags"]}
    for path, methods in description["paths"].items():
        for method in METHODS:
            if method in methods:
                operation = methods[method]
                found[operation["tags"][0]].operations.append(_operation(path, method, operation, description))
    return list(found.values())


def known_problems() -> Iterator[tuple[str, int, str]]:
    """Return code, status and sentence of every refusal a caller may meet, by code."""
    found = {each.code: each for each in _subclasses(GridhallError)}
    for code, each in sorted(found.items()):
        number = problems.status_of(each.__new__(each))
        yield code, number, translation.gettext(each.template)


@functools.lru_cache(maxsize=8)
def _described(language: str) -> dict[str, Any]:
    with translation.override(language):
        return dict(SchemaGenerator().get_schema(request=None, public=True))


def _operation(path: str, method: str, operation: dict[str, Any], description: dict[str, Any]) -> Operation:
    needs = [scope for entry in operation.get("security", []) for scopes in entry.values() for scope in scopes]
    return Operation(
        method=method.upper(),
        path=path,
        summary=str(operation.get("summary", "")),
        description=str(operation.get("description", "")),
        scope=", ".join(needs),
        parameters=operation.get("parameters", []),
        body=_body(operation, description),
        answers=[(number, _answer(number, answer)) for number, answer in operation["responses"].items()],
        anchor=operation["operationId"],
    )


def _body(operation: dict[str, Any], description: dict[str, Any]) -> dict[str, Any] | None:
    content = operation.get("requestBody", {}).get("content", {})
    schema = next((media["schema"] for media in content.values()), None)
    name = (schema or {}).get("$ref", "").rpartition("/")[2]
    return description["components"]["schemas"].get(name, schema)


def _answer(number: str, answer: dict[str, Any]) -> str:
    return str(answer.get("description") or HTTPStatus(int(number)).phrase)


def _subclasses(kind: type[GridhallError]) -> Iterator[type[GridhallError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)
