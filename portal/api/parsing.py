"""Bodies: JSON with exact numbers, without what a database cannot hold, and no field nobody knows."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import parsers, serializers
from rest_framework.exceptions import ParseError, ValidationError

from portal.api import problems

LARGEST_JSON = 8 * 2**20
LARGEST_EXPONENT = 40
DEEPEST = 64


class ExactJSONParser(parsers.JSONParser):
    """Reads fractions as decimals; refuses NaN, a name given twice, and text that cannot be stored."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        request = (parser_context or {}).get("request")
        if int(getattr(request, "META", {}).get("CONTENT_LENGTH") or 0) > LARGEST_JSON:
            raise problems.TooLarge(limit=LARGEST_JSON)
        try:
            text = codecs.decode(stream.read(), "utf-8")
            found = json.loads(
                text, parse_float=_decimal, parse_constant=_no_constant, object_pairs_hook=_without_repeats
            )
        except (ValueError, RecursionError) as refusal:
            raise ParseError(_("The body is not valid JSON: {reason}").format(reason=refusal)) from refusal
        _check_text(found)
        return found


class Input(serializers.Serializer):
    """A body whose every field is known."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                said = _("There is no such field.")
                raise ValidationError({name: [said] for name in unknown}, code="unknown_field")
        return super().to_internal_value(data)


class InputExtension(OpenApiSerializerExtension):
    """Says in the description that no other field is accepted."""

    target_class = Input
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> Any:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return {**schema, "additionalProperties": False}


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(text) from None
    if value and abs(value.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(f"{text[:40]} is beyond reason")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"“{twice}” stands twice in one object")
    return found


def _check_text(value: Any) -> None:
    for text, pointer in _texts(value, "", 0):
        if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise ValidationError({pointer: [_("The text holds a character that cannot be stored.")]})


def _texts(value: Any, pointer: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEEPEST:
        raise ParseError(_("The body is nested too deeply."))
    if isinstance(value, str):
        yield value, pointer
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name, pointer
            yield from _texts(inner, f"{pointer}/{name}", depth + 1)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _texts(inner, f"{pointer}/{place}", depth + 1)
