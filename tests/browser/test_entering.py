"""The host's support comes into a company and is shown out; staff sign in at the company's own service."""

from __future__ import annotations

import os
import re

import pytest

from harness import name_server, readability, second_factor, sign_in_service

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORD = "correct horse battery"
SHOTS = os.environ.get("GRIDHALL_SHOTS", "")


@pytest.fixture(scope="module")
def names():
    with name_server.NameServer() as server:
        yield server


@pytest.fixture(scope="module")
def site(serve, names):
    own = {"GRIDHALL_SSO_PRIVATE_ADDRESSES": "1", "GRIDHALL_DNS_RESOLVER": names.address}
    os.environ.update(own)
    try:
        yield serve("browser/seed_entering.py")
    finally:
        for name in own:
            del os.environ[name]


@pytest.fixture(scope="module")
def service():
    with sign_in_service.running() as running:
        yield running


def opened(chromium, address: str, *, locale: str = "en"):
    page = chromium.new_context(viewport={"width": 1440, "height": 900}, locale=locale).new_page()
    page.complaints = []
    page.on("console", lambda line: page.complaints.append(line.text) if line.type == "error" else None)
    page.goto(address)
    return page


def sign_in(page, email: str = "staff@alder.test") -> None:
    page.fill("#id_login", email)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)


def looked_at(page, name: str) -> None:
    """Check a page at two widths and in the dark, and keep pictures where somebody wants them."""
    for width, scheme in ((1440, "light"), (360, "light"), (1440, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
        assert readability.faults(page) == [], (name, width, scheme)
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="light")


def with_code(page, code: str) -> None:
    """Enter the company's code, and the second factor where two minutes have passed."""
    page.fill("#id_code", code)
    readability.follow(page.get_by_role("button", name="Enter with the code"))
    if "/2fa/" in page.url:
        page.fill("#id_code", second_factor.code())
        page.keyboard.press("Enter")
    page.locator("#enter-company").wait_for()


def complaints(*found) -> list[str]:
    return [line for page in found for line in page.complaints if "Content Security Policy" in line]


class TestSupport:
    def test_asks_is_allowed_enters_is_seen_and_is_shown_out(self, chromium, site):
        boss = opened(chromium, site.url("alder", "/accounts/login/"))
        sign_in(boss)
        boss.goto(site.url("alder", "/console/company/support/"))
        boss.get_by_label("Every visit needs our consent").check()
        readability.follow(boss.get_by_role("button", name="Save the rule"))

        host = opened(chromium, site.url("operator", "/accounts/login/"))
        sign_in(host, second_factor.OPERATOR)
        host.fill("#id_code", second_factor.code())
        host.keyboard.press("Enter")
        host.wait_for_url(lambda url: "authenticate" not in url)
        host.goto(site.url("operator", "/companies/alder/enter/"))
        looked_at(host, "host-ask")
        host.fill("#id_reason", "A bill of July cannot be released")
        host.fill("#id_ticket", "T-4711")
        readability.follow(host.get_by_role("button", name="Ask to enter"))
        looked_at(host, "host-waiting")

        boss.goto(site.url("alder", "/console/company/support/"))
        looked_at(boss, "company-asked")
        readability.follow(boss.get_by_role("button", name="Allow it"))
        looked_at(boss, "company-code")
        code = boss.locator("main pre, main code").first.inner_text().strip()
        with_code(host, code)
        landing = opened(chromium, host.locator("#enter-company").get_attribute("href"))
        looked_at(host, "host-ready")
        looked_at(landing, "company-landing")
        host.goto(site.url("operator", "/companies/alder/enter/"))  # the minute may be over
        with_code(host, code)
        readability.follow(host.locator("#enter-company"))
        host.get_by_role("button", name="Enter now").click()
        host.wait_for_url("**/console/")
        looked_at(host, "inside")
        host.goto(site.url("alder", "/console/customers/C1/"))
        masked = host.content()

        boss.goto(site.url("alder", "/console/company/support/"))
        looked_at(boss, "company-live")
        readability.follow(boss.get_by_role("link", name="What was opened").first)
        looked_at(boss, "company-visit")
        seen = boss.content()
        readability.follow(boss.get_by_role("button", name="End it now"))
        host.reload()

        assert "Wang Xiaoming" not in masked and "wang@example.com" not in masked
        assert "/console/customers/C1/" in seen
        assert "/accounts/login/" in host.url
        assert complaints(host, boss) == []


class TestSingleSignOn:
    def test_is_set_up_tried_and_used(self, chromium, site, service, names):
        boss = opened(chromium, site.url("alder", "/accounts/login/"))
        sign_in(boss)
        boss.goto(site.url("alder", "/console/company/sign-in-service/"))
        looked_at(boss, "sso-empty")
        for name, value in {
            "title": "Acme Login", "issuer": service.issuer, "client_id": sign_in_service.CLIENT,
            "client_secret": sign_in_service.SECRET, "domains": "alder.test",
        }.items():  # fmt: skip
            boss.fill(f"#id_{name}", value)
        boss.check("#id_enabled")
        readability.follow(boss.get_by_role("button", name="Save the service"))
        word = re.search(r"gridhall-verification=[0-9a-f]{40}", boss.content())[0]
        looked_at(boss, "sso-record")
        names.records["_gridhall.alder.test", "TXT"] = [f'"{word}"']
        boss.get_by_role("button", name="Check alder.test now").click()
        boss.get_by_text("alder.test is proven to be yours").wait_for()
        readability.follow(boss.get_by_role("button", name="Try the connection"))
        looked_at(boss, "sso-works")
        works = boss.get_by_text("The connection works").count()
        boss.get_by_role("link", name="Try a sign-in").click()
        boss.wait_for_url("**/accounts/sso/return/**")
        looked_at(boss, "sso-tried")
        would = boss.get_by_text("This person would be signed in").count()

        person = opened(chromium, site.url("alder", "/accounts/login/"))
        looked_at(person, "sso-login")
        person.get_by_role("link", name="Staff: sign in with Acme Login").click()
        person.wait_for_url("**/console/")
        person.goto(site.url("alder", "/accounts/logout/"))
        person.locator("main form button").click()
        person.wait_for_url("**/accounts/sso/out/")
        looked_at(person, "sso-out")

        assert (works, would) == (1, 1)
        assert complaints(boss, person) == []
