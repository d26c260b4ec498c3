"""What a request may hold, read from the types that stripe-python ships: unknown names and wrong kinds are refused."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import typing_extensions
from stripe import params as stripe_params
from stripe._request_options import RequestOptions

from config.stripe_server.refusals import Refused

_OPTIONS = frozenset(RequestOptions.__annotations__)
_WRAPPERS = (typing.Required, typing.NotRequired, typing_extensions.NotRequired, typing_extensions.Required)
_ELSEWHERE = {"StripeContext": object, "Mapping": Mapping}


def checked(name: str, raw: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of ``raw`` in their kinds; raises Refused as Stripe does.

    ``name`` is a type of `stripe.params`: "PaymentIntentCreateParams", "checkout.SessionCreateParams".
    """
    return _mapping(named(name), raw, "")


@functools.cache
def named(name: str) -> type:
    """Return the type of that name; raises AttributeError for a name that stripe-python does not have."""
    found: Any = stripe_params
    for part in name.split("."):
        found = getattr(found, part)
    return typing.cast(type, found)


@functools.cache
def fields(shape: type) -> dict[str, Any]:
    """Return the parameters of a type with their kinds."""
    hints = typing_extensions.get_type_hints(shape, localns=_ELSEWHERE, include_extras=True)
    return {key: hint for key, hint in hints.items() if key not in _OPTIONS}


def _mapping(shape: type, raw: Any, path: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise Refused("Invalid object", param=path)
    known = fields(shape)
    for key in raw:
        if key not in known:
            place = f"{path}[{key}]" if path else key
            raise Refused(f"Received unknown parameter: {place}", code="parameter_unknown", param=place)
    for key, hint in known.items():
        if key not in raw and typing.get_origin(hint) not in _WRAPPERS:
            place = f"{path}[{key}]" if path else key
            raise Refused(f"Missing required param: {place}.", code="parameter_missing", param=place)
    return {key: _value(known[key], value, f"{path}[{key}]" if path else key) for key, value in raw.items()}


def _value(hint: Any, value: Any, path: str) -> Any:
    options = _options(hint)
    words = {word for option in options if typing.get_origin(option) is typing.Literal for word in option.__args__}
    if isinstance(value, str) and value in words:
        return value
    if isinstance(value, dict):
        return _tree(options, value, path)
    for option in options:
        taken = _scalar(option, value, strict=bool(words - {""}))
        if taken is not None:
            return taken
    raise _wrong(options, words, value, path)


def _tree(options: list[Any], value: dict[str, Any], path: str) -> Any:
    for option in options:
        origin = typing.get_origin(option)
        if origin is list:
            items = [value[key] for key in sorted(value, key=lambda key: (len(key), key))]
            return [_value(option.__args__[0], item, f"{path}[{n}]") for n, item in enumerate(items)]
        if origin is dict:
            return value
        if typing_extensions.is_typeddict(option):
            return _mapping(option, value, path)
    raise Refused(f"Invalid string: {path}", param=path)


def _scalar(option: Any, value: str, *, strict: bool) -> Any:
    """Return the value in the kind of ``option``; None when it is not of that kind."""
    if option is bool:
        return {"true": True, "false": False}.get(value.lower())
    if option is int:
        return int(value) if value.lstrip("-").isdecimal() else None
    if option in (float, Decimal):
        return value if value.replace(".", "", 1).lstrip("-").isdecimal() else None
    if option is str or option is typing.Any:
        return None if strict else value
    return [] if typing.get_origin(option) is list and not value else None


def _wrong(options: list[Any], words: set[Any], value: str, path: str) -> Refused:
    if words - {""}:
        listed = ", ".join(sorted(str(word) for word in words if word))
        return Refused(f"Invalid {path}: must be one of {listed}", param=path)
    if int in options:
        return Refused(f"Invalid integer: {value}", code="parameter_invalid_integer", param=path)
    return Refused(f"Invalid value: {value}", param=path)


def _options(hint: Any) -> list[Any]:
    while typing.get_origin(hint) in _WRAPPERS:
        hint = hint.__args__[0]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [option for each in hint.__args__ for option in _options(each)]
    return [hint]
