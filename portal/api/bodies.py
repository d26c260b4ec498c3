"""What a request takes, flattened for people: one row for each field, however deep it lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 3
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, a header, or a field of the body."""

    name: str
    place: str
    kind: str
    required: bool
    meaning: str


def inputs_of(operation: Schema, components: Schema) -> list[Field]:
    """Return what an operation takes: path, query and header first, then the body."""
    found = [_parameter(each, components) for each in operation.get("parameters", [])]
    content = operation.get("requestBody", {}).get("content", {})
    body: Schema = next((media["schema"] for media in content.values()), {})
    return [*found, *_fields(body, components, "", 0)]


def example_of(operation: Schema) -> Any:
    """Return the example of the body, or None."""
    content = operation.get("requestBody", {}).get("content", {})
    examples = [each["value"] for media in content.values() for each in media.get("examples", {}).values()]
    return examples[0] if examples else None


def _parameter(parameter: Schema, components: Schema) -> Field:
    return Field(
        name=parameter["name"],
        place=parameter["in"],
        kind=_kind(_resolved(parameter["schema"], components)),
        required=bool(parameter.get("required")),
        meaning=str(parameter.get("description", "")),
    )


def _fields(schema: Schema, components: Schema, above: str, depth: int) -> Iterator[Field]:
    schema = _resolved(schema, components)
    if schema.get("type") == "array":
        schema = _resolved(schema.get("items", {}), components)
    for name, given in schema.get("properties", {}).items():
        inner = _resolved(given, components)
        yield Field(
            name=f"{above}{name}",
            place="body",
            kind=_kind(inner),
            required=name in schema.get("required", ()),
            meaning=str(given.get("description") or ""),
        )
        if depth < DEEPEST:
            mark = "[]." if inner.get("type") == "array" else "."
            yield from _fields(inner, components, f"{above}{name}{mark}", depth + 1)


def _resolved(schema: Schema, components: Schema) -> Schema:
    for part in (schema, *schema.get("allOf", ()), *schema.get("oneOf", ())):
        if "$ref" in part:
            return {**_resolved(components[part["$ref"].rpartition("/")[2]], components)}
    return schema


def _kind(schema: Schema) -> str:
    if choices := schema.get("enum"):
        return " | ".join(str(choice) for choice in choices)
    kind = schema.get("type", "any")
    name = " | ".join(kind) if isinstance(kind, list) else str(kind)
    return f"{name} ({schema['format']})" if "format" in schema else name
