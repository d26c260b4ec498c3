"""The component catalogue in a real browser: readable by everybody, quiet, and usable by keyboard."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness import readability

sync_api = pytest.importorskip("playwright.sync_api")

SITE = Path(__file__).with_name("showcase_site.py")
CHROMIUM = os.environ.get("GRIDHALL_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FACES = ("console", "portal", "hosting")
PHONE, DESK = 360, 1440


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of the catalogue, served by a process of its own."""
    subprocess.run([sys.executable, str(SITE), "prepare"], check=True)
    process = subprocess.Popen([sys.executable, str(SITE)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        if CHROMIUM is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("No Chromium on this machine.")
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def page_of(browser: Any, *, width: int = DESK, scheme: str = "light", locale: str = "en") -> Any:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, locale=locale, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(5000)
    return page


class TestEverybodyCanReadIt:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("face", "width", "scheme"), list(itertools.product(FACES, (PHONE, DESK), ("light", "dark"))), ids=str
    )
    def test_axe_finds_nothing_at_aa(self, site: str, browser: Any, face: str, width: int, scheme: str) -> None:
        page = page_of(browser, width=width, scheme=scheme)

        page.goto(f"{site}?face={face}")
        found = readability.violations(page)

        page.context.close()
        assert found == []

    @pytest.mark.slow
    @pytest.mark.parametrize("colors", ["c8102e.f2a900", "f7d117.00a0df", "101010.eeeeee", "1f5fae.e0862a"])
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_axe_finds_nothing_in_other_brands(self, site: str, browser: Any, colors: str, scheme: str) -> None:
        page = page_of(browser, scheme=scheme)

        page.goto(f"{site}?face=portal&brand={colors}")
        found = readability.violations(page)

        page.context.close()
        assert found == []

    @pytest.mark.parametrize("path", ["sign-in/", "sign-in/?wrong=1", "missing/"])
    def test_axe_finds_nothing_on_sign_in_and_error_pages(self, site: str, browser: Any, path: str) -> None:
        page = page_of(browser, width=PHONE)

        page.goto(f"{site}{path}")
        found = readability.violations(page)

        page.context.close()
        assert found == []


class TestItFitsAndIsQuiet:
    @pytest.mark.parametrize(("face", "locale"), list(itertools.product(FACES, ("en", "zh-CN"))), ids=str)
    def test_a_phone_never_scrolls_sideways(self, site: str, browser: Any, face: str, locale: str) -> None:
        page = page_of(browser, width=PHONE, locale=locale)

        page.goto(f"{site}?face={face}")
        wide = page.evaluate("document.documentElement.scrollWidth")

        page.context.close()
        assert wide == PHONE

    def test_nothing_breaks_the_content_security_policy(self, site: str, browser: Any) -> None:
        page = page_of(browser)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: said.append(str(error)))

        page.goto(site)
        page.get_by_role("button", name="New bill run").first.click()
        page.keyboard.press("Escape")
        page.locator("svg[data-count]:visible").first.hover()

        page.context.close()
        assert said == []

    def test_it_speaks_chinese_to_a_chinese_browser(self, site: str, browser: Any) -> None:
        page = page_of(browser, locale="zh-CN")

        page.goto(site)

        assert page.locator("html").get_attribute("lang") == "zh-hans"
        assert page.get_by_role("heading", level=1).inner_text() == "组件"
        page.context.close()


class TestItWorksByKeyboard:
    def test_slash_finds_a_page_and_enter_opens_it(self, site: str, browser: Any) -> None:
        page = page_of(browser)
        page.goto(site)

        page.keyboard.press("/")
        page.keyboard.type("tariff")
        page.keyboard.press("Enter")

        page.wait_for_url("**/#t")
        page.context.close()

    def test_escape_closes_the_palette_even_with_text_in_it(self, site: str, browser: Any) -> None:
        page = page_of(browser)
        page.goto(site)

        page.keyboard.press("Control+k")
        page.keyboard.type("bill")
        page.keyboard.press("Escape")

        page.locator("#palette:not([open])").wait_for(state="attached")
        page.context.close()

    def test_a_chart_tells_its_values_under_the_arrow_keys(self, site: str, browser: Any) -> None:
        page = page_of(browser)
        page.goto(site)

        page.locator("svg[data-count]:visible").first.focus()
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")

        assert page.locator("[data-tip]:visible strong").inner_text() == "00:15"
        assert "¥0.2862" in page.locator("[data-tip]:visible").inner_text()
        page.context.close()

    def test_a_bar_leads_to_its_day(self, site: str, browser: Any) -> None:
        page = page_of(browser)
        page.goto(site)

        page.locator(".g-chart-linked svg[data-count]:visible").first.focus()
        for key in ("Home", "ArrowRight", "Enter"):
            page.keyboard.press(key)

        page.wait_for_url("**/#day-2")
        page.context.close()

    def test_the_dark_theme_is_remembered(self, site: str, browser: Any) -> None:
        page = page_of(browser)
        page.goto(site)

        page.get_by_label("Appearance").click()
        with page.expect_response("**/preferences/theme"):
            page.get_by_role("button", name="Dark").click()
        page.reload()

        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.context.close()

    def test_the_language_can_be_switched(self, site: str, browser: Any) -> None:
        page = page_of(browser)
        page.goto(site)

        page.get_by_label("Language: English").click()
        page.get_by_role("button", name="简体中文").click()

        page.get_by_role("heading", level=1, name="组件").wait_for()
        page.context.close()
