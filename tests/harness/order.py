"""The order of the test files: what takes long to set up begins early, and nobody waits for it.

The first file makes the template database, while the other worker does the files that need none. The demo is made by
one file; the other files that read it come last.
"""

from __future__ import annotations

from pathlib import PurePath

import pytest

PURE = ("architecture", "unit")
MAKES_THE_DEMO = "test_demo_figures.py"
READ_THE_DEMO = ("test_demo_files.py", "test_rerating.py")
FIRST, PURE_FILES, DEMO, OTHERS, LAST = range(5)


def arrange(items: list[pytest.Item]) -> None:
    """Sort the tests by their file's rank; within a rank they keep their order."""
    first = next((item.path for item in items if _rank(item) == OTHERS), None)
    items.sort(key=lambda item: FIRST if item.path == first else _rank(item))


def _rank(item: pytest.Item) -> int:
    path = PurePath(item.nodeid.split("::")[0])
    if len(path.parts) > 1 and path.parts[1] in PURE:
        return PURE_FILES
    if path.name == MAKES_THE_DEMO:
        return DEMO
    return LAST if path.name in READ_THE_DEMO else OTHERS
