"""The description of the API (OpenAPI 3.1): what is not said by the nouns themselves is said here once."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

LISTS = ("list",)
STANDARD = frozenset({"list", "create", "retrieve", "update", "partial_update", "destroy"})
PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Where the problem is explained."},
        "title": {"type": "string", "description": "The kind of problem, in the language of the request."},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string", "description": "What happened and what to do."},
        "instance": {
            "type": "string",
            "format": "uri",
            "description": "This occurrence, to name when asking.",
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body."},
                    "parameter": {"type": "string", "description": "The query parameter."},
                    "header": {"type": "string", "description": "The header field."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
SAID = {
    "400": "The request cannot be read.",
    "401": "No key, or none that is valid here.",
    "403": "The key lacks the scope.",
    "404": "It does not stand in this company.",
    "409": "It does not fit the present state.",
    "412": "It was changed since it was read.",
    "413": "The body is too large.",
    "415": "The content type is not accepted.",
    "422": "Refused; `errors` points at each fault.",
    "428": "If-Match is required.",
    "429": "Too many requests; see `Retry-After`.",
}
RATE_HEADERS = {
    "RateLimit-Policy": {"description": "Requests in a window of seconds.", "schema": {"type": "string"}},
    "RateLimit": {"description": "What is left and when it resets.", "schema": {"type": "string"}},
}
ETAG_HEADER = {"ETag": {"description": "Tag of the representation.", "schema": {"type": "string"}}}


class NounSchema(AutoSchema):
    """Adds the headers, problems and parameters that follow from how all nouns work."""

    view: Any

    def get_override_parameters(self) -> list[Any]:
        serializer = self.view.query_serializers.get(self.view.action)
        return [serializer] if serializer else []

    def get_description(self) -> str:  # type: ignore[override]
        return ""  # the summary says it; an action adds what it does not say

    def get_operation_id(self) -> str:
        action = str(self.view.action)
        if action in STANDARD:
            return str(super().get_operation_id())
        tokens = [token.replace("-", "_") for token in self._tokenize_path()]
        return "_".join(tokens if tokens[-1] == action else [*tokens, action])

    def _is_list_view(self, serializer: Any = None) -> bool:
        return is_listed(self.view)

    def get_operation(self, *arguments: Any, **options: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*arguments, **options)
        if operation is None:
            return None
        operation["parameters"] = [*operation.get("parameters", []), *self._header_parameters()]
        for number, response in operation["responses"].items():
            tagged = ETAG_HEADER if self.view.action == "retrieve" or number == "201" else {}
            response["headers"] = {**response.get("headers", {}), **RATE_HEADERS, **tagged}
        for number in self._problem_numbers():
            operation["responses"].setdefault(number, problem_response(number))
        return operation

    def _header_parameters(self) -> list[dict[str, Any]]:
        if self.method == "POST":
            required = self.view.action in self.view.moves_money
            said = "The same key with the same request gives the same answer and changes nothing again."
            key = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
            return [_header("Idempotency-Key", said, key, required=required)]
        if self.method in {"PATCH", "PUT"}:
            said = "The ETag of what is changed; refused with 412 when it was changed meanwhile."
            return [_header("If-Match", said, {"type": "string"}, required=self.view.action in self.view.replaces)]
        return []

    def _problem_numbers(self) -> list[str]:
        numbers = {"400", "401", "403", "422", "429"}
        if "{" in self.path:
            numbers |= {"404"}
        if self.method != "GET":
            numbers |= {"409", "413", "415"}
        if self.view.action in self.view.made_of_state:
            numbers |= {"409"}
        if self.method in {"PATCH", "PUT"}:
            numbers |= {"412"}
        if self.view.action in self.view.replaces:
            numbers |= {"428"}
        return sorted(numbers)


def is_listed(view: Any) -> bool:
    """Return whether the view's action answers with a page of rows."""
    return str(view.action).startswith(LISTS)


def problem_response(number: str) -> dict[str, Any]:
    """Return how a refusal is described."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": SAID[number], "content": content}


def finish(result: dict[str, Any], **_options: Any) -> dict[str, Any]:
    """Post-processing: name the problem document once, and the nouns in the order of their addresses."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    operations = [operation for path in result.get("paths", {}).values() for operation in path.values()]
    result["tags"] = [{"name": name} for name in dict.fromkeys(tag for each in operations for tag in each["tags"])]
    return result


def _header(name: str, said: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": said, "schema": schema}
