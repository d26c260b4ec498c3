"""Places in a tariff document: a path of names and positions, and its JSON pointer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Path = tuple[str, ...]
_NOT_A_WORD = re.compile(r"[^\w]+")


def pointer(path: Path) -> str:
    """This will write a path as the engine points at it."""
    return "".join(f"/{part}" for part in path)


def slug(name: str) -> str:
    """This will write a field's name as the end of an id."""
    return _NOT_A_WORD.sub("-", name).strip("-") or "all"


def get(document: Any, path: Path) -> Any:
    """This will return what stands at a path, None where nothing does."""
    for part in path:
        if isinstance(document, Mapping):
            document = document.get(part)
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


def put(document: Any, path: Path, value: Any) -> None:
    """This will write a value, or with None take away what stands there; names on the way are made."""
    *way, last = path
    for part in way:
        inner = get(document, (part,))
        if not isinstance(inner, dict | list):
            if value is None or not isinstance(document, dict):
                return
            inner = document[part] = {}
        document = inner
    if isinstance(document, list):
        if last.isdecimal() and int(last) < len(document):
            _put_item(document, int(last), value)
    elif value is None:
        document.pop(last, None)
    else:
        document[last] = value


def texts(value: Any) -> dict[str, str]:
    """This will return a title by language; a plain one counts as English."""
    if isinstance(value, Mapping):
        return {str(language): str(text) for language, text in value.items()}
    return {"en": str(value)} if value else {}


def items(value: Any) -> list[Any]:
    """This will return a list as such, anything else as no list."""
    return value if isinstance(value, list) else []


def entries(value: Any) -> dict[str, Any]:
    """This will return names and values as such, anything else as none."""
    return value if isinstance(value, dict) else {}


def _put_item(document: list[Any], position: int, value: Any) -> None:
    if value is None:
        del document[position]
    else:
        document[position] = value
