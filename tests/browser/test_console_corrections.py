"""The queue of corrections and one of them, line by line, in a real browser: readable by everybody, at any width."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import readability

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "correct horse battery"
LOOKS = [(1440, "en", "light"), (360, "zh-hans", "dark"), (360, "en", "light"), (1440, "zh-hans", "dark")]
QUEUE = "corrections/"
SHOTS = os.environ.get("GRIDHALL_SHOTS")


@pytest.fixture(scope="module")
def console(serve: Callable[[str], Any]) -> Callable[[str], str]:
    site = serve("browser/seed_corrections.py")
    return lambda path="": site.url("alder", f"/console/{path}")


@pytest.fixture(scope="module")
def session(console: Callable[[str], str], chromium: Any) -> Any:
    context = chromium.new_context(locale="en")
    page = context.new_page()
    page.goto(console(QUEUE))
    page.fill("[name=login]", "staff@alder.test")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Corrections").first.wait_for()
    state = context.storage_state()
    context.close()
    return state


def page_of(chromium: Any, session: Any, console: Any, width: int, language: str, scheme: str) -> Any:
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, storage_state=session, reduced_motion="reduce",
        locale=language,
    )  # fmt: skip
    context.add_cookies([{"name": "gridhall_language", "value": language, "url": console()}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def addresses(chromium: Any, session: Any, console: Any) -> dict[str, str]:
    page = page_of(chromium, session, console, *LOOKS[0])
    page.goto(console(QUEUE))
    rows = page.locator("main tbody tr")
    items = [rows.nth(at).locator("input[name=item]").get_attribute("value") for at in range(2)]
    large = rows.filter(has_text="A4").first.locator("a").first.get_attribute("href")
    page.goto(console(f"{QUEUE}?state=done"))
    done = page.locator("main tbody a").first.get_attribute("href")
    page.context.close()
    prefix = "/console/"
    return {
        "queue": QUEUE,
        "item": str(large).removeprefix(prefix),
        "done": str(done).removeprefix(prefix),
        "preview": f"{QUEUE}preview/?item={items[0]}&item={items[1]}",
    }


class TestEverybodyCanReadIt:
    @pytest.mark.parametrize(("width", "language", "scheme"), LOOKS)
    def test_without_errors_or_scrolling_sideways(self, chromium, console, session, width, language, scheme):
        found, refused = [], []
        pages = addresses(chromium, session, console)
        page = page_of(chromium, session, console, width, language, scheme)
        page.on("console", lambda line: refused.append(line.text) if line.type == "error" else None)
        for name, path in pages.items():
            answer = page.goto(console(path))
            assert answer.status == 200, path
            page.wait_for_load_state("networkidle")
            found += [(name, fault) for fault in readability.faults(page)]
            if SHOTS:
                page.screenshot(
                    path=Path(SHOTS) / f"corrections-{name}-{width}-{language}-{scheme}.png", full_page=True
                )
        page.context.close()

        assert (found, refused) == ([], [])
