"""The customer portal in a real browser: from sign-in to the intervals behind a line, readable by everybody."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness import portal_cast, readability

pytestmark = pytest.mark.browser
PHONE, DESK = 360, 1440
SHOTS = os.environ.get("GRIDHALL_SHOTS")
"""A folder to keep a picture of every page in, for people to look at."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks, at which company."""

    name: str
    company: str
    number: str

    @property
    def email(self) -> str:
        return f"c{self.number}@example.test"

    @property
    def pages(self) -> dict[str, str]:
        return {
            "home": "/",
            "bills": "/bills/",
            "usage-month": "/usage/",
            "usage-day": "/usage/?view=interval&date=2025-03-12",
            "usage-billed": "/usage/?date=2025-03-12",
            "usage-year": "/usage/?view=month",
            "usage-sold": "/usage/?date=2025-03-12&kind=feed_in" if self.name == "solar" else "/usage/",
            "account": "/account/",
            "own-data": "/account/data/",
            "correct-data": "/account/data/correct/",
            "prices": f"/account/prices/P{self.number}/",
            "compare": "/compare/",
        }


LIN = Reader("household", "alder", "3200771204")
SHOP = Reader("shop", "alder", "3600900018")
MATILDA = Reader("solar", "birch", "41030001234")


@pytest.fixture(scope="module")
def site(serve: Any) -> Any:
    return serve("browser/seed_portal.py")


@pytest.fixture
def open_page(chromium: Any, site: Any, sessions: dict[Reader, Any]) -> Iterator[Callable[..., Any]]:
    """Open a page of any width, colour scheme and language as one of the readers."""
    contexts = []

    def opened(
        reader: Reader = LIN, *, width: int = DESK, scheme: str = "light", language: str = "en", **options: Any
    ) -> Any:
        if reader not in sessions:
            sessions[reader] = signed_in(chromium, site, reader)
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            storage_state=sessions[reader],
            **options,
        )
        context.add_cookies([{"name": "gridhall_language", "value": language, "url": site.url(reader.company)}])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def sessions() -> dict[Reader, Any]:
    """Who is signed in already."""
    return {}


def signed_in(chromium: Any, site: Any, reader: Reader) -> Any:
    page = chromium.new_context(locale="en").new_page()
    sign_in(page, site, reader)
    found = page.context.storage_state()
    page.context.close()
    return found


def sign_in(page: Any, site: Any, reader: Reader) -> None:
    page.goto(site.url(reader.company))
    page.get_by_label("Email").fill(reader.email)
    page.get_by_label("Password", exact=True).fill(portal_cast.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(site.url(reader.company))


class TestEverybodyCanReadIt:
    @pytest.mark.parametrize(
        ("reader", "width", "scheme", "language"),
        [
            (LIN, PHONE, "light", "zh-hans"),
            (SHOP, DESK, "dark", "en"),
            (MATILDA, PHONE, "light", "en"),
            pytest.param(LIN, PHONE, "dark", "en", marks=pytest.mark.slow),
            pytest.param(LIN, DESK, "light", "zh-hans", marks=pytest.mark.slow),
            pytest.param(LIN, DESK, "dark", "en", marks=pytest.mark.slow),
            pytest.param(SHOP, PHONE, "dark", "zh-hans", marks=pytest.mark.slow),
            pytest.param(SHOP, DESK, "light", "en", marks=pytest.mark.slow),
            pytest.param(MATILDA, DESK, "dark", "en", marks=pytest.mark.slow),
        ],
        ids=lambda value: value.name if isinstance(value, Reader) else str(value),
    )
    def test_every_page_fits_and_axe_finds_nothing(
        self, site: Any, open_page: Any, reader: Reader, width: int, scheme: str, language: str
    ) -> None:
        page = open_page(reader, width=width, scheme=scheme, language=language)
        page.goto(site.url(reader.company, "/bills/"))
        paths = reader.pages | {"bill": page.locator("main table a").first.get_attribute("href")}

        found = {name: faults(page, site.url(reader.company, path)) for name, path in paths.items()}
        for name, path in paths.items() if SHOTS else ():
            page.goto(site.url(reader.company, path))
            page.screenshot(path=shot(f"{reader.name}-{name}-{width}-{language}-{scheme}"), full_page=True)

        assert {name: what for name, what in found.items() if what} == {}


class TestTheMainWay:
    def test_from_sign_in_to_the_intervals_behind_a_line(self, site: Any, chromium: Any) -> None:
        page = chromium.new_context(locale="en", viewport={"width": PHONE, "height": 780}).new_page()
        said = heard(page)
        sign_in(page, site, LIN)

        page.get_by_role("link", name="See the bill").click()
        page.locator("summary", has_text="Energy").first.click()
        readability.follow(page.get_by_role("link", name="See the intervals behind this line").first)
        whole = page.locator("main").inner_text()
        readability.follow(page.get_by_role("link", name="Day", exact=True))
        chart = page.locator("svg[data-count]:visible").first
        chart.focus()
        page.keyboard.press("Home")

        tip = page.locator("[data-tip]:visible").inner_text()
        page.context.close()
        assert "the same, to the cent" in whole
        assert tip.startswith("00:00")
        assert "Valley" in tip
        assert said == []

    def test_the_document_can_be_downloaded(self, site: Any, open_page: Any) -> None:
        page = open_page()
        page.goto(site.url("alder", "/bills/"))
        page.locator("main table a").first.click()

        with page.expect_download() as download:
            page.get_by_role("link", name="Download PDF").click()

        assert download.value.suggested_filename.endswith("-en.pdf")
        assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")

    def test_the_keyboard_alone_opens_a_line(self, site: Any, open_page: Any) -> None:
        page = open_page()
        page.goto(site.url("alder", "/bills/"))
        page.locator("main table a").first.focus()
        page.keyboard.press("Enter")
        page.locator("summary", has_text="Energy").first.focus()
        page.keyboard.press("Enter")

        page.get_by_text("× ¥0.5583").wait_for()

    def test_the_language_of_the_account_stays(self, site: Any, open_page: Any) -> None:
        page = open_page(SHOP)
        page.goto(site.url("alder", "/account/"))

        readability.follow(page.get_by_role("main").get_by_role("button", name="简体中文"))
        page.goto(site.url("alder", "/"))

        assert page.locator("html").get_attribute("lang") == "zh-hans"
        assert page.get_by_text("应缴电费").is_visible()


class TestWithoutScript:
    def test_bills_open_and_charts_have_their_table(self, site: Any, open_page: Any) -> None:
        page = open_page(java_script_enabled=False)
        page.goto(site.url("alder", "/usage/?date=2025-03-01"))
        page.get_by_text("Show as a table").click()
        shown = page.locator(".g-chart table").inner_text()
        page.goto(site.url("alder", "/bills/"))
        page.locator("main table a").first.click()
        page.locator("summary", has_text="Energy").first.click()

        assert "31 Mar 2025" in shown
        page.get_by_text("× ¥0.5583").wait_for()


def faults(page: Any, url: str) -> list[Any]:
    """What is wrong with a page: its status, its width, and what axe finds with every line open."""
    response = page.goto(url)
    for line in page.locator("details.g-bill-line").all():
        line.evaluate("element => { element.open = true }")
    wrong = readability.faults(page)
    return wrong if response.status == 200 else [*wrong, response.status]


def heard(page: Any) -> list[str]:
    """Collect what the browser complains about: broken policies, missing files, faults of scripts."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def shot(name: str) -> str:
    folder = Path(SHOTS or "")
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / f"{name}.png")
