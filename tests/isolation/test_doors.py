"""Every address that links of one company lead to, tried at the other: nothing of it is seen, and nothing breaks.

The crawl follows each link from the first page of portal, console and API. So a page that is added is tried too.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from isolation import twins

PAGES_AT_MOST = 400
LINK = re.compile(rb'(?:href|hx-get|src|data-url)="(/[^"#]*)"')
API_LINK = re.compile(rb'"(?:self|next|previous|url|href)":\s*"(?:https?://[^/"]+)?(/api/[^"]*)"')
API_ADDRESSES = [
    "me", "brand", "market", "customers", "customers/C1", "accounts", "accounts/A1", "accounts/A1/balance",
    "accounts/A1/statement", "supply-points", "supply-points/P1", "supply-points/P1/occupancies",
    "supply-points/P1/comparison?on=2026-04-02", "simulations", "supply-points/P1/meters", "supply-points/P1/channels",
    "reading-imports", "products",
    "supply-points/P1/readings?start=2026-03-01&end=2026-03-02",
    "products/flat", "products/flat/versions", "products/flat/versions/1", "agreements", "agreements/1", "bill-runs",
    "bill-runs/1", "bill-runs/1/progress", "bill-runs/1/items", "bill-runs/1/items/1", "messages", "invoices",
    "ledger/balances",
    "ledger/trial-balance", "openapi.json",
]  # fmt: skip
OF_EVERYBODY = ("/brand", "/accounts/", "/manifest", "/app", "/offline")
LEFT_OUT = ("/accounts/logout", "/preferences/", "/static/", "/console/components")


@pytest.fixture
def companies(fresh_db, alder, birch):
    """Fill both companies alike; return {code: secret of an API key}."""
    return {retailer.code: twins.fill(retailer) for retailer in (alder, birch)}


def browser(host: str, email: str) -> Client:
    """Sign in as a browser does."""
    client = Client(HTTP_HOST=host, HTTP_ACCEPT_LANGUAGE="en")
    answer = client.post("/accounts/login/", {"login": email, "password": twins.PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client


def crawl(client: Client, start: str) -> dict[str, tuple[int, bytes]]:
    """Follow every link from ``start`` and return status and content by address."""
    seen: dict[str, tuple[int, bytes]] = {}
    waiting = [start]
    while waiting and len(seen) < PAGES_AT_MOST:
        address = waiting.pop(0)
        if address in seen or address.startswith(LEFT_OUT):
            continue
        answer = client.get(address)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        seen[address] = (answer.status_code, content)
        if answer.status_code == 302:
            waiting.append(urlsplit(urljoin(address, answer["Location"]))._replace(scheme="", netloc="").geturl())
        waiting += [link.decode().replace("&amp;", "&") for link in LINK.findall(content)]
    return seen


def addresses(pages: dict[str, tuple[int, bytes]]) -> list[str]:
    return [address for address, (status, _) in pages.items() if status == 200]


def showing(pages: dict[str, tuple[int, bytes]], word: str) -> list[str]:
    return [address for address, (_, content) in pages.items() if word.encode() in content]


@pytest.mark.parametrize(
    ("email", "start", "at_least"),
    [(twins.EMAIL, "/", 8), ("staff@{}.test", "/console/", 25)],
    ids=["customer", "staff"],
)
class TestPages:
    @pytest.mark.slow
    def test_none_breaks_and_none_shows_the_other_company(self, companies, alder, birch, email, start, at_least):
        for here, there in ((alder, birch), (birch, alder)):
            pages = crawl(browser(f"{here.code}.localhost", email.format(here.code)), start)

            assert len(addresses(pages)) >= at_least
            assert [(a, s) for a, (s, _) in pages.items() if s >= 400] == []
            assert showing(pages, twins.secret(here)) != []
            assert showing(pages, twins.secret(there)) == []

    def test_addresses_and_cookie_of_one_open_nothing_at_the_other(
        self, companies, alder, birch, email, start, at_least
    ):
        client = browser("alder.localhost", email.format("alder"))
        known = addresses(crawl(client, start))
        client.defaults["HTTP_HOST"] = "birch.localhost"

        answers = {address: client.get(address) for address in known}

        assert {a.status_code for a in answers.values()} <= {200, 302, 401, 403, 404}
        opened = [address for address, answer in answers.items() if answer.status_code == 200]
        assert [
            address
            for address in opened
            if not address.startswith(("/brand", "/accounts/", "/manifest", "/app", "/offline"))
        ] == []
        for address in opened:
            assert b"secret-of-" not in answers[address].content


class TestApi:
    def test_same_numbers_give_each_company_its_own(self, companies, alder, birch):
        for here, there in ((alder, birch), (birch, alder)):
            client = Client(HTTP_HOST=f"{here.code}.localhost", HTTP_AUTHORIZATION=f"Bearer {companies[here.code]}")
            answers = {a: client.get(f"/api/v1/{a}") for a in API_ADDRESSES}

            assert {a: r.status_code for a, r in answers.items() if r.status_code != 200} == {}
            assert [a for a, r in answers.items() if twins.secret(there).encode() in r.content] == []

    def test_a_key_of_one_opens_nothing_at_the_other(self, companies):
        client = Client(HTTP_HOST="birch.localhost", HTTP_AUTHORIZATION=f"Bearer {companies['alder']}")

        assert {client.get(f"/api/v1/{a}").status_code for a in API_ADDRESSES} == {401}


class TestHosts:
    def test_an_unknown_host_has_no_page_at_all(self, companies):
        client = browser("alder.localhost", twins.EMAIL)
        client.defaults["HTTP_HOST"] = "cedar.localhost"

        answers = [client.get(address) for address in ("/", "/bills/", "/console/", "/api/v1/me", "/accounts/login/")]

        assert {a.status_code for a in answers} == {421}
        assert all(b"secret-of-" not in a.content for a in answers)

    @pytest.mark.slow
    def test_a_customer_sees_no_page_of_the_staff(self, companies):
        pages = crawl(browser("alder.localhost", "staff@alder.test"), "/console/")
        customer = browser("alder.localhost", twins.EMAIL)

        opened = [
            address
            for address in addresses(pages)
            if address.startswith("/console/") and customer.get(address).status_code == 200
        ]

        assert opened == []
