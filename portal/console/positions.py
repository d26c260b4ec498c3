"""Where in the text of a document a JSON pointer points: line and column, for people who look for their mistake."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

AROUND = 2


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text, counted from 1, and the lines around it with a mark below."""

    line: int
    column: int
    excerpt: str


def locate(text: str, where: str | None) -> Place | None:
    """This will find ``/charges/0/price`` or ``/charges/0/price:12`` (position in a formula) in a YAML or JSON text.

    What the document does not have is shown at the nearest part it has; nothing is returned for an unreadable text
    without a place of its own.
    """
    pointer, _, position = (where or "").partition(":")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        return _place(text, mark.line, mark.column) if mark else None
    except (yaml.YAMLError, RecursionError):
        return None
    for part in pointer.strip("/").split("/"):
        found = _child(node, part.replace("~1", "/").replace("~0", "~")) if part else None
        if found is None:
            break
        node = found
    if node is None:
        return None
    shift = int(position) - 1 if position.isdigit() else 0
    quoted = isinstance(node, yaml.ScalarNode) and node.style in ("'", '"')
    return _place(text, node.start_mark.line, node.start_mark.column + shift + (quoted and shift > 0))


def _child(node: yaml.Node | None, part: str) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if str(key.value) == part), None)
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        found: yaml.Node = node.value[int(part)]
        return found
    return None


def _place(text: str, line: int, column: int) -> Place:
    lines = text.splitlines() or [""]
    line = min(line, len(lines) - 1)
    first = max(0, line - AROUND)
    shown = [f"{number + 1:>4} │ {lines[number]}" for number in range(first, min(len(lines), line + AROUND + 1))]
    shown.insert(line - first + 1, f"     │ {' ' * column}^")
    return Place(line + 1, column + 1, "\n".join(shown))
