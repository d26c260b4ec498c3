"""Meters and registers in a real browser: readable by everybody, worked by keyboard."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from harness import readability

pytestmark = [pytest.mark.browser]

PASSWORD = "correct horse battery"
DESK = 1440
POINT = "customers/-/supply-points/P3200771278/-/registers/"
PAGES = [
    POINT,
    f"{POINT}?former=1",
    f"{POINT}reads/",
    f"{POINT}install/",
    f"{POINT}correct/",
    f"{POINT}suspend/",
    "readings/registers/",
    "readings/registers/corrections/",
    "readings/registers/unowned/",
]


@pytest.fixture(scope="module")
def console(serve: Callable[[str], Any]) -> Callable[[str], str]:
    site = serve("browser/seed_registers.py")
    return lambda path="": site.url("alder", f"/console/{path}")


@pytest.fixture(scope="module")
def session(console: Callable[[str], str], chromium: Any) -> Any:
    context = chromium.new_context(locale="en")
    page = context.new_page()
    page.goto(console(POINT))
    page.fill("[name=login]", "staff@alder.test")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Meters and registers").wait_for()
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


class TestEverybodyCanReadIt:
    @pytest.mark.parametrize("number", range(len(PAGES)))
    def test_axe_finds_nothing_at_aa_and_nothing_is_too_wide(self, console, views, number) -> None:
        folder = os.environ.get("GRIDHALL_SHOTS")
        picture = f"{folder}/registers-{number:02}" if folder else None

        assert readability.in_both_languages(views, console(PAGES[number]), picture=picture) == []


class TestByKeyboard:
    def test_a_read_is_entered(self, console, chromium, session) -> None:
        page = page_of(chromium, session)
        page.goto(console(f"{POINT}reads/"))

        page.fill("[name=on]", "2026-03-15")
        page.locator("input[name^=read_]").first.fill("60.5")
        page.locator("input[name^=read_]").first.press("Enter")

        page.get_by_role("heading", name="Meters and registers").wait_for()
        assert "60.5" in page.locator("table").nth(2).inner_text()
        page.context.close()
