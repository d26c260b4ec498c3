"""Reading a meter on a phone, and deciding on it in the console by keyboard; readable by everybody."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from harness import readability

pytestmark = [pytest.mark.browser]

PASSWORD = "correct horse battery"
PHONE, DESK = 360, 1440


@pytest.fixture(scope="module")
def at(serve: Callable[[str], Any]) -> Callable[[str], str]:
    site = serve("browser/seed_self_reads.py")
    return lambda path="/": site.url("alder", path)


def page_of(chromium: Any, at: Any, email: str, *, width: int, language: str, scheme: str = "light") -> Any:
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.add_cookies([{"name": "gridhall_language", "value": language, "url": at("/")}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.goto(at("/accounts/login/"))
    page.fill("[name=login]", email)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "login" not in url)
    return page


def faults(page: Any, name: str) -> list[Any]:
    if folder := os.environ.get("GRIDHALL_SHOTS"):
        page.screenshot(path=f"{folder}/self-{name}.png", full_page=True)
    return [(name, fault) for fault in readability.faults(page)]


class TestOnAPhone:
    @pytest.mark.parametrize(("language", "scheme"), [("en", "light"), ("zh-hans", "dark")])
    def test_a_customer_reads_the_meter(self, at, chromium, language, scheme) -> None:
        page = page_of(chromium, at, "c3200771204@example.test", width=PHONE, language=language, scheme=scheme)
        page.goto(at("/readings/"))
        found = faults(page, f"list-{language}")
        readability.follow(page.locator("main a[href*='/readings/meters/']").first)
        found += faults(page, f"form-{language}")
        for field in page.locator("main input[inputmode=decimal]").all():
            field.fill("90000")
        readability.follow(page.locator("main form button").first)
        found += faults(page, f"check-{language}")

        assert found == []
        assert page.locator("input[type=file][name=photo]").count() == 1


class TestInTheConsole:
    def test_it_is_decided_by_keyboard(self, at, chromium) -> None:
        page = page_of(chromium, at, "staff@alder.test", width=DESK, language="en")
        found = []
        for name, path in (
            ("queue", "/console/readings/customers/"),
            ("load", "/console/readings/load/"),
            ("load-day", "/console/readings/load/?view=day"),
        ):
            assert page.goto(at(path)).status == 200
            found += faults(page, name)
        page.goto(at("/console/readings/customers/"))
        readability.follow(page.locator("main tbody a").first)
        found += faults(page, "case")
        page.set_viewport_size({"width": PHONE, "height": 800})
        found += faults(page, "case-phone")
        assert found == []

        page.keyboard.press("m")
        page.keyboard.type("1410")
        page.keyboard.press("Tab")
        page.keyboard.type("The photo shows 1410.")
        page.keyboard.press("Enter")
        page.get_by_text("Nothing waits").wait_for()
