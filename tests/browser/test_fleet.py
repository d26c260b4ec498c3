"""The fleet in a browser: thirty companies read, filtered and worked on by keyboard, in both languages, on a phone."""

from __future__ import annotations

import pytest

from harness import readability, second_factor

pytestmark = [pytest.mark.browser]

PAGES = (
    "/", "/?wrong=backup", "/companies/alder/", "/companies/alder/backups/", "/companies/alder/history/",
    "/companies/alder/change/", "/archives/",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(serve):
    return serve("browser/seed_fleet.py")


@pytest.fixture(scope="module")
def cookies(chromium, site):
    """Sign the host's person in once, by hand, and keep what the browser holds."""
    context = chromium.new_context(locale="en")
    page = context.new_page()
    page.goto(site.url("operator", "/accounts/login/"))
    page.fill("#id_login", second_factor.OPERATOR)
    page.fill("#id_password", second_factor.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/2fa/authenticate/")
    page.fill("#id_code", second_factor.code())
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/accounts/" not in url)
    return context.storage_state()


def opened(chromium, site, cookies, path="/", *, width=1440, locale="en", theme="light"):
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, locale=locale, storage_state=cookies, color_scheme=theme
    )
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda line: page.complaints.append(line.text) if line.type == "error" else None)
    page.goto(site.url("operator", path))
    return page


class TestReading:
    @pytest.mark.parametrize(("width", "locale"), [(1440, "en"), (360, "zh-CN")])
    def test_pages_are_readable_by_everybody(self, chromium, site, cookies, width, locale):
        page = opened(chromium, site, cookies, width=width, locale=locale)
        faults = {}
        for path in PAGES:
            page.goto(site.url("operator", path))
            if found := readability.violations(page):
                faults[path] = found
            too_wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
            assert not too_wide, path

        assert faults == {}
        assert page.complaints == []


class TestKeyboard:
    def test_finds_what_is_wrong_and_keeps_it_in_the_address(self, chromium, site, cookies):
        page = opened(chromium, site, cookies)
        page.get_by_role("navigation", name="What is wrong").get_by_role("link", name="Errors").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**wrong=errors*")
        page.locator("#id_q").fill("fir")
        page.keyboard.press("Enter")
        page.wait_for_url("**q=fir*")

        names = page.locator("#companies tbody th a").all_inner_texts()
        assert "wrong=errors" in page.url
        assert names == []
        page.goto(page.url.replace("q=fir", "q="))
        assert page.locator("#companies tbody th a").all_inner_texts() == ["Cedar Power", "Hazel Power"]

    def test_puts_a_company_back_only_with_its_code_typed(self, chromium, site, cookies):
        page = opened(chromium, site, cookies, "/companies/alder/backups/")
        page.locator("main table tbody th a").first.click()
        page.get_by_role("button", name="Put the company back").focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        dialog.wait_for()
        dialog.get_by_label("Type the company's code").fill("birch")
        dialog.get_by_label("Reason").fill("wrong import")
        dialog.get_by_role("button", name="Put it back").click()
        page.get_by_role("alert").first.wait_for()

        assert "type “alder”" in page.get_by_role("alert").first.inner_text()
        page.goto(site.url("operator", "/companies/alder/backups/"))
        assert page.get_by_text("Restore in place").count() == 0
