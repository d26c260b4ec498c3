"""The customer's own data, the prices in force, the language, and the portal on a home screen."""

from __future__ import annotations

import json

from django.test import Client

from harness import portal_cast, supply
from harness.page_text import text_of
from identity import queries as identity_queries
from tenancy import context
from tenants.tariffs import queries as tariff_queries


class TestAccount:
    def test_shows_data_partly_masked(self, pages):
        page = text_of(pages.get("/account/"))

        assert "Name Lin Mei Customer number C1 Email c•••@example.test Telephone 138•••••678" in page
        assert "13812345678" not in page

    def test_shows_where_is_supplied_and_under_which_product(self, pages):
        page = text_of(pages.get("/account/"))

        assert "1 Test Street" in page
        assert "Account number P1 Billing account A1 Product Household peak-valley with annual tiers" in page

    def test_takes_as_many_queries_for_many_places_as_for_one(self, pages, scene, alder, count_queries):
        few = count_queries(lambda: pages.get("/account/"))
        with context.use(alder):
            for number in ("11", "12"):
                product = tariff_queries.product(code=portal_cast.TIERED)
                supply.add_point(account=scene.lin.account, number=number, product=product, start=portal_cast.START)

        assert count_queries(lambda: pages.get("/account/")) == few
        assert "P12" in text_of(pages.get("/account/"))


class TestPrices:
    def test_are_told_by_the_hour_and_charge_by_charge(self, pages):
        page = text_of(pages.get("/account/prices/P1/"))

        assert "Peak ¥0.5583 08:00–21:00" in page
        assert "Valley ¥0.3583 00:00–08:00, 21:00–24:00" in page
        assert "Energy collected for the grid Peak ¥0.5583 / kWh Valley ¥0.3583 / kWh" in page
        assert "up to 2,760 kWh ¥0.00 / kWh up to 4,800 kWh ¥0.05 / kWh above ¥0.30 / kWh" in page


class TestLanguage:
    def test_is_kept_with_the_person(self, pages, scene, alder):
        response = pages.post("/account/language/", {"language": "zh-hans"})

        with context.use(alder):
            assert identity_queries.user_by_email(email=scene.lin.email).language == "zh-hans"
        assert (response.status_code, response["Location"]) == (302, "/account/")
        assert "您的账户" in text_of(pages.get("/account/"))

    def test_that_is_not_offered_changes_nothing(self, pages, scene, alder):
        pages.post("/account/language/", {"language": "xx"})

        with context.use(alder):
            assert identity_queries.user_by_email(email=scene.lin.email).language == "en"

    def test_is_not_changed_by_a_link(self, pages):
        assert pages.get("/account/language/?language=zh-hans").status_code == 405


class TestHomeScreen:
    def test_carries_the_companys_name_and_colour(self, fresh_db):
        client = Client(HTTP_HOST="birch.localhost", HTTP_ACCEPT_LANGUAGE="en")

        response = client.get("/manifest.webmanifest")
        found = json.loads(response.content)

        assert response.headers["Content-Type"] == "application/manifest+json"
        assert (found["name"], found["theme_color"], found["start_url"]) == ("Birch Energy", "#b4432a", "/")
        icon = client.get(found["icons"][0]["src"])
        assert icon.headers["Content-Type"] == "image/svg+xml"
        assert 'fill="#b4432a"' in icon.content.decode()
        assert ">B</text>" in icon.content.decode()
