"""Exceptions, cycles, held accounts and charges in a real browser: by keyboard, readable by everybody."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import readability

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "correct horse battery"
PHONE, DESK = 360, 1440
PAGES = [
    "runs/exceptions/",
    "runs/exceptions/preview/?code=zero_use",
    "runs/cycles/",
    "runs/cycles/new/",
    "runs/cycles/monthly/lots/new/",
    "runs/lots/north/",
    "runs/holds/",
    "runs/1/",
    "charges/",
    "charges/new/",
    "charges/add-ons/",
    "charges/add-ons/new/",
    "customers/-/accounts/A1/-/move-out/",
]
SHOTS = os.environ.get("GRIDHALL_SHOTS")


@pytest.fixture(scope="module")
def console(serve: Callable[[str], Any]) -> Callable[[str], str]:
    site = serve("browser/seed_billing.py")
    return lambda path="": site.url("alder", f"/console/{path}")


@pytest.fixture(scope="module")
def session(console: Callable[[str], str], chromium: Any) -> Any:
    context = chromium.new_context(locale="en")
    page = context.new_page()
    page.goto(console("runs/exceptions/"))
    page.fill("[name=login]", "staff@alder.test")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Exceptions").wait_for()
    state = context.storage_state()
    context.close()
    return state


def page_of(chromium: Any, session: Any, *, width: int = DESK, scheme: str = "light", locale: str = "en") -> Any:
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        storage_state=session,
        reduced_motion="reduce",
        locale=locale,
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


class TestEverybodyCanReadIt:
    def test_axe_finds_nothing_at_aa_and_nothing_is_too_wide(self, console, chromium, session) -> None:
        found, refused = [], []
        for path, (width, scheme) in itertools.product(PAGES, ((PHONE, "dark"), (DESK, "light"))):
            page = page_of(chromium, session, width=width, scheme=scheme, locale="zh-CN" if scheme == "dark" else "en")
            page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
            assert page.goto(console(path)).status == 200, path
            found += [(path, width, fault) for fault in readability.faults(page)]
            if SHOTS:
                name = path.replace("/", "_").replace("?", "_")
                page.screenshot(path=Path(SHOTS) / f"{name}{width}.png", full_page=True)
            page.context.close()

        assert (found, refused) == ([], [])


class TestByKeyboardAlone:
    def test_a_person_looks_at_two_bills_and_releases_them(self, console, chromium, session) -> None:
        page = page_of(chromium, session)
        page.goto(console("runs/exceptions/?code=zero_use"))

        for box in page.get_by_role("checkbox").all():
            box.focus()
            page.keyboard.press("Space")
        page.get_by_role("button", name="Look at the chosen").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")
        page.get_by_role("button", name="Release them").focus()
        with page.expect_navigation():
            page.keyboard.press("Enter")

        assert page.get_by_text("2 bills are released.").count() == 1
        page.goto(console("runs/exceptions/?code=zero_use"))
        assert page.get_by_text("Nothing waits").count() == 1
        page.context.close()
