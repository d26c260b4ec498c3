"""Form-encoded nested parameters: ``items[0][price]=p`` and back to a tree of dictionaries."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from config.stripe_server.refusals import Refused

_PART = re.compile(r"\[([^\[\]]*)\]")


def decoded(text: str) -> dict[str, Any]:
    """Return the tree of a query or a body; lists are dictionaries of their positions."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        _put(tree, name, value)
    return tree


def _put(tree: dict[str, Any], name: str, value: str) -> None:
    head, bracket, _ = name.partition("[")
    path = [head, *_PART.findall(name[len(head) :])] if bracket else [head]
    here = tree
    for step in path[:-1]:
        inner = here.setdefault(step or str(len(here)), {})
        if not isinstance(inner, dict):
            raise Refused(f"Invalid request: {name} is given twice.", param=name)
        here = inner
    here[path[-1] or str(len(here))] = value
