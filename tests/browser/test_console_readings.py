"""The queue of reading exceptions in a real browser: worked through by keyboard alone, readable by everybody."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from harness import readability

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "correct horse battery"
PHONE, DESK = 360, 1440
QUEUE = "readings/queue/"


@pytest.fixture(scope="module")
def console(serve: Callable[[str], Any]) -> Callable[[str], str]:
    site = serve("browser/seed_readings.py")
    return lambda path="": site.url("alder", f"/console/{path}")


@pytest.fixture(scope="module")
def session(console: Callable[[str], str], chromium: Any) -> Any:
    context = chromium.new_context(locale="en")
    page = context.new_page()
    page.goto(console(QUEUE))
    page.fill("[name=login]", "staff@alder.test")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Reading exceptions").wait_for()
    state = context.storage_state()
    context.close()
    return state


def page_of(chromium: Any, session: Any, *, width: int = DESK, scheme: str = "light", **options: Any) -> Any:
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        storage_state=session,
        reduced_motion="reduce",
        **{"locale": "en", **options},
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


def heading(page: Any) -> str:
    return page.locator("h1").inner_text()


class TestEverybodyCanReadIt:
    def test_axe_finds_nothing_at_aa_and_nothing_is_too_wide(self, console, chromium, session) -> None:
        found, refused = [], []
        start = page_of(chromium, session)
        start.goto(console(QUEUE))
        links = start.locator("tbody a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        start.context.close()
        pages = [QUEUE, *(link.removeprefix("/console/") for link in links)]
        for path, (width, scheme) in itertools.product(pages, ((PHONE, "dark"), (DESK, "light"))):
            page = page_of(chromium, session, width=width, scheme=scheme, locale="zh-CN" if scheme == "dark" else "en")
            page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
            assert page.goto(console(path)).status == 200
            found += [(path, width, fault) for fault in readability.faults(page)]
            page.context.close()

        assert (len(pages), found, refused) == (6, [], [])


class TestByKeyboardAlone:
    def test_a_person_works_through_the_queue(self, console, chromium, session) -> None:
        page = page_of(chromium, session)
        page.goto(console(QUEUE))

        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        page.wait_for_url("**/readings/queue/*/")
        walked = [heading(page)]
        for _ in range(2):
            with page.expect_navigation():
                page.keyboard.press("j")
            walked.append(heading(page))
        with page.expect_navigation():
            page.keyboard.press("a")
        after_accepting = heading(page)
        with page.expect_navigation():
            page.keyboard.press("k")
        with page.expect_navigation():
            page.keyboard.press("e")
        after_estimating = heading(page)
        page.keyboard.press("m")
        focused = page.evaluate("document.activeElement.name")
        page.keyboard.type("j")
        still = heading(page)
        page.keyboard.press("Escape")
        with page.expect_navigation():
            page.keyboard.press("q")
        left = page.locator("tbody tr").count()
        page.context.close()

        assert walked == ["Day without readings", "Missing intervals", "Spike"]
        assert (after_accepting, after_estimating) == ("Missing intervals", "Missing intervals")
        assert (focused, still, left) == ("first", "Missing intervals", 3)

    def test_the_keys_can_be_turned_off(self, console, chromium, session) -> None:
        page = page_of(chromium, session)
        page.goto(console(QUEUE))
        page.get_by_role("button", name="Keys").click()

        page.keyboard.press("j")
        off = page.evaluate("document.activeElement.closest('tbody') === null")
        page.reload()
        pressed = page.get_by_role("button", name="Keys").get_attribute("aria-pressed")
        page.context.close()

        assert (off, pressed) == (True, "false")

    def test_a_second_person_approves(self, console, chromium, session) -> None:
        page = page_of(chromium, session)
        page.goto(console(f"{QUEUE}?code=meter_flag"))
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.get_by_text("A proposal waits").wait_for()

        with page.expect_navigation():
            page.keyboard.press("p")
        page.goto(console(f"{QUEUE}?code=meter_flag"))
        page.locator("tbody a").first.click()
        page.get_by_text("How intervals came to be").wait_for()
        text = page.locator("main").inner_text()
        page.context.close()

        assert "By hand · 4.000 kWh · ben@alder.test" in text
