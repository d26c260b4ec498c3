"""Reads a tariff document from JSON or YAML so that every number keeps its own text."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from billing.rating.errors import TariffError
from kernel.errors import gettext_noop


class _Loader(yaml.SafeLoader):
    """YAML in which only true and false are truth values and a decimal stays text: ``on`` is a label."""


_LEFT_OUT = (
    "tag:yaml.org,2002:bool",
    "tag:yaml.org,2002:float",
    "tag:yaml.org,2002:timestamp",
    "tag:yaml.org,2002:int",
)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _LEFT_OUT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))


def read(text: str) -> dict[str, Any]:
    """This will return the document written in ``text``; decimals stay text. Raises TariffError."""
    try:
        document = json.loads(text, parse_float=str) if text.lstrip().startswith("{") else yaml.load(text, _Loader)  # noqa: S506
    except (ValueError, yaml.YAMLError, RecursionError) as error:  # also numbers of thousands of digits
        raise TariffError(
            gettext_noop("This is not readable as JSON or YAML: {reason}"), where="", reason=str(error)
        ) from error
    if not isinstance(document, dict):
        raise TariffError(gettext_noop("A tariff document with names and values is expected here."), where="")
    return document
