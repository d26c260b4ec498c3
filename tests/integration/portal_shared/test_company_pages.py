"""The shared pages on a company's own host: its colours, its languages, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tenancy import context

pytestmark = pytest.mark.django_db


def client_of(retailer: Any, **headers: str) -> Client:
    return Client(HTTP_HOST=f"{retailer.code}.localhost", headers=headers)


class TestSignInPage:
    def test_wears_the_companys_colours(self, alder: Any, birch: Any) -> None:
        alders = client_of(alder).get("/accounts/login/").content.decode()
        birchs = client_of(birch).get("/accounts/login/").content.decode()

        assert alder.names["zh-hans"] in alders or alder.names["en"] in alders
        assert birch.names["en"] in birchs
        assert birch.names["en"] not in alders
        assert alder.names["en"] not in birchs

    def test_follows_the_browser_before_the_company(self, alder: Any) -> None:
        chinese = client_of(alder).get("/accounts/login/")
        english = client_of(alder, accept_language="en-AU").get("/accounts/login/")

        assert 'lang="zh-hans"' in chinese.content.decode()
        assert "Sign in" in english.content.decode()
        assert english.headers["Content-Language"] == "en"

    def test_has_no_inline_style_or_script(self, birch: Any) -> None:
        response = client_of(birch).get("/accounts/login/")
        page = response.content.decode()

        assert " style=" not in page
        assert "<script>" not in page
        assert "default-src 'self'" in response.headers["Content-Security-Policy"]

    @pytest.mark.parametrize("path", ["password/reset/", "password/reset/done/"])
    def test_the_way_back_in_is_dressed_too(self, birch: Any, path: str) -> None:
        response = client_of(birch).get(f"/accounts/{path}")

        assert response.status_code == 200
        assert 'class="g-auth"' in response.content.decode()


class TestBrandStylesheet:
    def test_each_company_gets_its_own(self, alder: Any, birch: Any) -> None:
        alders, birchs = (client_of(r).get("/brand.css").content.decode() for r in (alder, birch))

        assert f"--brand:{alder.brand.primary_color};" in alders
        assert f"--brand:{birch.brand.primary_color};" in birchs
        assert alders != birchs

    def test_the_operator_has_none(self, operator: Any) -> None:
        assert client_of(operator).get("/brand.css").content == b""

    def test_is_kept_by_browsers_and_apart_by_host(self, alder: Any) -> None:
        headers = client_of(alder).get("/brand.css").headers

        assert "max-age=31536000" in headers["Cache-Control"]
        assert "Host" in headers["Vary"]


class TestLogo:
    def test_is_served_in_a_sandbox(self, alder: Any) -> None:
        with context.use_public():
            alder.brand.logo, alder.brand.logo_type = b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"
            alder.brand.save()

        response = client_of(alder).get("/brand/logo")

        assert response.headers["Content-Type"] == "image/svg+xml"
        assert "sandbox" in response.headers["Content-Security-Policy"]

    def test_is_not_there_when_there_is_none(self, birch: Any) -> None:
        assert client_of(birch).get("/brand/logo").status_code == 404


class TestErrorPages:
    def test_an_unknown_host_learns_nothing(self, alder: Any) -> None:
        response = Client(HTTP_HOST="nobody.example").get("/", headers={"accept-language": "en"})
        page = response.content.decode()

        assert response.status_code == 421
        assert "Nobody is at this address" in page
        assert alder.names["en"] not in page
        assert "brand.css" not in page

    def test_a_page_that_is_not_there(self, birch: Any) -> None:
        response = client_of(birch).get("/no/such/page/")

        assert response.status_code == 404
        assert "There is no page here" in response.content.decode()
