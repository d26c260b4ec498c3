"""Nobody sees what is another's, and no address, however wrong, breaks a page."""

from __future__ import annotations

import pytest

from harness import portal_cast

BAD_QUERIES = [
    "date=2025-13-01",
    "date=0001-01-01",
    "date=9999-12-31",
    "date=' OR 1=1--",
    "view=decade",
    "kind=reactive",
    "kind=../../etc",
    "point=P999",
    "point=%00",
    "point=%27%3B",
    "bill=%00",
    "bill=nothing",
    "bill=%F0%9F%92%A1",
    "date=2025-03-01%00",
]


class TestAnotherCustomersIds:
    @pytest.mark.parametrize(
        "path",
        [
            "/bills/{wu}/",
            "/bills/{wu}/document/",
            "/usage/?point=P2",
            "/usage/?point=P1&bill={wu}",
            "/usage/download/?point=P2&view=interval&date=2025-03-01",
            "/usage/download/?point=P1&view=day&bill={wu}",
            "/account/prices/P2/",
        ],
    )
    def test_are_pages_that_do_not_exist(self, pages, scene, path):
        assert pages.get(path.format(wu=scene.wus[-1])).status_code == 404

    def test_are_there_for_the_customer_himself(self, scene):
        client = portal_cast.signed_in(scene.wu.email)

        assert client.get(f"/bills/{scene.wus[-1]}/").status_code == 200
        assert client.get("/usage/?point=P2").status_code == 200

    def test_never_stand_on_a_page(self, pages, scene):
        for path in ("/", "/bills/", "/usage/", "/account/"):
            page = pages.get(path).content.decode()
            assert "Wu Gang" not in page
            assert scene.wus[-1] not in page


class TestAnotherCompany:
    def test_does_not_know_the_session(self, pages, scene):
        response = pages.get(f"/bills/{scene.lins[-1]}/", HTTP_HOST="birch.localhost")

        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")

    def test_has_no_such_bill_or_supply_point(self, scene, birch):
        from tenancy import context

        with context.use(birch):
            product = portal_cast.supply.product(document="au-block", valid_from=portal_cast.START, market="au")
            other = portal_cast.household(number="5", product=product, currency="AUD", zone="Australia/Sydney")
        client = portal_cast.signed_in(other.email, host="birch.localhost")

        assert client.get(f"/bills/{scene.lins[-1]}/").status_code == 404
        assert client.get("/usage/?point=P1").status_code == 404
        assert client.get("/account/prices/P1/").status_code == 404


class TestHostileAddresses:
    @pytest.mark.parametrize("query", BAD_QUERIES)
    def test_are_not_found(self, pages, query):
        assert pages.get(f"/usage/?{query}").status_code == 404
        assert pages.get(f"/usage/download/?{query}").status_code == 404

    @pytest.mark.parametrize("name", ["%00", "..%2F..%2Fetc", "1' OR '1'='1", "x" * 3000])
    def test_of_bills_and_places_are_not_found(self, pages, name):
        for path in (f"/bills/{name}/", f"/bills/{name}/document/", f"/account/prices/{name}/"):
            assert pages.get(path).status_code == 404

    def test_a_bill_is_shown_only_with_its_own_place(self, pages, scene):
        assert pages.get(f"/usage/?point=P2&bill={scene.lins[0]}").status_code == 404
