"""Sentences with named places, filled the way their reader writes days, amounts and energy.

Below the doors a value is exact and plain (``2026-10-01``, ``1234.50``): so it is stored, logged and told to programs.
A door that shows sentences to people sets the writer for the time of the request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

Writer = Callable[[str, Any], Any]
"""From the name of a place and its value to what stands there."""


def plainly(_name: str, value: Any) -> Any:
    """Return the value as it is."""
    return value


writer: ContextVar[Writer] = ContextVar("writer", default=plainly)


def fill(template: str, values: Mapping[str, Any]) -> str:
    """Return the sentence with its places filled; raises KeyError for a place without a value.

    ``values`` may be a mapping that knows an answer for what is missing.
    """
    return template.format_map(_Written(values))


class _Written(dict[str, Any]):
    """Values as the reader writes them, looked up one by one."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__()
        self._values = values

    def __missing__(self, name: str) -> Any:
        return writer.get()(name, self._values[name])
