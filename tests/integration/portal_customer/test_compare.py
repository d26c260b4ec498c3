"""The customer's own year on every product."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing.simulation import months
from harness import page_text, portal_cast, supply
from kernel.periods import Period
from portal.shared import formats
from tenancy import context, models
from tenants.customers import operations as customer_operations

FLAT = """
tariff: 1
code: {code}
title: {{en: {title}, zh-hans: 方案}}
currency: CNY
parameters: {parameters}
charges: [{{code: energy, title: {{en: Energy}}, quantity: sum({channel}), price: {price}, round: {{line: 2}}}}]
"""


def plan(code: str, price: str, *, title: str = "", parameters: str = "{}", channel: str = "consumption") -> str:
    return FLAT.format(code=code, title=title or code.title(), price=price, parameters=parameters, channel=channel)


def last_year() -> Period:
    """The twelve whole months before this one, as the company's clock has it."""
    end = timezone.localdate().replace(day=1)
    return Period(months.months_before(end, 12), end)


@pytest.fixture
def year() -> Period:
    return last_year()


@pytest.fixture
def alder_home(fresh_db: str, year: Period) -> Any:
    """Lin uses 9.6 kWh a day on Present; Thrifty is cheaper, Contract and Reactive need what is not there."""
    with context.use(context.retailer_by_code(code="alder")):
        product = supply.product(document=plan("present", "0.50"), valid_from=portal_cast.START)
        supply.product(document=plan("thrifty", "0.40"), valid_from=portal_cast.START)
        supply.product(document=plan("lavish", "0.75"), valid_from=portal_cast.START)
        supply.product(
            document=plan("contract", "kva / 1000", parameters="{kva: {unit: kVA}}"), valid_from=portal_cast.START
        )
        supply.product(document=plan("solar", "-0.2", channel="feed_in"), valid_from=portal_cast.START)
        works = supply.product(document=plan("works", "0.1"), valid_from=portal_cast.START)
        supply.supply(number="8", product=works, start=portal_cast.START, kind="business")
        supply.product(document=plan("reactive", "0.1", channel="reactive"), valid_from=portal_cast.START)
        home = portal_cast.household(number="1", product=product)
        supply.read(channel=home.channel, period=year, each=100)
        yield home


@pytest.fixture
def lin(alder_home: Any) -> Any:
    return portal_cast.signed_in(alder_home.email)


class TestComparePage:
    def test_says_the_saving_and_ranks_the_products(self, lin, year):
        present, thrifty, lavish = (year.days * Decimal(price) for price in ("4.80", "3.84", "7.20"))

        page = lin.get("/compare/")

        text = page_text.text_of(page)
        assert f"You could save a year ¥{present - thrifty:,.2f}" in text
        assert f"You pay ¥{present:,.2f} a year at today's prices; Thrifty would cost ¥{thrifty:,.2f}." in text
        assert page_text.rows_of(page) == [
            ["Thrifty", f"¥{thrifty:,.2f}", f"¥{present - thrifty:,.2f} less"],
            ["Present Yours", f"¥{present:,.2f}", "–"],
            ["Lavish", f"¥{lavish:,.2f}", f"¥{lavish - present:,.2f} more"],
        ]
        assert f"{year.days} days, all of their intervals" in text

    def test_says_what_the_other_products_lack(self, lin):
        text = page_text.text_of(lin.get("/compare/"))

        assert "Contract Part of its price is agreed with each customer. Ask us." in text
        assert "Reactive It needs reactive energy readings, which the meter of P1 does not give." in text
        assert "Solar It needs feed-in readings, which the meter of P1 does not give." in text

    def test_leaves_out_what_only_businesses_have(self, lin):
        assert "Works" not in page_text.text_of(lin.get("/compare/"))

    def test_says_that_there_is_no_other_product(self, fresh_db, year):
        with context.use(context.retailer_by_code(code="alder")):
            product = supply.product(document=plan("present", "0.50"), valid_from=portal_cast.START)
            home = portal_cast.household(number="1", product=product)
            supply.read(channel=home.channel, period=year, each=100)

        text = page_text.text_of(portal_cast.signed_in(home.email).get("/compare/"))

        assert "There is no other product for you yet Present" in text

    def test_orders_nothing_but_tells_whom_to_ask(self, lin, alder_home):
        brand = models.Brand.objects.get(retailer__code="alder")
        page = lin.get("/compare/")

        links = page_text.links_of(page)
        assert [link for link in links if link.startswith("mailto:")] == (
            [f"mailto:{brand.support_email}?subject=Change%20P1%20to%20Thrifty"] if brand.support_email else []
        )
        assert b"<form" not in page.content.partition(b"<main")[2].partition(b"</main")[0]

    def test_says_it_in_chinese(self, lin):
        lin.cookies["gridhall_language"] = "zh-hans"

        text = page_text.text_of(lin.get("/compare/"))

        assert "每年可节省" in text
        assert "P1 的电表不提供" in text
        assert "less" not in text

    def test_is_led_to_from_the_place_and_its_prices(self, lin):
        for address in ("/account/", "/account/prices/P1/"):
            assert "/compare/?point=P1" in page_text.links_of(lin.get(address))

    def test_months_with_gaps_are_left_out_and_named(self, lin, alder_home, year):
        from tenants.metering.models import IntervalDay

        gap = year.start.replace(day=7)
        with context.use(context.retailer_by_code(code="alder")):
            IntervalDay.objects.filter(channel=alder_home.channel, day=gap).delete()

        text = page_text.text_of(lin.get("/compare/"))

        assert "left out for every product" in text
        assert f"P1 has no consumption readings for 96 intervals, the first on {formats.day(gap)}." in text
        assert "You could have saved" in text

    def test_without_readings_it_says_so(self, fresh_db):
        with context.use(context.retailer_by_code(code="alder")):
            product = supply.product(document=plan("present", "0.50"), valid_from=portal_cast.START)
            home = portal_cast.household(number="1", product=product)

        text = page_text.text_of(portal_cast.signed_in(home.email).get("/compare/"))

        assert "Nothing to compare yet" in text
        assert "P1 has no month with complete readings from" in text

    def test_who_holds_no_place_is_told(self, fresh_db):
        with context.use(context.retailer_by_code(code="alder")):
            customer = customer_operations.create_customer(number="C9", name="Nobody Yet", email="c9@example.test")
            portal_cast.sign_in_of("c9@example.test", customer)

        assert "No supply point" in page_text.text_of(portal_cast.signed_in("c9@example.test").get("/compare/"))


class TestPrivacy:
    @pytest.mark.parametrize("query", ["point=P2", "point=P999", "point=%00", "point=%27%3B--", "point=%F0%9F%92%A1"])
    def test_another_place_is_a_page_that_does_not_exist(self, lin, alder_home, query):
        with context.use(context.retailer_by_code(code="alder")):
            product = supply.product(document=plan("other", "0.60"), valid_from=portal_cast.START)
            portal_cast.household(number="2", product=product, name="Wu Gang")

        assert lin.get(f"/compare/?{query}").status_code == 404

    def test_a_stranger_is_asked_to_sign_in(self, alder_home, client):
        assert client.get("/compare/", HTTP_HOST="alder.localhost").status_code == 302


class TestQueries:
    def test_do_not_grow_with_the_products(self, lin, count_queries):
        few = count_queries(lambda: lin.get("/compare/"))
        with context.use(context.retailer_by_code(code="alder")):
            for number in range(5):
                supply.product(document=plan(f"more{number}", "0.45"), valid_from=portal_cast.START)

        assert count_queries(lambda: lin.get("/compare/")) == few
