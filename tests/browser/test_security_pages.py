"""Passkeys with Chromium's own virtual authenticator, and the pages of sign-in security readable by everybody."""

from __future__ import annotations

import pytest

from harness import readability

pytestmark = [pytest.mark.browser]

PASSWORD = "correct horse battery"
PAGES = ("/accounts/2fa/", "/console/company/security/", "/console/company/alerts/", "/console/company/audit/")


@pytest.fixture(scope="module")
def site(serve):
    return serve("browser/seed_security.py")


def opened(chromium, site, *, width: int = 1440, locale: str = "en"):
    page = chromium.new_context(viewport={"width": width, "height": 900}, locale=locale).new_page()
    page.complaints = []
    page.on("console", lambda line: page.complaints.append(line.text) if line.type == "error" else None)
    page.goto(site.url("alder", "/accounts/login/"))
    return page


def sign_in(page, email: str = "staff@alder.test") -> None:
    page.fill("#id_login", email)
    page.fill("#id_password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)


def authenticator(page):
    """Plug a key into the browser that confirms by itself."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools


def sign_out(page) -> None:
    page.goto(page.url.split("/accounts")[0].split("/console")[0] + "/accounts/logout/")
    readability.follow(page.locator("main form button"))


class TestAPasskey:
    def test_is_added_asked_for_after_the_password_and_opens_without_one(self, chromium, site):
        page = opened(chromium, site)
        sign_in(page, "lin@alder.test")
        authenticator(page)
        page.goto(site.url("alder", "/accounts/2fa/webauthn/add/"))
        page.fill("#id_name", "Phone")
        page.check("#id_passwordless")
        page.get_by_role("button", name="Add a passkey").click()
        page.wait_for_url("**/recovery-codes/")
        shown = page.locator("pre").inner_text().split()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        page.goto(site.url("alder", "/accounts/2fa/"))
        listed = page.get_by_text("Phone", exact=True).count()

        sign_out(page)
        page.goto(site.url("alder", "/accounts/login/"))
        sign_in(page, "lin@alder.test")
        asked_at = page.url
        page.get_by_role("button", name="Use your passkey").click()
        page.wait_for_url(lambda url: "authenticate" not in url)
        page.goto(site.url("alder", "/accounts/2fa/"))
        after_both = page.get_by_role("heading", name="Second factor").count()

        sign_out(page)
        page.goto(site.url("alder", "/accounts/login/"))
        page.get_by_role("button", name="Use a passkey to sign in").click()
        page.wait_for_url(lambda url: "/login/" not in url)
        page.goto(site.url("alder", "/accounts/2fa/"))

        assert len(shown) == 10
        assert download.value.path().read_text("utf-8").split() == shown
        assert listed == 1
        assert asked_at.endswith("/accounts/2fa/authenticate/")
        assert after_both == 1
        assert page.get_by_role("heading", name="Second factor").count() == 1
        assert [line for line in page.complaints if "Content Security Policy" in line] == []

    def test_that_cannot_be_asked_for_says_so(self, chromium, site):
        page = opened(chromium, site)
        page.route("**/2fa/webauthn/login/", lambda route: route.abort())
        page.get_by_role("button", name="Use a passkey to sign in").click()

        page.get_by_role("alert").wait_for()

        assert "The passkey was not used" in page.get_by_role("alert").inner_text()


class TestReading:
    @pytest.mark.parametrize("width", [1440, 360])
    def test_pages_are_readable_by_everybody(self, chromium, site, width):
        page = opened(chromium, site, width=width)
        faults = {"/accounts/login/": readability.violations(page)}
        sign_in(page)
        for path in (*PAGES, "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"):
            page.goto(site.url("alder", path))
            faults[path] = readability.violations(page)
            too_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not too_wide, path

        assert {path: found for path, found in faults.items() if found} == {}
