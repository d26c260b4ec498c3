"""Paying a bill in a real browser: on a phone, to the provider's page and back, in both languages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.stripe_server.server import Server
from harness import portal_cast, readability
from harness.stripe_desk import DECLINED, OWN_KEY, PAYS

pytestmark = pytest.mark.browser
PHONE, DESK = 360, 1440
SHOTS = os.environ.get("GRIDHALL_SHOTS")
LIN, WU = "c3200771204@example.test", "c3200771299@example.test"


@pytest.fixture(scope="module")
def site(serve: Any) -> Iterator[Any]:
    with Server(keys={OWN_KEY: "acct_own"}, delivers=False) as server:
        before = os.environ.get("GRIDHALL_STRIPE_API_BASE")
        os.environ["GRIDHALL_STRIPE_API_BASE"] = server.base
        try:
            yield serve("browser/seed_paying.py")
        finally:
            os.environ.pop("GRIDHALL_STRIPE_API_BASE") if before is None else os.environ.update(
                GRIDHALL_STRIPE_API_BASE=before
            )


@pytest.fixture
def open_page(chromium: Any, site: Any) -> Iterator[Any]:
    contexts = []

    def opened(email: str, *, width: int = PHONE, scheme: str = "light", language: str = "en") -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce", locale="en"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto(site.url("alder"))
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password", exact=True).fill(portal_cast.PASSWORD)
        readability.follow(page.get_by_role("button", name="Sign in", exact=True))
        context.add_cookies([{"name": "gridhall_language", "value": language, "url": site.url("alder")}])
        return page

    yield opened
    for context in contexts:
        context.close()


def fill_card(page: Any, number: str) -> None:
    page.locator("#number").fill(number)
    page.locator("#expiry").fill("12/34")
    page.locator("#cvc").fill("123")
    readability.follow(page.locator("button[value=pay]"))


def shoot(page: Any, name: str) -> None:
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/paying-{name}.png", full_page=True)


class TestPaying:
    def test_a_bill_is_paid_with_a_test_card_and_shows_paid(self, site: Any, open_page: Any) -> None:
        page = open_page(LIN)
        page.goto(site.url("alder", "/bills/"))
        page.locator("main table a").first.click()
        readability.follow(page.get_by_role("link", name="Pay this bill"))
        shoot(page, "pay-360-en")
        wrong = readability.faults(page)
        page.get_by_role("button", name="Go on to pay").click()
        fill_card(page, DECLINED)
        declined = page.locator("#failed").inner_text()
        shoot(page, "provider-360-en")
        fill_card(page, PAYS)
        page.wait_for_url("**/pay/done/**")
        done = page.locator("main").inner_text()
        shoot(page, "done-360-en")
        wrong += readability.faults(page)
        readability.follow(page.get_by_role("link", name="See your bills"))

        assert declined == "Your card was declined."
        assert "Received, thank you" in done
        assert "Settled" in page.locator("main table").inner_text()
        assert wrong == []

    def test_a_saved_card_pays_by_standing_authority(self, site: Any, open_page: Any) -> None:
        page = open_page(WU, language="zh-hans", scheme="dark")
        page.goto(site.url("alder", "/payments/"))
        page.get_by_role("button", name="添加付款方式").click()
        fill_card(page, PAYS)
        page.wait_for_url(site.url("alder", "/payments/"))
        page.get_by_role("link", name="开通 到期日自动扣缴账单").click()
        readability.follow(page.get_by_role("button", name="阅读授权书"))
        text = page.locator("#authority-text").inner_text()
        shoot(page, "authority-360-zh")
        wrong = readability.faults(page)
        readability.follow(page.get_by_role("button", name="同意并开通"))
        shown = page.locator("main").inner_text()
        shoot(page, "payments-360-zh")
        wrong += readability.faults(page)

        assert "Visa •••• 4242" in text
        assert "已开通" in shown
        assert wrong == []

    @pytest.mark.slow
    @pytest.mark.parametrize(("width", "language", "scheme"), [(DESK, "zh-hans", "light"), (DESK, "en", "dark")])
    def test_every_page_can_be_read_by_everybody(
        self, site: Any, open_page: Any, width: int, language: str, scheme: str
    ) -> None:
        page = open_page(LIN, width=width, language=language, scheme=scheme)
        wrong = {}
        for name, path in (("pay", "/pay/"), ("payments", "/payments/"), ("home", "/")):
            page.goto(site.url("alder", path))
            shoot(page, f"{name}-{width}-{language}-{scheme}")
            wrong[name] = readability.faults(page)

        assert {name: what for name, what in wrong.items() if what} == {}


class TestTheConsole:
    @pytest.mark.slow
    @pytest.mark.parametrize(("width", "language", "scheme"), [(DESK, "en", "light"), (PHONE, "zh-hans", "dark")])
    def test_the_page_of_the_provider_can_be_read_by_everybody(
        self, site: Any, open_page: Any, width: int, language: str, scheme: str
    ) -> None:
        page = open_page("fin@alder.test", width=width, language=language, scheme=scheme)
        wrong = {}
        for name, path in (("provider", ""), ("messages", "messages/")):
            page.goto(site.url("alder", f"/console/company/payment-provider/{path}"))
            shoot(page, f"console-{name}-{width}-{language}")
            wrong[name] = readability.faults(page)

        assert {name: what for name, what in wrong.items() if what} == {}
