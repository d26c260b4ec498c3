"""The customer portal in a real browser: from sign-in to the intervals behind a line, readable by everybody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

from harness import portal_cast

pytestmark = pytest.mark.browser
AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE, DESK = 360, 1440
LIN = "c3200771204@example.test"
POINT = "P3200771204"
SHOTS = os.environ.get("GRIDHALL_SHOTS")
PAGES = {
    "home": "/",
    "bills": "/bills/",
    "bill": "",
    "usage-month": "/usage/",
    "usage-day": "/usage/?view=interval&date=2025-03-12",
    "usage-billed": "/usage/?date=2025-03-12",
    "usage-year": "/usage/?view=month",
    "account": "/account/",
    "prices": f"/account/prices/{POINT}/",
}


@pytest.fixture(scope="module")
def site(serve: Any) -> Any:
    return serve("browser/seed_portal.py")


@pytest.fixture(scope="module")
def cookies(site: Any, chromium: Any) -> Any:
    """Lin's session, signed in once."""
    page = chromium.new_context(locale="en").new_page()
    sign_in(page, site)
    found = page.context.storage_state()
    page.context.close()
    return found


def sign_in(page: Any, site: Any) -> None:
    page.goto(site.url("alder"))
    page.get_by_label("Email").fill(LIN)
    page.get_by_label("Password", exact=True).fill(portal_cast.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(site.url("alder"))


@pytest.fixture
def open_page(chromium: Any, cookies: Any) -> Iterator[Any]:
    """Open pages of any width, colour scheme and language as Lin."""
    contexts = []

    def opened(*, width: int = DESK, scheme: str = "light", locale: str = "en", **options: Any) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            locale=locale,
            reduced_motion="reduce",
            storage_state=cookies,
            **options,
        )
        context.add_cookies(
            [{"name": "gridhall_language", "value": "zh-hans" if locale == "zh-CN" else "en", "url": site_of(cookies)}]
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield opened
    for context in contexts:
        context.close()


def site_of(cookies: Any) -> str:
    return f"http://{cookies['cookies'][0]['domain']}"


def bill_path(page: Any, site: Any) -> str:
    page.goto(site.url("alder", "/bills/"))
    return str(page.locator("table a").first.get_attribute("href"))


class TestEverybodyCanReadIt:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize(("width", "locale"), [(PHONE, "zh-CN"), (PHONE, "en"), (DESK, "en"), (DESK, "zh-CN")])
    def test_every_page_fits_and_axe_finds_nothing(
        self, site: Any, open_page: Any, width: int, scheme: str, locale: str
    ) -> None:
        page = open_page(width=width, scheme=scheme, locale=locale)
        paths = PAGES | {"bill": bill_path(page, site)}

        found = {name: faults(page, name, site.url("alder", path), width) for name, path in paths.items()}

        assert {name: what for name, what in found.items() if what} == {}


def faults(page: Any, name: str, url: str, width: int) -> list[Any]:
    """What is wrong with a page: its status, its width, and what axe finds."""
    response = page.goto(url)
    for closed in page.locator("details.g-bill-line").all():
        closed.evaluate("element => { element.open = true }")
    shoot(page, name, width)
    found = axe_playwright.Axe().run(page, options={"runOnly": AA}).response["violations"]
    wrong: list[Any] = [(v["id"], v["nodes"][0]["html"][:200]) for v in found]
    wide = page.evaluate("document.documentElement.scrollWidth")
    return [
        *wrong,
        *([f"{wide} px wide"] if wide > width else []),
        *([response.status] if response.status != 200 else []),
    ]


def shoot(page: Any, name: str, width: int) -> None:
    """Keep a picture where a folder is named for them."""
    if SHOTS:
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        lang = page.locator("html").get_attribute("lang")
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        target = Path(SHOTS) / f"{name}-{width}-{lang}-{'dark' if dark else 'light'}.png"
        page.screenshot(path=str(target), full_page=True)
