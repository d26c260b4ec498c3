"""The studio in a real browser: a price is typed and the sample's bill follows; readable by everybody."""

from __future__ import annotations

import os
from typing import Any

import pytest

from harness import readability

pytestmark = [pytest.mark.browser]

PASSWORD = "correct horse battery"
DESK = 1440
STUDIO = "tariffs/cn-two-part-industrial/-/2/studio/"
PAGES = {
    "studio": STUDIO,
    "tiers": "tariffs/cn-residential-tiered/-/2/studio/",
    "templates": "tariffs/-/templates/",
    "import": "tariffs/-/import/",
    "version": "tariffs/cn-two-part-industrial/-/2/",
    "simulate": "tariffs/cn-two-part-industrial/-/2/simulate/",
    "simulations": "simulations/",
    "simulation": "simulations/1/",
    "compare": "customers/-/supply-points/P8800100/-/compare/",
}
SHOTS = os.environ.get("GRIDHALL_SHOTS")


@pytest.fixture(scope="module")
def site(serve: Any) -> Any:
    return serve("browser/seed_studio.py")


@pytest.fixture(scope="module")
def session(site: Any, chromium: Any) -> Any:
    """The cookies of the signed-in administrator."""
    context = chromium.new_context(locale="en")
    page = context.new_page()
    page.goto(site.url("alder", "/console/"))
    page.fill("[name=login]", "staff@alder.test")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Waits for you").wait_for()
    state = context.storage_state()
    context.close()
    return state


def page_of(chromium: Any, session: Any, *, width: int = DESK, scheme: str = "light", **options: Any) -> Any:
    context = chromium.new_context(
        viewport={"width": width, "height": 1000},
        color_scheme=scheme,
        storage_state=session,
        reduced_motion="reduce",
        **{"locale": "en", **options},
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    return page


class TestEverybodyCanReadIt:
    @pytest.mark.parametrize("name", PAGES)
    def test_axe_finds_nothing_at_aa(self, site: Any, views: list[Any], name: str) -> None:
        address = site.url("alder", f"/console/{PAGES[name]}")
        picture = f"{SHOTS}/{name}" if SHOTS else None

        assert readability.in_both_languages(views, address, picture=picture) == []


class TestTyping:
    def test_a_price_changes_the_bill_at_once(self, site: Any, chromium: Any, session: Any) -> None:
        page = page_of(chromium, session)
        page.goto(site.url("alder", f"/console/{STUDIO}"))
        page.get_by_text("The same as by the published version.").wait_for()

        page.fill("[name='/charges/0/price@peak']", "1.7")

        page.locator("#sample-bill", has_text="+¥7.10 against ¥244.47").wait_for()
        page.locator("#why-0", has_text="0.38447 × 1.7 = 0.653599").wait_for()
        assert "peak: 1.7" in page.input_value("[name='/charges/0/price']")
        page.context.close()

    def test_the_formula_leads_its_numbers_too(self, site: Any, chromium: Any, session: Any) -> None:
        page = page_of(chromium, session)
        page.goto(site.url("alder", f"/console/{STUDIO}"))

        page.fill("[name='/charges/0/price@peak']", "1.9")
        page.fill("[name='/charges/0/price']", "flat_price * {tip: 2, peak: 1.7, flat: 1, valley: 0.45}[label]")

        page.locator("#sample-bill", has_text="+¥7.10 against ¥244.47").wait_for()
        assert page.input_value("[name='/charges/0/price@peak']") == "1.7"
        page.context.close()

    def test_a_mistake_is_told_at_its_field_and_mended(self, site: Any, chromium: Any, session: Any) -> None:
        page = page_of(chromium, session)
        page.goto(site.url("alder", f"/console/{STUDIO}"))
        price = page.locator("[name='/charges/2/price']")

        price.fill("0.12 +")
        page.locator("#e-charges-2-price", has_text="Position 7").wait_for()
        assert price.get_attribute("aria-invalid") == "true"
        assert price.evaluate("node => document.activeElement === node")

        price.fill("0.1263")
        page.locator("#e-charges-2-price").wait_for(state="hidden")
        page.get_by_text("The same as by the published version.").wait_for()
        assert price.get_attribute("aria-invalid") is None
        page.context.close()

    def test_a_real_customer_is_billed_from_his_readings(self, site: Any, chromium: Any, session: Any) -> None:
        page = page_of(chromium, session)
        page.goto(site.url("alder", f"/console/{STUDIO}"))

        page.fill("[name='/sample/point']", "P8800100")
        page.get_by_label("A real one").check()

        page.locator("#sample-bill", has_text="¥41,017.22").wait_for()
        page.context.close()


class TestWithoutScript:
    def test_a_button_shows_the_bill(self, site: Any, chromium: Any, session: Any) -> None:
        page = page_of(chromium, session, java_script_enabled=False)
        page.goto(site.url("alder", f"/console/{STUDIO}"))

        page.fill("[name='/charges/0/price@peak']", "1.7")
        page.get_by_role("button", name="Show the bill").click()

        page.locator("#sample-bill", has_text="+¥7.10").wait_for()
        page.get_by_text("Not saved yet").wait_for()
        page.context.close()


class TestFourEyes:
    def test_a_second_person_reviews_and_publishes(self, site: Any, chromium: Any, session: Any) -> None:
        page = page_of(chromium, session)
        page.goto(site.url("alder", "/console/tariffs/cn-residential-tiered/-/2/"))

        page.get_by_role("button", name="Review", exact=True).click()
        page.get_by_role("button", name="Let it pass").click()
        page.get_by_role("button", name="Publish", exact=True).click()
        page.get_by_role("button", name="Publish it").click()

        page.get_by_text("The version is published.").wait_for()
        page.get_by_text("Reviewed by").wait_for()
        page.context.close()
