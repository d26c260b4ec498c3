"""Whether everybody can read a page: axe at WCAG 2.2 AA, and nothing wider than the screen."""

from __future__ import annotations

from typing import Any

import pytest

AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {"runOnly": {"type": "tag", "values": AA}, "resultTypes": ["violations"]}
SHOWN = 200


def violations(page: Any) -> list[tuple[str, str]]:
    """What axe finds on a page as it is now: the rule and the first element that breaks it.

    The program of axe is loaded once a document, so that a page looked at in two widths costs it once.
    """
    axe = pytest.importorskip("axe_playwright_python.base")
    page.wait_for_load_state()
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(axe.AXE_SCRIPT)
    found = page.evaluate("options => axe.run(options).then(results => results.violations)", OPTIONS)
    return [(each["id"], each["nodes"][0]["html"][:SHOWN]) for each in found]


def too_wide(page: Any) -> bool:
    """Whether a page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def faults(page: Any) -> list[Any]:
    """What axe finds, and the width where it is too much, once the page is there whole."""
    page.wait_for_load_state()
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [*violations(page), *([f"{wide} px wide"] if too_wide(page) else [])]
