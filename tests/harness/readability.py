"""Whether everybody can read a page: axe at WCAG 2.2 AA, and nothing wider than the screen."""

from __future__ import annotations

from typing import Any

import pytest

AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
OPTIONS = {"runOnly": {"type": "tag", "values": AA}, "resultTypes": ["violations"]}
SHOWN = 200
PHONE, DESK = 360, 1440
VIEWS = (("en", "light", DESK), ("zh-CN", "dark", PHONE))
"""Both languages and both schemes; axe looks at the width named, at the other one only whether the page fits."""


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


def follow(found: Any) -> None:
    """Click what leads to another page, or sends a form, and wait until the next page is there whole."""
    with found.page.expect_navigation():
        found.click()


def opened(browser: Any, *, session: Any, locale: str, scheme: str) -> Any:
    """Open a page of somebody signed in; what the browser complains of is kept in its ``complaints``."""
    context = browser.new_context(color_scheme=scheme, storage_state=session, reduced_motion="reduce", locale=locale)
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    return page


def in_both_languages(pages: list[Any], address: str, *, picture: str | None = None) -> list[Any]:
    """What is wrong with the page at ``address`` in any of the ``VIEWS``; ``picture``: a path to keep pictures at."""
    found: list[Any] = []
    for page, (locale, scheme, width) in zip(pages, VIEWS, strict=True):
        assert page.goto(address).status == 200, address
        assert page.url == address
        found += [(locale, each) for each in _in_both_widths(page, width)]
        if picture:
            page.screenshot(path=f"{picture}-{width}-{scheme}.png", full_page=True)
        found += [(locale, page.complaints.pop()) for _ in list(page.complaints)]
    return found


def _in_both_widths(page: Any, looked_at: int) -> list[Any]:
    found: list[Any] = []
    for width in sorted((PHONE, DESK), key=lambda each: each == looked_at):
        page.set_viewport_size({"width": width, "height": 900})
        found += [(width, "too wide")] if too_wide(page) else []
    return [*found, *((looked_at, each) for each in violations(page))]
