"""The front page: what is owed, what was used, how far the year's tiers are filled."""

from __future__ import annotations

import datetime as dt

from django.test import Client

from harness import portal_cast, supply
from harness.page_text import links_of, text_of
from identity import operations as identity_operations
from identity.capabilities import Role
from kernel.periods import Period
from tenancy import context
from tenants.customers import operations as customer_operations


class TestHome:
    def test_says_what_is_owed_and_since_when(self, pages):
        page = text_of(pages.get("/"))

        # 138.87 + 125.43 + 166.65, the oldest issued on 2 February with 15 days to pay
        assert "You owe ¥430.95" in page
        assert "17 Feb 2025" in page

    def test_leads_to_the_latest_bill(self, pages, scene):
        response = pages.get("/")

        assert f"/bills/{scene.lins[-1]}/" in links_of(response)
        assert "Latest bill Overdue All bills Period 1–31 Mar 2025 Amount ¥166.65" in text_of(response)

    def test_compares_the_month_with_the_same_days_of_the_last(self, pages):
        page = text_of(pages.get("/"))

        # ten days of 96 × 0.12 kWh in April as in March
        assert "Used 1–10 Apr 2025 115.2 kWh 0% less than on the same days of last month" in page

    def test_says_plainly_how_far_the_readings_go(self, pages):
        assert "Readings until 10 Apr 2025" in text_of(pages.get("/"))

    def test_shows_the_tiers_of_the_year_with_what_was_used_since_the_last_bill(self, pages):
        page = text_of(pages.get("/"))

        # 297.6 + 268.8 + 357.12 on bills, 115.2 since
        assert "Your tiers this year Tier 1 Tier 2 · +¥0.05/kWh Tier 3 · +¥0.30/kWh" in page
        assert "1,039 kWh" in page
        assert "2,760" in page

    def test_lists_several_accounts(self, pages, scene, alder):
        with context.use(alder):
            customer_operations.open_account(
                customer=scene.lin.customer, number="A9", currency="CNY", opened_on=dt.date(2025, 3, 1)
            )

        page = text_of(pages.get("/"))

        assert "You owe ¥430.95" in page
        assert "Account A1 ¥430.95" in page
        assert "Account A9 ¥0.00 Nothing to pay" in page

    def test_speaks_chinese(self, pages):
        page = text_of(pages.get("/", HTTP_ACCEPT_LANGUAGE="zh", HTTP_COOKIE=cookies(pages, "zh-hans")))

        assert "应缴电费 ¥430.95" in page

    def test_is_kept_by_nobody(self, pages):
        assert pages.get("/").headers["Cache-Control"] == "private, no-store"

    def test_takes_as_many_queries_for_many_bills_as_for_few(self, pages, scene, alder, count_queries):
        few = count_queries(lambda: pages.get("/"))
        with context.use(alder):
            rest = Period(dt.date(2025, 4, 11), dt.date(2025, 5, 1))
            supply.read(channel=scene.lin.channel, period=rest, each=120)
            portal_cast.bill(Period.of_month(2025, 4), issued=dt.date(2025, 5, 2))

        assert count_queries(lambda: pages.get("/")) == few


class TestSomebodyElse:
    def test_staff_are_sent_to_their_console(self, scene):
        client = Client(HTTP_HOST="alder.localhost", HTTP_ACCEPT_LANGUAGE="en")
        client.post("/accounts/login/", {"login": "staff@alder.test", "password": portal_cast.PASSWORD})

        response = client.get("/")

        assert (response.status_code, response["Location"]) == (302, "/console/")
        assert client.get("/bills/").status_code == 403

    def test_a_stranger_is_asked_to_sign_in(self, scene):
        response = Client(HTTP_HOST="alder.localhost").get("/bills/")

        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")

    def test_a_sign_in_without_a_contract_is_told_so(self, scene, alder):
        with context.use(alder):
            identity_operations.create_user(
                email="new@example.test", name="New", roles=[Role.CUSTOMER], at=portal_cast.AT,
                password=portal_cast.PASSWORD,
            )  # fmt: skip

        response = portal_cast.signed_in("new@example.test").get("/")

        assert response.status_code == 403
        assert "Your sign-in is not joined to a contract" in text_of(response)

    def test_a_customer_without_anything_sees_what_will_be_here(self, scene, alder):
        with context.use(alder):
            portal_cast.sign_in_of("bare@example.test", customer_operations.create_customer(number="C7", name="Bare"))

        client = portal_cast.signed_in("bare@example.test")

        assert "Nothing to pay" in text_of(client.get("/"))
        assert "No bill yet" in text_of(client.get("/"))
        assert "No bill yet" in text_of(client.get("/bills/"))
        assert "No supply point" in text_of(client.get("/usage/"))
        assert client.get("/usage/download/").status_code == 404
        assert client.get("/account/").status_code == 200


def cookies(client, language):
    return "; ".join([*(f"{c.key}={c.value}" for c in client.cookies.values()), f"gridhall_language={language}"])
