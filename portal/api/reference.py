"""The reference: the description for machines and a page for people, both made from the code."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response

from kernel import texts
from kernel.errors import GridhallError
from portal.api import authentication, bodies, problems, views
from portal.shared import tables

METHODS = ("get", "post", "put", "patch", "delete")
INPUTS = (
    tables.Column("name", _("Field"), primary=True),
    tables.Column("place", _("In")),
    tables.Column("kind", _("Type")),
    tables.Column("meaning", _("Meaning")),
)
PROBLEMS = (
    tables.Column("code", _("Code"), primary=True),
    tables.Column("status", _("Status")),
    tables.Column("sentence", _("Meaning")),
)


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
    inputs: tables.Table
    example: Any
    done: str
    refused: str
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
    shown = {"sections": sections(description), "problems": _table(PROBLEMS, list(known_problems()))}
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


def known_problems() -> Iterator[dict[str, Any]]:
    """Return code, status and sentence of every refusal a caller may meet, by code."""
    found = {each.code: each for each in _subclasses(GridhallError)}
    for code, each in sorted(found.items()):
        number = problems.status_of(each.__new__(each))
        yield {"code": code, "status": number, "sentence": translation.gettext(each.template)}


@functools.lru_cache(maxsize=8)
def _described(language: str) -> dict[str, Any]:
    with translation.override(language):
        return dict(SchemaGenerator().get_schema(request=None, public=True))


def _operation(path: str, method: str, operation: dict[str, Any], description: dict[str, Any]) -> Operation:
    needs = [scope for entry in operation.get("security", []) for scopes in entry.values() for scope in scopes]
    components = description["components"]["schemas"]
    numbers = sorted(operation["responses"])
    return Operation(
        method=method.upper(),
        path=path,
        summary=str(operation.get("summary", "")),
        description=str(operation.get("description", "")),
        scope=", ".join(needs),
        inputs=_table(INPUTS, bodies.inputs_of(operation, components)),
        example=bodies.example_of(operation),
        done=", ".join(f"{number} {HTTPStatus(int(number)).phrase}" for number in numbers if number < "400"),
        refused=", ".join(number for number in numbers if number >= "400"),
        anchor=operation["operationId"],
    )


def _table(columns: Sequence[tables.Column], rows: Sequence[Any]) -> tables.Table:
    return tables.Table(columns=columns, rows=rows)


def _subclasses(kind: type[GridhallError]) -> Iterator[type[GridhallError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _subclasses(each)
